/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What is a bearer token and what is none. */
#include "token.h"

#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct token t;

static int
parse(const char *text)
{
	/* no byte behind it: reading too far is found out by ASan */
	const size_t len = strlen(text);
	char *exact = malloc(len == 0 ? 1 : len);
	int result;

	memcpy(exact, text, len);
	memset(t.text, 'x', sizeof(t.text));
	result = token_parse(&t, exact, len);
	free(exact);
	return result;
}

TEST(a_line_of_its_alphabet_is_a_token_with_or_without_its_end)
{
	static const char *const good[] = { "a", "mF_9.B5f-4.1JqM",
		"AZaz09-._~+/", "abc=", "abc==", "a=====" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char line[64];

		CHECK_INT(parse(good[i]), 0);
		CHECK_STR(t.text, good[i]);
		snprintf(line, sizeof(line), "%s\n", good[i]);
		CHECK_INT(parse(line), 0);
		CHECK_STR(t.text, good[i]);
		snprintf(line, sizeof(line), "%s\r\n", good[i]);
		CHECK_INT(parse(line), 0);
		CHECK_STR(t.text, good[i]);
	}
}

TEST(what_could_end_a_header_or_is_no_token_is_refused_and_not_kept)
{
	static const char *const bad[] = { "", "\n", "\r\n", "=", "==", " a",
		"a b", "a ", "a\tb", "a=b", "a\n\n", "a\r", "a\r\nX: y\r\n",
		"a\nb", "a\rb\n", "Bearer a", "a:b", "\"a\"", "a,b", "a;b",
		"\xc3\xa4", "a\x7f", "\x01" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(parse(bad[i]), -EBADMSG);
		for (size_t n = 0; n < sizeof(t.text); n++)
			CHECK_INT(t.text[n], 0);
	}
	CHECK_INT(token_parse(&t, "a\0b", 3), -EBADMSG);
	CHECK_INT(token_parse(&t, "a\0", 2), -EBADMSG);
}

TEST(the_longest_token_fits_and_one_byte_more_does_not)
{
	static char text[TOKEN_MAX + 8];

	memset(text, 'a', TOKEN_MAX);
	CHECK_INT(parse(text), 0);
	CHECK_INT(strlen(t.text), TOKEN_MAX);
	strcpy(text + TOKEN_MAX, "\r\n");
	CHECK_INT(parse(text), 0);
	strcpy(text + TOKEN_MAX, "a");
	CHECK_INT(parse(text), -EBADMSG);
	strcpy(text + TOKEN_MAX, "=\n");
	CHECK_INT(parse(text), -EBADMSG);
}
