/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord, and `sluice show`.  One collection: every source once,
 * its records into the ring as one step, the agent's own last.  A source that
 * fails costs its own metrics; a source that is slow costs its budget.
 */
#ifndef SLUICE_CYCLE_H
#define SLUICE_CYCLE_H

#include "ring.h"
#include "self.h"
#include "source.h"
#include "turns.h"

enum { PATHS_FAILED_MAX = 256, PATH_SAID_MAX = 64 };

/* What moves slowly is asked no more often than this. */
enum { CYCLE_SLOW_MS = 10000 };

/* A path that failed when it was last read: said once, until it changes. */
struct path_failure {
	enum source_id source;
	uint64_t path;			/* hash of its name */
	int error;
	uint64_t cycle;			/* when it last failed */
	char said[PATH_SAID_MAX];	/* its start, for the log */
};

struct cycle {
	struct host *host;
	struct series *series;
	struct ring *ring;
	struct self *self;
	const struct source_options *options;
	uint8_t *space;			/* BUILD_SPACE bytes */
	uint64_t number;		/* of this cycle, from 1 */
	uint64_t read_ns;		/* when the last source was read */
	uint32_t slow_every;		/* cycles; 0: as 1 */
	uint32_t in_turn;		/* cycles left without reading ahead */
	uint64_t timeouts;		/* of all sources, ever */
	uint64_t most, room;		/* series for a step; left for it */
	uint64_t source_most[SOURCE_END];	/* series of each source */
	uint64_t took[SOURCE_END];	/* of room, when it was last read */
	/* of the last step that the process before committed; 0: none */
	uint64_t last_wall_ns;
	struct turns_last last;
	size_t nfailed;
	struct path_failure failed[PATHS_FAILED_MAX];
};

/*
 * Learns from what the ring holds of the process before, if it does.  Fatal
 * without memory.  Borrows everything it points to.
 */
void	cycle_init(struct cycle *, struct host *, struct ring *,
	    struct self *, const struct source_options *);

/*
 * At a shorter interval than CYCLE_SLOW_MS not every cycle is whole: the first
 * is, then one in that time.  Those between are brief: they leave out the
 * sources that move slowly, each altogether, and in the others do not look for
 * what was missing or hardly ever changes.  Without this call none is brief.
 */
void	cycle_pace(struct cycle *, uint32_t interval_ms);

/* Reads every source now and pushes what they say. */
void	cycle_run(struct cycle *);

#endif
