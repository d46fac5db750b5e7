/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A cycle with a host and a ring, and what each of its steps
 * said, for who tests when and how sources are asked.
 */
#ifndef SLUICE_TESTS_CYCLE_WORLD_H
#define SLUICE_TESTS_CYCLE_WORLD_H

#include "cycle.h"
#include "ring_world.h"
#include "test.h"

#include <stdlib.h>

static struct host host;
static struct ring ring;
static struct self self;
static struct source_options options;
static struct cycle cycle;
/* Of each source in the step that ran last. */
static struct {
	unsigned points;
	uint64_t start_ns;	/* of the first instance */
} said[SOURCE_END];

static inline void
begin_on(const char *procfs, uint64_t enabled, uint32_t interval_ms)
{
	const char *which;

	memset(&self, 0, sizeof(self));
	memset(self.status_fd, -1, sizeof(self.status_fd));
	memset(self.stat_fd, -1, sizeof(self.stat_fd));
	options.enabled = enabled;
	CHECK_INT(host_open(&host, procfs, "/sys", &which), 0);
	CHECK_INT(ring_new(&ring, RING_MIN, world_boot, world_boot), 0);
	cycle_init(&cycle, &host, &ring, &self, &options);
	if (interval_ms > 0)
		cycle_pace(&cycle, interval_ms);
}

static inline void
begin(uint64_t enabled, uint32_t interval_ms)
{
	options.max_series = 0;
	begin_on("/proc", enabled, interval_ms);
}

static inline void
end(void)
{
	series_free(cycle.series);
	free(cycle.space);
	host_close(&host);
	ring_done(&ring);
}

static inline void
note(const uint8_t *record, size_t len)
{
	struct record_reader rr;
	struct instance inst;
	struct point p;

	CHECK_INT(record_open(&rr, record, len), 0);
	while (record_next_instance(&rr, &inst) == 1) {
		if (said[rr.head.source].points == 0)
			said[rr.head.source].start_ns = inst.start_ns;
		while (record_next_point(&inst, &p) == 1)
			said[rr.head.source].points++;
	}
}

static inline void
step(void)
{
	const uint8_t *record;
	size_t len;

	memset(said, 0, sizeof(said));
	cycle_run(&cycle);
	while (ring_unsent(&ring, &record, &len)) {
		note(record, len);
		ring_sent(&ring);
	}
}

#endif
