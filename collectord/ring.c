/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See ring.h. */
#include "ring.h"

#include "crc32c.h"
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

static_assert(sizeof(struct ring_page) <= RING_PAGE, "the header is a page");
static_assert(sizeof(struct ring_entry) % 8 == 0, "entries stay aligned");

/* Linux 6.3: a memfd that can never be executed. */
enum { MEMFD_NOEXEC_SEAL = 8 };

static uint64_t
entry_size(size_t len)
{
	return sizeof(struct ring_entry) + ((len + 7) & ~(uint64_t)7);
}

static uint64_t
head_of(const struct ring *r)
{
	return atomic_load_explicit(&r->page->head, memory_order_relaxed);
}

static uint64_t
tail_of(const struct ring *r)
{
	return atomic_load_explicit(&r->page->tail, memory_order_relaxed);
}

static int
make_memory(uint64_t bytes)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("ring", flags | MEMFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("ring", flags);
	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)bytes) == 0 && fcntl(fd, F_ADD_SEALS,
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

int
ring_new(struct ring *r, uint64_t bytes)
{
	memset(r, 0, sizeof(*r));
	bytes &= ~(uint64_t)(RING_PAGE - 1);
	r->fd = make_memory(bytes);
	if (r->fd < 0)
		return -1;
	r->page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
	    0);
	if (r->page == MAP_FAILED) {
		close(r->fd);
		return -1;
	}
	r->data = (uint8_t *)r->page + RING_PAGE;
	r->size = bytes - RING_PAGE;
	r->next_seq = 1;
	r->page->version = RING_VERSION;
	r->page->page = RING_PAGE;
	r->page->size = r->size;
	if (getrandom(r->page->id, sizeof(r->page->id), 0) !=
	    sizeof(r->page->id)) {
		ring_done(r);
		return -1;
	}
	atomic_thread_fence(memory_order_release);
	r->page->magic = RING_MAGIC;
	return 0;
}

void
ring_done(struct ring *r)
{
	munmap(r->page, r->size + RING_PAGE);
	close(r->fd);
}

static struct ring_entry
entry_at(const struct ring *r, uint64_t offset)
{
	struct ring_entry e;

	memcpy(&e, r->data + offset % r->size, sizeof(e));
	return e;
}

static uint32_t
checksum(uint64_t seq, const void *record, size_t len)
{
	return crc32c(crc32c(0, &seq, sizeof(seq)), record, len);
}

/* Bytes from the offset to the end of the data. */
static uint64_t
to_end(const struct ring *r, uint64_t offset)
{
	return r->size - offset % r->size;
}

/* Over what is left at the end, to where the entry stands. */
static uint64_t
skip_end(const struct ring *r, uint64_t offset)
{
	if (to_end(r, offset) < sizeof(struct ring_entry) ||
	    entry_at(r, offset).len == RING_SKIP)
		return offset + to_end(r, offset);
	return offset;
}

static void
release_to(struct ring *r, uint64_t tail)
{
	atomic_store_explicit(&r->page->tail, tail, memory_order_release);
	if (r->sent < tail)
		r->sent = tail;
	r->count.waiting_bytes = head_of(r) - tail;
}

/* Takes the oldest out; what it counts as is the caller's to say. */
static uint64_t
drop_oldest(struct ring *r)
{
	const uint64_t at = skip_end(r, tail_of(r));
	const struct ring_entry e = entry_at(r, at);

	r->count.waiting--;
	release_to(r, at + entry_size(e.len));
	return e.seq;
}

static void
make_room(struct ring *r, uint64_t needed)
{
	while (r->size - (head_of(r) - tail_of(r)) < needed &&
	    r->count.waiting > 0) {
		if (drop_oldest(r) > r->sent_seq)
			r->count.lost_full++;
		else
			r->count.unknown++;
	}
}

int
ring_push(struct ring *r, uint8_t *record, size_t len)
{
	const uint64_t size = entry_size(len);
	struct ring_entry e = { .len = (uint32_t)len, .seq = r->next_seq };
	const struct ring_entry skip = { .len = RING_SKIP };
	uint64_t head = head_of(r), skipped = 0;

	if (len > RECORD_MAX || size > r->size / 2)
		return -EMSGSIZE;
	if (to_end(r, head) < size)
		skipped = to_end(r, head);
	make_room(r, skipped + size);
	record_set_seq(record, e.seq);
	e.crc = checksum(e.seq, record, len);
	if (skipped >= sizeof(skip))
		memcpy(r->data + head % r->size, &skip, sizeof(skip));
	head += skipped;
	memcpy(r->data + head % r->size, &e, sizeof(e));
	memcpy(r->data + head % r->size + sizeof(e), record, len);
	atomic_store_explicit(&r->page->head, head + size,
	    memory_order_release);
	r->next_seq++;
	r->count.made++;
	r->count.waiting++;
	r->count.waiting_bytes = head + size - tail_of(r);
	return 0;
}

/* A record is only sent if it is what was put in. */
static bool
entry_good(const struct ring *r, uint64_t at, const struct ring_entry *e)
{
	return e->len <= RECORD_MAX && e->len >= RECORD_HEAD_SIZE &&
	    entry_size(e->len) <= to_end(r, at) &&
	    at + entry_size(e->len) <= head_of(r) &&
	    e->crc == checksum(e->seq, r->data + at % r->size + sizeof(*e),
	    e->len);
}

/* Lengths cannot be trusted any more: all of it goes. */
static void
drop_all(struct ring *r)
{
	const uint64_t oldest = r->next_seq - r->count.waiting;
	const uint64_t unsent = r->next_seq - 1 -
	    (r->sent_seq < oldest ? oldest - 1 : r->sent_seq);

	/* what was sent before may still be answered for */
	r->count.unknown += r->count.waiting - unsent;
	r->count.lost_damaged += unsent;
	r->count.waiting = 0;
	release_to(r, head_of(r));
}

bool
ring_unsent(struct ring *r, const uint8_t **record, size_t *len)
{
	struct ring_entry e;

	if (r->sent == head_of(r))
		return false;
	r->sent = skip_end(r, r->sent);
	e = entry_at(r, r->sent);
	if (!entry_good(r, r->sent, &e)) {
		drop_all(r);
		return false;
	}
	*record = r->data + r->sent % r->size + sizeof(e);
	*len = e.len;
	return true;
}

void
ring_sent(struct ring *r)
{
	const struct ring_entry e = entry_at(r, r->sent);

	r->sent_seq = e.seq;
	r->sent += entry_size(e.len);
}

int
ring_ack(struct ring *r, uint64_t seq)
{
	uint64_t answered;

	if (seq <= r->acked_seq || seq > r->sent_seq)
		return -EPROTO;
	answered = seq - r->acked_seq;
	r->acked_seq = seq;
	while (r->count.waiting > 0) {
		const uint64_t at = skip_end(r, tail_of(r));

		if (at >= r->sent || entry_at(r, at).seq > seq)
			break;
		drop_oldest(r);
		r->count.acked++;
		answered--;
	}
	/* the rest of them had to make room, and arrived all the same */
	if (answered > r->count.unknown)
		answered = r->count.unknown;
	r->count.unknown -= answered;
	r->count.acked += answered;
	return 0;
}
