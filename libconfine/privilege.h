/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  Who we are, and giving it away for good.  Raw
 * prctl(2) and capset(2): libcap's own launcher stops half way where
 * CAP_SETPCAP is missing.  Sources: capabilities(7), credentials(7).
 */
#ifndef SLUICE_PRIVILEGE_H
#define SLUICE_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The five sets of the calling thread, one bit a capability. */
struct capabilities {
	uint64_t effective, permitted, inheritable, bounding, ambient;
};

int	capabilities_get(struct capabilities *);
bool	capabilities_empty(const struct capabilities *);
/* True when CAP_SETUID, CAP_SETGID and CAP_SETPCAP are all effective. */
bool	capabilities_can_split(void);

/*
 * Empties all five sets and locks the securebits.  The bounding set needs
 * CAP_SETPCAP; without it the other four go all the same.  -1 with errno.
 */
int	capabilities_drop(void);

/* Becomes that user and group with no others, then drops everything. */
int	privilege_become(uid_t, gid_t);

/* no_new_privs; then nothing can be gained by exec.  -1 with errno. */
int	privilege_no_new(void);

/* Any of the real, effective or saved ids is 0. */
bool	privilege_is_root(void);

#endif
