/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Ablation: each attack works where there is no layer, is
 * made again behind each layer alone and behind all layers but one.  A row
 * names the layers that stop it alone.  With two of them or more it is stopped
 * whichever one layer is missing; with one, that layer is all there is, which
 * the name of the test says.  The rows are printed for docs to cite.
 */
#include "ablate.h"
#include "attack.h"
#include "attack_scene.h"
#include "hold.h"
#include "landlock.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PRCTL_GET_MDWE = 66 };

struct attempt {
	enum half half;
	unsigned layers;
	const struct attack *attack;
};

static const char *const half_name[HALVES] = { "collector", "shipper" };

static int
be_other(void *arg)
{
	const struct attempt *a = arg;
	const enum half other = a->half == COLLECTOR ? SHIPPER : COLLECTOR;

	REQUIRE(close_range(STDERR_FILENO + 1, ~0U, 0) == 0);
	ablate_become(other, a->layers);
	attack_be_victim();
	ablate_lock(other, a->layers);
	hold_here();
	return 0;
}

static int
be_attacker(void *arg)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	const struct attempt *a = arg;

	REQUIRE(close_range(STDERR_FILENO + 1, ~0U, 0) == 0);
	REQUIRE(chdir(scene.directory) == 0);
	unlink("created");
	if (a->attack->core)
		REQUIRE(setrlimit(RLIMIT_CORE, &unlimited) == 0);
	ablate_become(a->half, a->layers);
	ablate_lock(a->half, a->layers);
	return a->attack->run();
}

/* A core file is the success of one attack, and an accident elsewhere. */
static bool
core_left(const struct ended *e)
{
	if (!WIFSIGNALED(e->status))
		test_fail(__FILE__, __LINE__, "no crash: %s", child_story(e));
	return WCOREDUMP(e->status);
}

static bool
worked(const struct attempt *a, const struct ended *e)
{
	if (a->attack->core)
		return core_left(e);
	if (child_exited(e, ATTACK_WORKED))
		return true;
	if (a->layers == 0 && a->attack->optional &&
	    child_exited(e, ATTACK_ABSENT))
		return false;
	if (child_exited(e, ATTACK_REFUSED) ||
	    ((a->layers & SECCOMP) != 0 && child_killed(e, SIGSYS)) ||
	    ((a->layers & LIMITS) != 0 && child_killed(e, SIGXFSZ)))
		return false;
	test_fail(__FILE__, __LINE__, "%s behind %s: %s", a->attack->name,
	    ablate_names(a->layers), child_story(e));
}

static bool
works_behind(enum half half, const struct attack *attack, unsigned layers)
{
	struct attempt a = { half, layers, attack };
	struct hold other;
	bool result;

	if (!attack->other)
		return worked(&a, child_run(be_attacker, &a));
	other = hold_start(be_other, &a);
	attack_aim(other.child.pid);
	result = worked(&a, child_run(be_attacker, &a));
	CHECK_EXIT(hold_end(other), 0);
	return result;
}

/* What this kernel has of the layers that a row names. */
static unsigned
here(const struct attack *attack, unsigned layers)
{
	if (landlock_abi() < attack->abi)
		layers &= ~(unsigned)LANDLOCK;
	if (attack->mdwe && prctl(PRCTL_GET_MDWE, 0, 0, 0, 0) < 0)
		layers &= ~(unsigned)FLAGS;
	return layers;
}

/* A layer that does more than its row says is worth a line, not a failure. */
static void
compare(enum half half, const struct attack *attack, unsigned behind,
    bool stops)
{
	const bool works = works_behind(half, attack, behind);

	if (works && stops)
		test_fail(__FILE__, __LINE__, "the %s can %s behind %s",
		    half_name[half], attack->name, ablate_names(behind));
	if (!works && !stops)
		printf("# the %s cannot %s behind %s either\n",
		    half_name[half], attack->name, ablate_names(behind));
}

static void
need_everything(void)
{
	need_root();
	if (SLUICE_SANITIZED)
		test_skip("the locks of a sanitized build only log");
	attack_prepare();
}

static void
stopped(enum half half, const struct attack *attack, unsigned alone)
{
	need_everything();
	alone = here(attack, alone);
	if (!works_behind(half, attack, 0)) {
		if (attack->optional) {
			printf("# nobody can %s here\n", attack->name);
			return;
		}
		test_fail(__FILE__, __LINE__, "the %s cannot %s, whatever"
		    " the layers: nothing is shown", half_name[half],
		    attack->name);
	}
	for (unsigned layer = 1; layer < ALL_LAYERS; layer <<= 1) {
		compare(half, attack, layer, (alone & layer) != 0);
		compare(half, attack, ALL_LAYERS & ~layer,
		    (alone & ~layer) != 0);
	}
	compare(half, attack, ALL_LAYERS, alone != 0);
	printf("# %s, %s: %s%s\n", half_name[half], attack->name,
	    alone != 0 && (alone & (alone - 1)) == 0 ? "ONLY " : "",
	    ablate_names(alone));
}

static void
both_stopped(const struct attack *attack, unsigned alone)
{
	stopped(COLLECTOR, attack, alone);
	stopped(SHIPPER, attack, alone);
}

TEST(landlock_and_seccomp_keep_the_shipper_from_opening_a_file)
{
	stopped(SHIPPER, &open_a_file, LANDLOCK | SECCOMP);
}

TEST(only_landlock_keeps_the_collector_from_opening_a_file_all_may_read)
{
	stopped(COLLECTOR, &open_a_file, LANDLOCK);
}

TEST(three_layers_keep_both_from_a_file_of_root)
{
	both_stopped(&open_roots_file, USER | LANDLOCK | SECCOMP);
}

TEST(landlock_and_seccomp_keep_both_from_creating_a_file)
{
	both_stopped(&create_a_file, LANDLOCK | SECCOMP);
}

TEST(three_layers_keep_both_from_writing_to_a_file)
{
	both_stopped(&write_a_file, LIMITS | LANDLOCK | SECCOMP);
}

TEST(only_seccomp_keeps_the_shipper_from_learning_that_a_file_is_there)
{
	stopped(SHIPPER, &look_at_a_file, SECCOMP);
	stopped(SHIPPER, &stat_a_file, SECCOMP);
}

/* Its table has the call; docs/threat-model.md, X3, says what follows. */
TEST(nothing_keeps_the_collector_from_learning_that_a_file_is_there)
{
	need_everything();
	CHECK(works_behind(COLLECTOR, &look_at_a_file, ALL_LAYERS));
}

TEST(landlock_and_seccomp_keep_both_from_executing_a_program)
{
	both_stopped(&execute_a_file, LANDLOCK | SECCOMP);
}

TEST(four_layers_keep_both_from_becoming_root_by_a_set_uid_program)
{
	struct statvfs fs;

	if (statvfs("/tmp", &fs) == 0 && (fs.f_flag & ST_NOSUID) != 0)
		test_skip("/tmp is mounted nosuid");
	both_stopped(&execute_set_uid, USER | FLAGS | LANDLOCK | SECCOMP);
}

TEST(users_and_seccomp_keep_both_from_becoming_root_again)
{
	both_stopped(&regain_root, USER | SECCOMP);
}

TEST(only_seccomp_keeps_both_from_making_a_user_namespace)
{
	both_stopped(&user_namespace, SECCOMP);
}

TEST(flags_and_seccomp_keep_both_from_executing_what_they_wrote)
{
	both_stopped(&run_written_memory, FLAGS | SECCOMP);
	both_stopped(&run_own_memory, FLAGS | SECCOMP);
}

TEST(limits_and_seccomp_keep_both_from_executing_a_memfd)
{
	both_stopped(&run_memory_file, LIMITS | SECCOMP);
}

TEST(limits_and_seccomp_keep_both_from_forking)
{
	both_stopped(&fork_a_child, LIMITS | SECCOMP);
}

TEST(only_landlock_keeps_the_shipper_from_other_ports)
{
	stopped(SHIPPER, &other_port, LANDLOCK);
}

TEST(landlock_and_seccomp_keep_the_collector_from_connecting)
{
	stopped(COLLECTOR, &other_port, LANDLOCK | SECCOMP);
}

TEST(only_seccomp_closes_what_landlock_leaves_open_of_other_ports)
{
	both_stopped(&fast_open, SECCOMP);
	both_stopped(&multipath, SECCOMP);
	both_stopped(&datagram_socket, SECCOMP);
}

TEST(landlock_and_seccomp_keep_both_from_binding_a_port)
{
	both_stopped(&bind_a_port, LANDLOCK | SECCOMP);
}

TEST(only_seccomp_keeps_both_from_listening_on_a_port_of_the_kernels_choice)
{
	both_stopped(&listen_unbound, SECCOMP);
}

TEST(only_seccomp_keeps_both_from_sockets_of_another_kind)
{
	both_stopped(&netlink_socket, SECCOMP);
	both_stopped(&unix_socket, SECCOMP);
}

TEST(landlock_and_seccomp_keep_both_from_abstract_unix_sockets)
{
	both_stopped(&abstract_socket, LANDLOCK | SECCOMP);
}

TEST(four_layers_keep_each_from_tracing_the_other)
{
	both_stopped(&trace_other, USER | FLAGS | LANDLOCK | SECCOMP);
}

TEST(four_layers_keep_each_from_reading_the_others_memory)
{
	both_stopped(&read_other, USER | FLAGS | LANDLOCK | SECCOMP);
}

TEST(three_layers_keep_the_collector_from_reading_memory_by_proc)
{
	stopped(COLLECTOR, &read_other_mem, USER | FLAGS | LANDLOCK);
}

TEST(four_layers_keep_the_shipper_from_reading_memory_by_proc)
{
	stopped(SHIPPER, &read_other_mem, USER | FLAGS | LANDLOCK | SECCOMP);
}

TEST(four_layers_keep_each_from_taking_a_descriptor_of_the_other)
{
	both_stopped(&steal_descriptor, USER | FLAGS | LANDLOCK | SECCOMP);
}

TEST(three_layers_keep_each_from_sending_the_other_a_signal)
{
	both_stopped(&signal_other, USER | LANDLOCK | SECCOMP);
}

static void
need_core_files(void)
{
	char pattern[128] = "";
	struct rlimit r;
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);

	if (read(fd, pattern, sizeof(pattern) - 1) < 1 ||
	    strpbrk(pattern, "|/") != NULL)
		test_skip("core_pattern is not a file where the crash is");
	close(fd);
	getrlimit(RLIMIT_CORE, &r);
	if (r.rlim_max != RLIM_INFINITY)
		test_skip("the limit of core files cannot be raised here");
}

TEST(limits_flags_and_landlock_keep_both_from_leaving_a_core_file)
{
	need_core_files();
	both_stopped(&leave_core, LIMITS | FLAGS | LANDLOCK);
}
