/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The records that wait for the receiver's answer, in a
 * sealed memfd: bounded in bytes, first in first out, never on a disk.  Each
 * change is one release-store, so that the memory is whole at every
 * instruction, also for a process that takes it over later.
 *
 * The memory: a page of struct ring_page, then the data.  head and tail only
 * grow; a byte's place is its offset modulo the data's size.  An entry is
 * struct ring_entry and the record, padded to 8 bytes, never cut in two: what
 * is left at the end of the data is skipped by an entry with length RING_SKIP.
 */
#ifndef SLUICE_RING_H
#define SLUICE_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_MAGIC UINT64_C(0x31676e6952656c53)	/* "SleRing1" */

enum { RING_PAGE = 4096, RING_VERSION = 1 };
#define RING_SKIP UINT32_MAX

struct ring_page {
	uint64_t magic;
	uint32_t version;
	uint32_t page;		/* where the data starts */
	uint64_t size;		/* bytes of data */
	uint8_t id[16];		/* random: tells one ring from another */
	alignas(64) _Atomic uint64_t head;	/* stored last: the commit */
	alignas(64) _Atomic uint64_t tail;	/* stored last: the release */
};

struct ring_entry {
	uint32_t len;		/* of the record, without padding */
	uint32_t crc;		/* CRC-32C of seq and record */
	uint64_t seq;
};

/* What became of every record: made == acked + waiting + lost + unknown. */
struct ring_count {
	uint64_t made;		/* pushed */
	uint64_t acked;		/* answered for */
	uint64_t lost_full;	/* dropped for want of room, never sent */
	uint64_t lost_damaged;	/* checksum or length was wrong */
	uint64_t unknown;	/* dropped while sent and unanswered */
	uint64_t waiting;	/* in the ring now */
	uint64_t waiting_bytes;
};

struct ring {
	struct ring_page *page;
	uint8_t *data;
	uint64_t size;		/* our own copy: never read back */
	int fd;
	uint64_t next_seq;	/* of the next record */
	uint64_t sent;		/* offset of the first record not yet sent */
	uint64_t sent_seq;	/* the last one sent */
	uint64_t acked_seq;	/* the last one answered for */
	struct ring_count count;
};

/* Makes the memory, of that many bytes in all.  0, or -1 with errno. */
int	ring_new(struct ring *, uint64_t bytes);
void	ring_done(struct ring *);

/*
 * Numbers the record (in place) and puts it in; the oldest go to make room.
 * 0, or -EMSGSIZE where it could never fit.
 */
int	ring_push(struct ring *, uint8_t *record, size_t len);

/* The first record that was not sent yet, checked.  False: there is none. */
bool	ring_unsent(struct ring *, const uint8_t **record, size_t *len);
/* It has been sent. */
void	ring_sent(struct ring *);

/*
 * The receiver has answered for all up to seq.  0, or -EPROTO: that one was
 * never sent, or was answered for before.
 */
int	ring_ack(struct ring *, uint64_t seq);

#endif
