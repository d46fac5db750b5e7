/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "redact.h"
#include "source.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT(literal) text_of(literal, sizeof(literal) - 1)
#define ONES "0123456789abcdef0123456789abcdef"

static struct redact
keyed(const char *digits)
{
	struct redact r = { .key = { 0 } };

	CHECK_INT(redact_secret(&r, text_of(digits, strlen(digits))), 0);
	return r;
}

static const char *
hash(const struct redact *r, const char *value)
{
	static char out[4][REDACT_HASH_LEN + 1];
	static int turn;
	char *p = out[turn++ % 4];

	redact_hash(r, (const uint8_t *)value, strlen(value), (uint8_t *)p);
	p[REDACT_HASH_LEN] = '\0';
	CHECK_INT(strspn(p, "0123456789abcdef"), REDACT_HASH_LEN);
	return p;
}

TEST(a_hash_depends_on_all_of_the_value_and_of_the_secret)
{
	const struct redact r = keyed(ONES);
	const struct redact first = keyed("1123456789abcdef0123456789abcdef");
	const struct redact last = keyed("0123456789abcdef0123456789abcdee");

	CHECK_STR(hash(&r, "/srv/a"), hash(&r, "/srv/a"));
	CHECK(strcmp(hash(&r, "/srv/a"), hash(&r, "/srv/b")) != 0);
	CHECK(strcmp(hash(&r, "/srv/a"), hash(&r, "/srv/a/")) != 0);
	CHECK(strcmp(hash(&r, "/srv/a"), hash(&first, "/srv/a")) != 0);
	CHECK(strcmp(hash(&r, "/srv/a"), hash(&last, "/srv/a")) != 0);
}

/* SipHash-2-4's own test vectors: key 00 01 .. 0f, no byte and one, 00. */
TEST(it_is_siphash_as_others_compute_it)
{
	const struct redact r = keyed("000102030405060708090a0b0c0d0e0f");
	uint8_t out[REDACT_HASH_LEN];

	CHECK_STR(hash(&r, ""), "726fdb47dd0e0e31");
	redact_hash(&r, (const uint8_t *)"\0", 1, out);
	CHECK_MEM(out, "74f839c593dc67fd", REDACT_HASH_LEN);
}

TEST(a_secret_is_thirty_two_digits_and_nothing_else)
{
	static const char *const wrong[] = { "", "\n", ONES "0", ONES "\n\n",
		" " ONES, "0123456789ABCDEF0123456789ABCDEF",
		"0123456789abcdef0123456789abcde", ONES "\r\n",
		"0123456789abcdeg0123456789abcdef" };
	struct redact r;

	CHECK_INT(redact_secret(&r, TEXT(ONES)), 0);
	CHECK_INT(redact_secret(&r, TEXT(ONES "\n")), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_INT(redact_secret(&r, text_of(wrong[i],
		    strlen(wrong[i]))), -EBADMSG);
}

TEST(the_secret_of_a_host_is_not_its_identity_and_differs_by_host)
{
	const struct redact same = keyed(ONES);
	struct redact a, b;

	CHECK_INT(redact_machine(&a, TEXT(ONES "\n")), 0);
	CHECK_INT(redact_machine(&b, TEXT(
	    "1123456789abcdef0123456789abcdef\n")), 0);
	CHECK(memcmp(a.secret, same.secret, SIPHASH_KEY) != 0);
	CHECK(memcmp(a.secret, b.secret, SIPHASH_KEY) != 0);
	CHECK(memcmp(a.secret, a.secret + 8, 8) != 0);
	CHECK_INT(redact_machine(&a, TEXT("uninitialized\n")), -EBADMSG);
	CHECK_INT(redact_machine(&a, TEXT("00000000000000000000000000000000")),
	    -EBADMSG);
}

TEST(only_what_tells_no_instances_apart_can_be_dropped)
{
	struct redact r = { .key = { 0 } };

	CHECK(redact_set(&r, "system.device", REDACT_DROP) != NULL);
	CHECK(redact_set(&r, "network.interface.name", REDACT_DROP) != NULL);
	CHECK(redact_set(&r, "container.id", REDACT_DROP) != NULL);
	CHECK(redact_set(&r, "cpu.logical_number", REDACT_DROP) != NULL);
	CHECK(redact_set(&r, "system.filesystem.type", REDACT_DROP) == NULL);
	CHECK(redact_set(&r, "k8s.pod.uid", REDACT_DROP) == NULL);
	CHECK_INT(r.key[KEY_DEVICE], REDACT_NOT);
	CHECK_INT(r.key[KEY_FS_TYPE], REDACT_DROP);
}

TEST(only_what_has_room_for_a_hash_can_be_hashed)
{
	struct redact r = { .key = { 0 } };

	CHECK(!redact_hashes(&r));
	CHECK(redact_set(&r, "cpu.logical_number", REDACT_HASH) != NULL);
	CHECK(redact_set(&r, "system.filesystem.mode", REDACT_HASH) != NULL);
	CHECK(!redact_hashes(&r));
	CHECK(redact_set(&r, "system.device", REDACT_HASH) == NULL);
	CHECK(redact_hashes(&r));
}

TEST(a_name_that_is_no_attribute_or_the_agents_own_is_refused)
{
	struct redact r = { .key = { 0 } };

	CHECK(redact_set(&r, "", REDACT_HASH) != NULL);
	CHECK(redact_set(&r, "system.devic", REDACT_HASH) != NULL);
	CHECK(redact_set(&r, "sluice.source", REDACT_HASH) != NULL);
}

TEST(what_a_source_is_chosen_and_described_by_are_attributes_it_has)
{
	for (size_t i = 0; i < source_table_size; i++) {
		const struct source *s = source_table[i];
		const uint32_t keys = registry_source(s->id)->keys;

		CHECK((s->select & ~keys) == 0);
		CHECK((s->describes & ~keys) == 0);
		/* whoever has names can be asked to leave some out */
		CHECK((s->select != 0) == (keys != 0));
		/* something must be left to tell them apart */
		CHECK(keys == 0 || (keys & ~s->describes) != 0);
	}
}

TEST(a_file_is_read_whole_and_only_where_it_is_one)
{
	const int fd = memfd_create("key", MFD_CLOEXEC);
	const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct redact good = keyed(ONES);
	struct redact r = { .key = { 0 } };

	CHECK_INT(redact_read(&r, null), -EINVAL);
	CHECK_INT(redact_read(&r, fd), -EBADMSG);
	CHECK_INT(write(fd, ONES "\n", sizeof(ONES)), sizeof(ONES));
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	CHECK_INT(redact_read(&r, fd), 0);
	CHECK_MEM(r.secret, good.secret, sizeof(r.secret));
	CHECK_INT(ftruncate(fd, 1 << 20), 0);
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	CHECK_INT(redact_read(&r, fd), -EFBIG);
	close(null);
	close(fd);
}
