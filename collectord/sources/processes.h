/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Every process of the host: one pass over /proc a
 * cycle, one read each, for all sources that ask.  Fixed memory.
 *
 * The stat files of the first ones are kept open: a descriptor is of the
 * process and not of its number, so that a number used again is found out.
 * What does not fit the time is read first in the next cycle.
 */
#ifndef SLUICE_SOURCES_PROCESSES_H
#define SLUICE_SOURCES_PROCESSES_H

#include "source.h"
#include "sources/pidstat.h"

enum {
	PROCESSES_MAX = 50000,
	/* descriptors; the kernel keeps some 5 KiB for each */
	PROCESSES_HELD_MAX = 1024,
	PROCESS_NAME_MAX = 15,		/* of the kernel's 16, with its NUL */
};

/* What the source top keeps with each. */
struct top_account {
	bool known;			/* counted[] says something */
	bool row;			/* it has one in this cycle */
	int64_t counted[PROCESS_COUNTERS];	/* is in some row already */
	int64_t own[PROCESS_COUNTERS];	/* is in its own */
	uint64_t since_ns;		/* own[] counts from; 0: nothing yet */
	uint64_t score;			/* CPU, the last cycles most */
};

struct process {
	int32_t pid;
	int fd;				/* below 0: not kept open */
	bool read;			/* in this cycle */
	bool gone;
	bool born;			/* since the cycle before */
	bool renamed;			/* its name changed; for who asks */
	uint8_t state;			/* enum process_state */
	uint8_t name_len;
	char name[PROCESS_NAME_MAX];
	int64_t counter[PROCESS_COUNTERS];
	int64_t threads, start, rss;
	struct top_account top;
};

struct processes {
	struct process *process;	/* ascending by pid */
	size_t n;
	size_t nread, nlost;		/* nlost: left out, no room or time */
	bool hidden;			/* not all are shown to this process */
	int error;			/* first of this cycle, or 0 */
	uint64_t wall_before_ns;	/* of the pass before; 0: the first */
};

/* As they are in this cycle; read once for all sources. */
struct processes	*processes_get(struct collect *);
/* Forgets them, and closes what is open. */
void			processes_forget(void);

#endif
