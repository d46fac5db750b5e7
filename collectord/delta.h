/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The instances of a record (record.h, behind the head)
 * as their difference from those of an earlier record of the same source: a
 * host's names hardly change from one interval to the next, and most of its
 * counters stand still.  Pure.
 *
 * A list of operations on a cursor into the earlier instances, each a varint
 * n << 2 | operation:
 *
 *	0 SAME	n instances as there, in all but their values: tokens follow
 *		until every point has its own
 *	1 SKIP	n instances are gone
 *	2 NEW	n bytes of instances that were not there follow
 *
 * A token is a varint: odd, the next (token >> 1) + 1 values are unchanged;
 * even, one value differs by the zigzag number token >> 1.
 */
#ifndef SLUICE_DELTA_H
#define SLUICE_DELTA_H

#include <stddef.h>
#include <stdint.h>

/*
 * Bytes written; -ENOBUFS: the difference is not smaller than cap, or cannot
 * be said; -EBADMSG: what is now is no list of instances.
 */
ptrdiff_t	delta_encode(void *buf, size_t cap, const void *before,
		    size_t before_len, const void *now, size_t now_len);
/*
 * The very bytes that were encoded; -ENOBUFS or -EBADMSG where the difference
 * does not belong to what was before.
 */
ptrdiff_t	delta_decode(void *buf, size_t cap, const void *before,
		    size_t before_len, const void *delta, size_t delta_len);

#endif
