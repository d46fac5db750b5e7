/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: a developer's shell and tests.  See fleet.h; prints a line for
 * each second.  Always the same for the same arguments.
 */
#include "fleet.h"

#include "delivery.h"
#include "grid.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NOBODY = -1, END_MS = FLEET_END_S * MS_PER_S };

struct agent {
	struct delivery delivery;
	struct conn conn;
	uint64_t seed;
	uint32_t boot_ms;		/* the host's, on our clock */
	uint32_t first_ms;		/* its first turn of the grid */
	uint32_t start_ms;		/* the agent starts, again or first */
	uint32_t extra, done;		/* time steps */
	int32_t next;			/* that wakes in the same moment */
};

static const struct scenario scenarios[] = {
	{ "refused", .outage = MANNER_REFUSES },
	{ "silent", .outage = MANNER_SILENT },
	{ "busy", .outage = MANNER_BUSY },
	{ "restart", .outage = MANNER_REFUSES, .restart = true },
	{ "weak", .outage = MANNER_REFUSES, .capacity = 3000 },
};

static struct agent fleet[FLEET_AGENTS];
static struct agent *current;
static struct tally tally[FLEET_END_S], *current_tally;
static int32_t wakes[END_MS];		/* the first agent of a moment */
static bool has_jitter = true, has_phase = true;

/* What all of them share: nobody looks inside. */
static struct shipconf conf = { .interval_ms = FLEET_INTERVAL_MS,
	.egress_limit = EGRESS_MAX,
	.timeout_ms = FLEET_TIMEOUT_MS, .nendpoints = 1 };
static uint8_t body[REQUEST_MAX], record[RECORD_MAX];
static struct batch one_step, nothing;
static struct intake intake = { .ready = &nothing, .filling = &nothing };

/* SplitMix64. */
static uint64_t
draw(void)
{
	static uint64_t state = 3;
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t
tls_random64(void)
{
	return has_jitter ? draw() : UINT64_MAX;
}

static uint64_t
ns_of(uint32_t ms)
{
	return ms * (uint64_t)NS_PER_MS;
}

/* Turns of the collector up to that moment. */
static uint32_t
turns(const struct agent *a, uint32_t ms)
{
	return ms < a->first_ms ? 0 :
	    (ms - a->first_ms) / FLEET_INTERVAL_MS + 1;
}

static void
show_backlog(const struct agent *a, uint32_t ms)
{
	intake.ready = turns(a, ms) + a->extra > a->done ? &one_step :
	    &nothing;
}

struct batch *
intake_ready(struct intake *in)
{
	return in->ready->nrecords > 0 ? in->ready : NULL;
}

void
intake_release(struct intake *in)
{
	in->ready = &nothing;
	current->done++;
	current_tally->done++;
}

/* Sizes and bytes of requests are shown elsewhere. */
void
layout_init(struct layout *l, const struct otlp_request *request,
    uint8_t *space, uint8_t *spare)
{
	(void)request, (void)space;
	l->body = body;
	free(spare);
}

ptrdiff_t
layout_encode(struct layout *l, enum protocol protocol,
    const struct otlp_request *request, uint64_t *points)
{
	(void)l, (void)protocol, (void)request;
	*points = 1;
	return 1;
}

void
layout_parts(const struct layout *l, size_t len,
    struct layout_part part[LAYOUT_PARTS])
{
	(void)l, (void)len, (void)part;
}

bool
otlp_describes(const struct shipconf *c, uint64_t wall_ns)
{
	(void)c, (void)wall_ns;
	return false;
}

const char *
otlp_content_type(enum protocol protocol)
{
	(void)protocol;
	return "";
}

static void
wake_at(struct agent *a, uint32_t ms)
{
	if (ms >= END_MS)
		return;
	a->next = wakes[ms];
	wakes[ms] = (int32_t)(a - fleet);
}

/* As both main() do: a new process, the ring and the grid of the one before. */
static void
start(struct agent *a, uint32_t ms)
{
	const uint32_t phase_ms = (uint32_t)(a->seed % FLEET_INTERVAL_MS);
	const uint64_t up_ns = ns_of(ms - a->boot_ms);
	const uint64_t turn_ns = grid_next(up_ns, FLEET_INTERVAL_MS, phase_ms);
	const bool again = turns(a, ms) + a->extra > 0;
	/* a fleet is not installed in one second: all have an old ring */
	const uint64_t old_ns = again ? 0 : ns_of(3600 * MS_PER_S);
	const uint64_t last_ns = again ? turn_ns - ns_of(FLEET_INTERVAL_MS) :
	    1;

	if (!again)
		a->first_ms = a->boot_ms + (uint32_t)(turn_ns / NS_PER_MS);
	if (grid_starts_now(old_ns + up_ns, old_ns + turn_ns, last_ns,
	    FLEET_INTERVAL_MS)) {
		a->extra++;
		tally[ms / MS_PER_S].made++;
	}
	a->conn = (struct conn){ 0 };
	conf.seed = a->seed;
	delivery_init(&a->delivery, &conf, &intake, &a->conn, ns_of(ms));
	free(a->delivery.plain);
	a->delivery.plain = body;
}

static uint32_t
next_wake(const struct agent *a, uint32_t ms)
{
	uint64_t deadline_ns;

	if (a->conn.state != CONN_IDLE)
		return (uint32_t)(a->conn.ends_ns / NS_PER_MS);
	deadline_ns = delivery_deadline(&a->delivery);
	if (deadline_ns == UINT64_MAX)
		return a->first_ms + turns(a, ms) * FLEET_INTERVAL_MS;
	return deadline_ns > ns_of(ms) ? (uint32_t)(deadline_ns / NS_PER_MS) :
	    ms;
}

/* One turn of the shipper, and the collector takes its answer at once. */
static void
run(struct agent *a, uint32_t ms)
{
	uint32_t wake_ms;

	current = a;
	current_tally = &tally[ms / MS_PER_S];
	if (ms == a->start_ms)
		start(a, ms);
	show_backlog(a, ms);
	conn_run(&a->conn, ns_of(ms));
	delivery_step(&a->delivery, ns_of(ms));
	a->delivery.answer.seq = 0;
	show_backlog(a, ms);
	wake_ms = next_wake(a, ms);
	if (a->start_ms > ms && a->start_ms < wake_ms)
		wake_ms = a->start_ms;
	wake_at(a, wake_ms);
}

static void
run_moment(const struct scenario *s, uint32_t ms)
{
	while (wakes[ms] != NOBODY) {
		struct agent *a = &fleet[wakes[ms]];

		wakes[ms] = a->next;
		run(a, ms);
		if (s->restart && ms == a->start_ms)
			a->start_ms = FLEET_BACK_S * MS_PER_S +
			    (uint32_t)(draw() % MS_PER_S);
	}
}

/* One step of one record; what is in it does not matter here. */
static void
make_step(void)
{
	const struct record_head head = { .seq = 1, .boottime_ns = 1,
		.wall_ns = 1, .start_ns = 1, .source = SOURCE_CPU,
		.flags = RECORD_LAST };
	struct record_writer rw;

	record_begin(&rw, record, sizeof(record), &head);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, CPU_COUNT_ALL, 4);
	one_step.record[0] = (struct batch_record){ record,
		(size_t)record_finish(&rw) };
	one_step.nrecords = 1;
	one_step.closed = true;
}

static void
make_fleet(void)
{
	for (uint32_t ms = 0; ms < END_MS; ms++)
		wakes[ms] = NOBODY;
	for (size_t i = 0; i < FLEET_AGENTS; i++) {
		struct agent *a = &fleet[i];

		a->seed = has_phase ? draw() : 0;
		a->boot_ms = (uint32_t)(draw() % MS_PER_S);
		/* a host is up for a moment before its agent starts */
		a->start_ms = a->boot_ms + 1;
		a->first_ms = UINT32_MAX;
		wake_at(a, a->start_ms);
	}
}

static void
print_tally(void)
{
	uint64_t backlog = 0;

	for (size_t i = 0; i < FLEET_AGENTS; i++)
		for (uint32_t ms = fleet[i].first_ms; ms < END_MS;
		    ms += FLEET_INTERVAL_MS)
			tally[ms / MS_PER_S].made++;
	printf("second attempts requests taken backlog\n");
	for (size_t s = 0; s < FLEET_END_S; s++) {
		const struct tally *t = &tally[s];

		backlog = backlog + t->made - t->done;
		printf("%zu %llu %llu %llu %llu\n", s,
		    (unsigned long long)t->attempts,
		    (unsigned long long)t->requests,
		    (unsigned long long)t->taken,
		    (unsigned long long)backlog);
	}
}

static const struct scenario *
find_scenario(const char *name)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct scenario *s = argc > 1 ? find_scenario(argv[1]) : NULL;

	if (s == NULL) {
		fprintf(stderr, "usage: fleet refused|silent|busy|restart|weak"
		    " [no-jitter] [no-phase]\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		has_jitter = has_jitter && strcmp(argv[i], "no-jitter") != 0;
		has_phase = has_phase && strcmp(argv[i], "no-phase") != 0;
	}
	/* what ten thousand shippers log */
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	receiver_open(s, tally);
	make_step();
	make_fleet();
	for (uint32_t ms = 0; ms < END_MS; ms++)
		run_moment(s, ms);
	print_tally();
	return 0;
}
