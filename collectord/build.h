/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Makes the records of one source and one time.  A
 * source says instances and points; this module holds it to its row of the
 * registry, gives each counter its start time (series.h), and cuts what does
 * not fit one frame into several records.
 */
#ifndef SLUICE_BUILD_H
#define SLUICE_BUILD_H

#include "record.h"
#include "redact.h"
#include "select.h"
#include "series.h"

enum { BUILD_SPACE = 1048576 };	/* bytes of one source's records */

struct build {
	struct record_head head;	/* of each record; seq is set later */
	struct series *series;		/* borrowed */
	struct record_writer rw;
	size_t used;			/* bytes of finished records */
	size_t nrecords;
	uint64_t lost;			/* instances that did not fit */
	int error;			/* first broken rule, -errno; sticks */
	uint64_t room;			/* series that may still be said */
	const struct select *select;	/* NULL: everything is sent */
	const struct redact *redact;	/* NULL: nothing is redacted */
	/* the instance being said */
	uint64_t since_ns;		/* 0: series.h knows */
	size_t nattrs, npoints, attr_used;
	bool in_instance, in_record, skipping;
	struct select_seen seen;
	uint8_t *space;			/* BUILD_SPACE bytes, borrowed */
	struct attr attr[RECORD_ATTRS_MAX];
	uint8_t attr_bytes[RECORD_ATTRS_MAX * ATTR_TEXT_MAX];
	struct point point[RECORD_POINTS_MAX];
};

/*
 * Starts afresh for one source; head says time and source.  series NULL: the
 * head's start time is right for all (the agent's own counters).  room, select
 * and redact are then the caller's to set.
 */
void	build_start(struct build *, const struct record_head *,
	    struct series *, uint8_t *space);

/*
 * Starts a new instance (ends the one before).  Attributes come first, keys
 * ascending, then points, ids ascending.
 */
void	build_instance(struct build *);
/*
 * For counters that the source itself has counted: the wall clock when it
 * began to, whatever series.h makes of the instance.
 */
void	build_since(struct build *, uint64_t wall_ns);
/*
 * The value as the kernel gave it; "%" and bytes outside the key's alphabet
 * become %XX (so two names never become one).  What is then too long, is
 * empty, or has such bytes where the alphabet has no "%", makes the instance
 * be left out and counted in lost.
 */
void	build_attr(struct build *, enum key, const char *, size_t);
/* A name of the instance that it is chosen by, and that is not sent. */
void	build_name(struct build *, enum key, const char *, size_t);
void	build_attr_number(struct build *, enum key, uint64_t);
void	build_point(struct build *, unsigned id, int64_t value);

/*
 * Ends the last record.  Returns the number of records, or the first error:
 * -EPROTO where the source broke the registry's rules (a bug of ours).
 * Instances without points are left out; no instance, no record.  Attributes
 * stand for one instance in a cycle: a second one that has the same is lost.
 */
int	build_finish(struct build *);

/* Goes through the finished records: *p NULL at first; false at the end. */
bool	build_next(const struct build *, uint8_t **p, size_t *len);

#endif
