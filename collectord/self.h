/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  What the agent has to say about itself: its cost, its
 * queue, and what confines both processes, as the kernel tells it in
 * /proc/PID/status.  The files are opened before the lock and kept.
 */
#ifndef SLUICE_SELF_H
#define SLUICE_SELF_H

#include "build.h"
#include "confine.h"
#include "ring.h"
#include "shipstate.h"
#include "source.h"

#include <sys/types.h>

enum self_process { SELF_COLLECTOR, SELF_SHIPPER, SELF_PROCESSES };

/* From /proc/PID/status and /proc/PID/stat, proc(5).  -1: not in the file. */
struct self_status {
	int64_t capabilities;	/* different ones in all five sets */
	int64_t no_new_privs;
	int64_t seccomp;
	int64_t uid;		/* effective */
	int64_t rss_bytes;
	int64_t user_ticks, system_ticks;	/* USER_HZ */
};

/* Pure; each fills in what its file has.  0 or -EBADMSG. */
int	self_parse_status(struct text, struct self_status *);
int	self_parse_stat(struct text, struct self_status *);

struct self {
	int status_fd[SELF_PROCESSES], stat_fd[SELF_PROCESSES];
	uint8_t landlock[SELF_PROCESSES];	/* ABI in force */
	uint8_t selinux[SELF_PROCESSES];	/* enum selinux_layer */
	bool split;
	uint64_t start_ns;	/* when the agent started, wall clock */
	uint64_t cycle_us;	/* what the last collection took */
	/* what confines us changes never, or once: read now and then */
	struct self_status status[SELF_PROCESSES];
	unsigned age;		/* cycles since */
	uint64_t failing;	/* SOURCE_BITs: has any of its failures */
	uint64_t failures[SOURCE_END][FAILURE_END];
	struct shipstate ship;	/* as the shipper last said */
};

/*
 * Opens this process's and the shipper's files.  -1 with errno where one
 * cannot be (hidepid, proc(5)): what it would say is then not said.
 */
int	self_open(struct self *, pid_t shipper);
/* Each says the points of one source: SELF, EXPORT, QUEUE. */
void	self_say_process(struct self *, struct build *, const struct ring *);
void	self_say_export(struct self *, struct build *, const struct ring *);
void	self_say_queue(struct self *, struct build *, const struct ring *);

#endif
