/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See syscall_probe.h. */
#include "syscall_probe.h"

#include "child.h"
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_S = 2 };
enum { NOT_LOCKED = 96, CAUGHT = 97 };	/* exit statuses of a child */

/* Written by the child, which may make no call to tell us. */
static volatile struct {
	bool locked, returned;
	long result;
} *page;

static long
enter(const struct call *c)
{
	long r = -ENOSYS;

	if (c->gate == GATE_SYSCALL) {
		r = syscall(c->number, c->arg[0], c->arg[1], c->arg[2],
		    c->arg[3], c->arg[4], c->arg[5]);
		return r == -1 ? -errno : r;
	}
#ifdef __x86_64__
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(c->number), "b"(0L),
	    "c"(0L), "d"(0L), "S"(0L), "D"(0L)
	    : "memory", "r8", "r9", "r10", "r11");
#endif
	return r;
}

/* A filter that only raises SIGSYS would be seen here, and fail the test. */
static void
caught(int signal)
{
	(void)signal;
	_exit(CAUGHT);
}

/*
 * Where the filter fails, a call is made for real: by a stranger without a
 * privilege, who has little time and leaves no core.
 */
static void
settle(void)
{
	const struct rlimit none = { 0, 0 };

	if (geteuid() == 0)
		become(UID_C);
	REQUIRE(setrlimit(RLIMIT_CORE, &none) == 0);
	REQUIRE(signal(SIGSYS, caught) != SIG_ERR);
	alarm(PATIENCE_S);
}

static _Noreturn void
live(struct rows rows, struct call *c, const struct probe *p,
    const struct change *change)
{
	settle();
	if (p != NULL)
		p->prepare(c);
	if (change != NULL)
		c->arg[change->arg] = change->value;
	if (rows.row != NULL && seccomp_load_table(rows.row, rows.n) < 0)
		_exit(NOT_LOCKED);
	page->locked = true;
	page->result = enter(c);
	page->returned = true;
	for (;;)
		syscall(SYS_exit_group, 0);
}

static struct fate
run(struct rows rows, struct call *c, const struct probe *p,
    const struct change *change)
{
	struct fate f;

	if (page == NULL)
		page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		test_fail(__FILE__, __LINE__, "mmap: %s", strerror(errno));
	page->locked = page->returned = false;
	page->result = 0;
	if ((f.pid = fork()) == 0)
		live(rows, c, p, change);
	if (f.pid < 0 || waitpid(f.pid, &f.status, 0) != f.pid)
		test_fail(__FILE__, __LINE__, "fork: %s", strerror(errno));
	f.locked = page->locked;
	f.returned = page->returned;
	f.result = page->result;
	return f;
}

struct fate
probe_try(struct rows rows, const struct probe *p, const struct change *change)
{
	struct call c = { .number = p->number };

	return run(rows, &c, p, change);
}

struct fate
number_try(struct rows rows, enum gate gate, long number)
{
	struct call c = { .gate = gate, .number = number };

	return run(rows, &c, NULL, NULL);
}

bool
fate_lived(const struct fate *f)
{
	return f->locked && WIFEXITED(f->status) &&
	    WEXITSTATUS(f->status) == (f->returned ? 0 : PROBE_ENDED);
}

bool
fate_killed(const struct fate *f)
{
	return f->locked && !f->returned && WIFSIGNALED(f->status) &&
	    WTERMSIG(f->status) == SIGSYS;
}

bool
fate_refused(const struct fate *f)
{
	if (f->returned)
		return fate_lived(f) && f->result == -ENXIO;
	return f->locked && WIFSIGNALED(f->status) &&
	    WTERMSIG(f->status) == SIGILL;
}

const char *
fate_story(const struct fate *f)
{
	static char story[128];

	if (!f->locked)
		return "the filter could not be loaded";
	if (fate_killed(f))
		return "killed by SIGSYS";
	snprintf(story, sizeof(story), "%s %ld, then %s %d",
	    f->returned ? "returned" : "no return,", f->result,
	    WIFEXITED(f->status) ? "exit" : "signal",
	    WIFEXITED(f->status) ? WEXITSTATUS(f->status) :
	    WTERMSIG(f->status));
	return story;
}

static bool
number_value(uint64_t in, unsigned i, uint64_t *value, bool *allowed)
{
	*value = i == 128 ? UINT32_MAX : i;
	*allowed = i < 64 && (in >> i & 1) != 0;
	return i <= 128;
}

static bool
flipped_value(uint64_t in, unsigned bits, unsigned i, uint64_t *value,
    bool *allowed)
{
	*allowed = i == bits;
	*value = i < bits ? in ^ UINT64_C(1) << i : in;
	return i <= bits;
}

bool
bound_value(const struct bound *b, unsigned i, uint64_t *value, bool *allowed)
{
	switch (b->how) {
	case BOUND_NUMBERS:
		return number_value(b->value, i, value, allowed);
	case BOUND_FLIPS:
		return flipped_value(b->value, 32, i, value, allowed);
	case BOUND_FLIPS_WIDE:
		return flipped_value(b->value, 64, i, value, allowed);
	case BOUND_BITS:
		*value = UINT64_C(1) << (i & 31);
		*allowed = (b->value & *value) != 0;
		return i < 32;
	case BOUND_NOT:
		*value = b->value;
		*allowed = false;
		return i == 0;
	case BOUND_NONE:
		break;
	}
	return false;
}

bool
gate_served(enum gate gate, long getpid_number)
{
	const struct fate f = number_try((struct rows){ NULL, 0 }, gate,
	    getpid_number);

	return f.returned && f.result == f.pid;
}

static bool
skipped(const struct sweep *s, long number)
{
	for (size_t i = 0; i < s->nskip; i++)
		if (s->skip[i].number == number)
			return true;
	return false;
}

size_t
survivors(struct rows rows, const struct sweep *s, long *out, size_t cap)
{
	size_t n = 0;

	for (long number = s->base; number < s->base + s->n; number++) {
		struct fate f;

		if (skipped(s, number))
			continue;
		f = number_try(rows, s->gate, number);
		if (fate_killed(&f))
			continue;
		if (n < cap)
			out[n] = number;
		n++;
	}
	return n;
}
