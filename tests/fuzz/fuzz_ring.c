/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A ring in use, with any of its bytes changed, is taken
 * over and goes on.  The input is a list of six bytes: where (three), what to
 * do there, what with, and whether the checksums of the page and the heads
 * are then made right again, so that the changes come through them.
 */
#include "ring_inside.h"

#include "../unit/ring_world.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum {
	CHANGE = 6, CHANGES_MAX = 64,
	USED = RING_PAGE + 2 * SEGMENT_MIN,
};

static struct ring ring, taken;

/* Two short segments; some of it sent and answered for. */
static const uint8_t *
image(void)
{
	static uint8_t bytes[USED];
	static bool made;

	if (made)
		return bytes;
	if (ring_new(&ring, WORLD_SMALL, world_boot + 5, world_boot) < 0)
		abort();
	for (int i = 0; i < 12; i++) {
		if (i == 6) {
			segment_begin(&ring, 2, ring.made + 1);
			memset(ring.base, 0, sizeof(ring.base));
		}
		if (!world_push_step(&ring))
			abort();
	}
	if (world_send_all(&ring) < 0 ||
	    ring_ack(&ring, ring.made - 30, LOST_END) < 0)
		abort();
	ring_count_lost(&ring, LOST_OVERSIZE, 2);
	ring_complete(&ring);
	memcpy(bytes, ring.page, USED);
	ring_done(&ring);
	made = true;
	return bytes;
}

static void
make(void)
{
	const uint8_t *bytes = image();

	if (ring_new(&ring, WORLD_SMALL, 1, 1) < 0)
		abort();
	memcpy(ring.page, bytes, USED);
}

static void
make_right(struct ring_page *page)
{
	for (int i = 0; i < 2; i++) {
		page->facts[i].crc = ring_facts_crc(&page->facts[i]);
		page->state[i].crc = ring_state_crc(&page->state[i]);
	}
	for (uint32_t i = 0; i < 2; i++) {
		struct segment_head *h = (void *)((uint8_t *)page +
		    RING_PAGE + i * SEGMENT_MIN);
		struct ring_step *s = (void *)(h + 1);
		const uint64_t word = h->committed;

		h->crc = segment_head_crc(h->generation, h->first_seq);
		h->committed = segment_committed(h->generation,
		    (uint32_t)word & COMMITTED_MAX,
		    (uint32_t)(word >> COMMITTED_BITS) & COMMITTED_MAX);
		s->head_crc = ring_step_crc(s, h->generation);
	}
}

static void
change(uint8_t *memory, const uint8_t c[CHANGE])
{
	const size_t where = (size_t)c[0] << 16 | (size_t)c[1] << 8 | c[2];
	uint8_t *at = memory + where % (RING_PAGE + 1536) +
	    (c[0] < 0x80 ? 0 : SEGMENT_MIN);

	if (c[3] % 3 == 0)
		*at = c[4];
	else if (c[3] % 3 == 1)
		*at ^= (uint8_t)(1 << c[4] % 8);
	else
		memmove(at, memory + where % 1024, c[4] % 64);
	if (c[5] % 2 == 0)
		make_right((struct ring_page *)memory);
}

/* Whatever was taken over works, and adds up. */
static void
go_on(bool believed, uint64_t generations)
{
	const uint64_t end = taken.head + generations;
	uint64_t read = ring_read(&taken), sent = 0;
	const uint8_t *record;
	size_t len;

	if (!world_adds_up(&taken))
		abort();
	while (ring_unsent(&taken, &record, &len)) {
		if (record_check(record, len) < 0 || sent++ > 1000000)
			abort();
		/* checksums were not forged: it is one that was put in */
		if (!believed && !world_is_same(world_seq(record, len),
		    record, len))
			abort();
		ring_sent(&taken);
	}
	if (!world_adds_up(&taken))
		abort();
	do {
		static uint8_t bytes[RECORD_MAX];

		ring_begin(&taken, 1, world_wall(1));
		for (uint64_t n = 1; n <= WORLD_STEP; n++)
			if (ring_push(&taken, bytes, world_record(n,
			    bytes)) < 0)
				abort();
		ring_commit(&taken);
	} while (taken.head < end);
	if (taken.sent_seq > taken.state.acked_seq)
		ring_ack(&taken, taken.sent_seq, LOST_END);
	while (ring_unsent(&taken, &record, &len))
		ring_sent(&taken);
	if (!world_adds_up(&taken) || ring_read(&taken) < read)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const bool long_life = len / CHANGE % 16 == 15;
	bool believed = false;
	int fd;

	if (len > CHANGE * CHANGES_MAX)
		return 0;
	make();
	for (; len >= CHANGE; bytes += CHANGE, len -= CHANGE) {
		change((uint8_t *)ring.page, bytes);
		believed = believed || bytes[5] % 2 == 0;
	}
	fd = fcntl(ring.fd, F_DUPFD_CLOEXEC, 0);
	if (ring_take(&taken, fd) == NULL) {
		go_on(believed, long_life ? 1 : 0);
		ring_done(&taken);
	}
	ring_done(&ring);
	return 0;
}
