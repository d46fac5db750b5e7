/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Two users from three capabilities, one user from fewer,
 * and nothing left in either case: as launch.c does it, up to and beyond
 * exec, looked at from outside in /proc/PID/status.
 */
#include "child.h"
#include "hold.h"
#include "launch.h"
#include "privilege.h"
#include "test.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(cap) (UINT64_C(1) << (cap))
#define THREE (BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP))

enum { GROUP_1 = 61011, GROUP_2 = 61012, WAIT_MS = 20000 };

/* What a child has to say; in memory that is shared with the test. */
static struct shown {
	struct link link;
	struct capabilities sets;
} *shown;

static void
prepare(void)
{
	need_root();
	if (shown == NULL)
		shown = mmap(NULL, sizeof(*shown), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shown != MAP_FAILED);
	memset(shown, 0, sizeof(*shown));
}

/* What launch.c executes is this program: it says so and waits for its end. */
__attribute__((constructor)) static void
be_shipper(int argc, char **argv)
{
	char byte = 0;

	if (argc != 1 || strcmp(argv[0], "shipperd") != 0)
		return;
	if (write(SHIPPER_CHANNEL_FD, &byte, 1) == 1)
		while (read(SHIPPER_CHANNEL_FD, &byte, 1) > 0)
			;
	_exit(0);
}

static int
launch_with(void *capabilities)
{
	const uint64_t caps = *(uint64_t *)capabilities;
	const gid_t groups[] = { GROUP_1, GROUP_2 };

	become_with(UID_A, caps);
	if ((caps & BIT(CAP_SETGID)) != 0)
		REQUIRE(setgroups(2, groups) == 0);
	launch_shipper(&shown->link, &(struct launch_options){
		"/proc/self/exe", "61002" });
	REQUIRE(channel_wait(shown->link.p, WAIT_MS) == 0);
	hold_here();
	return 0;
}

static void
check_line(pid_t pid, const char *key, const char *want)
{
	const char *value = status_line(pid, key);

	if (value == NULL || strcmp(value, want) != 0)
		test_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", key,
		    value == NULL ? "(none)" : value, want);
}

/* Real, effective, saved and file system. */
static void
check_user(pid_t pid, unsigned id)
{
	char four[64];

	snprintf(four, sizeof(four), "%u\t%u\t%u\t%u", id, id, id, id);
	check_line(pid, "Uid", four);
	check_line(pid, "Gid", four);
}

static void
check_nothing_left(pid_t pid, const char *bounding)
{
	static const char none[] = "0000000000000000";

	check_line(pid, "CapInh", none);
	check_line(pid, "CapPrm", none);
	check_line(pid, "CapEff", none);
	check_line(pid, "CapAmb", none);
	check_line(pid, "CapBnd", bounding);
	check_line(pid, "NoNewPrivs", "1");
}

TEST(with_three_capabilities_there_are_two_users_and_no_capability_is_left)
{
	uint64_t caps = THREE;
	struct hold h;
	pid_t shipper;

	prepare();
	h = hold_start(launch_with, &caps);
	shipper = shown->link.shipper.pid;
	CHECK(shown->link.split);
	CHECK_INT(shown->link.shipper.uid, UID_B);
	CHECK_INT(shown->link.shipper.gid, UID_B);
	check_user(shipper, UID_B);
	check_line(shipper, "Groups", "");
	check_nothing_left(shipper, "0000000000000000");
	check_user(h.child.pid, UID_A);
	check_nothing_left(h.child.pid, "0000000000000000");
	CHECK_EXIT(hold_end(h), 0);
}

/* Without CAP_SETPCAP the bounding set cannot change: nothing may use it. */
static void
check_one_user(uint64_t caps)
{
	char bounding[32] = "0000000000000000";
	struct hold h = hold_start(launch_with, &caps);

	if ((caps & BIT(CAP_SETPCAP)) == 0)
		snprintf(bounding, sizeof(bounding), "%s",
		    status_line(getpid(), "CapBnd"));
	CHECK(!shown->link.split);
	CHECK_INT(shown->link.shipper.uid, UID_A);
	check_user(shown->link.shipper.pid, UID_A);
	check_nothing_left(shown->link.shipper.pid, bounding);
	check_user(h.child.pid, UID_A);
	check_nothing_left(h.child.pid, bounding);
	CHECK_EXIT(hold_end(h), 0);
}

TEST(without_any_there_is_one_user_which_is_said_and_nothing_is_left)
{
	prepare();
	check_one_user(0);
}

TEST(without_one_of_the_three_there_is_one_user_and_nothing_is_left)
{
	prepare();
	check_one_user(THREE & ~BIT(CAP_SETUID));
	check_one_user(THREE & ~BIT(CAP_SETGID));
	check_one_user(THREE & ~BIT(CAP_SETPCAP));
}

TEST(capabilities_that_are_not_needed_are_dropped_with_the_others)
{
	uint64_t caps = THREE | BIT(CAP_NET_RAW) | BIT(CAP_SYS_PTRACE);
	struct hold h;

	prepare();
	h = hold_start(launch_with, &caps);
	CHECK(shown->link.split);
	check_nothing_left(shown->link.shipper.pid, "0000000000000000");
	check_nothing_left(h.child.pid, "0000000000000000");
	CHECK_EXIT(hold_end(h), 0);
}

static int
ask_split(void *capabilities)
{
	become_with(UID_A, *(uint64_t *)capabilities);
	return capabilities_can_split();
}

TEST(only_all_three_together_can_split)
{
	static const int three[] = { CAP_SETUID, CAP_SETGID, CAP_SETPCAP };

	need_root();
	for (unsigned set = 0; set < 8; set++) {
		uint64_t caps = 0;

		for (int i = 0; i < 3; i++)
			if ((set >> i & 1) != 0)
				caps |= BIT(three[i]);
		CHECK_EXIT(child_run(ask_split, &caps), set == 7);
		/* any other one is no help */
		caps ^= ~THREE & (BIT(20) - 1);
		CHECK_EXIT(child_run(ask_split, &caps), set == 7);
	}
}

static int
report_sets(void *unused)
{
	(void)unused;
	become_with(UID_A, BIT(CAP_CHOWN) | BIT(CAP_SYSLOG));
	REQUIRE(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_CHOWN, 0, 0)
	    == 0);
	REQUIRE(capabilities_get(&shown->sets) == 0);
	REQUIRE(!capabilities_empty(&shown->sets));
	hold_here();
	return 0;
}

static void
check_set(pid_t pid, const char *key, uint64_t got)
{
	char hex[32];

	snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)got);
	check_line(pid, key, hex);
}

TEST(the_five_sets_are_read_as_the_kernel_shows_them)
{
	const struct capabilities *s;
	struct hold h;

	prepare();
	s = &shown->sets;
	h = hold_start(report_sets, NULL);
	check_set(h.child.pid, "CapInh", s->inheritable);
	check_set(h.child.pid, "CapPrm", s->permitted);
	check_set(h.child.pid, "CapEff", s->effective);
	check_set(h.child.pid, "CapBnd", s->bounding);
	check_set(h.child.pid, "CapAmb", s->ambient);
	CHECK_INT(s->ambient, BIT(CAP_SYSLOG));
	CHECK_INT(s->permitted, BIT(CAP_CHOWN) | BIT(CAP_SYSLOG));
	CHECK_EXIT(hold_end(h), 0);
}

TEST(a_bit_in_any_one_of_the_five_sets_is_not_empty)
{
	static const struct capabilities some[] = { { .effective = 1 },
		{ .permitted = 1 }, { .inheritable = 1 }, { .bounding = 1 },
		{ .ambient = BIT(63) } };
	const struct capabilities none = { 0 };

	CHECK(capabilities_empty(&none));
	for (int i = 0; i < 5; i++)
		CHECK(!capabilities_empty(&some[i]));
}

/* Every way back that there is; each is tried, and each must fail. */
static void
require_no_way_back(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct one[2] = { { 0 } };
	const gid_t root = 0;

	REQUIRE(setresuid(0, 0, 0) < 0 && setuid(0) < 0 && seteuid(0) < 0);
	REQUIRE(setresuid(UID_A, UID_A, UID_A) < 0 && seteuid(UID_A) < 0);
	REQUIRE(setresgid(0, 0, 0) < 0 && setegid(0) < 0);
	REQUIRE(setresgid(UID_A, UID_A, UID_A) < 0);
	REQUIRE(setgroups(1, &root) < 0);
	setfsuid(0);
	REQUIRE(setfsuid((uid_t)-1) == UID_B);
	setfsgid(0);
	REQUIRE(setfsgid((gid_t)-1) == UID_B);
	one[0].permitted = one[0].effective = 1U << CAP_SETUID;
	REQUIRE(syscall(SYS_capset, &h, one) < 0);
	one[0] = (struct __user_cap_data_struct){
		.inheritable = 1U << CAP_SETUID };
	REQUIRE(syscall(SYS_capset, &h, one) < 0);
	REQUIRE(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0)
	    < 0);
	REQUIRE(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) < 0);
	REQUIRE(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0);
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0);
}

static int
become_and_try_back(void *unused)
{
	const int locked = SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
	    SECBIT_NO_SETUID_FIXUP_LOCKED |
	    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	struct capabilities c;

	(void)unused;
	become_starter(UID_A);
	REQUIRE(privilege_become(UID_B, UID_B) == 0);
	REQUIRE(capabilities_get(&c) == 0 && capabilities_empty(&c));
	REQUIRE((prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) & locked) == locked);
	require_no_way_back();
	return 0;
}

TEST(no_user_group_capability_or_bit_can_be_had_back)
{
	need_root();
	CHECK_EXIT(child_run(become_and_try_back, NULL), 0);
}

static int
become_without(void *capabilities)
{
	become_with(UID_A, *(uint64_t *)capabilities);
	REQUIRE(privilege_become(UID_B, UID_B) == -1 && errno == EPERM);
	return 0;
}

TEST(becoming_another_user_fails_where_one_of_the_three_is_missing)
{
	const uint64_t missing[] = { BIT(CAP_SETUID), BIT(CAP_SETGID),
		BIT(CAP_SETPCAP), THREE };

	need_root();
	for (int i = 0; i < 4; i++) {
		uint64_t caps = THREE & ~missing[i];

		CHECK_EXIT(child_run(become_without, &caps), 0);
	}
}

static int
become_root(void *unused)
{
	struct capabilities before, after;

	(void)unused;
	become_starter(UID_A);
	REQUIRE(capabilities_get(&before) == 0);
	REQUIRE(privilege_become(0, UID_B) == -1 && errno == EINVAL);
	REQUIRE(privilege_become(UID_B, 0) == -1 && errno == EINVAL);
	REQUIRE(capabilities_get(&after) == 0);
	REQUIRE(memcmp(&before, &after, sizeof(before)) == 0);
	REQUIRE(geteuid() == UID_A && getegid() == UID_A);
	return 0;
}

TEST(nobody_becomes_root_or_a_member_of_its_group)
{
	need_root();
	CHECK_EXIT(child_run(become_root, NULL), 0);
}

static int
launch_as(void *user)
{
	become_starter(UID_A);
	launch_shipper(&shown->link, &(struct launch_options){
		"/proc/self/exe", user });
	return 0;
}

TEST(a_shippers_user_that_is_root_or_the_collector_is_refused)
{
	char root[] = "0", root_by_name[] = "root", own[] = "61001";
	char *const user[] = { root, root_by_name, own };

	prepare();
	for (int i = 0; i < 3; i++) {
		const struct ended *e = child_run(launch_as, user[i]);

		CHECK_EXIT(e, 1);
		CHECK_SAID(e, "neither root's nor the collector's");
		CHECK_INT(shown->link.shipper.pid, 0);
	}
}

static int
ask_root(void *ids)
{
	const uid_t *id = ids;

	REQUIRE(setresuid(id[0], id[1], id[2]) == 0);
	return privilege_is_root();
}

TEST(root_is_seen_in_the_real_the_effective_and_the_saved_id)
{
	static uid_t ids[][3] = { { 0, 0, 0 }, { 0, UID_A, UID_A },
		{ UID_A, 0, UID_A }, { UID_A, UID_A, 0 },
		{ UID_A, UID_B, UID_C } };

	need_root();
	for (int i = 0; i < 5; i++)
		CHECK_EXIT(child_run(ask_root, ids[i]), i < 4);
}
