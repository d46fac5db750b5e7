/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  The ring's memory and what stands in it: ring.h. */
#include "ring_inside.h"

#include "crc32c.h"
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

static_assert(sizeof(struct ring_page) <= RING_PAGE, "the header is a page");
static_assert(SEGMENT_MIN > sizeof(struct segment_head) +
    sizeof(struct ring_step) + 2 * sizeof(uint64_t) + RECORD_MAX,
    "a record fits any segment");

/* Linux 6.3: a memfd that can never be executed. */
enum { MEMFD_NOEXEC_SEAL = 8 };

static int
make_memory(uint64_t bytes)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("ring", flags | MEMFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("ring", flags);
	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)bytes) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

int
ring_map(struct ring *r, int sharing)
{
	void *memory = mmap(NULL, r->bytes, PROT_READ | PROT_WRITE, sharing,
	    r->fd, 0);

	if (memory == MAP_FAILED)
		return -1;
	/* the child that becomes the shipper has no business with it */
	if (madvise(memory, r->bytes, MADV_DONTFORK) < 0) {
		munmap(memory, r->bytes);
		return -1;
	}
	r->page = memory;
	r->segments = (uint8_t *)memory + RING_PAGE;
	return 0;
}

void
ring_done(struct ring *r)
{
	munmap(r->page, r->bytes);
	close(r->fd);
}

static uint32_t
segment_size(uint64_t bytes)
{
	uint32_t size = SEGMENT_MIN;

	while (size < SEGMENT_MAX && size < bytes / SEGMENTS_WANTED)
		size *= 2;
	return size;
}

uint64_t
ring_bytes(uint64_t bytes)
{
	const uint32_t segment = segment_size(bytes);

	return RING_PAGE + (bytes - RING_PAGE) / segment * segment;
}

uint64_t
ring_facts_crc(const struct ring_facts *f)
{
	return crc32c(0, f, offsetof(struct ring_facts, crc));
}

uint64_t
ring_state_crc(const struct ring_state *s)
{
	return crc32c(0, s, offsetof(struct ring_state, crc));
}

/* What is before it in the code is before it in the memory, and v.v. */
static void
barrier(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}

void
ring_write_facts(struct ring *r, struct ring_facts *f)
{
	f->crc = ring_facts_crc(f);
	for (int i = 0; i < 2; i++) {
		r->page->facts[i] = *f;
		barrier();
	}
}

void
ring_keep_state(struct ring *r)
{
	struct ring_state *s = &r->state;

	s->number++;
	s->crc = ring_state_crc(s);
	r->page->state[s->number & 1] = *s;
	atomic_store_explicit(&r->page->number, s->number,
	    memory_order_release);
	barrier();
}

void
ring_complete(struct ring *r)
{
	atomic_store_explicit(&r->page->complete, UINT32_MAX,
	    memory_order_release);
}

/* By the most of its bits, so that a damaged one does not change it. */
bool
ring_is_complete(const struct ring *r)
{
	return __builtin_popcount(r->page->complete) > 16;
}

void
ring_clear(struct ring *r)
{
	memset(r, 0, offsetof(struct ring, known));
	memset(&r->live, 0, offsetof(struct ring_live, bytes));
}

void
ring_divide(struct ring *r, uint32_t nsegments, uint32_t bytes)
{
	r->nsegments = nsegments;
	r->segment = bytes;
	memset(r->known, 0, nsegments * sizeof(r->known[0]));
	memset(r->place, 0, nsegments * sizeof(r->place[0]));
}

int
ring_new(struct ring *r, uint64_t bytes, uint64_t start_ns, uint64_t boot_ns)
{
	struct ring_facts facts = { .magic = RING_MAGIC,
		.version = RING_VERSION, .record_version = RECORD_VERSION,
		.start_ns = start_ns, .boot_ns = boot_ns };

	ring_clear(r);
	if (bytes > RING_MAX) {
		errno = EFBIG;
		return -1;
	}
	facts.segment = segment_size(bytes);
	r->bytes = ring_bytes(bytes);
	facts.nsegments = (uint32_t)((r->bytes - RING_PAGE) / facts.segment);
	ring_divide(r, facts.nsegments, facts.segment);
	r->start_ns = start_ns;
	r->boot_ns = boot_ns;
	if (getrandom(facts.id, RING_ID, 0) != RING_ID ||
	    (r->fd = make_memory(r->bytes)) < 0)
		return -1;
	if (ring_map(r, MAP_SHARED) < 0) {
		close(r->fd);
		return -1;
	}
	memcpy(r->id, facts.id, RING_ID);
	ring_write_facts(r, &facts);
	r->state.tail = 1;
	segment_begin(r, 1, 1);
	/* both copies */
	ring_keep_state(r);
	ring_keep_state(r);
	cursor_enter(r, r->head);
	return 0;
}

uint64_t
segment_head_crc(uint64_t generation, uint64_t first_seq)
{
	return crc32c(crc32c(0, &generation, sizeof(generation)), &first_seq,
	    sizeof(first_seq));
}

uint64_t
segment_committed(uint64_t generation, uint32_t bytes, uint32_t records)
{
	const uint64_t word = (uint64_t)records << COMMITTED_BITS | bytes;
	const uint64_t check = crc32c(crc32c(0, &generation,
	    sizeof(generation)), &word, sizeof(word));

	return word | check << 2 * COMMITTED_BITS;
}

static uint32_t
free_place(const struct ring *r)
{
	uint32_t place = 0;

	/* there is one: drop_oldest() saw to it */
	while (place < r->nsegments - 1 && r->place[place].taken)
		place++;
	return place;
}

void
segment_enter(struct ring *r, const struct ring_segment *s, bool taken)
{
	struct ring_place *p = &r->place[s->place];
	struct ring_segment *before = segment_known(r, p->generation);

	if (before != NULL && before->place == s->place)
		before->generation = 0;
	*p = (struct ring_place){ .generation = s->generation,
		.taken = taken };
	r->known[s->generation % r->nsegments] = *s;
}

void
segment_begin(struct ring *r, uint64_t generation, uint64_t first_seq)
{
	const struct ring_segment s = { .generation = generation,
		.first_seq = first_seq, .place = free_place(r),
		.used = sizeof(struct segment_head) };
	struct segment_head *head = (struct segment_head *)place_at(r,
	    s.place);

	segment_enter(r, &s, true);
	/* nothing while it is neither the old one nor the new */
	atomic_store_explicit(&head->generation, 0, memory_order_relaxed);
	barrier();
	head->first_seq = first_seq;
	head->crc = segment_head_crc(generation, first_seq);
	atomic_store_explicit(&head->committed, segment_committed(generation,
	    s.used, 0), memory_order_relaxed);
	atomic_store_explicit(&head->generation, generation,
	    memory_order_release);
	barrier();
	r->head = generation;
	r->nrecords = 0;
}

void
segment_free(struct ring *r, uint64_t generation)
{
	const struct ring_segment *s = segment_known(r, generation);

	if (s != NULL)
		r->place[s->place].taken = false;
}

/* One that is nowhere ends where the next begins. */
uint64_t
segment_first_seq(struct ring *r, uint64_t generation)
{
	while (segment_known(r, generation) == NULL)
		generation++;
	return segment_known(r, generation)->first_seq;
}

uint64_t
segment_last_seq(struct ring *r, uint64_t generation)
{
	return generation == r->head ? r->made :
	    segment_first_seq(r, generation + 1) - 1;
}
