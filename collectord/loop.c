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

/* What a step of the clock is, and not the kernel's slow correction. */
enum { STEP_NS = NS_PER_S };

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
timespec_ms(uint32_t ms)
{
	return (struct timespec){ .tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000) * NS_PER_MS };
}

void
loop_init(struct loop *l, struct link *link, struct cycle *cycle,
    uint32_t interval_ms, uint32_t phase_ms)
{
	const struct itimerspec when = {
		.it_value = timespec_ms(phase_ms == 0 ? interval_ms :
		    phase_ms),
		.it_interval = timespec_ms(interval_ms) };

	memset(l, 0, sizeof(*l));
	l->link = link;
	l->cycle = cycle;
	l->interval_ms = interval_ms;
	l->timer_fd = timerfd_create(CLOCK_BOOTTIME,
	    TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->timer_fd < 0 ||
	    timerfd_settime(l->timer_fd, 0, &when, NULL) < 0)
		fatal("timerfd", errno);
	claim_signals();
	l->slept_ns = now_ns(CLOCK_BOOTTIME) - now_ns(CLOCK_MONOTONIC);
	l->offset_ns = (int64_t)now_ns(CLOCK_REALTIME) -
	    (int64_t)now_ns(CLOCK_BOOTTIME);
}

/* Intervals that passed without a collection have a cause. */
static void
count_missed(struct loop *l, uint64_t missed)
{
	const uint64_t slept = now_ns(CLOCK_BOOTTIME) -
	    now_ns(CLOCK_MONOTONIC);
	const bool suspended = slept - l->slept_ns > STEP_NS;

	l->slept_ns = slept;
	if (missed == 0)
		return;
	if (suspended)
		l->cycle->gaps.suspended += missed;
	else
		l->cycle->gaps.late += missed;
	log_event_int(LOG_LEVEL_NOTICE, suspended ? "suspended" : "late",
	    "intervals", (int64_t)missed);
}

static void
watch_clock(struct loop *l)
{
	const int64_t offset = (int64_t)now_ns(CLOCK_REALTIME) -
	    (int64_t)now_ns(CLOCK_BOOTTIME);
	const int64_t step = offset - l->offset_ns;

	l->offset_ns = offset;
	if (step < STEP_NS && step > -STEP_NS)
		return;
	l->cycle->gaps.clock_step++;
	log_event_int(LOG_LEVEL_NOTICE, "clock_step", "ms",
	    step / NS_PER_MS);
}

static void
collect(struct loop *l)
{
	uint64_t expired;

	if (read(l->timer_fd, &expired, sizeof(expired)) != sizeof(expired))
		return;
	count_missed(l, expired - 1);
	watch_clock(l);
	cycle_run(l->cycle);
}

/* Until the shipper's socket is full; the rest waits in the ring. */
static void
send_records(struct loop *l)
{
	static uint8_t message[FRAME_MAX];
	enum channel_fault fault = CHANNEL_OK;
	const uint8_t *record;
	size_t len;

	message[0] = FRAME_RECORD;
	while (ring_unsent(l->cycle->ring, &record, &len)) {
		memcpy(message + 1, record, len);
		fault = channel_send(l->link->p, message, len + 1, -1);
		if (fault != CHANNEL_OK)
			break;
		ring_sent(l->cycle->ring);
	}
	if (fault == CHANNEL_CLOSED)
		link_ended(l->link);
	if (fault == CHANNEL_ERRNO)
		fatal("send a record", errno);
}

static void
take_acks(struct loop *l)
{
	struct frame f;

	while (link_receive(l->link, &f) == 1) {
		struct reader r = reader_of(f.payload, f.len);

		if (ring_ack(l->cycle->ring, read_u64(&r)) < 0)
			fatal_text("ACK", "for a record that is not waiting");
	}
}

static void
turn(struct loop *l)
{
	const uint8_t *record;
	size_t len;
	sigset_t none;
	struct pollfd pfd[POLL_END] = {
		[POLL_TIMER] = { .fd = l->timer_fd, .events = POLLIN },
		[POLL_RECORDS] = { .fd = l->link->p,
		    .events = ring_unsent(l->cycle->ring, &record, &len) ?
		    POLLOUT : 0 },
		[POLL_ACKS] = { .fd = l->link->q, .events = POLLIN },
	};

	sigemptyset(&none);
	if (ppoll(pfd, POLL_END, NULL, &none) < 0) {
		if (errno != EINTR)
			fatal("ppoll", errno);
		return;
	}
	if (pfd[POLL_ACKS].revents != 0)
		take_acks(l);
	if (pfd[POLL_TIMER].revents != 0)
		collect(l);
	if (pfd[POLL_RECORDS].revents != 0 || pfd[POLL_TIMER].revents != 0)
		send_records(l);
}

void
loop_run(struct loop *l)
{
	cycle_run(l->cycle);
	send_records(l);
	while (!told_to_stop)
		turn(l);
}
