/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  What a process takes from itself by prctl(2). */
#ifndef SLUICE_HARDEN_H
#define SLUICE_HARDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

struct limit {
	int resource;		/* RLIMIT_… */
	const char *name;
	rlim_t value;		/* soft and hard, or stricter as found */
};

/* Sets each row; -1 with errno at the first that fails. */
int	harden_limits(const struct limit *, size_t);

/*
 * Not dumpable (no core, no ptrace by the same user), no_new_privs, SIGPIPE
 * ignored, memory-deny-write-execute where the kernel has it (6.3).
 * *mdwe tells whether it had.  -1 with errno.
 */
int	harden_process(bool *mdwe);

/*
 * A standard descriptor that is closed would be the next file that is opened,
 * and the log would be written there: /dev/null takes its place.  Before any
 * other; -1 with errno.
 */
int	harden_standard_descriptors(void);

/*
 * RLIMIT_FSIZE 0 turns a log line into SIGXFSZ where standard error is a
 * regular file.  True when it is one: the caller refuses to start.
 */
bool	harden_stderr_is_file(void);

#endif
