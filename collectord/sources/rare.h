/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Files of /proc that only some hosts have, as that of
 * a module: one that is missing has not failed.
 */
#ifndef SLUICE_SOURCES_RARE_H
#define SLUICE_SOURCES_RARE_H

#include "source.h"

enum { RARE_EVERY = 32 };	/* cycles */

/* A directory that is looked for only now and then while it is missing. */
struct rare {
	const char *path;	/* ends with '/' */
	unsigned rest;		/* cycles until it is looked for */
};

/* The file's text.  False where it is missing; what else fails is said. */
bool	rare_read(struct collect *, const char *path, struct text *);
/* The names in a directory, as host_list(). */
void	rare_list(struct collect *, struct rare *,
	    bool (*each)(void *arg, const char *name), void *arg);

#endif
