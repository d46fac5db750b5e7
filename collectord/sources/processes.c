/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See processes.h. */
#include "sources/processes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	PID_DIGITS = 10,
	LATE_EVERY = 64,	/* processes between looks at the clock */
	TICK_NS = 10000000,	/* USER_HZ is 100 everywhere */
};

static struct process table[PROCESSES_MAX];
static struct processes all = { .process = table };
static int32_t found[PROCESSES_MAX];	/* by the list that goes on */

static struct {
	uint64_t step_ns;	/* CLOCK_BOOTTIME of the pass; 0: none yet */
	uint64_t wall_ns;
	uint64_t asked;		/* SOURCE_BITs that have had this pass */
	const struct host *host;
	size_t nheld;
	int32_t next;		/* pid to begin with: time ran out there */
	bool starved;		/* of descriptors: none are kept */
} pass;

/* What one list of /proc finds. */
struct list {
	struct collect *c;
	size_t n, beyond;
	bool ascending, late;
};

static void
release(struct process *p)
{
	if (p->fd >= 0) {
		close(p->fd);
		pass.nheld--;
	}
	p->fd = -1;
}

/* The limit of descriptors is lower than ours: other sources need them. */
static void
starve(void)
{
	pass.starved = true;
	for (size_t i = 0; i < all.n; i++)
		release(&table[i]);
}

void
processes_forget(void)
{
	starve();
	all = (struct processes){ .process = table };
	memset(&pass, 0, sizeof(pass));
}

/* 0: not the name of a process. */
static int32_t
pid_of(const char *name)
{
	const struct text t = text_of(name, strnlen(name, PID_DIGITS + 1));
	int64_t pid;

	if (t.len > PID_DIGITS || name[0] == '0' || !text_u63(t, &pid) ||
	    pid > INT32_MAX)
		return 0;
	return (int32_t)pid;
}

static bool
list_one(void *arg, const char *name)
{
	struct list *l = arg;
	const int32_t pid = pid_of(name);

	if (pid == 0)
		return true;
	if (l->n == PROCESSES_MAX) {
		l->beyond++;
		return true;
	}
	l->ascending &= l->n == 0 || found[l->n - 1] < pid;
	found[l->n++] = pid;
	if (l->n % LATE_EVERY == 0 && collect_late(l->c))
		l->late = true;
	return !l->late;
}

/* procfs is in order; copies of it are not.  A heap: no call, no memory. */
static void
sift(size_t i, size_t n)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		const int32_t pid = found[i];

		child += child + 1 < n && found[child + 1] > found[child];
		if (found[child] <= pid)
			return;
		found[i] = found[child];
		found[child] = pid;
	}
}

static void
sort_found(size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(i, n);
	while (n-- > 1) {
		const int32_t most = found[0];

		found[0] = found[n];
		found[n] = most;
		sift(0, n);
	}
}

static void
place(struct process *at, const struct process *p)
{
	if (at != p)
		*at = *p;
}

/* Those that were not found go: how many stay.  Both lists ascend. */
static size_t
drop_gone(size_t nfound, bool complete)
{
	size_t kept = 0, at = 0;

	for (size_t i = 0; i < all.n; i++) {
		while (at < nfound && found[at] < table[i].pid)
			at++;
		if (table[i].gone || (complete &&
		    (at == nfound || found[at] != table[i].pid)))
			release(&table[i]);
		else
			place(&table[kept++], &table[i]);
	}
	return kept;
}

static size_t
count_new(size_t kept, size_t nfound)
{
	size_t n = 0, i = 0;

	for (size_t at = 0; at < nfound; at++) {
		while (i < kept && table[i].pid < found[at])
			i++;
		n += i == kept || table[i].pid != found[at];
	}
	return n;
}

/* Makes room from the end on, so that nothing is moved twice. */
static void
add_new(size_t kept, size_t nfound)
{
	size_t new = count_new(kept, nfound), to = kept + new;

	all.n = to < PROCESSES_MAX ? to : PROCESSES_MAX;
	for (size_t at = nfound; new > 0 && at-- > 0;) {
		while (kept > 0 && table[kept - 1].pid > found[at])
			if (--to < PROCESSES_MAX)
				table[to] = table[--kept];
			else
				release(&table[--kept]);
		if (kept > 0 && table[kept - 1].pid == found[at])
			continue;
		new--;
		if (--to < PROCESSES_MAX)
			table[to] = (struct process){ .pid = found[at],
				.fd = -1 };
	}
}

static int
list_all(struct collect *c, struct list *l)
{
	int error;

	*l = (struct list){ .c = c, .ascending = true };
	error = host_list(c->host, HOST_PROC, ".", list_one, l);
	if (error < 0)
		return error;
	if (!l->ascending)
		sort_found(l->n);
	add_new(drop_gone(l->n, !l->late && l->beyond == 0), l->n);
	return 0;
}

static int
open_stat(struct host *h, int32_t pid)
{
	char path[PID_DIGITS + sizeof("/stat")];
	char *p = path + PID_DIGITS;
	int fd;

	memcpy(p, "/stat", sizeof("/stat"));
	do
		*--p = (char)('0' + pid % 10);
	while ((pid /= 10) != 0);
	fd = host_open_file(h, HOST_PROC, p);
	if (fd == -EMFILE && !pass.starved) {
		starve();
		fd = host_open_file(h, HOST_PROC, p);
	}
	return fd;
}

/* A descriptor of one that is gone says ESRCH; its number may be another. */
static int
read_stat(struct host *h, struct process *p, char *buf, struct text *t)
{
	int fd, error;

	if (p->fd >= 0) {
		error = host_read_file(p->fd, buf, PIDSTAT_MAX, t);
		if (error == 0)
			return 0;
		release(p);
	}
	if ((fd = open_stat(h, p->pid)) < 0)
		return fd;
	error = host_read_file(fd, buf, PIDSTAT_MAX, t);
	if (error == 0 && !pass.starved && host_is_real(h, HOST_PROC) &&
	    pass.nheld < PROCESSES_HELD_MAX) {
		p->fd = fd;
		pass.nheld++;
	} else {
		close(fd);
	}
	return error;
}

/* A worker of the kernel says behind its name what it works on just now. */
static size_t
name_len(struct text name)
{
	size_t n = name.len < PROCESS_NAME_MAX ? name.len : PROCESS_NAME_MAX;

	if (text_starts(name, "kworker/"))
		for (size_t i = 0; i < n; i++)
			if (name.p[i] == '-' || name.p[i] == '+')
				n = i;
	return n;
}

/* exec(2) and prctl(2) change it. */
static void
take_name(struct process *p, struct text name)
{
	p->renamed |= name.len != p->name_len ||
	    memcmp(p->name, name.p, name.len) != 0;
	p->name_len = (uint8_t)name.len;
	memcpy(p->name, name.p, name.len);
}

static void
take(struct process *p, const struct pidstat *s)
{
	const uint64_t began = (uint64_t)s->start * TICK_NS;

	if (p->start != s->start) {
		/* another that has its number now, or the first read of it */
		memset(&p->top, 0, sizeof(p->top));
		p->start = s->start;
		p->born = all.wall_before_ns != 0 &&
		    began + TICK_NS > pass.step_ns;
	}
	p->state = (uint8_t)s->state;
	memcpy(p->counter, s->counter, sizeof(p->counter));
	p->threads = s->threads;
	p->rss = s->rss;
	take_name(p, text_of(s->name.p, name_len(s->name)));
	p->read = true;
}

/* 0, also where the process has gone; or -errno. */
static int
read_one(struct host *h, struct process *p)
{
	char buf[PIDSTAT_MAX];
	struct pidstat s;
	struct text t;
	int error = read_stat(h, p, buf, &t);

	if (error == -ENOENT || error == -ESRCH) {
		p->gone = true;
		return 0;
	}
	if (error == 0)
		error = pidstat_parse(t, &s);
	else if (error == -EFBIG)
		error = -EBADMSG;	/* no line of it is so long */
	if (error == 0)
		take(p, &s);
	return error;
}

/*
 * Process 1 is always there and, but for odd containers, another user's: where
 * it cannot be read, hidepid (proc(5)) or a policy hides processes, and what
 * is left to count would be a lie.
 */
static int
check_visible(struct host *h)
{
	char buf[PIDSTAT_MAX];
	struct text t;
	int error = host_is_real(h, HOST_PROC) ? host_read_start(h, HOST_PROC,
	    "1/stat", buf, sizeof(buf), &t) : 0;

	return error == -ENOENT ? -EACCES : error;
}

/* False where time ran out. */
static bool
read_some(struct collect *c, size_t from, size_t to, size_t *done)
{
	for (size_t i = from; i < to; i++) {
		int error;

		if (++*done % LATE_EVERY == 0 && collect_late(c)) {
			pass.next = table[i].pid;
			all.error = -ETIMEDOUT;
			return false;
		}
		error = read_one(c->host, &table[i]);
		if (error < 0 && all.error == 0)
			all.error = error;
		all.nread += table[i].read;
	}
	return true;
}

static void
read_all(struct collect *c)
{
	size_t begin = 0, done = 0;

	while (begin < all.n && table[begin].pid < pass.next)
		begin++;
	pass.next = 0;
	if (read_some(c, begin, all.n, &done))
		read_some(c, 0, begin, &done);
}

static void
begin_pass(struct collect *c)
{
	const uint64_t before = pass.wall_ns;

	if (pass.host != c->host)
		processes_forget();
	all.wall_before_ns = pass.host == NULL ? 0 : before;
	all.nread = all.nlost = 0;
	all.hidden = false;
	all.error = 0;
	for (size_t i = 0; i < all.n; i++)
		table[i].read = table[i].born = false;
}

static void
run_pass(struct collect *c)
{
	struct list l = { 0 };
	int error;

	begin_pass(c);
	error = check_visible(c->host);
	all.hidden = error < 0;
	if (error == 0)
		error = list_all(c, &l);
	if (error < 0) {
		all.error = error;
		return;
	}
	read_all(c);
	if (l.late)
		all.error = -ETIMEDOUT;
	else if (l.beyond > 0 && all.error == 0)
		all.error = -ENOBUFS;
	for (size_t i = 0; i < all.n; i++)
		all.nlost += !table[i].read && !table[i].gone;
	all.nlost += l.beyond;
}

struct processes *
processes_get(struct collect *c)
{
	const uint64_t bit = SOURCE_BIT(c->source->id);

	if (pass.host != c->host || (pass.asked & bit) != 0 ||
	    pass.step_ns != c->build->head.boottime_ns) {
		run_pass(c);
		pass.host = c->host;
		pass.asked = 0;
		pass.step_ns = c->build->head.boottime_ns;
		pass.wall_ns = c->build->head.wall_ns;
	}
	pass.asked |= bit;
	return &all;
}
