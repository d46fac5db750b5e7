/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Which files a cgroup has, in version 2 and in version
 * 1, and reading them: one read each, the first ones' kept open, limits only
 * now and then.
 */
#ifndef SLUICE_SOURCES_CGROUP_FILES_H
#define SLUICE_SOURCES_CGROUP_FILES_H

#include "host.h"
#include "sources/cgroup_parse.h"

enum {
	CGROUP_PATH_MAX = 400,		/* bytes below the hierarchy's top */
	CGROUP_FILES_MAX = 24,		/* rows of a layout */
	/*
	 * Descriptors.  Each that is kept costs the kernel a page, and saves
	 * four fifths of what open, read and close take.
	 */
	CGROUP_HELD_MAX = 480,
	CGROUP_LIMITS_EVERY = 8,	/* cycles */
};

enum { CGROUP_LIMITS = 5 };

struct cgroup {
	bool used;			/* this entry */
	bool seen;			/* by the walk that goes on */
	bool fresh;			/* nothing was read of it yet */
	bool gone;			/* its files went: a walk will tell */
	bool again;			/* a limit may be had the next time */
	uint16_t held;			/* 1 + its row of held files; 0: none */
	uint16_t len;
	uint32_t absent;		/* files that it does not have */
	uint64_t identity;		/* hash of what names it */
	int64_t limit[CGROUP_LIMITS];	/* as last read */
	char path[CGROUP_PATH_MAX];	/* not terminated */
};

struct cgroup_sample {
	int64_t value[CGROUP_VALUES];
	struct cgroup_io io;
};

struct cgroup_file {
	const char *base;	/* below /sys, with its '/' */
	const char *name;
	bool limit;		/* read now and then */
	int (*parse)(const struct cgroup_file *, struct text,
	    struct cgroup_sample *);
	const struct cgroup_key *key;
	size_t nkeys;
	unsigned value;		/* where it goes; of PSI the first */
};

struct cgroup_layout {
	const char *top;	/* the hierarchy that is walked, with its '/' */
	const struct cgroup_file *file;
	size_t nfiles;
	bool v1;
};

struct cgroup_files {
	const struct cgroup_layout *layout;
	uint64_t cycle;
	uint64_t failed_cycle[CGROUP_FILES_MAX];	/* 0: never */
	int error[CGROUP_FILES_MAX];	/* the last, of any cgroup */
	size_t per_cgroup;		/* files to be kept open */
	size_t nheld;			/* rows of fd[] */
	bool starved;			/* of descriptors: none are kept */
	bool taken[CGROUP_HELD_MAX];	/* each row */
	int fd[CGROUP_HELD_MAX];	/* nheld rows of per_cgroup */
};

/* Starts over with that layout: closes all, keeps none. */
void	cgroup_files_init(struct cgroup_files *, const struct cgroup_layout *);
void	cgroup_files_begin(struct cgroup_files *);
/* Keeps its files open from now on, if there is room. */
void	cgroup_hold(struct cgroup_files *, struct cgroup *);
void	cgroup_release(struct cgroup_files *, struct cgroup *);
/*
 * Reads what is due; sets cgroup.gone where all its files are.  A file that
 * fails is noted in error[], with the cycle.
 */
void	cgroup_read(struct cgroup_files *, struct host *, struct cgroup *,
	    size_t number, struct cgroup_sample *);
/* The error that is to be said of a file in this cycle, or 0. */
int	cgroup_file_error(const struct cgroup_files *, size_t file);

#endif
