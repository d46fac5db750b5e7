/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  collectord's loop against a shipper that was captured: the
 * test is the shipper, and holds its ends of both channels.
 */
#include "loop.h"
#include "ring_world.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { INTERVAL = 1000, LONG_INTERVAL = 3600000, BACKLOG = 5000,
    PATIENCE_S = 20 };

/* Ours, then the collector's. */
static int p[2], q[2];
static struct identity collector;
/* What it says on standard error. */
static int said;

#define REQUIRE(what) do { if (!(what)) abort(); } while (0)

struct life {
	uint32_t interval_ms;
	uint64_t backlog;	/* records that wait at the start */
};

/* One that hardly differs from the one before, and is long. */
static size_t
long_record(uint8_t out[RECORD_MAX])
{
	const struct record_head head = { .source = SOURCE_CPU,
		.boottime_ns = 1, .wall_ns = world_wall(1),
		.start_ns = world_boot };
	struct record_writer rw;

	record_begin(&rw, out, RECORD_MAX, &head);
	for (unsigned i = 0; i < 800; i++) {
		world_name(&rw, 0, KEY_CPU, "", i);
		for (unsigned k = 0; k < 8; k++)
			record_point(&rw, CPU_TIME_USER + k, 1000000);
	}
	return (size_t)record_finish(&rw);
}

static void
fill(struct ring *r, uint64_t backlog)
{
	static uint8_t record[RECORD_MAX];
	const size_t len = long_record(record);

	for (uint64_t i = 0; i < backlog; i++) {
		ring_begin(r, i + 1, world_wall(1) + i);
		REQUIRE(ring_push(r, record, len) == 0);
		ring_commit(r);
	}
}

static int
collect(const struct life *life)
{
	static struct ring ring;
	static struct host host;
	static struct self self;
	static struct source_options options;
	static struct cycle cycle;
	static struct url endpoint[ENDPOINTS_MAX];
	static struct notify notify = { .fd = -1 };
	static struct status status = { .notify = &notify, .ring = &ring,
		.endpoint = endpoint, .self = &self };
	static struct link link;
	static struct loop loop = { .link = &link, .cycle = &cycle,
		.notify = &notify, .status = &status };
	const char *which;

	link = (struct link){ .p = p[1], .q = q[1], .stage = STAGE_ACK,
		.shipper = { getppid(), getuid(), getgid() } };
	REQUIRE(channel_only_send(p[1]) == 0);
	REQUIRE(channel_only_receive(q[1]) == 0);
	signal(SIGPIPE, SIG_IGN);
	memset(self.status_fd, -1, sizeof(self.status_fd));
	memset(self.stat_fd, -1, sizeof(self.stat_fd));
	REQUIRE(host_open(&host, "/proc", "/sys", &which) == 0);
	REQUIRE(ring_new(&ring, 16 << 20, world_boot + 5, world_boot) == 0);
	fill(&ring, life->backlog);
	cycle_init(&cycle, &host, &ring, &self, &options);
	loop_init(&loop, life->interval_ms, 0);
	loop_run(&loop);
	return world_adds_up(&ring) ? 0 : 90;
}

static void
begin(uint32_t interval_ms, uint64_t backlog)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(channel_pair(p), 0);
	CHECK_INT(channel_pair(q), 0);
	CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
	collector = (struct identity){ fork(), getuid(), getgid() };
	if (collector.pid == 0) {
		close(p[0]);
		close(q[0]);
		close(ends[0]);
		dup2(ends[1], STDERR_FILENO);
		close(ends[1]);
		alarm(PATIENCE_S);
		_exit(collect(&(struct life){ interval_ms, backlog }));
	}
	close(p[1]);
	close(q[1]);
	close(ends[1]);
	said = ends[0];
}

/* The last record's number in the next message; 0: none came in time. */
static uint64_t
receive(int timeout_ms)
{
	static uint8_t buf[FRAME_MAX];
	const uint8_t *record;
	struct reader r;
	uint64_t seq = 0;
	size_t len;

	if (channel_wait(p[0], timeout_ms) < 0 || channel_receive(p[0],
	    &collector, buf, sizeof(buf), &len, NULL) != CHANNEL_OK)
		return 0;
	r = reader_of(buf + 1, len - 1);
	while (frame_next_record(&r, &record, &len) == 1)
		seq = world_seq(record, len);
	return seq;
}

static enum channel_fault
acknowledge(uint64_t seq)
{
	uint8_t message[10] = { FRAME_ACK };
	struct writer w = writer_of(message + 1, sizeof(message) - 1);

	write_u64(&w, seq);
	write_u8(&w, ACK_DELIVERED);
	return channel_send(q[0], message, sizeof(message), -1);
}

static enum channel_fault
say_state(void)
{
	const struct shipstate state = { .phase = SHIP_WELL };
	uint8_t message[1 + SHIPSTATE_SIZE] = { FRAME_STATE };

	shipstate_encode(&state, message + 1);
	return channel_send(q[0], message, sizeof(message), -1);
}

static void
check_end(int status, const char *words)
{
	char text[4096] = "";
	size_t used = 0;
	ssize_t n;
	int how;

	while ((n = read(said, text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)n;
	close(said);
	close(p[0]);
	close(q[0]);
	CHECK_INT(waitpid(collector.pid, &how, 0), collector.pid);
	if (!WIFEXITED(how) || WEXITSTATUS(how) != status ||
	    strstr(text, words) == NULL)
		test_fail(__FILE__, __LINE__, "%x, not \"%s\": %s",
		    (unsigned)how, words, text);
}

TEST(one_that_keeps_to_the_contract_is_served_until_the_end)
{
	uint64_t seq;

	begin(INTERVAL, 0);
	for (int i = 0; i < 2; i++) {
		CHECK((seq = receive(20000)) > 0);
		CHECK_INT(acknowledge(seq), CHANNEL_OK);
		CHECK_INT(say_state(), CHANNEL_OK);
	}
	kill(collector.pid, SIGTERM);
	check_end(0, "");
}

/* Then nothing can be sent, and the kernel says so at every look. */
static void
check_ended_at_once(void)
{
	struct rusage before, after;
	const time_t began = time(NULL);

	getrusage(RUSAGE_CHILDREN, &before);
	check_end(1, "event=shipper_ended");
	getrusage(RUSAGE_CHILDREN, &after);
	CHECK(time(NULL) - began < 10);
	CHECK(after.ru_utime.tv_sec - before.ru_utime.tv_sec < 2);
}

TEST(one_that_closes_the_channel_of_records_alone_is_the_end_at_once)
{
	begin(LONG_INTERVAL, 0);
	CHECK(receive(20000) > 0);
	close(p[0]);
	check_ended_at_once();
	p[0] = -1;
}

TEST(one_that_shuts_the_channel_of_records_down_is_the_end_at_once)
{
	begin(LONG_INTERVAL, 0);
	CHECK(receive(20000) > 0);
	CHECK_INT(shutdown(p[0], SHUT_RD), 0);
	check_ended_at_once();
}

TEST(what_it_had_acknowledged_before_it_ended_counts)
{
	uint64_t seq;

	/* more than the socket takes: it waits to send the rest */
	begin(LONG_INTERVAL, 200);
	CHECK((seq = receive(20000)) > 0);
	kill(collector.pid, SIGSTOP);
	for (uint64_t i = 1; i <= seq; i++)
		CHECK_INT(acknowledge(i), CHANNEL_OK);
	/* the last of them once more: all before it were taken */
	CHECK_INT(acknowledge(seq), CHANNEL_OK);
	close(p[0]);
	kill(collector.pid, SIGCONT);
	check_end(1, "for a record that is not waiting");
	p[0] = -1;
}

TEST(an_acknowledgement_of_what_was_never_sent_is_the_end)
{
	begin(INTERVAL, 0);
	CHECK(receive(20000) > 0);
	CHECK_INT(acknowledge(1000000), CHANNEL_OK);
	check_end(1, "what=\"ACK\"");
}

TEST(a_second_acknowledgement_of_the_same_is_the_end)
{
	uint64_t seq;

	begin(INTERVAL, 0);
	CHECK((seq = receive(20000)) > 0);
	CHECK_INT(acknowledge(seq), CHANNEL_OK);
	CHECK_INT(acknowledge(seq), CHANNEL_OK);
	check_end(1, "what=\"ACK\"");
}

/* As much as the socket takes, while records come at their time. */
TEST(a_flood_of_states_delays_no_collection)
{
	const time_t began = time(NULL);
	uint64_t seq;

	begin(INTERVAL, 0);
	for (int steps = 0; steps < 4;) {
		while (say_state() == CHANNEL_OK)
			;
		if ((seq = receive(0)) > 0) {
			steps++;
			while (acknowledge(seq) == CHANNEL_AGAIN)
				;
		}
	}
	CHECK(time(NULL) - began < 20);
	kill(collector.pid, SIGTERM);
	while (say_state() != CHANNEL_CLOSED)
		;
	check_end(0, "");
}

/* Faster than records can be made: it looks at none of them. */
TEST(one_that_takes_records_without_end_keeps_it_from_nothing_else)
{
	uint64_t messages = 0;
	uint8_t byte;

	begin(LONG_INTERVAL, BACKLOG);
	CHECK_INT(channel_wait(p[0], 20000), 0);
	kill(collector.pid, SIGTERM);
	while (recv(p[0], &byte, 1, 0) > 0)
		messages++;
	CHECK(messages > 0);
	/* of some 1,000: eight turns of 32, and what the socket held */
	CHECK(messages < 350);
	check_end(0, "");
}
