/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Whose a file may be, and who may read and write it. */
#include "secret.h"

#include "test.h"

enum { US = 1000, OUR_GROUP = 1001, OTHER = 1002 };

static bool
is_good(uid_t owner, gid_t group, mode_t mode, bool is_private)
{
	const struct stat st = { .st_uid = owner, .st_gid = group,
		.st_mode = mode };

	return secret_judge(&st, is_private, US, OUR_GROUP) == NULL;
}

TEST(a_private_file_is_read_by_its_owner_and_by_no_other)
{
	CHECK(is_good(US, OTHER, S_IFREG | 0400, true));
	CHECK(is_good(US, OTHER, S_IFREG | 0600, true));
	CHECK(is_good(0, 0, S_IFREG | 0400, true));
	CHECK(!is_good(US, OTHER, S_IFREG | 0404, true));
	CHECK(!is_good(US, OTHER, S_IFREG | 0440, true));
	CHECK(!is_good(0, OTHER, S_IFREG | 0440, true));
	CHECK(!is_good(0, 0, S_IFREG | 0444, true));
	CHECK(!is_good(0, OUR_GROUP, S_IFREG | 0644, true));
}

TEST(our_own_group_and_root_s_may_read_it)
{
	CHECK(is_good(0, OUR_GROUP, S_IFREG | 0440, true));
	CHECK(is_good(0, OUR_GROUP, S_IFREG | 0640, true));
	/* systemd's credentials where its file system has acl(5) */
	CHECK(is_good(0, 0, S_IFREG | 0440, true));
	CHECK(is_good(US, OUR_GROUP, S_IFREG | 0440, true));
}

TEST(what_everyone_may_read_belongs_to_root_or_to_us_all_the_same)
{
	CHECK(is_good(0, 0, S_IFREG | 0644, false));
	CHECK(is_good(US, OTHER, S_IFREG | 0444, false));
	CHECK(!is_good(OTHER, 0, S_IFREG | 0444, false));
	CHECK(!is_good(OTHER, 0, S_IFREG | 0400, true));
}

TEST(nobody_else_may_write_any_of_them)
{
	for (int is_private = 0; is_private < 2; is_private++) {
		CHECK(!is_good(0, 0, S_IFREG | 0420, is_private != 0));
		CHECK(!is_good(0, 0, S_IFREG | 0402, is_private != 0));
		CHECK(!is_good(US, OUR_GROUP, S_IFREG | 0660,
		    is_private != 0));
	}
}

TEST(what_is_no_file_is_refused)
{
	CHECK(!is_good(0, 0, S_IFDIR | 0700, false));
	CHECK(!is_good(0, 0, S_IFCHR | 0400, true));
	CHECK(!is_good(US, OUR_GROUP, S_IFIFO | 0400, true));
}
