/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  The ring's memory, made or taken over: ring.h. */
#include "ring_inside.h"

#include "crc32c.h"
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static_assert(sizeof(struct ring_page) <= RING_PAGE, "the header is a page");
static_assert(SEGMENT_MIN > sizeof(struct segment_head) +
    sizeof(struct ring_step) + RECORD_MAX, "a record fits any segment");

/* Linux 6.3: a memfd that can never be executed. */
enum { MEMFD_NOEXEC_SEAL = 8 };

enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW };

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
	    fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The child that becomes the shipper has no business with it. */
static int
map(struct ring *r, int sharing)
{
	r->page = mmap(NULL, r->bytes, PROT_READ | PROT_WRITE, sharing, r->fd,
	    0);
	if (r->page == MAP_FAILED ||
	    madvise(r->page, r->bytes, MADV_DONTFORK) < 0)
		return -1;
	r->segments = (uint8_t *)r->page + RING_PAGE;
	return 0;
}

static uint32_t
segment_size(uint64_t bytes)
{
	uint32_t size = SEGMENT_MIN;

	while (size < SEGMENT_MAX && size < bytes / SEGMENTS_WANTED)
		size *= 2;
	return size;
}

void
ring_keep_state(struct ring *r)
{
	const uint64_t next = atomic_load_explicit(&r->page->number,
	    memory_order_relaxed) + 1;

	r->page->state[next & 1] = r->state;
	atomic_store_explicit(&r->page->number, next, memory_order_release);
	/* nothing that comes after may be written before */
	atomic_thread_fence(memory_order_seq_cst);
}

uint64_t
ring_bytes(uint64_t bytes)
{
	const uint32_t segment = segment_size(bytes);

	return RING_PAGE + (bytes - RING_PAGE) / segment * segment;
}

int
ring_new(struct ring *r, uint64_t bytes, uint64_t start_ns, uint64_t boot_ns)
{
	memset(r, 0, sizeof(*r));
	r->segment = segment_size(bytes);
	r->bytes = ring_bytes(bytes);
	r->nsegments = (uint32_t)((r->bytes - RING_PAGE) / r->segment);
	r->start_ns = start_ns;
	r->boot_ns = boot_ns;
	if ((r->fd = make_memory(r->bytes)) < 0)
		return -1;
	if (map(r, MAP_SHARED) < 0) {
		close(r->fd);
		return -1;
	}
	r->used = sizeof(struct segment_head);
	*r->page = (struct ring_page){ .version = RING_VERSION,
		.record_version = RECORD_VERSION, .segment = r->segment,
		.nsegments = r->nsegments, .start_ns = start_ns,
		.boot_ns = boot_ns };
	if (getrandom(r->page->id, RING_ID, 0) != RING_ID) {
		ring_done(r);
		return -1;
	}
	r->head = r->state.tail = 1;
	segment_place(r, r->head);
	*segment_head(r, r->head) = (struct segment_head){
		.generation = r->head, .first_seq = 1,
		.committed = r->used };
	r->page->head = r->head;
	ring_keep_state(r);
	cursor_enter(r, r->head);
	atomic_thread_fence(memory_order_release);
	r->page->magic = RING_MAGIC;
	return 0;
}

void
ring_done(struct ring *r)
{
	munmap(r->page, r->bytes);
	close(r->fd);
}

void
segment_place(struct ring *r, uint64_t generation)
{
	uint16_t place = 0;

	while (r->taken[place])
		place++;
	r->taken[place] = true;
	r->place_of[generation % r->nsegments] = place;
}

void
segment_free(struct ring *r, uint64_t generation)
{
	/* one whose head is damaged has no place of its own */
	if (segment_head(r, generation)->generation == generation)
		r->taken[r->place_of[generation % r->nsegments]] = false;
}

/* Where each one lies; false: the one being written is nowhere. */
static bool
find_places(struct ring *r)
{
	bool found = false;

	/* a place that says another generation: what is nowhere is damaged */
	memset(r->place_of, 0, sizeof(r->place_of));
	for (uint32_t i = 0; i < r->nsegments; i++) {
		struct segment_head *s = (struct segment_head *)
		    (r->segments + (size_t)i * r->segment);
		const uint64_t generation = s->generation;

		/* begun, and never made known: it must not come up again */
		if (generation > r->head)
			s->generation = 0;
		if (generation == 0 || generation > r->head ||
		    (generation < r->state.tail && generation + 1 != r->head))
			continue;
		found = found || generation == r->head;
		r->place_of[generation % r->nsegments] = (uint16_t)i;
		r->taken[i] = generation >= r->state.tail;
	}
	return found;
}

uint32_t
ring_step_crc(const struct ring_step *s)
{
	return crc32c(0, s, offsetof(struct ring_step, head_crc));
}

bool
segment_is_whole(const struct ring *r, uint64_t generation)
{
	const struct segment_head *s = segment_head(r, generation);

	return s->generation == generation && s->first_seq > 0 &&
	    committed_bytes(s) >= sizeof(*s) &&
	    committed_bytes(s) <= r->segment;
}

/* A segment whose head is damaged ends where the next whole one begins. */
uint64_t
segment_first_seq(const struct ring *r, uint64_t generation)
{
	while (generation < r->head && !segment_is_whole(r, generation))
		generation++;
	return segment_head(r, generation)->first_seq;
}

uint64_t
segment_last_seq(const struct ring *r, uint64_t generation)
{
	return generation == r->head ? r->made :
	    segment_first_seq(r, generation + 1) - 1;
}

/* What must be right before anything in it is believed. */
static const char *
judge_page(const struct ring *r, uint64_t bytes)
{
	const struct ring_page *p = r->page;

	if (p->magic != RING_MAGIC)
		return "it is no ring";
	if (p->version != RING_VERSION || p->record_version != RECORD_VERSION)
		return "it is of another version";
	if (p->segment < SEGMENT_MIN || p->segment > SEGMENT_MAX ||
	    p->nsegments < SEGMENTS_MIN || p->nsegments > SEGMENTS_MAX ||
	    bytes != RING_PAGE + (uint64_t)p->segment * p->nsegments)
		return "its sizes do not agree";
	if (p->start_ns == 0 || p->boot_ns == 0)
		return "it has no time";
	return NULL;
}

static const char *
judge_state(const struct ring *r)
{
	const struct ring_state *s = &r->state;

	if (!segment_is_whole(r, r->head))
		return "its last segment is damaged";
	if (s->acked_seq > r->made || s->lost_ahead > r->made - s->acked_seq)
		return "its numbers do not agree";
	return NULL;
}

/* The last process knew what was in flight; its answer will never come. */
static void
forget_in_flight(struct ring *r)
{
	struct ring_state *s = &r->state;
	const uint64_t before = segment_first_seq(r, s->tail) - 1;

	if (before > s->acked_seq) {
		const uint64_t gone = before - s->acked_seq;

		if (gone > s->lost_ahead)
			s->lost[LOST_QUEUE_FULL] += gone - s->lost_ahead;
		s->acked_seq = before;
	}
	s->lost_ahead = 0;
	ring_keep_state(r);
}

static const char *
take(struct ring *r, uint64_t bytes)
{
	const struct ring_page *p = r->page;
	const char *fault = judge_page(r, bytes);
	const struct segment_head *last;

	if (fault != NULL)
		return fault;
	r->segment = p->segment;
	r->nsegments = p->nsegments;
	r->start_ns = p->start_ns;
	r->boot_ns = p->boot_ns;
	r->state = p->state[p->number & 1];
	r->head = p->head;
	if (r->state.tail == 0 || r->state.tail > r->head ||
	    r->head - r->state.tail >= r->nsegments)
		return "its first segment is not among its segments";
	if (!find_places(r))
		return "its last segment is not there";
	last = segment_head(r, r->head);
	r->used = committed_bytes(last);
	r->nrecords = committed_records(last);
	r->made = last->first_seq + r->nrecords - 1;
	if ((fault = judge_state(r)) != NULL)
		return fault;
	forget_in_flight(r);
	r->sent_seq = r->state.acked_seq;
	cursor_enter(r, r->state.tail);
	return NULL;
}

static const char *
take_sharing(struct ring *r, int fd, int sharing)
{
	const int seals = fcntl(fd, F_GET_SEALS);
	const char *fault;
	struct stat st;

	memset(r, 0, sizeof(*r));
	r->fd = fd;
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0 ||
	    st.st_size < RING_PAGE) {
		close(fd);
		return "it is not a sealed memory";
	}
	r->bytes = (size_t)st.st_size;
	if (map(r, sharing) < 0) {
		close(fd);
		return "it cannot be mapped";
	}
	if ((fault = take(r, (uint64_t)st.st_size)) != NULL)
		ring_done(r);
	return fault;
}

const char *
ring_take(struct ring *r, int fd)
{
	return take_sharing(r, fd, MAP_SHARED);
}

const char *
ring_look(struct ring *r, int fd)
{
	return take_sharing(r, fd, MAP_PRIVATE);
}
