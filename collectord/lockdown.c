/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See lockdown.h. */
#include "lockdown.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* O_RDONLY is 0: without these bits nothing can be created or written. */
#define OPEN_BITS (O_CLOEXEC | O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW)

/* Every system call that collectord can make once it is locked. */
const struct syscall_row collector_calls[] = {
	{ "openat", { { ARG_ONLY_BITS, 2, OPEN_BITS, 0 } },
	    "files and directories of /proc and /sys, for reading only" },
	{ "pread64", { { 0 } }, "read a kept file again from its start" },
	{ "read", { { 0 } }, "the timer" },
	{ "getdents64", { { 0 } }, "list processes, disks, controllers" },
	{ "close", { { 0 } }, "files opened for one read" },
	{ "newfstatat", { { ARG_IS, 3, AT_SYMLINK_NOFOLLOW, 0 } },
	    "size of /proc/PID/fd; whose and how old an operator's file is" },
	{ "statfs", { { 0 } }, "space of a mounted file system" },
	{ "adjtimex", { { 0 } },
	    "state of the clock; setting it takes a capability" },
	{ "ppoll", { { 0 } }, "the loop" },
	{ "clock_gettime", { { 0 } }, "where the vDSO cannot answer" },
	{ "sendto", { { ARG_ONLY_BITS, 3, MSG_NOSIGNAL | MSG_DONTWAIT, 0 },
	    { ARG_IS, 4, 0, 1 } },
	    "records, and sock_diag(7)'s questions: no address" },
	{ "recvmsg", { { ARG_ONLY_BITS, 2, MSG_CMSG_CLOEXEC | MSG_DONTWAIT,
	    0 } }, "acknowledgements, with credentials; answers" },
	{ "waitid", { { ARG_IS, 0, P_PID, 0 } }, "how the shipper ended" },
	{ "write", { { ARG_AT_MOST, 0, STDERR_FILENO, 1 } }, "log lines" },
	{ "brk", { { 0 } }, "malloc(3); RLIMIT_DATA bounds it" },
	{ "mmap", { { ARG_ONLY_BITS, 2, PROT_READ | PROT_WRITE, 0 },
	    { ARG_IS, 3, MAP_PRIVATE | MAP_ANONYMOUS, 0 } },
	    "malloc(3): memory that is no file and not executable" },
	{ "munmap", { { 0 } }, "free(3)" },
	{ "rt_sigreturn", { { 0 } }, "end of a signal handler" },
	{ "exit_group", { { 0 } }, "the end" },
};
const size_t collector_ncalls =
    sizeof(collector_calls) / sizeof(collector_calls[0]);

static const struct limit limits[] = {
	{ RLIMIT_FSIZE, "FSIZE", 0 },
	{ RLIMIT_CORE, "CORE", 0 },
	{ RLIMIT_NPROC, "NPROC", 0 },
	{ RLIMIT_MEMLOCK, "MEMLOCK", 0 },
	/* 480 for files of cgroups, 1024 of processes (sources/ *_HELD_MAX) */
	{ RLIMIT_NOFILE, "NOFILE", 1664 },
#if !SLUICE_SANITIZED
	{ RLIMIT_DATA, "DATA", 64 << 20 },
#endif
};

void
collector_lock(const struct host *host, bool require_landlock,
    bool require_selinux, struct layers *layers)
{
	const struct confinement c = {
		.limit = limits,
		.nlimits = sizeof(limits) / sizeof(limits[0]),
		.selinux = SELINUX_COLLECTOR,
		.require_selinux = require_selinux,
		.landlock = { .read_dirs = host->root,
		    .nread_dirs = host->root[HOST_OPERATOR] < 0 ?
			HOST_OPERATOR : HOST_ROOTS },
		.require_landlock = require_landlock,
		.call = collector_calls,
		.ncalls = collector_ncalls,
	};

	confine(&c, layers);
}
