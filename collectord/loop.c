/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See loop.h. */
#include "loop.h"

#include "log.h"
#include "now.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { POLL_TIMER, POLL_RECORDS, POLL_ACKS, POLL_END };

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

/* More than the socket holds: only one that reads all the time gets so far. */
enum { MESSAGES_A_TURN = 32 };

/* A signal is let in at one turn of so many, though none ever sleeps. */
enum { STOP_TURNS = 8 };

/* Where the next step is not further away, answers wait for it. */
enum { ANSWERS_REST_MS = 2000 };

static volatile sig_atomic_t told_to_stop;

static void
on_stop(int sig)
{
	told_to_stop = sig;
}

/* Blocked but while ppoll() waits: no call is ever interrupted half way. */
static void
claim_signals(void)
{
	struct sigaction sa = { .sa_handler = on_stop };
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	if (sigprocmask(SIG_BLOCK, &stop, NULL) < 0 ||
	    sigaction(SIGTERM, &sa, NULL) < 0 ||
	    sigaction(SIGINT, &sa, NULL) < 0)
		fatal("signals", errno);
}

static struct timespec
timespec_ns(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
		.tv_nsec = (long)(ns % NS_PER_S) };
}

/*
 * How far b is ahead of a; false where we were held up between the two, so
 * that nothing can be said yet.
 */
static bool
read_ahead(clockid_t a, clockid_t b, int64_t *ahead_ns)
{
	const uint64_t before = now_ns(a), seen = now_ns(b);

	*ahead_ns = (int64_t)(seen - before);
	return now_ns(a) - before < TURNS_CLOCK_NS / 2;
}

void
loop_init(struct loop *l, uint32_t interval_ms, uint32_t phase_ms)
{
	struct itimerspec when;

	l->interval_ms = interval_ms;
	cycle_pace(l->cycle, interval_ms);
	turns_start(&l->turns, l->cycle->ring, interval_ms, phase_ms,
	    now_ns(CLOCK_BOOTTIME), &l->cycle->last);
	when = (struct itimerspec){ .it_value = timespec_ns(l->turns.first_ns),
		.it_interval = timespec_ns(interval_ms *
		    (uint64_t)NS_PER_MS) };
	l->timer_fd = timerfd_create(CLOCK_BOOTTIME,
	    TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->timer_fd < 0 || timerfd_settime(l->timer_fd,
	    TFD_TIMER_ABSTIME, &when, NULL) < 0)
		fatal("timerfd", errno);
	claim_signals();
	read_ahead(CLOCK_MONOTONIC, CLOCK_BOOTTIME, &l->slept_ns);
}

/* How many intervals can have passed while the machine slept. */
static uint64_t
count_slept(struct loop *l)
{
	const int64_t interval = l->interval_ms * (int64_t)NS_PER_MS;
	int64_t slept, more;

	if (!read_ahead(CLOCK_MONOTONIC, CLOCK_BOOTTIME, &slept))
		return 0;
	more = slept - l->slept_ns;
	l->slept_ns = slept;
	return more < TURNS_CLOCK_NS ? 0 :
	    (uint64_t)((more - 1) / interval + 1);
}

/* One collection; the turns before it that had none have a cause. */
static void
step(struct loop *l)
{
	static const char *const event[MISSED_END] = {
		[MISSED_RESTART] = "restarted",
		[MISSED_SUSPENDED] = "suspended",
		[MISSED_LATE] = "late",
	};
	uint64_t gap[MISSED_END];

	cycle_run(l->cycle);
	turns_step(&l->turns, l->cycle->ring->step.boottime_ns,
	    count_slept(l), gap);
	for (int i = 0; i < MISSED_END; i++)
		if (gap[i] > 0)
			log_event_int(LOG_LEVEL_NOTICE, event[i], "intervals",
			    (int64_t)gap[i]);
	l->collected_ns = now_ns(CLOCK_BOOTTIME);
}

static void
watch_clock(struct loop *l)
{
	int64_t ahead_ns, by_ns;

	if (read_ahead(CLOCK_BOOTTIME, CLOCK_REALTIME, &ahead_ns) &&
	    turns_clock(&l->turns, (uint64_t)ahead_ns, &by_ns))
		log_event_int(LOG_LEVEL_NOTICE, "clock_step", "ms",
		    by_ns / NS_PER_MS);
}

static void
collect(struct loop *l)
{
	uint64_t expired;

	if (read(l->timer_fd, &expired, sizeof(expired)) != sizeof(expired))
		return;
	watch_clock(l);
	step(l);
}

/* As many as fit one message; they stay in the ring until the answer. */
static void
fill_message(struct loop *l)
{
	struct writer w = writer_of(l->message + 1, sizeof(l->message) - 1);
	const uint8_t *record;
	size_t len;

	while (ring_unsent(l->cycle->ring, &record, &len) &&
	    frame_add_record(&w, record, len))
		ring_sent(l->cycle->ring);
	l->message[0] = FRAME_RECORDS;
	l->message_len = w.p == w.start ? 0 : 1 + (size_t)(w.p - w.start);
}

/* Until the shipper's socket is full, or it is time for something else. */
static void
send_records(struct loop *l)
{
	enum channel_fault fault = CHANNEL_OK;

	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		if (l->message_len == 0)
			fill_message(l);
		if (l->message_len == 0)
			return;
		fault = channel_send(l->link->p, l->message, l->message_len,
		    -1);
		if (fault != CHANNEL_OK)
			break;
		l->message_len = 0;
	}
	l->gone = fault == CHANNEL_CLOSED;
	if (fault == CHANNEL_ERRNO)
		fatal("send records", errno);
}

static bool
has_records(struct loop *l)
{
	const uint8_t *record;
	size_t len;

	return l->message_len > 0 ||
	    ring_unsent(l->cycle->ring, &record, &len);
}

static const enum loss loss_of[ACK_END] = {
	[ACK_DELIVERED] = LOST_END,
	[ACK_REJECTED] = LOST_REJECTED,
	[ACK_OVERSIZE] = LOST_OVERSIZE,
};

static void
take_ack(struct loop *l, struct reader r)
{
	const uint64_t seq = read_u64(&r);
	const uint8_t what = read_u8(&r);

	if (what >= ACK_END ||
	    ring_ack(l->cycle->ring, seq, loss_of[what]) < 0)
		fatal_text("ACK", "for a record that is not waiting");
}

static bool
take_answer(struct loop *l)
{
	struct frame f;

	if (link_receive(l->link, &f) != 1)
		return false;
	if (f.type == FRAME_ACK)
		take_ack(l, reader_of(f.payload, f.len));
	else if (shipstate_decode(&l->cycle->self->ship, f.payload, f.len) < 0)
		fatal_text("STATE", "malformed");
	l->heard = true;
	return true;
}

/* All that came, without a failed try where each record has its answer. */
static void
take_answers(struct loop *l)
{
	for (int i = 0; i < MESSAGES_A_TURN; i++)
		if (ring_queued(l->cycle->ring) == 0 || !take_answer(l))
			return;
}

/*
 * The shipper says something every few seconds; a collector whose turn is
 * over by more than an interval is stuck as well.
 */
static void
report(struct loop *l)
{
	const uint64_t late_ns = 2 * (uint64_t)l->interval_ms * NS_PER_MS;
	const uint64_t now = now_ns(CLOCK_MONOTONIC);

	if (l->heard && now_ns(CLOCK_BOOTTIME) < l->collected_ns + late_ns)
		notify_alive(l->notify, now);
	l->heard = false;
	status_step(l->status, now);
}

/*
 * Where something is ready ppoll(2) lets no signal in, however long it is: one
 * that waits for nothing does, every so many turns.
 */
static void
let_stop_in(struct loop *l, const sigset_t *none)
{
	const struct timespec at_once = { 0 };

	if (++l->turn % STOP_TURNS == 0)
		ppoll(NULL, 0, &at_once, none);
}

/*
 * An answer that nothing waits for is taken with the next step, where that is
 * near: to wake us costs the shipper as much as saying it, and us as much.
 */
static void
watch(const struct loop *l, struct pollfd pfd[POLL_END], bool unsent)
{
	const bool rest = !unsent && l->interval_ms <= ANSWERS_REST_MS;

	pfd[POLL_TIMER] = (struct pollfd){ .fd = l->timer_fd,
		.events = POLLIN };
	/* both end with the shipper: one of them tells */
	pfd[POLL_RECORDS] = (struct pollfd){ .fd = rest ? -1 : l->link->p,
		.events = unsent ? POLLOUT : 0 };
	pfd[POLL_ACKS] = (struct pollfd){ .fd = l->link->q,
		.events = rest ? 0 : POLLIN };
}

static void
turn(struct loop *l)
{
	struct pollfd pfd[POLL_END];
	sigset_t none;

	watch(l, pfd, has_records(l));
	sigemptyset(&none);
	if (ppoll(pfd, POLL_END, NULL, &none) < 0) {
		if (errno != EINTR)
			fatal("ppoll", errno);
		return;
	}
	let_stop_in(l, &none);
	if ((pfd[POLL_RECORDS].revents & (POLLERR | POLLHUP)) != 0)
		l->gone = true;
	/* one a turn: ppoll() says whether there is another */
	if (pfd[POLL_ACKS].revents != 0)
		take_answer(l);
	else if (l->gone)
		link_ended(l->link);
	if (pfd[POLL_TIMER].revents != 0)
		take_answers(l);
	/* now: in a moment there is a step that has no answer yet */
	report(l);
	if (pfd[POLL_TIMER].revents != 0)
		collect(l);
	/* what it had answered for before it went is taken first */
	if (!l->gone && (pfd[POLL_RECORDS].revents |
	    pfd[POLL_TIMER].revents) != 0)
		send_records(l);
}

void
loop_run(struct loop *l)
{
	l->collected_ns = now_ns(CLOCK_BOOTTIME);
	/* one while nobody ran is a step, too */
	watch_clock(l);
	if (turns_begin_now(&l->turns, l->collected_ns))
		step(l);
	send_records(l);
	report(l);
	while (!told_to_stop)
		turn(l);
	/* what has its answer does not go to the next process */
	if (!l->gone)
		take_answers(l);
	notify_stopping(l->notify);
}
