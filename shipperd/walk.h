/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd, and `sluice show`.  One walk over the records of a
 * request, by which every encoder sees the same points in the same order:
 * metrics by number, each once, with its points of all records together (a
 * name may stand only once in a request), these in the order of the records.
 *
 * Within an instance points ascend, so each instance only needs to remember
 * which of its points comes next.
 */
#ifndef SLUICE_WALK_H
#define SLUICE_WALK_H

#include "batch.h"
#include "declared.h"

enum {
	/* at least one record's and the shipper's own; more are split */
	WALK_SERIES_MAX = 2 * RECORD_INSTANCES_MAX,
	WALK_ATTRS_MAX = RECORD_ATTRS_MAX + 2,
};

struct walk_series {
	struct instance inst;
	struct reader start;	/* inst.points as it was at first */
	struct point next;
	bool ended;		/* there is no next */
	size_t first, index;	/* of its points, and next, of all read */
	/* NULL, or what it is a sample of */
	const struct declared_metric *sample;
	uint64_t wall_ns;
};

struct walk {
	size_t n;			/* series */
	size_t first[SOURCE_END + 1];	/* each source's series */
	uint64_t npoints;		/* of all metrics together */
	size_t nread;			/* and those of nothing declared */
	const struct declared *declared;
	struct metric_row row;		/* of a declared metric */
	/* where the walk is; declared ones are behind METRIC_END */
	unsigned metric;
	size_t at, end;
	/* last, since most of both is never touched */
	uint8_t source[BATCH_RECORDS_MAX];	/* of each record */
	struct walk_series series[WALK_SERIES_MAX];
};

struct walk_point {
	const struct instance *inst;
	unsigned id;
	size_t index;		/* of all that were read, as they stand */
	int64_t value;
	uint64_t wall_ns;
	const struct declared *declared;
};

/* One attribute, wherever it came from. */
struct walk_attr {
	const char *key;
	size_t key_len;
	const void *value;	/* UTF-8, not terminated */
	size_t len;
	bool is_integer;	/* decimal digits, sent as a number */
};

/* The one there is: too large for a stack, and no two are used at a time. */
struct walk	*walk_memory(void);
/*
 * The records and the names must outlive the walk.  Samples of nothing that is
 * declared are not in it, nor in npoints.  -ENOBUFS: more instances than
 * WALK_SERIES_MAX; -EBADMSG: bytes that are not a record.
 */
int	walk_open(struct walk *, const struct declared *,
	    const struct batch_record *, size_t);
/* Back to before the first metric. */
void	walk_rewind(struct walk *);
/* The next metric that has points, or NULL.  Take all its points. */
const struct metric_row	*walk_metric(struct walk *);
bool	walk_point(struct walk *, struct walk_point *);
/* The instance's attributes, then those of the point's own row. */
size_t	walk_attrs(const struct walk_point *,
	    struct walk_attr [WALK_ATTRS_MAX]);

#endif
