/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Structured fields as RFC 9651 has them. */
#include "test.h"
#include "verify.h"

static struct span
span(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static int
member(const char *text, const char *want)
{
	struct span value = { "", 0 };
	const int found = sf_member(span(text), "b", &value);

	if (found == 1 && !span_is(value, want))
		test_fail(__FILE__, __LINE__, "%s: %.*s", text,
		    (int)value.len, value.p);
	return found;
}

TEST(a_member_is_found_whatever_stands_around_it)
{
	CHECK_INT(member("b=1", "1"), 1);
	CHECK_INT(member("a=1, b=2, c=3", "2"), 1);
	CHECK_INT(member("a=(\"x, b=9\" \"\\\"\");q=\",\",b=:AA==:;k",
	    ":AA==:;k"), 1);
	CHECK_INT(member("a;x=1 ,\tb=(\"p\" \"q\");r=?1 , c",
	    "(\"p\" \"q\");r=?1"), 1);
	CHECK_INT(member("b;x=1", ";x=1"), 1);
	CHECK_INT(member("a=1, bb=2", ""), 0);
	CHECK_INT(member("", ""), 0);
}

TEST(a_member_that_is_there_twice_or_a_broken_field_is_refused)
{
	static const char *const bad[] = { "b=1, b=2", "b=", "b=(", "b=(\"x\"",
		"b=\"x", "b=:AA", "=1", "B=1", "b=1 c=2", "b=1;", "b=1;=2",
		"b=(1 2)x", "b=\"\\x\"" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (member(bad[i], "") != -1)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
}

TEST(strings_tokens_and_numbers_are_taken_and_nothing_beside_them)
{
	struct span s = span("\"a b\"x"), text;
	uint64_t n;

	CHECK(sf_string(&s, &text) && span_is(text, "a b") && span_is(s, "x"));
	s = span("\"a\\\"\"");
	CHECK(!sf_string(&s, &text));
	s = span("\"a\n\"");
	CHECK(!sf_string(&s, &text));
	s = span("ring-0f;x");
	CHECK(sf_token(&s, &text) && span_is(text, "ring-0f"));
	s = span("9a");
	CHECK(!sf_token(&s, &text));
	s = span("999999999999999,");
	CHECK(sf_number(&s, &n) && n == UINT64_C(999999999999999));
	s = span("1000000000000000");
	CHECK(!sf_number(&s, &n));
	s = span("");
	CHECK(!sf_number(&s, &n));
	s = span("-1");
	CHECK(!sf_number(&s, &n));
}

TEST(bytes_have_one_spelling_and_the_length_that_is_wanted)
{
	static const char *const bad[] = { ":AP8=", "AP8=:", ":AP8:", ":AP9=:",
		":AP8AAA==:", ":AA==:", ":AP-=:", ":AP8==:", ":AP8 =:" };
	uint8_t out[3] = { 1, 1, 1 };
	struct span s = span(":AP8=:");

	CHECK(sf_bytes(&s, out, 2) && s.len == 0);
	CHECK(out[0] == 0 && out[1] == 0xff && out[2] == 1);
	s = span(":AP+/:");
	CHECK(sf_bytes(&s, out, 3) && out[2] == 0xbf);
	s = span(":/w==:");
	CHECK(sf_bytes(&s, out, 1) && out[0] == 0xff);
	s = span(":/x==:");
	CHECK(!sf_bytes(&s, out, 1));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		s = span(bad[i]);
		if (sf_bytes(&s, out, 2))
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	}
}
