/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  /proc/PID/stat; proc_pid_stat(5). */
#ifndef SLUICE_SOURCES_PROCESS_H
#define SLUICE_SOURCES_PROCESS_H

#include "text.h"

/* In the order of the points PROCESS_COUNT_*. */
enum process_state {
	PROCESS_RUNNING,
	PROCESS_SLEEPING,
	PROCESS_STOPPED,
	PROCESS_DEFUNCT,
	PROCESS_STATES
};

/* The start of a stat file, up to the state's letter at least: or -EBADMSG. */
int	pidstat_state(struct text, enum process_state *);

struct source;
extern const struct source source_process;

#endif
