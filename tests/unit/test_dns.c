/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "dns.h"

#include "cursor.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>

enum { ID = 0xbeef, CNAME = 5, TXT = 16, OPT = 41 };
enum { ANSWERED = 0x8180, NO_NAME = 0x8183 };

#define NAME "otlp.Example.net"
#define WIRE "\4otlp\7example\3net"	/* and the literal's own NUL */
#define TO_QUESTION "\xc0\x0c"

/* The message under test, and what came of it. */
static uint8_t bytes[DNS_MESSAGE_MAX];
static struct writer w;
static struct dns_answer answer;

static void
add16(unsigned v)
{
	write_u8(&w, (uint8_t)(v >> 8));
	write_u8(&w, (uint8_t)v);
}

static void
start(unsigned flags, unsigned nanswers, enum dns_type type)
{
	w = writer_of(bytes, sizeof(bytes));
	add16(ID);
	add16(flags);
	add16(1);
	add16(nanswers);
	add16(0);
	add16(0);
	write_span(&w, WIRE, sizeof(WIRE));
	add16(type);
	add16(1);
}

#define ADD(owner, type, ttl, data) add_record(owner, sizeof(owner) - 1, \
	type, ttl, data, sizeof(data) - 1)

static void
add_record(const char *owner, size_t owner_len, unsigned type, uint32_t ttl,
    const char *data, size_t len)
{
	write_span(&w, owner, owner_len);
	add16(type);
	add16(1);
	add16(ttl >> 16);
	add16(ttl & 0xffff);
	add16((unsigned)len);
	write_span(&w, data, len);
}

static enum dns_result
parse_len(size_t len, enum dns_type type)
{
	/* exactly as long, so that a sanitizer sees a read beyond it */
	uint8_t *exact = malloc(len + (len == 0));
	enum dns_result result;

	CHECK(exact != NULL);
	memcpy(exact, bytes, len);
	result = dns_parse(&answer, exact, len, NAME, type, ID);
	free(exact);
	return result;
}

static enum dns_result
parse(enum dns_type type)
{
	CHECK(writer_finish(&w) > 0);
	memset(&answer, 0, sizeof(answer));
	return parse_len((size_t)writer_finish(&w), type);
}

TEST(a_query_is_one_question_with_its_length_before_it)
{
	static const uint8_t want[] = "\x00\x22\xbe\xef\x01\x00\x00\x01"
	    "\x00\x00\x00\x00\x00\x00" WIRE "\x00\x00\x1c\x00\x01";
	const ptrdiff_t len = dns_query(bytes, sizeof(bytes), NAME, DNS_AAAA,
	    ID);

	CHECK_INT(len, 2 + 0x22);
	CHECK_MEM(bytes, want, (size_t)len);
	CHECK_INT(dns_query(bytes, (size_t)len, NAME, DNS_AAAA, ID), len);
	CHECK_INT(dns_query(bytes, (size_t)len - 1, NAME, DNS_AAAA, ID),
	    -ENOBUFS);
}

TEST(a_name_that_does_not_fit_into_dns_is_not_asked_for)
{
	char name[300];

	CHECK_INT(dns_query(bytes, sizeof(bytes), "", DNS_A, ID), -EINVAL);
	CHECK_INT(dns_query(bytes, sizeof(bytes), ".", DNS_A, ID), -EINVAL);
	CHECK_INT(dns_query(bytes, sizeof(bytes), "a..b", DNS_A, ID),
	    -EINVAL);
	CHECK_INT(dns_query(bytes, sizeof(bytes), ".a", DNS_A, ID), -EINVAL);
	CHECK_INT(dns_query(bytes, sizeof(bytes), "a.", DNS_A, ID), -EINVAL);
	memset(name, 'a', sizeof(name));
	name[63] = '\0';
	CHECK(dns_query(bytes, sizeof(bytes), name, DNS_A, ID) > 0);
	name[63] = 'a';
	name[64] = '\0';
	CHECK_INT(dns_query(bytes, sizeof(bytes), name, DNS_A, ID), -EINVAL);
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 == 0 ? 'a' : '.';
	name[253] = '\0';
	CHECK_INT(dns_query(bytes, sizeof(bytes), name, DNS_A, ID),
	    2 + 12 + 255 + 4);
	name[253] = '.';
	name[255] = '\0';
	CHECK_INT(dns_query(bytes, sizeof(bytes), name, DNS_A, ID), -EINVAL);
}

TEST(addresses_of_both_families_go_into_one_answer)
{
	start(ANSWERED, 2, DNS_A);
	ADD(TO_QUESTION, DNS_A, 300, "\x7f\0\0\1");
	ADD(TO_QUESTION, DNS_A, 60, "\x7f\0\0\2");
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, 2);
	CHECK_INT(answer.ttl, 60);
	CHECK_INT(answer.addr[0].family, 4);
	CHECK_MEM(answer.addr[0].addr, "\x7f\0\0\1", 4);
	CHECK_MEM(answer.addr[1].addr, "\x7f\0\0\2", 4);
	start(ANSWERED, 1, DNS_AAAA);
	ADD(WIRE "\0", DNS_AAAA, 30, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	CHECK_INT(parse_len((size_t)writer_finish(&w), DNS_AAAA), DNS_OK);
	CHECK_INT(answer.naddrs, 3);
	CHECK_INT(answer.ttl, 30);
	CHECK_INT(answer.addr[2].family, 6);
	CHECK_MEM(answer.addr[2].addr, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1",
	    16);
}

TEST(a_name_without_such_addresses_is_no_error)
{
	start(ANSWERED, 0, DNS_AAAA);
	CHECK_INT(parse(DNS_AAAA), DNS_OK);
	CHECK_INT(answer.naddrs, 0);
	start(ANSWERED, 2, DNS_AAAA);
	ADD(TO_QUESTION, TXT, 1, "\1x");
	ADD(TO_QUESTION, CNAME, 1, TO_QUESTION "");
	w.p[-1] = 0x11;			/* example.net */
	CHECK_INT(parse(DNS_AAAA), DNS_OK);
	CHECK_INT(answer.naddrs, 0);
	CHECK_INT(answer.ttl, 0);
}

TEST(the_least_time_to_live_is_kept_and_zero_is_one)
{
	start(ANSWERED, 1, DNS_A);
	ADD(TO_QUESTION, DNS_A, 0, "\x7f\0\0\1");
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.ttl, 0);
	start(ANSWERED, 1, DNS_A);
	ADD(TO_QUESTION, DNS_A, 60, "\x7f\0\0\1");
	CHECK_INT(parse_len((size_t)writer_finish(&w), DNS_A), DNS_OK);
	CHECK_INT(answer.ttl, 0);
	start(ANSWERED, 1, DNS_A);
	ADD(TO_QUESTION, DNS_A, 0x7fffffff, "\x7f\0\0\1");
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.ttl, 0x7fffffff);
	start(ANSWERED, 1, DNS_A);
	ADD(TO_QUESTION, DNS_A, 0x80000000, "\x7f\0\0\1");
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.ttl, 0);
}

TEST(aliases_are_followed_in_any_order)
{
	start(ANSWERED, 4, DNS_A);
	ADD("\1c\0", DNS_A, 300, "\x7f\0\0\3");
	ADD("\1B\0", CNAME, 20, "\1C\0");
	ADD("\1d\0", DNS_A, 1, "\x7f\0\0\4");
	ADD(TO_QUESTION, CNAME, 300, "\1b\0");
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, 1);
	CHECK_INT(answer.ttl, 20);
	CHECK_MEM(answer.addr[0].addr, "\x7f\0\0\3", 4);
}

TEST(an_address_of_another_owner_is_not_ours)
{
	start(ANSWERED, 3, DNS_A);
	ADD("\4evil\0", DNS_A, 300, "\x06\6\6\6");
	ADD("\xc0\x11", DNS_A, 300, "\x06\6\6\6");	/* example.net */
	ADD("\4otlp" "\7example\2ne\0", DNS_A, 300, "\x06\6\6\6");
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, 0);
}

TEST(an_address_of_another_class_or_family_is_not_ours)
{
	start(ANSWERED, 2, DNS_A);
	ADD(TO_QUESTION, DNS_AAAA, 300,
	    "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	ADD(TO_QUESTION, DNS_A, 300, "\x06\6\6\6");
	w.p[-4 - 2 - 4 - 1] = 3;	/* CHAOS */
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, 0);
}

/* The question, then n aliases, then an address. */
static void
add_chain(unsigned n)
{
	char owner[] = "\1a", target[] = "\1a";

	start(ANSWERED, n + 1, DNS_A);
	add_record(TO_QUESTION, 2, CNAME, 9, target, 3);
	for (unsigned i = 1; i < n; i++) {
		target[1]++;
		add_record(owner, 3, CNAME, 9, target, 3);
		owner[1]++;
	}
	add_record(target, 3, DNS_A, 9, "\x7f\0\0\1", 4);
}

TEST(a_chain_of_aliases_is_followed_up_to_the_bound)
{
	add_chain(1);
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, 1);
	add_chain(DNS_CNAMES_MAX);
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, 1);
	add_chain(DNS_CNAMES_MAX + 1);
	CHECK_INT(parse(DNS_A), DNS_MALFORMED);
	CHECK_INT(answer.naddrs, 0);
}

TEST(a_loop_of_aliases_ends)
{
	start(ANSWERED, 1, DNS_A);
	ADD(TO_QUESTION, CNAME, 9, TO_QUESTION);
	CHECK_INT(parse(DNS_A), DNS_MALFORMED);
	start(ANSWERED, 2, DNS_A);
	ADD(TO_QUESTION, CNAME, 9, "\1b\0");
	ADD("\1b\0", CNAME, 9, TO_QUESTION);
	CHECK_INT(parse(DNS_A), DNS_MALFORMED);
}

TEST(more_addresses_than_there_is_room_for_are_left_out)
{
	start(ANSWERED, 20, DNS_A);
	for (int i = 0; i < 20; i++) {
		ADD(TO_QUESTION, DNS_A, 9, "\x7f\0\0\0");
		w.p[-1] = (uint8_t)i;
	}
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, DNS_FAMILY_MAX);
	CHECK_INT(answer.addr[DNS_FAMILY_MAX - 1].addr[3],
	    DNS_FAMILY_MAX - 1);
	for (int i = 0; i < 2; i++)
		CHECK_INT(parse_len((size_t)writer_finish(&w), DNS_A),
		    DNS_OK);
	CHECK_INT(answer.naddrs, DNS_ADDRS_MAX);
}

TEST(a_name_that_does_not_exist_is_told_apart_from_a_failing_server)
{
	static const unsigned failures[] = { 1, 2, 4, 5, 6, 15 };

	start(NO_NAME, 0, DNS_A);
	CHECK_INT(parse(DNS_A), DNS_NO_NAME);
	for (size_t i = 0; i < 6; i++) {
		start(0x8180 | failures[i], 0, DNS_A);
		CHECK_INT(parse(DNS_A), DNS_SERVER_FAILURE);
		/* a head alone, without the question */
		bytes[5] = 0;
		CHECK_INT(parse_len(12, DNS_A), DNS_SERVER_FAILURE);
	}
}

TEST(what_does_not_answer_our_question_is_malformed)
{
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {
		{ 0, 0xbf }, { 1, 0xee },	/* id */
		{ 2, 0x01 },			/* a query */
		{ 2, 0x89 }, { 2, 0xc1 },	/* opcodes */
		{ 2, 0x83 },			/* cut, over TCP */
		{ 4, 1 }, { 5, 0 }, { 5, 2 },	/* number of questions */
		{ 13, 'O' + 1 }, { 16, 'q' },	/* name */
		{ 12, 3 }, { 12, 5 },
		{ 31, 28 }, { 31, 5 }, { 30, 1 },	/* type */
		{ 33, 3 }, { 32, 1 },		/* class */
		{ 7, 0 }, { 7, 2 }, { 6, 1 },	/* numbers of records */
		{ 8, 1 }, { 9, 1 }, { 11, 1 },
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		for (int change = 0; change < 2; change++) {
			start(ANSWERED, 1, DNS_A);
			ADD(TO_QUESTION, DNS_A, 9, "\x7f\0\0\1");
			if (change)
				bytes[changes[i].at] = changes[i].value;
			CHECK_INT(parse(DNS_A), change ? DNS_MALFORMED :
			    DNS_OK);
			CHECK_INT(answer.naddrs, !change);
		}
	}
}

TEST(the_question_comes_back_in_any_case)
{
	start(ANSWERED, 1, DNS_A);
	ADD("\4OTLP\7eXAMPLe\3NeT\0", DNS_A, 9, "\x7f\0\0\1");
	bytes[13] = 'O';
	bytes[18] = 'E';
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, 1);
}

TEST(a_message_cut_anywhere_is_malformed)
{
	start(ANSWERED, 2, DNS_A);
	ADD(TO_QUESTION, CNAME, 9, "\1b\xc0\x11");
	ADD("\1b\xc0\x11", DNS_A, 9, "\x7f\0\0\1");
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, 1);
	memset(&answer, 0, sizeof(answer));
	for (size_t len = 0; len < (size_t)writer_finish(&w); len++)
		CHECK_INT(parse_len(len, DNS_A), DNS_MALFORMED);
	write_u8(&w, 0);
	CHECK_INT(parse_len((size_t)writer_finish(&w), DNS_A), DNS_MALFORMED);
	CHECK_INT(answer.naddrs, 0);
}

TEST(records_of_the_other_sections_are_read_over)
{
	start(ANSWERED, 1, DNS_A);
	ADD(TO_QUESTION, DNS_A, 9, "\x7f\0\0\1");
	ADD(TO_QUESTION, DNS_A, 1, "\x06\6\6\6");
	ADD("\0", OPT, 0, "");
	bytes[9] = 1;
	bytes[11] = 1;
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, 1);
	CHECK_INT(answer.ttl, 9);
}

TEST(a_pointer_leads_only_to_before_its_name)
{
	static const char *const owners[] = { "\xc0\x22", "\xc0\x23",
		"\xc0\x24", "\xc0\x30", "\xff\xff", "\1a\xc0\x22",
		"\1a\xc0\x24" };

	/* the record's owner stands at 0x22 */
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		start(ANSWERED, 1, DNS_A);
		add_record(owners[i], strlen(owners[i]), DNS_A, 9,
		    "\x7f\0\0\1", 4);
		CHECK_INT(parse(DNS_A), DNS_MALFORMED);
	}
	/* two that point at each other */
	start(ANSWERED, 2, DNS_A);
	ADD(TO_QUESTION, TXT, 9, "\xc0\x3a");
	ADD("\xc0\x2e", DNS_A, 9, "\x7f\0\0\1");
	CHECK_INT(parse(DNS_A), DNS_MALFORMED);
}

TEST(a_pointer_to_a_pointer_is_followed)
{
	start(ANSWERED, 2, DNS_A);
	ADD(TO_QUESTION, TXT, 9, "\4otlp\xc0\x11");
	ADD("\xc0\x2e", DNS_A, 9, "\x7f\0\0\1");
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, 1);
	start(ANSWERED, 2, DNS_A);
	ADD(TO_QUESTION, DNS_A, 9, "\x7f\0\0\1");
	ADD("\xc0\x22", DNS_A, 9, "\x7f\0\0\2");
	CHECK_INT(parse(DNS_A), DNS_OK);
	CHECK_INT(answer.naddrs, 2);
}

TEST(a_label_longer_than_dns_has_is_malformed)
{
	for (unsigned length = 64; length < 0xc0; length++) {
		static char owner[256];

		start(ANSWERED, 1, DNS_A);
		memset(owner, 'a', sizeof(owner));
		owner[0] = (char)length;
		owner[length + 1] = '\0';
		add_record(owner, length + 2, DNS_A, 9, "\x7f\0\0\1", 4);
		CHECK_INT(parse(DNS_A), DNS_MALFORMED);
	}
}

TEST(a_name_longer_than_dns_has_is_malformed)
{
	static char owner[300];

	for (size_t i = 0; i < sizeof(owner); i++)
		owner[i] = i % 2 == 0 ? 1 : 'a';
	start(ANSWERED, 1, DNS_A);
	owner[254] = '\0';
	add_record(owner, 255, DNS_A, 9, "\x7f\0\0\1", 4);
	CHECK_INT(parse(DNS_A), DNS_OK);
	start(ANSWERED, 1, DNS_A);
	owner[254] = 1;
	owner[256] = '\0';
	add_record(owner, 257, DNS_A, 9, "\x7f\0\0\1", 4);
	CHECK_INT(parse(DNS_A), DNS_MALFORMED);
}

TEST(an_address_of_the_wrong_length_is_malformed)
{
	start(ANSWERED, 1, DNS_A);
	ADD(TO_QUESTION, DNS_A, 9, "\x7f\0\0");
	CHECK_INT(parse(DNS_A), DNS_MALFORMED);
	start(ANSWERED, 1, DNS_A);
	ADD(TO_QUESTION, DNS_A, 9, "\x7f\0\0\1\0");
	CHECK_INT(parse(DNS_A), DNS_MALFORMED);
	start(ANSWERED, 1, DNS_AAAA);
	ADD(TO_QUESTION, DNS_AAAA, 9, "\x7f\0\0\1");
	CHECK_INT(parse(DNS_AAAA), DNS_MALFORMED);
	start(ANSWERED, 1, DNS_AAAA);
	ADD(TO_QUESTION, DNS_AAAA, 9, "");
	CHECK_INT(parse(DNS_AAAA), DNS_MALFORMED);
}

TEST(an_alias_is_one_name_and_nothing_else)
{
	start(ANSWERED, 1, DNS_A);
	ADD(TO_QUESTION, CNAME, 9, "");
	CHECK_INT(parse(DNS_A), DNS_MALFORMED);
	start(ANSWERED, 1, DNS_A);
	ADD(TO_QUESTION, CNAME, 9, "\1b\0x");
	CHECK_INT(parse(DNS_A), DNS_MALFORMED);
	/* its end lies in the next record */
	start(ANSWERED, 2, DNS_A);
	ADD(TO_QUESTION, CNAME, 9, "\1b");
	ADD("\0", DNS_A, 9, "\x7f\0\0\1");
	CHECK_INT(parse(DNS_A), DNS_MALFORMED);
}
