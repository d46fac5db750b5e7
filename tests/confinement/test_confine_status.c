/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What confine() says to be in force against what the kernel
 * says in /proc/PID, from outside; and what it does where a layer is missing.
 */
#include "../../collectord/lockdown.h"
#include "../../shipperd/lockdown.h"
#include "child.h"
#include "fake_landlock.h"
#include "hold.h"
#include "privilege.h"
#include "self.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PRCTL_SET_MDWE = 65, PRCTL_GET_MDWE = 66 };

enum half { COLLECTOR, SHIPPER, HALVES };

/* A lock that is to be taken, and where. */
struct lock {
	enum half half;
	bool require_landlock, require_selinux;
	struct fake_landlock landlock;	/* abi or an errno: faked */
	int prctl_option, prctl_error;	/* option 0: none fails */
	bool no_seccomp;
	rlim_t descriptors;		/* the hard limit before; 0: as is */
	int limit_error;		/* 0: none fails */
};

static struct shown {
	struct layers layers;
	int opened;		/* errno of opening a file; 0: could */
} *shown;

static void
prepare(void)
{
	need_root();
	if (SLUICE_SANITIZED)
		test_skip("the locks of a sanitized build only log");
	/* what the runner left open would count against a small limit */
	if (shown == NULL)
		close_range(STDERR_FILENO + 1, ~0U, 0);
	if (shown == NULL)
		shown = mmap(NULL, sizeof(*shown), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shown != MAP_FAILED);
	memset(shown, 0xee, sizeof(*shown));
}

/* One system call answers with an error; its first argument may be any. */
static void
fail_call(long number, int any, unsigned argument, int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, argument, 0,
		    any ? 0 : 1),
		BPF_STMT(BPF_RET | BPF_K,
		    SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { 6, code };

	REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)
	    == 0);
}

/* The kernel that the test wants, as far as this one can be made to be it. */
static void
be_on(struct lock *l)
{
	const struct rlimit r = { l->descriptors, l->descriptors };

	if (l->descriptors != 0)
		REQUIRE(setrlimit(RLIMIT_NOFILE, &r) == 0);
	REQUIRE(privilege_no_new() == 0);
	if (l->limit_error != 0)
		fail_call(SYS_prlimit64, 1, 0, l->limit_error);
	if (l->landlock.abi != 0 || l->landlock.version_error != 0 ||
	    l->landlock.create_error != 0)
		fake_landlock(&l->landlock);
	if (l->prctl_option != 0)
		fail_call(SYS_prctl, 0, (unsigned)l->prctl_option,
		    l->prctl_error);
	if (l->no_seccomp) {
		fail_call(SYS_seccomp, 1, 0, EINVAL);
		fail_call(SYS_prctl, 0, PR_SET_SECCOMP, EINVAL);
	}
}

static void
lock_collector(const struct lock *l)
{
	static struct host host;
	const char *which;
	int fd;

	REQUIRE(host_open(&host, "/proc", "/sys", &which) == 0);
	collector_lock(&host, l->require_landlock, l->require_selinux,
	    &shown->layers);
	fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	shown->opened = fd < 0 ? errno : 0;
}

static void
lock_shipper(const struct lock *l)
{
	static struct shipconf conf;

	conf.flags = (l->require_landlock ? SHIPCONF_REQUIRE_LANDLOCK : 0) |
	    (l->require_selinux ? SHIPCONF_REQUIRE_SELINUX : 0);
	conf.nendpoints = 1;
	conf.endpoint[0].is_address = true;
	conf.endpoint[0].port = 443;
	shipper_lock(&conf, &shown->layers);
}

static int
lock_and_hold(void *arg)
{
	struct lock *l = arg;

	become(l->half == COLLECTOR ? UID_A : UID_B);
	be_on(l);
	if (l->half == COLLECTOR)
		lock_collector(l);
	else
		lock_shipper(l);
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

/* Soft and hard, as /proc/PID/limits has them in one line. */
static void
check_limit(pid_t pid, const char *name, const char *want)
{
	char path[64], line[256], soft[32] = "", hard[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	CHECK((f = fopen(path, "re")) != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			sscanf(line + strlen(name), "%31s %31s", soft, hard);
	fclose(f);
	if (strcmp(soft, want) != 0 || strcmp(hard, want) != 0)
		test_fail(__FILE__, __LINE__, "%s: %s %s, not %s", name, soft,
		    hard, want);
}

static void
check_flags(pid_t pid)
{
	char path[64];
	struct stat st;

	check_line(pid, "NoNewPrivs", "1");
	check_line(pid, "Seccomp", "2");
	CHECK((strtoull(status_line(pid, "SigIgn"), NULL, 16) >>
	    (SIGPIPE - 1) & 1) == 1);
	/* the files of a process that is not dumpable are root's */
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_uid, 0);
}

static void
check_limits(pid_t pid, const char *files, const char *data)
{
	check_limit(pid, "Max file size", "0");
	check_limit(pid, "Max core file size", "0");
	check_limit(pid, "Max processes", "0");
	check_limit(pid, "Max locked memory", "0");
	check_limit(pid, "Max open files", files);
	check_limit(pid, "Max data size", data);
}

/* Whether this kernel has it: by a child that asks the kernel itself. */
static int
ask_mdwe(void *unused)
{
	(void)unused;
	REQUIRE(prctl(PRCTL_SET_MDWE, 1, 0, 0, 0) == 0 || errno == EINVAL);
	return prctl(PRCTL_GET_MDWE, 0, 0, 0, 0) == 1;
}

static void
check_both(struct lock on, void (*check)(const struct lock *, pid_t))
{
	for (on.half = COLLECTOR; on.half < HALVES; on.half++) {
		struct hold h = hold_start(lock_and_hold, &on);

		check(&on, h.child.pid);
		CHECK_EXIT(hold_end(h), 0);
	}
}

static void
all_in_force(const struct lock *on, pid_t pid)
{
	check_flags(pid);
	if (on->half == COLLECTOR)
		check_limits(pid, "1664", "67108864");
	else
		check_limits(pid, "16", "33554432");
	/* one filter: what was there before does not count as ours */
	check_line(pid, "Seccomp_filters", "1");
	CHECK_INT(shown->layers.landlock_abi, landlock_abi());
	CHECK_EXIT(child_run(ask_mdwe, NULL), shown->layers.mdwe);
	if (on->half == COLLECTOR)
		CHECK_INT(shown->opened, landlock_abi() > 0 ? EACCES : 0);
}

TEST(what_is_said_to_be_in_force_is_what_the_kernel_says)
{
	prepare();
	check_both((struct lock){ 0 }, all_in_force);
}

static void
without_landlock(const struct lock *on, pid_t pid)
{
	check_flags(pid);
	CHECK_INT(shown->layers.landlock_abi, 0);
	if (on->half == COLLECTOR)
		CHECK_INT(shown->opened, 0);
}

TEST(a_kernel_without_landlock_is_said_to_be_one_and_the_rest_holds)
{
	prepare();
	check_both((struct lock){ .landlock.version_error = ENOSYS },
	    without_landlock);
	check_both((struct lock){ .landlock.version_error = EOPNOTSUPP },
	    without_landlock);
}

static void
with_abi_1(const struct lock *on, pid_t pid)
{
	check_flags(pid);
	CHECK_INT(shown->layers.landlock_abi, 1);
	if (on->half == COLLECTOR)
		CHECK_INT(shown->opened, EACCES);
}

TEST(an_older_landlock_is_said_by_its_own_number)
{
	prepare();
	if (landlock_abi() == 0)
		test_skip("no Landlock here");
	check_both((struct lock){ .landlock.abi = 1 }, with_abi_1);
}

static void
without_mdwe(const struct lock *on, pid_t pid)
{
	(void)on;
	check_flags(pid);
	CHECK_INT(shown->layers.mdwe, 0);
	CHECK_INT(shown->layers.landlock_abi, landlock_abi());
}

TEST(a_kernel_without_mdwe_is_said_to_be_one_and_the_rest_holds)
{
	prepare();
	check_both((struct lock){ .prctl_option = PRCTL_SET_MDWE,
		.prctl_error = EINVAL }, without_mdwe);
}

/* The lock ends both, by that line, and nothing comes after it. */
static void
check_fatal(struct lock on, const char *words)
{
	for (on.half = COLLECTOR; on.half < HALVES; on.half++) {
		const struct ended *e = child_run(lock_and_hold, &on);

		CHECK_EXIT(e, 1);
		CHECK_SAID(e, "event=fatal");
		CHECK_SAID(e, words);
		CHECK_INT(strchr(e->text, '\n') - e->text + 1,
		    strlen(e->text));
	}
}

TEST(landlock_that_is_required_and_absent_ends_both)
{
	prepare();
	check_fatal((struct lock){ .require_landlock = true,
		.landlock.version_error = ENOSYS }, "require: landlock");
	check_fatal((struct lock){ .require_landlock = true,
		.landlock.version_error = EOPNOTSUPP }, "require: landlock");
}

TEST(landlock_that_is_required_and_there_is_in_force)
{
	prepare();
	if (landlock_abi() == 0)
		test_skip("no Landlock here");
	check_both((struct lock){ .require_landlock = true }, all_in_force);
}

TEST(landlock_that_is_there_and_fails_ends_both_required_or_not)
{
	prepare();
	if (landlock_abi() == 0)
		test_skip("no Landlock here");
	check_fatal((struct lock){ .landlock.create_error = ENOMEM },
	    "what=\"Landlock\" error=\"ENOMEM");
}

TEST(without_seccomp_nothing_runs)
{
	prepare();
	check_fatal((struct lock){ .no_seccomp = true }, "what=\"seccomp\"");
}

TEST(a_flag_that_cannot_be_set_ends_both)
{
	prepare();
	check_fatal((struct lock){ .prctl_option = PR_SET_DUMPABLE,
		.prctl_error = EPERM }, "what=\"prctl\" error=\"EPERM");
	check_fatal((struct lock){ .prctl_option = PR_SET_NO_NEW_PRIVS,
		.prctl_error = EPERM }, "what=\"prctl\" error=\"EPERM");
	/* only a kernel that does not know it may go without */
	check_fatal((struct lock){ .prctl_option = PRCTL_SET_MDWE,
		.prctl_error = EPERM }, "what=\"prctl\" error=\"EPERM");
}

TEST(a_limit_that_cannot_be_set_ends_both)
{
	prepare();
	check_fatal((struct lock){ .limit_error = EPERM },
	    "what=\"setrlimit\" error=\"EPERM");
}

static void
few_descriptors(const struct lock *on, pid_t pid)
{
	check_limits(pid, "15", on->half == COLLECTOR ? "67108864" :
	    "33554432");
}

TEST(a_limit_that_is_stricter_than_the_tables_stays)
{
	prepare();
	check_both((struct lock){ .descriptors = 15 }, few_descriptors);
}

TEST(selinux_that_is_required_and_not_there_is_fatal)
{
	struct selinux_label own;

	prepare();
	if (selinux_own(&own) == 0)
		test_skip("this kernel has SELinux");
	check_fatal((struct lock){ .require_selinux = true },
	    "require: selinux");
}

static void
check_logs(struct lock on, const char *text)
{
	prepare();
	for (on.half = COLLECTOR; on.half < HALVES; on.half++) {
		const struct ended *e = hold_end(hold_start(lock_and_hold,
		    &on));

		CHECK_EXIT(e, 0);
		CHECK_STR(e->text, text);
	}
}

TEST(absent_landlock_is_logged_once_by_each)
{
	check_logs((struct lock){ .landlock.version_error = ENOSYS },
	    "<4>sluice: event=landlock_absent\n");
}

TEST(a_landlock_without_rules_for_ports_is_logged_once_by_each)
{
	if (landlock_abi() < 4)
		test_skip("Landlock here has ABI %d", landlock_abi());
	check_logs((struct lock){ .landlock.abi = 3 },
	    "<4>sluice: event=landlock_no_ports abi=3\n");
	check_logs((struct lock){ .landlock.abi = 4 }, "");
}

static int
be_unlocked(void *unused)
{
	(void)unused;
	become_starter(UID_A);
	hold_here();
	return 0;
}

/* What self.c sends of a process, by its own parser. */
static struct self_status
read_status(pid_t pid)
{
	static char text[8192];
	struct self_status s;
	char path[64];
	ssize_t n;
	int fd;

	memset(&s, -1, sizeof(s));
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text));
	close(fd);
	CHECK(n > 0);
	CHECK_INT(self_parse_status(text_of(text, (size_t)n), &s), 0);
	return s;
}

TEST(the_metrics_of_a_process_without_its_layers_say_so)
{
	struct self_status s;
	struct hold h;

	prepare();
	h = hold_start(be_unlocked, NULL);
	s = read_status(h.child.pid);
	CHECK_EXIT(hold_end(h), 0);
	CHECK_INT(s.seccomp, 0);
	CHECK_INT(s.no_new_privs, 0);
	CHECK(s.capabilities >= 3);
	CHECK_INT(s.uid, UID_A);
}

static int
lock_without_capabilities(void *arg)
{
	drop_bounding_set();
	return lock_and_hold(arg);
}

TEST(the_metrics_of_a_process_that_is_locked_say_so)
{
	prepare();
	for (enum half half = COLLECTOR; half < HALVES; half++) {
		struct lock on = { .half = half };
		struct hold h = hold_start(lock_without_capabilities, &on);
		const struct self_status s = read_status(h.child.pid);

		CHECK_EXIT(hold_end(h), 0);
		CHECK_INT(s.seccomp, 2);
		CHECK_INT(s.no_new_privs, 1);
		CHECK_INT(s.capabilities, 0);
		CHECK_INT(s.uid, half == COLLECTOR ? UID_A : UID_B);
	}
}
