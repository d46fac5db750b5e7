/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  A record is what one source read at one time:
 *
 *	u64 seq		number of the record, from 1, without holes
 *	u64 boottime	ns since boot, CLOCK_BOOTTIME
 *	u64 wall	ns since 1970, CLOCK_REALTIME at the start of the cycle
 *	u64 start	ns since 1970, when the counters started
 *	u8 version, u8 source, u8 flags
 *	instances	to the end:
 *	  u8 flags	bit 0: an own start follows, not the record's
 *	  [u64 start]
 *	  u8 n, n times { u8 key, u8 length, bytes }	keys ascending
 *	  u8 n, n times { varint, zigzag }		points ascending: number
 *				minus the one before, less one; then the value
 *
 * Integers are little-endian.  One value has one encoding, so that a record
 * sent twice is the same bytes.  Everything here is pure.
 */
#ifndef SLUICE_RECORD_H
#define SLUICE_RECORD_H

#include "bounds.h"
#include "cursor.h"
#include "registry.h"

enum { RECORD_VERSION = 1 };

enum record_flag {
	RECORD_LAST = 1,	/* ends its time step */
};

struct record_head {
	uint64_t seq;
	uint64_t boottime_ns;
	uint64_t wall_ns;
	uint64_t start_ns;
	enum source_id source;
	uint8_t flags;
};

struct attr {
	enum key key;
	uint8_t len;
	const uint8_t *value;	/* borrowed, not terminated */
};

struct point {
	unsigned id;		/* a number that registry_point() knows */
	int64_t value;		/* in the metric's scale */
};

struct instance {
	uint64_t start_ns;	/* its own, or the record's */
	size_t nattrs;
	struct attr attr[RECORD_ATTRS_MAX];
	size_t npoints;
	struct reader points;	/* private: what record_next_point() reads */
	unsigned last;		/* private */
};

/* Writing.  Errors stick; record_finish() tells. */
struct record_writer {
	struct writer w;
	uint8_t *npoints;	/* where this instance's count stands */
	uint64_t start_ns;
	unsigned last;		/* number of the point before */
	enum source_id source;
};

void		record_begin(struct record_writer *, void *, size_t,
		    const struct record_head *);
/*
 * start_ns 0: the record's own.  At most RECORD_ATTRS_MAX, ascending.  The
 * instance before must have points.
 */
void		record_instance(struct record_writer *, uint64_t start_ns,
		    const struct attr *, size_t);
/* Ascending by id within an instance, each once, of the record's source. */
void		record_point(struct record_writer *, unsigned id, int64_t);
/*
 * The same bytes for points that are known to keep these rules, which are
 * then only looked at where room is short: record_check() is to follow.
 */
void		record_points(struct record_writer *, const struct point *,
		    size_t);
/* Bytes written; -ENOBUFS: does not fit, or breaks a rule above. */
ptrdiff_t	record_finish(struct record_writer *);
void		record_set_flags(void *, uint8_t flags);

/* Reading.  The bytes must outlive what is read from them. */
struct record_reader {
	struct reader r;
	struct record_head head;
};

/* -EBADMSG: too short, unknown version, source or flag, time 0. */
int		record_open(struct record_reader *, const void *, size_t);
/* 1: filled in; 0: no further one; -EBADMSG, also for one of its points. */
int		record_next_instance(struct record_reader *,
		    struct instance *);
/* As above, of an instance whose points were judged when it was filled in. */
int		record_next_point(struct instance *, struct point *);
/* All of it, down to the last point: 0 or -EBADMSG. */
int		record_check(const void *, size_t);

/*
 * Moves on to an instance's first point and returns how many there are: only
 * as much of the format as that takes, of bytes that are judged elsewhere.
 */
static inline unsigned
record_pass_head(struct reader *r)
{
	unsigned nattrs;
	size_t len;

	if (read_u8(r) != 0)
		read_u64(r);
	nattrs = read_u8(r);
	for (unsigned i = 0; i < nattrs && !r->bad; i++) {
		read_u8(r);
		read_text(r, 0, ATTR_TEXT_MAX, &len);
	}
	return read_u8(r);
}

#endif
