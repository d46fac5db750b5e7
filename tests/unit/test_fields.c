/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Lines that are passed over are none that was wanted. */
#include "sieve.h"
#include "sources/fields.h"
#include "sources/memory.h"
#include "sources/named.h"
#include "sources/paging.h"
#include "sources/protocol.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) text_of(literal, sizeof(literal) - 1)

struct sample {
	int64_t a, b, c;
};

static const struct field fields[] = {
	FIELD("Aaaaaa:", sample, a, true),
	FIELD("Abbbbb:", sample, b, false),
	FIELD("Aaaaac ", sample, c, false),
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static int
parse(struct text t, struct sample *s)
{
	memset(s, -1, sizeof(*s));
	return fields_parse(t, fields, FIELDS, s);
}

TEST(fields_are_found_in_any_order_and_the_last_of_the_same_stands)
{
	struct sample s;

	CHECK_INT(parse(TEXT("Aaaaac 3\nx\n\nAbbbbb:2\nAaaaaa: 1 kB\n"), &s),
	    3);
	CHECK_INT(s.a, 1024);
	CHECK_INT(s.b, 2);
	CHECK_INT(s.c, 3);
	CHECK_INT(parse(TEXT("Abbbbb: 2\nAbbbbb: 7 x\nAbbbbb:\t8"), &s), 3);
	CHECK_INT(s.b, 8);
	CHECK_INT(s.a, -1);
	CHECK_INT(parse(TEXT("Abbbbb: 2\nAbbbbb: x\n"), &s), -EBADMSG);
}

TEST(an_amount_has_its_unit_and_fits)
{
	struct sample s;

	CHECK_INT(parse(TEXT("Aaaaaa: 9007199254740991 kB\n"), &s), 1);
	CHECK_INT(s.a, INT64_C(9007199254740991) * 1024);
	CHECK_INT(parse(TEXT("Aaaaaa: 36028797018963968 kB"), &s), -EBADMSG);
	CHECK_INT(parse(TEXT("Aaaaaa: 1"), &s), -EBADMSG);
	CHECK_INT(parse(TEXT("Aaaaaa: 1 MB"), &s), -EBADMSG);
}

TEST(a_line_that_is_as_short_as_its_name_has_no_number)
{
	struct sample s;

	CHECK_INT(parse(TEXT("Abbbbb:"), &s), -EBADMSG);
	CHECK_INT(parse(TEXT("Abbbbb"), &s), 0);
	CHECK_INT(parse(TEXT("Aaaaa"), &s), 0);
	CHECK_INT(parse(TEXT(""), &s), 0);
}

TEST(a_sieve_without_names_passes_short_lines_alone)
{
	const struct sieve none = { 0 };

	CHECK(sieve_passes(&none, TEXT("")));
	CHECK(sieve_passes(&none, TEXT("Aaaaa")));
	CHECK(!sieve_passes(&none, TEXT("Aaaaaa")));
}

TEST(a_name_shorter_than_what_is_looked_at_lets_all_pass)
{
	struct sieve s = { 0 };

	sieve_add(&s, "Aaaaa", 5);
	CHECK(sieve_passes(&s, TEXT("zzzzzzzz")));
}

/* Lines of a file in another order, some of their bytes others. */
static struct text
shuffled(struct text t)
{
	static const char bytes[] = "\n \tIMDxv:67-";
	static char buf[16384];
	size_t turn = (size_t)random() % t.len, i;

	CHECK(t.len < sizeof(buf));
	/* mostly between two lines */
	while (random() % 256 > 0 && turn > 0 && t.p[turn - 1] != '\n')
		turn--;
	memcpy(buf, t.p + turn, t.len - turn);
	memcpy(buf + t.len - turn, t.p, turn);
	for (i = 0; i < (size_t)random() % 8; i++)
		buf[(size_t)random() % t.len] =
		    bytes[(size_t)random() % (sizeof(bytes) - 1)];
	return text_of(buf, t.len);
}

/* One field by the book: the last line with its name, or -1. */
static int64_t
plain_field(struct text t, const char *name, const char *unit)
{
	const size_t len = strlen(name);
	struct text line, word;
	int64_t v = -1;

	while (text_line(&t, &line)) {
		if (line.len < len || memcmp(line.p, name, len) != 0)
			continue;
		line = text_of(line.p + len, line.len - len);
		if (!text_word(&line, &word) || !text_u63(word, &v) ||
		    (unit != NULL &&
			(!text_word(&line, &word) || !text_is(word, unit))))
			return -EBADMSG;
	}
	return v;
}

static struct text
fixture(const char *path)
{
	size_t len;
	const char *s = test_file(path, &len);

	return text_of(s, len);
}

static const char meminfo[] = "tests/fixtures/linux-6.18/proc/meminfo";
static const char vmstat[] = "tests/fixtures/linux-6.18/proc/vmstat";
static const char snmp6[] = "tests/fixtures/linux-6.18/proc/net/snmp6";

enum { ROUNDS = 3000 };

TEST(meminfo_of_any_bytes_says_what_a_search_for_each_name_does)
{
	const struct text file = fixture(meminfo);
	size_t good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		const struct text t = shuffled(file);
		struct meminfo_sample s;
		int64_t v;

		if (meminfo_parse(t, &s) < 0)
			continue;
		good++;
		CHECK_INT(s.total, 1024 * plain_field(t, "MemTotal:", "kB"));
		v = plain_field(t, "Dirty:", "kB");
		CHECK_INT(s.dirty, v < 0 ? -1 : 1024 * v);
		v = plain_field(t, "SReclaimable:", "kB");
		CHECK_INT(s.reclaimable, v < 0 ? -1 : 1024 * v);
		CHECK_INT(s.huge_surplus,
		    plain_field(t, "HugePages_Surp:", NULL));
	}
	CHECK(good > ROUNDS / 10);
}

TEST(vmstat_of_any_bytes_says_what_a_search_for_each_name_does)
{
	const struct text file = fixture(vmstat);
	size_t good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		const struct text t = shuffled(file);
		struct vmstat_sample s;

		if (vmstat_parse(t, &s) < 0)
			continue;
		good++;
		CHECK_INT(s.swapped_in, plain_field(t, "pswpin ", NULL));
		CHECK_INT(s.swapped_out, plain_field(t, "pswpout ", NULL));
		CHECK_INT(s.faults, plain_field(t, "pgfault ", NULL));
		CHECK_INT(s.major_faults, plain_field(t, "pgmajfault ", NULL));
		CHECK_INT(s.oom_kills, plain_field(t, "oom_kill ", NULL));
	}
	CHECK(good > ROUNDS / 10);
}

/* All lines word by word: 0 or -EBADMSG, as named_lines(). */
static int
plain_lines(struct text t, struct named_sample *s)
{
	const struct named_table *table = &protocol_table;
	struct text line, name, number;
	bool any = false;

	memset(s, 0, sizeof(*s));
	while (text_line(&t, &line)) {
		if (!text_word(&line, &name) || !text_word(&line, &number))
			return -EBADMSG;
		for (size_t i = 0; i < table->n; i++) {
			if (table->row[i].file != PROTOCOL_SNMP6 ||
			    !text_is(name, table->row[i].name))
				continue;
			if (!text_u63(number, &s->value[i]))
				return -EBADMSG;
			any = s->found[i] = true;
		}
	}
	return any ? 0 : -EBADMSG;
}

TEST(lines_of_names_of_any_bytes_say_what_a_search_for_each_name_does)
{
	const struct text file = fixture(snmp6);
	struct named_sample s, plain;
	size_t good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		const struct text t = shuffled(file);

		memset(&s, 0, sizeof(s));
		CHECK_INT(named_lines(t, &protocol_table, PROTOCOL_SNMP6, &s),
		    plain_lines(t, &plain));
		if (plain_lines(t, &plain) < 0)
			continue;
		good++;
		CHECK_MEM(s.found, plain.found, sizeof(s.found));
		for (size_t row = 0; row < protocol_table.n; row++)
			if (s.found[row])
				CHECK_INT(s.value[row], plain.value[row]);
	}
	CHECK(good > ROUNDS / 10);
}

TEST(a_name_of_snmp6_may_have_blanks_before_it)
{
	struct named_sample s;

	memset(&s, 0, sizeof(s));
	CHECK_INT(named_lines(TEXT("  \tIp6InReceives 7\nzzzzzzzz 1\n"),
	    &protocol_table, PROTOCOL_SNMP6, &s), 0);
	CHECK_INT(named_lines(TEXT("Ip6InReceives 7\nzzzzzzzz \n"),
	    &protocol_table, PROTOCOL_SNMP6, &s), -EBADMSG);
	CHECK_INT(named_lines(TEXT("Ip6InReceives 7\n\n"),
	    &protocol_table, PROTOCOL_SNMP6, &s), -EBADMSG);
}
