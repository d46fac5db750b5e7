/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  /proc/PID/stat; proc_pid_stat(5).  Pure. */
#ifndef SLUICE_SOURCES_PIDSTAT_H
#define SLUICE_SOURCES_PIDSTAT_H

#include "text.h"

/* In the order of the points PROCESS_COUNT_*. */
enum process_state {
	PROCESS_RUNNING,
	PROCESS_SLEEPING,
	PROCESS_STOPPED,
	PROCESS_DEFUNCT,
	PROCESS_STATES
};

enum process_counter {
	PROCESS_MINOR_FAULTS,
	PROCESS_MAJOR_FAULTS,
	PROCESS_USER,		/* in ticks of USER_HZ, as the next one */
	PROCESS_SYSTEM,
	PROCESS_COUNTERS
};

enum { PIDSTAT_MAX = 2048 };	/* more bytes than a line of it has */

struct pidstat {
	enum process_state state;
	struct text name;	/* any bytes; may be empty */
	int64_t counter[PROCESS_COUNTERS];	/* of the process itself */
	int64_t threads;
	int64_t start;		/* ticks since boot */
	int64_t rss;		/* pages */
};

/* As much of it as is used here: or -EBADMSG. */
int	pidstat_parse(struct text, struct pidstat *);

#endif
