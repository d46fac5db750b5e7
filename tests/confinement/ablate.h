/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  The start and the lock of either process, but only some
 * layers of it.  What each layer holds is the product's own: ablate.c has a
 * confine() in the place of libconfine's, called by both lockdown.c.
 */
#ifndef SLUICE_TEST_ABLATE_H
#define SLUICE_TEST_ABLATE_H

#include <stdint.h>

enum half { COLLECTOR, SHIPPER, HALVES };

enum {
	USER = 1,	/* two users, no capability, no_new_privs */
	LIMITS = 2,	/* setrlimit(2) */
	FLAGS = 4,	/* not dumpable, no_new_privs, MDWE */
	LANDLOCK = 8,
	SECCOMP = 16,
	ALL_LAYERS = 31,
};

enum { ALLOWED_PORT = 4318 };	/* the shipper's endpoint */

/* "user landlock": names for people, good until the next call. */
const char	*ablate_names(unsigned layers);

/*
 * In a child that is root.  Without USER both halves are one ordinary user
 * that keeps the three capabilities which it was started with.
 */
void	ablate_become(enum half, unsigned layers);
void	ablate_lock(enum half, unsigned layers);

/* The collector's roots, where a test needs others than /proc and /sys. */
extern const char *ablate_procfs, *ablate_sysfs;
/* The shipper's endpoint is a name, so that it needs a name server. */
extern uint16_t ablate_nameserver_port;

#endif
