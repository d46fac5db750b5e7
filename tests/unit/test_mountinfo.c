/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/filesystem.h"
#include "sources/mountinfo.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>

enum { MOUNTS = 64 };

static struct mount mounts[MOUNTS];
static size_t nmounts;

static void
take(const char *s, size_t len)
{
	struct text t = text_of(s, len);
	int more;

	nmounts = 0;
	while ((more = mountinfo_next(&t, &mounts[nmounts])) == 1)
		CHECK(++nmounts < MOUNTS);
	CHECK_INT(more, 0);
}

/* How path resolution reaches the mount that has that id. */
static int
reach(int64_t id)
{
	for (size_t i = 0; i < nmounts; i++)
		if (mounts[i].id == id)
			return mount_reach(mounts, nmounts, &mounts[i]);
	test_fail(__FILE__, __LINE__, "no mount %lld", (long long)id);
}

static int
parse(const char *s, struct mount *m)
{
	struct text t = text_of(s, strlen(s));

	return mountinfo_next(&t, m);
}

TEST(a_line_is_read_with_none_one_or_many_optional_fields)
{
	static const char *const lines[] = {
		"36 35 98:0 /sub /mnt2 rw,noatime - ext3 /dev/root rw,a=b",
		"36 35 98:0 /sub /mnt2 rw,noatime master:1 - ext3 /dev/root rw",
		("36 35 98:0 /sub /mnt2 ro shared:2 master:1 propagate_from:7 "
		    "unbindable - ext3 /dev/root rw"),
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct mount m;

		CHECK_INT(parse(lines[i], &m), 1);
		CHECK_INT(m.id, 36);
		CHECK_INT(m.parent, 35);
		CHECK(text_is(m.device, "98:0"));
		CHECK(text_is(m.point, "/mnt2"));
		CHECK(text_is(m.type, "ext3"));
		CHECK(text_is(m.source, "/dev/root"));
		CHECK(!m.read_only);
	}
}

TEST(read_only_is_what_the_file_system_is_not_what_the_mount_is)
{
	struct mount m;

	CHECK_INT(parse("1 0 8:1 / / rw - ext4 /dev/sda1 ro,errors=x", &m), 1);
	CHECK(m.read_only);
	CHECK_INT(parse("1 0 8:1 / / rw - ext4 /dev/sda1 ro", &m), 1);
	CHECK(m.read_only);
	CHECK_INT(parse("1 0 8:1 / / ro - ext4 /dev/sda1 rw", &m), 1);
	CHECK(!m.read_only);
}

TEST(an_empty_source_moves_no_other_field)
{
	struct mount m;

	CHECK_INT(parse("1 0 0:9 / /t rw - tmpfs  rw,size=4k", &m), 1);
	CHECK(text_is(m.type, "tmpfs"));
	CHECK_INT(m.source.len, 0);
}

TEST(a_line_of_another_form_is_malformed)
{
	static const char *const bad[] = {
		"\n", "1", "1 0 8:1 / / rw", "1 0 8:1 / / rw -",
		"1 0 8:1 / / rw - ext4", "1 0 8:1 / / rw - ext4 /dev/sda1",
		"1 0 8:1 / / rw - ext4 /dev/sda1 ", "x 0 8:1 / / rw - e s rw",
		"1 x 8:1 / / rw - e s rw", "1 0 81 / / rw - e s rw",
		"1 0 8:x / / rw - e s rw", "1 0 :1 / / rw - e s rw",
		"1 0 8:1 / relative rw - e s rw", "1 0 8:1 / / rw ext4 s rw",
		"1 0 8:1 / / rw - e s row", "-1 0 8:1 / / rw - e s rw",
		"1  0 8:1 / / rw - e s rw",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mount m;

		if (parse(bad[i], &m) != -EBADMSG)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	}
}

TEST(escapes_are_undone_and_a_path_with_a_nul_is_refused)
{
	static const char escaped[] = "/a\\040b\\134\\011c\\012";
	struct text t = text_of(escaped, sizeof(escaped) - 1);
	char buf[10];

	CHECK_INT(mountinfo_unescape(t, buf, sizeof(buf)), 0);
	CHECK_STR(buf, "/a b\\\tc\n");
	CHECK_INT(mountinfo_unescape(t, buf, 9), 0);
	CHECK_INT(mountinfo_unescape(t, buf, 8), -ENAMETOOLONG);
	CHECK_INT(mountinfo_unescape(text_of("/\\000", 5), buf, 9), -EBADMSG);
	CHECK_INT(mountinfo_unescape(text_of("/\0x", 3), buf, 9), -EBADMSG);
}

#define ROOT "1 0 8:1 / / rw - xfs /dev/sda1 rw\n"

TEST(what_lies_below_a_server_or_a_daemon_is_never_walked_to)
{
	static const char *const types[] = { "nfs", "nfs4", "cifs", "smb3",
	    "fuse", "fuse.sshfs", "fuseblk", "autofs", "9p", "virtiofs",
	    "ceph", "overlay", "gfs2", "unheard-of", "" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text), ROOT
		    "2 1 0:40 / /mnt/far rw - %s x rw\n"
		    "3 2 0:41 / /mnt/far/near rw - tmpfs t rw\n"
		    "4 1 0:42 / /mnt/farther rw - tmpfs t rw\n", types[i]);
		take(text, strlen(text));
		CHECK_INT(reach(1), 0);
		CHECK_INT(reach(2), -EREMOTE);
		CHECK_INT(reach(3), -EREMOTE);
		CHECK_INT(reach(4), 0);
	}
}

TEST(what_systemd_mounts_for_one_service_is_no_space_of_the_host)
{
	static const struct {
		const char *line;
		enum mount_kind kind;
	} rows[] = {
		{ "2 1 0:81 / /dev ro - tmpfs tmpfs rw", MOUNT_PASSED },
		{ "2 1 0:85 / /run/credentials ro - tmpfs tmpfs rw",
		    MOUNT_PASSED },
		{ "2 1 0:82 / /run/credentials/a.service ro - tmpfs none rw",
		    MOUNT_PASSED },
		{ "2 1 0:83 / /dev/shm rw - tmpfs tmpfs rw", MOUNT_LOCAL },
		{ "2 1 0:84 / /run rw - tmpfs tmpfs rw", MOUNT_LOCAL },
		{ "2 1 8:1 / /run/credentials/a rw - ext4 /dev/sda1 rw",
		    MOUNT_LOCAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mount m;

		CHECK_INT(parse(rows[i].line, &m), 1);
		CHECK_INT(mount_kind(&m), rows[i].kind);
	}
}

TEST(a_mount_that_a_later_one_covers_is_not_taken_for_it)
{
	static const char text[] = ROOT
	    "2 1 8:2 / /mnt/b rw - ext4 /dev/sda2 rw\n"
	    "3 1 0:9 / /mnt rw - tmpfs t rw\n"
	    "4 3 0:8 / /mnt/c rw - tmpfs t rw\n"
	    "5 4 0:7 / /mnt/c rw - tmpfs t rw\n";

	take(text, strlen(text));
	CHECK_INT(reach(2), -ENOENT);
	CHECK_INT(reach(3), 0);
	CHECK_INT(reach(4), -ENOENT);
	CHECK_INT(reach(5), 0);
}

TEST(a_daemons_mount_over_the_way_to_an_older_mount_is_seen)
{
	/* its parent is the root, but the way to it now leads through fuse */
	static const char text[] = ROOT
	    "2 1 0:9 / /home/u/x/t rw - tmpfs t rw\n"
	    "3 1 0:8 / /home/u/x rw - fuse.f f rw\n";

	take(text, strlen(text));
	CHECK_INT(reach(2), -EREMOTE);
}

TEST(a_daemons_mount_that_is_itself_covered_does_no_harm)
{
	static const char text[] =
	    "1 0 0:1 / / rw - rootfs none rw\n"
	    "2 1 0:2 / /a rw - fuse.f f rw\n"
	    "3 1 8:1 / / rw - xfs /dev/sda1 rw\n"
	    "4 3 0:9 / /a/b rw - tmpfs t rw\n";

	take(text, strlen(text));
	CHECK_INT(reach(4), 0);
	CHECK_INT(reach(3), 0);
	CHECK_INT(reach(2), -ENOENT);
	CHECK_INT(reach(1), -ENOENT);
}

TEST(a_point_that_was_removed_is_never_walked_to)
{
	static const char text[] = ROOT
	    "2 1 0:9 / /home/u//deleted rw - tmpfs t rw\n"
	    "3 1 0:8 / /home/u/deleted rw - fuse.f f rw\n";

	take(text, strlen(text));
	CHECK_INT(reach(2), -ENOENT);
}

TEST(mounts_in_a_ring_or_without_a_root_end)
{
	static const char ring[] =
	    "1 2 8:1 / / rw - xfs s rw\n2 1 8:2 / / rw - xfs s rw\n";
	static const char self[] = "5 5 8:1 / / rw - xfs s rw\n";
	static const char twins[] = "7 0 8:1 / / rw - xfs s rw\n"
	    "7 7 8:2 / / rw - xfs s rw\n7 7 8:3 / / rw - xfs s rw\n";
	static const char none[] = "1 0 8:1 / /a rw - xfs s rw\n";

	take(ring, strlen(ring));
	CHECK_INT(reach(1), -ENOENT);
	take(self, strlen(self));
	CHECK_INT(reach(5), 0);
	take(twins, strlen(twins));
	CHECK(reach(7) < 0);
	take(none, strlen(none));
	CHECK_INT(reach(1), -ENOENT);
}

static void
reach_all(const char *path, const int64_t *want, size_t n)
{
	size_t len, found = 0;
	char *s = test_file(path, &len);

	take(s, len);
	for (size_t i = 0; i < nmounts; i++) {
		if (mount_kind(&mounts[i]) != MOUNT_LOCAL ||
		    mount_reach(mounts, nmounts, &mounts[i]) != 0)
			continue;
		CHECK(found < n);
		CHECK_INT(mounts[i].id, want[found++]);
	}
	CHECK_INT(found, n);
}

TEST(of_each_kernels_host_the_local_file_systems_are_reached)
{
	static const int64_t rhel9[] = { 25, 27, 96, 98, 101, 110, 113 };
	static const int64_t debian12[] = { 28, 31, 33, 34, 96, 240 };
	static const int64_t here[] = { 27, 28, 30, 31 };

	reach_all("tests/fixtures/linux-5.14-rhel9/proc/self/mountinfo",
	    rhel9, 7);
	reach_all("tests/fixtures/linux-6.1-debian12/proc/self/mountinfo",
	    debian12, 6);
	reach_all("tests/fixtures/linux-6.18/proc/self/mountinfo", here, 4);
}

TEST(used_free_and_reserved_space_add_up_to_the_size)
{
	struct statfs fs = { .f_bsize = 4096, .f_frsize = 1024,
	    .f_blocks = 100, .f_bfree = 60, .f_bavail = 50, .f_files = 10,
	    .f_ffree = 3 };
	struct space s;

	CHECK(space_of(&fs, &s));
	CHECK_INT(s.used, 40 * 1024);
	CHECK_INT(s.free, 50 * 1024);
	CHECK_INT(s.reserved, 10 * 1024);
	CHECK_INT(s.limit, 100 * 1024);
	CHECK(s.has_inodes);
	CHECK_INT(s.inodes_used, 7);
	CHECK_INT(s.inodes_free, 3);
	fs.f_frsize = 0;
	fs.f_bavail = 70;
	CHECK(space_of(&fs, &s));
	CHECK_INT(s.free, 60 * 4096);
	CHECK_INT(s.reserved, 0);
	CHECK_INT(s.used + s.free + s.reserved, s.limit);
}

TEST(sizes_that_cannot_be_are_not_believed)
{
	struct statfs fs = { .f_bsize = 4096, .f_frsize = 4096 };
	struct space s;

	CHECK(!space_of(&fs, &s));
	fs.f_blocks = 10;
	fs.f_bfree = 11;
	CHECK(!space_of(&fs, &s));
	fs.f_blocks = fs.f_bfree = UINT64_MAX / 4096 + 1;
	CHECK(!space_of(&fs, &s));
	fs.f_blocks = fs.f_bfree = INT64_MAX / 4096 + 1;
	CHECK(!space_of(&fs, &s));
	fs.f_blocks = fs.f_bfree = 10;
	fs.f_files = 1;
	fs.f_ffree = 2;
	CHECK(space_of(&fs, &s));
	CHECK(!s.has_inodes);
}
