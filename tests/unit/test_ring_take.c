/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What a process leaves behind that was killed, at every
 * store that it ever makes: one that is traced goes instruction by
 * instruction, and each time that the ring's memory changed, another takes a
 * private copy over.
 */
#include "ring_inside.h"
#include "ring_world.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static struct ring ring, taken;

/* What one that takes the ring over must find: as it was, or as it will be. */
struct numbers {
	uint64_t read, acked, queued, lost[LOST_END];
};

static struct numbers
numbers_of(const struct ring *r)
{
	struct numbers n = { ring_read(r), r->state.acked, ring_queued(r),
		{ 0 } };

	for (int i = 0; i < LOST_END; i++)
		n.lost[i] = ring_lost(r, (enum loss)i);
	return n;
}

static const char *
look(struct ring *r, int fd)
{
	return ring_look(r, fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

/* Of the memory that the traced one works on. */
struct watch {
	uint8_t *memory, *before;
	size_t len;
	uint64_t states;	/* different ones that were seen */
	uint64_t whole;		/* of these: all was read, not counted alone */
};

static void
check_state(struct watch *w, int fd, bool all)
{
	const char *fault = look(&taken, fd);

	if (fault != NULL)
		test_fail(__FILE__, __LINE__, "state %llu: %s",
		    (unsigned long long)w->states, fault);
	CHECK(world_adds_up(&taken));
	if (all) {
		const uint64_t queued = ring_queued(&taken);

		CHECK_INT(world_send_all(&taken), queued);
		w->whole++;
	}
	CHECK_INT(ring_lost(&taken, LOST_UNREADABLE), 0);
	ring_done(&taken);
}

/* Numbers never go back, and end where the operation leads. */
static void
check_numbers(struct numbers *before, int fd)
{
	struct numbers n;

	CHECK(look(&taken, fd) == NULL);
	n = numbers_of(&taken);
	ring_done(&taken);
	CHECK(n.read >= before->read);
	CHECK(n.acked >= before->acked);
	for (int i = 0; i < LOST_END; i++)
		CHECK(n.lost[i] >= before->lost[i]);
	*before = n;
}

/* Stops itself, does it, ends. */
static pid_t
start(void (*operation)(struct ring *))
{
	const pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(1);
	raise(SIGSTOP);
	operation(&ring);
	_exit(0);
}

/* False when it has ended. */
static bool
step_on(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0 ||
	    waitpid(pid, &status, 0) != pid)
		return false;
	return WIFSTOPPED(status);
}

static bool
changed(struct watch *w)
{
	if (memcmp(w->before, w->memory, w->len) == 0)
		return false;
	memcpy(w->before, w->memory, w->len);
	w->states++;
	return true;
}

/*
 * The traced process has the ring mapped as we have it, but as MADV_DONTFORK
 * says it is not there after a fork: it is made to be.
 */
static void
follow(void (*operation)(struct ring *), size_t len, unsigned all_of)
{
	struct watch w = { .memory = (uint8_t *)ring.page, .len = len };
	struct numbers n = numbers_of(&ring);
	int status;
	pid_t pid;

	CHECK((w.before = malloc(len)) != NULL);
	memcpy(w.before, w.memory, len);
	CHECK_INT(madvise(ring.page, ring.bytes, MADV_DOFORK), 0);
	pid = start(operation);
	CHECK(pid > 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	if (!WIFSTOPPED(status))
		test_skip("ptrace is not allowed here");
	/* in flight is forgotten by whoever takes it over */
	CHECK(look(&taken, ring.fd) == NULL);
	n = numbers_of(&taken);
	ring_done(&taken);
	while (step_on(pid))
		if (changed(&w)) {
			check_state(&w, ring.fd, w.states % all_of == 0);
			check_numbers(&n, ring.fd);
		}
	free(w.before);
	printf("# %llu states, %llu read whole\n",
	    (unsigned long long)w.states, (unsigned long long)w.whole);
	/* however few stores a compiler makes of it: what, then that it is */
	CHECK(w.states >= 2);
	CHECK(w.whole > 0);
}

/* What the traced one did is not known here: take it over as the next. */
static void
take_it_over(void)
{
	const int fd = fcntl(ring.fd, F_DUPFD_CLOEXEC, 0);

	ring_done(&ring);
	CHECK(ring_take(&ring, fd) == NULL);
	CHECK(world_adds_up(&ring));
}

static void
begin(void)
{
	CHECK_INT(ring_new(&ring, WORLD_SMALL, world_boot + 5, world_boot), 0);
}

static void
push_step(struct ring *r)
{
	if (!world_push_step(r))
		_exit(1);
}

static void
ack_all(struct ring *r)
{
	if (ring_ack(r, r->sent_seq, LOST_END) < 0)
		_exit(1);
}

static void
count(struct ring *r)
{
	ring_count_lost(r, LOST_OVERSIZE, 3);
	ring_count_missed(r, MISSED_LATE, 1);
}

/* So many generations, and then to the brink of the next one. */
static void
fill(uint64_t generations)
{
	uint32_t step = 0;

	while (ring.head < generations || ring.segment -
	    ring_last(&ring)->used > 2 * step || step == 0) {
		const uint32_t before = ring_last(&ring)->used;

		CHECK(world_push_step(&ring));
		if (ring_last(&ring)->used > before)
			step = ring_last(&ring)->used - before;
	}
}

TEST(a_step_that_is_being_written_is_there_whole_or_not_at_all)
{
	begin();
	for (uint64_t i = 1; i <= 4; i++) {
		follow(push_step, RING_PAGE + 8192, 1);
		take_it_over();
		CHECK_INT(ring_read(&ring), i * WORLD_STEP);
	}
	ring_done(&ring);
}

/* Of the memory: page, and the first of each segment that is touched. */
static void
cross(struct ring *r)
{
	const uint64_t head = r->head;

	while (r->head == head)
		push_step(r);
}

TEST(a_segment_that_is_being_opened_is_there_whole_or_not_at_all)
{
	begin();
	fill(1);
	follow(cross, RING_PAGE + 2 * SEGMENT_MIN, 20);
	take_it_over();
	CHECK_INT(ring.head, 2);
	CHECK_INT(world_send_all(&ring), ring_read(&ring));
	ring_done(&ring);
}

TEST(a_segment_that_is_being_dropped_is_counted_or_still_there)
{
	begin();
	fill(SEGMENTS_MIN);
	follow(cross, RING_PAGE + 8192, 20);
	take_it_over();
	CHECK_INT(ring.state.tail, 2 + ring.head - SEGMENTS_MIN - 1);
	CHECK(ring_lost(&ring, LOST_QUEUE_FULL) > 0);
	ring_done(&ring);
}

TEST(an_answer_that_is_being_noted_counts_or_does_not)
{
	begin();
	fill(3);
	CHECK(world_send_all(&ring) > 0);
	follow(ack_all, RING_PAGE, 1);
	take_it_over();
	CHECK_INT(ring_queued(&ring), 0);
	CHECK_INT(ring.state.acked, ring_read(&ring));
	ring_done(&ring);
}

TEST(a_count_that_is_being_kept_is_the_old_or_the_new_one)
{
	begin();
	CHECK(world_push_step(&ring));
	follow(count, RING_PAGE, 1);
	take_it_over();
	CHECK_INT(ring_lost(&ring, LOST_OVERSIZE), 3);
	CHECK_INT(ring.state.missed[MISSED_LATE], 1);
	ring_done(&ring);
}

static int old_fd;

static void
take_over(struct ring *r)
{
	if (ring_take(r, old_fd) != NULL)
		_exit(1);
}

TEST(one_killed_while_it_takes_the_ring_over_leaves_it_as_good)
{
	begin();
	fill(2);
	CHECK(world_send_all(&ring) > 0);
	CHECK_INT(ring_ack(&ring, 5, LOST_END), 0);
	fill(SEGMENTS_MIN + 1);
	ring.page->facts[0].id[3] ^= 1;
	old_fd = fcntl(ring.fd, F_DUPFD_CLOEXEC, 0);
	follow(take_over, RING_PAGE, 1);
	close(old_fd);
	ring_done(&ring);
}

/* A move is killed at each store: the new one is not complete, or is whole. */
static struct ring target;

static void
move(struct ring *r)
{
	if (ring_move(&target, r) < 0)
		_exit(1);
}

static void
check_target(uint64_t queued)
{
	if (look(&taken, target.fd) != NULL)
		return;
	if (ring_is_complete(&taken)) {
		CHECK_INT(ring_queued(&taken), queued);
		CHECK(world_adds_up(&taken));
		CHECK_MEM(taken.replaces, ring.id, RING_ID);
	}
	ring_done(&taken);
}

TEST(one_killed_while_it_moves_leaves_the_old_ring_or_a_whole_new_one)
{
	uint64_t before = 0, n = 0;
	int status;
	pid_t pid;

	begin();
	for (int i = 0; i < 3; i++)
		CHECK(world_push_step(&ring));
	CHECK_INT(ring_new(&target, RING_MIN, world_boot + 5, world_boot), 0);
	CHECK_INT(madvise(ring.page, ring.bytes, MADV_DOFORK), 0);
	CHECK_INT(madvise(target.page, target.bytes, MADV_DOFORK), 0);
	pid = start(move);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	if (!WIFSTOPPED(status))
		test_skip("ptrace is not allowed here");
	while (step_on(pid)) {
		const uint64_t now = target.page->number +
		    target.page->complete +
		    ((struct segment_head *)(void *)target.segments)->committed;

		if (now == before)
			continue;
		before = now;
		n++;
		check_target(3 * WORLD_STEP);
		CHECK(look(&taken, ring.fd) == NULL);
		CHECK_INT(world_send_all(&taken), 3 * WORLD_STEP);
		ring_done(&taken);
	}
	CHECK(n >= 3);
	CHECK(look(&taken, target.fd) == NULL);
	CHECK(ring_is_complete(&taken));
	ring_done(&taken);
	ring_done(&target);
	ring_done(&ring);
}

TEST(counters_answers_and_what_waits_go_on_over_a_takeover)
{
	begin();
	for (int i = 0; i < 50; i++)
		CHECK(world_push_step(&ring));
	CHECK(world_send_all(&ring) == 200);
	CHECK_INT(ring_ack(&ring, 101, LOST_END), 0);
	CHECK_INT(ring_ack(&ring, 103, LOST_REJECTED), 0);
	ring_count_missed(&ring, MISSED_RESTART, 9);
	for (int i = 0; i < 3; i++) {
		take_it_over();
		CHECK_INT(ring.state.acked, 101);
		CHECK_INT(ring_lost(&ring, LOST_REJECTED), 2);
		CHECK_INT(ring_queued(&ring), 97);
		CHECK_INT(ring.state.missed[MISSED_RESTART], 9);
		CHECK_INT(ring.start_ns, world_boot + 5);
		CHECK_INT(ring.boot_ns, world_boot);
	}
	CHECK_INT(world_send_all(&ring), 97);
	CHECK(world_push_step(&ring));
	CHECK_INT(world_send_all(&ring), WORLD_STEP);
	CHECK_INT(ring_ack(&ring, 204, LOST_END), 0);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

TEST(what_was_dropped_in_flight_is_lost_when_nobody_can_answer_any_more)
{
	begin();
	CHECK(world_push_step(&ring));
	CHECK_INT(world_send_all(&ring), WORLD_STEP);
	fill(SEGMENTS_MIN + 2);
	CHECK_INT(ring.state.acked_seq, 0);
	take_it_over();
	CHECK_INT(ring.state.acked, 0);
	CHECK_INT(ring_lost(&ring, LOST_QUEUE_FULL), ring.state.acked_seq);
	CHECK_INT(world_send_all(&ring), ring_queued(&ring));
	ring_done(&ring);
}

TEST(what_is_no_ring_is_refused_with_a_reason)
{
	const int plain = memfd_create("x", MFD_ALLOW_SEALING);
	int fd;

	CHECK_INT(ftruncate(plain, WORLD_SMALL), 0);
	fd = fcntl(plain, F_DUPFD_CLOEXEC, 0);
	CHECK_STR(ring_take(&taken, fd), "it is not a sealed memory");
	CHECK(fcntl(fd, F_GETFD) < 0);
	CHECK_INT(fcntl(plain, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	CHECK_STR(ring_take(&taken, fcntl(plain, F_DUPFD_CLOEXEC, 0)),
	    "it is no ring");
	CHECK_STR(ring_take(&taken, -1), "it is not a sealed memory");
	close(plain);
}

static void
spoil(void (*change)(struct ring_facts *), const char *why)
{
	struct ring_facts facts;

	begin();
	facts = ring.page->facts[0];
	change(&facts);
	ring_write_facts(&ring, &facts);
	CHECK_STR(look(&taken, ring.fd), why);
	ring_done(&ring);
}

static void
other_version(struct ring_facts *f)
{
	f->version++;
}

static void
other_record(struct ring_facts *f)
{
	f->record_version++;
}

static void
other_size(struct ring_facts *f)
{
	f->nsegments--;
}

static void
crooked(struct ring_facts *f)
{
	f->segment += 8;
}

static void
timeless(struct ring_facts *f)
{
	f->boot_ns = 0;
}

TEST(one_of_another_version_or_size_is_refused_with_a_reason)
{
	spoil(other_version, "it is of another version");
	spoil(other_record, "it is of another version");
	spoil(other_size, "its sizes do not agree");
	spoil(crooked, "its sizes do not agree");
	spoil(timeless, "it has no time");
}

TEST(numbers_that_do_not_add_up_are_refused)
{
	begin();
	CHECK(world_push_step(&ring));
	ring.state.acked++;
	ring_keep_state(&ring);
	CHECK_STR(look(&taken, ring.fd), "its numbers do not agree");
	ring.state.acked--;
	ring.state.acked_seq = 5;
	ring.state.lost[0] = 5;
	ring_keep_state(&ring);
	CHECK_STR(look(&taken, ring.fd), "its numbers do not agree");
	ring_done(&ring);
}
