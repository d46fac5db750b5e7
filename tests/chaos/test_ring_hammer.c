/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A child pushes, sends and answers without a pause, on a
 * ring that its parent holds as a service manager would, and is killed at any
 * instant; the next child takes over.  What a receiver would have got stands
 * in a page of its own and says, at the end of each life, whether anything
 * was lost, made up or changed.
 *
 * Built a second time with its ring's sources spoilt, the same check must
 * fail: RING_HAMMER_SPOILT.
 */
#include "../unit/ring_world.h"
#include "../unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	KILLS = 2500,
	SPOILT_KILLS = 4000,
	LIFE_MAX_US = 4000,
	SENT_MAX = 1 << 24,
};

enum ending { NONE, TAKE, RECORD, NUMBER, SUM, PUSH, ACK, GONE };

static const char *const ending_name[] = {
	[NONE] = "none", [TAKE] = "the ring cannot be taken over",
	[RECORD] = "a record that never was put in",
	[NUMBER] = "a record in the wrong place",
	[SUM] = "numbers that do not add up", [PUSH] = "a push that failed",
	[ACK] = "an answer that was refused",
	[GONE] = "a record that was made known and is gone",
};

/* What the receiver knows, whoever dies. */
struct receiver {
	_Atomic uint64_t delivered;	/* all up to this number are here */
	_Atomic uint64_t known;		/* a commit of this one has returned */
	_Atomic uint64_t twice, lives;
	_Atomic int fault;
	_Atomic uint8_t got[SENT_MAX];	/* each number, how often */
};

static struct receiver *receiver;
static struct ring ring;

static void
fail(enum ending why)
{
	receiver->fault = why;
	_exit(1);
}

static void
receive(uint64_t seq, const uint8_t *record, size_t len)
{
	if (!world_is_same(seq, record, len))
		fail(RECORD);
	if (seq >= SENT_MAX || seq > receiver->delivered + 1)
		fail(NUMBER);
	if (receiver->got[seq]++ > 0)
		receiver->twice++;
	if (seq > receiver->delivered)
		receiver->delivered = seq;
}

static void
send_some(uint64_t n)
{
	const uint8_t *record;
	size_t len;

	while (n-- > 0 && ring_unsent(&ring, &record, &len)) {
		receive(world_seq(record, len), record, len);
		ring_sent(&ring);
	}
	if (world_lost(&ring) > 0)
		fail(GONE);
}

static void
live(int fd, uint64_t random)
{
	if (ring_take(&ring, fd) != NULL)
		fail(TAKE);
	if (ring.made < receiver->known)
		fail(GONE);
	if (!world_adds_up(&ring))
		fail(SUM);
	for (;;) {
		random = world_mix(random);
		if (ring_queued(&ring) < 1000 && random % 4 != 0) {
			if (!world_push_step(&ring))
				fail(PUSH);
			receiver->known = ring.made;
		} else {
			send_some(random / 4 % 40);
		}
		if (random % 5 == 0 && ring.sent_seq > ring.state.acked_seq &&
		    ring_ack(&ring, ring.sent_seq, LOST_END) < 0)
			fail(ACK);
		if (!world_adds_up(&ring))
			fail(SUM);
	}
}

static void
pause_us(uint64_t us)
{
	const struct timespec t = { .tv_nsec = (long)us * 1000 };

	nanosleep(&t, NULL);
}

/* False: it found a fault. */
static bool
one_life(int fd, uint64_t random)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0)
		live(fcntl(fd, F_DUPFD_CLOEXEC, 0), random);
	pause_us(random % LIFE_MAX_US);
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		return false;
	receiver->lives++;
	return receiver->fault == NONE;
}

static uint64_t
kills_wanted(void)
{
	const char *chaos = getenv("SLUICE_CHAOS");

#ifdef RING_HAMMER_SPOILT
	(void)chaos;
	return SPOILT_KILLS;
#else
	return chaos == NULL ? KILLS : strtoull(chaos, NULL, 10) > KILLS ?
	    strtoull(chaos, NULL, 10) : KILLS;
#endif
}

/* All that is still in the ring, as the last of them would find it. */
static enum ending
settle(int fd)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (ring_take(&ring, fcntl(fd, F_DUPFD_CLOEXEC, 0)) != NULL)
			fail(TAKE);
		if (ring.made < receiver->known)
			fail(GONE);
		send_some(UINT64_MAX);
		if (receiver->delivered != ring.made)
			fail(GONE);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return TAKE;
	for (uint64_t seq = 1; seq <= receiver->delivered; seq++)
		if (receiver->got[seq] == 0)
			return GONE;
	return receiver->fault;
}

static enum ending
hammer(void)
{
	const uint64_t kills = kills_wanted();
	uint64_t random = (uint64_t)time(NULL);
	enum ending end;
	int fd;

	receiver = mmap(NULL, sizeof(*receiver), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(receiver != MAP_FAILED);
	CHECK_INT(ring_new(&ring, RING_MIN, world_boot + 5, world_boot), 0);
	fd = fcntl(ring.fd, F_DUPFD_CLOEXEC, 0);
	printf("# seed %llu\n", (unsigned long long)random);
	ring_done(&ring);
	while (receiver->lives < kills && one_life(fd, random))
		random = world_mix(random);
	end = receiver->fault == NONE ? settle(fd) :
	    (enum ending)receiver->fault;
	printf("# %llu killed; %llu records, %llu of them sent twice; fault:"
	    " %s\n", (unsigned long long)receiver->lives,
	    (unsigned long long)receiver->delivered,
	    (unsigned long long)receiver->twice, ending_name[end]);
	close(fd);
	return end;
}

#ifdef RING_HAMMER_SPOILT
TEST(a_ring_that_makes_known_what_is_not_written_yet_is_found_out)
{
	CHECK(hammer() != NONE);
}
#else
TEST(no_kill_at_any_instant_loses_or_changes_a_record)
{
	CHECK_INT(hammer(), NONE);
	CHECK(receiver->lives >= KILLS);
	CHECK(receiver->delivered > receiver->lives);
}
#endif
