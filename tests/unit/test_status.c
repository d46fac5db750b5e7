/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "reason.h"
#include "status.h"
#include "test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define S UINT64_C(1000000000)

enum { LINE_MAX_HERE = 2048, RING_BYTES = 1048576 };

static struct url endpoint[ENDPOINTS_MAX];
static struct ring ring;
static struct self self;
static struct notify notify;
static struct status status;
static int manager = -1;
static char line[LINE_MAX_HERE];

/* Just started: both are locked, nothing has happened. */
static void
world(void)
{
	int pair[2];

	if (ring.page != NULL)
		ring_done(&ring);
	memset(&ring, 0, sizeof(ring));
	CHECK(ring_new(&ring, RING_BYTES, 1, 1) == 0);
	if (manager >= 0) {
		close(manager);
		close(notify.fd);
	}
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0);
	manager = pair[0];
	notify = (struct notify){ .fd = pair[1] };
	memset(endpoint, 0, sizeof(endpoint));
	strcpy(endpoint[0].host, "otlp.example.net");
	strcpy(endpoint[1].host, "192.0.2.7");
	self = (struct self){ .split = true, .landlock = { 4, 4 } };
	status = (struct status){ .notify = &notify, .endpoint = endpoint,
		.ring = &ring, .self = &self };
}

static const char *
said(uint64_t now_ns)
{
	status_line(&status, now_ns, line, sizeof(line));
	return line;
}

/* One record of a step of its own. */
static void
read_record(void)
{
	const struct record_head head = { .seq = 1, .boottime_ns = 1,
		.wall_ns = 1, .start_ns = 1, .source = SOURCE_CPU };
	uint8_t bytes[256];
	struct record_writer rw;
	ptrdiff_t len;

	record_begin(&rw, bytes, sizeof(bytes), &head);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, CPU_COUNT_ALL, 4);
	CHECK((len = record_finish(&rw)) > 0);
	ring_begin(&ring, 7, 7);
	CHECK(ring_push(&ring, bytes, (size_t)len) == 0);
	ring_commit(&ring);
}

static void
send_records(void)
{
	const uint8_t *record;
	size_t len;

	while (ring_unsent(&ring, &record, &len))
		ring_sent(&ring);
}

/* The words of a datagram at the manager's end; "": there is none. */
static const char *
heard(void)
{
	static char text[LINE_MAX_HERE];
	ssize_t n = recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT);

	CHECK(n >= 0 || errno == EAGAIN);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

TEST(before_the_first_delivery_it_says_that_there_was_none)
{
	world();
	CHECK_STR(said(S), "0 shipped, 0 queued, 0 lost; "
	    "two users, Landlock ABI 4, seccomp; "
	    "nothing taken yet by otlp.example.net");
}

TEST(when_all_is_well_it_says_what_was_shipped_and_what_waits)
{
	world();
	for (int i = 0; i < 5; i++)
		read_record();
	send_records();
	CHECK(ring_ack(&ring, 3, LOST_END) == 0);
	self.ship.count.requests_delivered = 3;
	CHECK_STR(said(S), "3 shipped, 2 queued, 0 lost; "
	    "two users, Landlock ABI 4, seccomp; to otlp.example.net");
}

TEST(what_was_lost_is_there_by_cause_and_nothing_else_is)
{
	world();
	self.ship.count.requests_delivered = 1;
	for (int i = 0; i < 4; i++)
		read_record();
	send_records();
	CHECK(ring_ack(&ring, 1, LOST_END) == 0);
	CHECK(ring_ack(&ring, 3, LOST_REJECTED) == 0);
	ring_count_lost(&ring, LOST_OVERSIZE, 7);
	CHECK_STR(said(S), "1 shipped, 1 queued, 9 lost rejected=2 oversize=7; "
	    "two users, Landlock ABI 4, seccomp; to otlp.example.net");
}

TEST(a_failure_is_there_with_its_endpoint_its_reason_and_how_long)
{
	world();
	self.ship.count.requests_delivered = 9;
	self.ship.phase = SHIP_FAILING;
	self.ship.reason = reason_number("connect_failed");
	self.ship.endpoint = 1;
	status_step(&status, 100 * S);
	CHECK_STR(said(100 * S), "Failing 0 s: connect_failed; "
	    "0 shipped, 0 queued, 0 lost; "
	    "two users, Landlock ABI 4, seccomp; to 192.0.2.7");
	status_step(&status, 130 * S);
	CHECK(strncmp(said(142 * S + S / 2), "Failing 42 s: connect_failed;"
	    " ", 30) == 0);
}

TEST(a_failure_is_counted_from_its_own_start)
{
	world();
	self.ship.phase = SHIP_FAILING;
	status_step(&status, 10 * S);
	self.ship.phase = SHIP_WELL;
	status_step(&status, 50 * S);
	self.ship.phase = SHIP_FAILING;
	self.ship.reason = reason_number("http_503");
	status_step(&status, 60 * S);
	CHECK(strstr(said(61 * S), "Failing 1 s: http_503; ") != NULL);
}

TEST(what_the_receiver_did_not_take_is_said_while_the_rest_goes_on)
{
	world();
	self.ship.reason = reason_number("http_400");
	CHECK(strncmp(said(S), "Not all taken: http_400; 0 shipped", 34) == 0);
	self.ship.reason = reason_number("partial_success");
	CHECK(strncmp(said(S), "Not all taken: partial_success; ", 32) == 0);
}

TEST(a_layer_that_is_not_there_stands_out)
{
	static const struct {
		bool split;
		uint8_t landlock[SELF_PROCESSES];
		const char *layers;
	} row[] = {
		{ true, { 1, 1 }, "; two users, Landlock ABI 1, seccomp; " },
		{ false, { 7, 7 }, "; ONE USER, Landlock ABI 7, seccomp; " },
		{ true, { 0, 4 }, "; two users, NO Landlock, seccomp; " },
		{ true, { 4, 0 }, "; two users, NO Landlock, seccomp; " },
		{ false, { 0, 0 }, "; ONE USER, NO Landlock, seccomp; " },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		world();
		self.split = row[i].split;
		memcpy(self.landlock, row[i].landlock, SELF_PROCESSES);
		CHECK(strstr(said(S), " 0 lost;") != NULL);
		CHECK(strncmp(strstr(line, " 0 lost;") + 7, row[i].layers,
		    strlen(row[i].layers)) == 0);
	}
}

TEST(a_policy_that_confines_both_is_there_and_one_that_does_not_stands_out)
{
	static const struct {
		enum selinux_layer state[SELF_PROCESSES];
		const char *end;
	} row[] = {
		{ { SELINUX_ENFORCED, SELINUX_ENFORCED }, ", SELinux, sec" },
		{ { SELINUX_PERMISSIVE, SELINUX_PERMISSIVE },
		    ", NOT CONFINED by SELinux, sec" },
		{ { SELINUX_ENFORCED, SELINUX_UNCONFINED },
		    ", NOT CONFINED by SELinux, sec" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		world();
		for (int p = 0; p < SELF_PROCESSES; p++)
			self.selinux[p] = row[i].state[p];
		CHECK(strstr(said(S), row[i].end) != NULL);
	}
}

/* The longest that there can be: the host's name is the configuration's. */
static void
be_long(void)
{
	world();
	memset(endpoint[0].host, 'x', sizeof(endpoint[0].host) - 1);
	self.ship.phase = SHIP_FAILING;
	self.ship.reason = reason_number("name_server_unreachable");
	for (int i = 0; i < LOST_END; i++)
		ring_count_lost(&ring, (enum loss)i, UINT64_C(1) << 60);
}

TEST(what_matters_is_in_the_first_eighty_columns_of_a_terminal)
{
	enum { BEFORE = 13 };		/* `     Status: "` */
	uint64_t records = 0;

	world();
	ring.state.acked = 9999999;
	self.ship.phase = SHIP_FAILING;
	self.ship.reason = reason_number("connect_failed");
	status.failing_ns = 1;
	said(999 * S);
	CHECK(strstr(line, " 0 lost;") - line + 8 <= 80 - BEFORE);
	self.ship.phase = SHIP_WELL;
	self.ship.reason = REASON_NONE;
	self.landlock[0] = 0;
	for (; records < 999; records++)
		read_record();
	said(S);
	CHECK(strstr(line, " 999 queued, 0 lost; two users, NO ") != NULL);
	CHECK(strstr(line, "NO Landlock") - line + 11 <= 80 - BEFORE);
}

TEST(a_line_is_cut_to_any_size_and_nothing_is_written_behind_it)
{
	static char whole[LINE_MAX_HERE], cut[LINE_MAX_HERE + 1];

	be_long();
	strcpy(whole, said(UINT64_MAX));
	CHECK(strlen(whole) > NOTIFY_TEXT_MAX);
	for (size_t size = 1; size < strlen(whole) + 3; size++) {
		const size_t want = size - 1 < strlen(whole) ? size - 1 :
		    strlen(whole);

		memset(cut, '#', sizeof(cut));
		status_line(&status, UINT64_MAX, cut, size);
		CHECK_INT(strlen(cut), want);
		CHECK_MEM(cut, whole, want);
		CHECK_INT(cut[size], '#');
	}
}

TEST(in_every_state_it_is_one_line_of_visible_characters)
{
	world();
	for (unsigned reason = 0; reason_name(reason) != NULL; reason++)
		for (int phase = 0; phase < SHIP_PHASES; phase++)
			for (int first = 0; first < 2; first++) {
				self.ship.reason = reason;
				self.ship.phase = (enum ship_phase)phase;
				self.ship.count.requests_delivered =
				    (uint64_t)first;
				said(S);
				for (const char *c = line; *c != '\0'; c++)
					CHECK(*c >= ' ' && *c <= '~');
				CHECK(strlen(line) < NOTIFY_TEXT_MAX -
				    sizeof("STATUS="));
			}
}

TEST(the_manager_is_told_at_once_and_then_every_five_seconds)
{
	world();
	status_step(&status, 100 * S);
	CHECK(strstr(heard(), "; nothing taken yet by ") != NULL);
	CHECK_STR(heard(), "");
	status_step(&status, 105 * S - 1);
	CHECK_STR(heard(), "");
	self.ship.count.requests_delivered = 1;
	status_step(&status, 105 * S);
	CHECK(strstr(heard(), "; to otlp.example.net") != NULL);
	status_step(&status, 106 * S);
	CHECK_STR(heard(), "");
	status_step(&status, 111 * S);
	CHECK(strstr(heard(), "; to otlp.example.net") != NULL);
}

TEST(the_manager_gets_a_line_that_is_cut_but_never_two_pieces)
{
	const char *told;

	be_long();
	status_step(&status, S);
	told = heard();
	CHECK(strncmp(told, "STATUS=Failing ", 15) == 0);
	CHECK(strlen(told) < NOTIFY_TEXT_MAX);
	CHECK_STR(heard(), "");
}

TEST(without_a_manager_how_long_it_fails_is_known_all_the_same)
{
	world();
	close(notify.fd);
	notify.fd = -1;
	self.ship.phase = SHIP_FAILING;
	status_step(&status, 3 * S);
	CHECK_INT(status.failing_ns, 3 * S);
	CHECK_INT(status.said_ns, 0);
}
