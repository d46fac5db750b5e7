/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See self.h. */
#include "self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	SELF_TEXT_MAX = 8192,
	LOOK_AGAIN = 8,		/* cycles */
};

static bool
hex64(struct text t, uint64_t *v)
{
	*v = 0;
	if (t.len == 0 || t.len > 16)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		const int digit = text_hex_digit(t.p[i]);

		if (digit < 0)
			return false;
		*v = *v << 4 | (uint64_t)digit;
	}
	return true;
}

static bool
status_line(struct text name, struct text rest, struct self_status *s,
    uint64_t *caps)
{
	struct text word;
	uint64_t bits;

	if (!text_word(&rest, &word))
		return true;
	if (text_starts(name, "Cap")) {
		if (!hex64(word, &bits))
			return false;
		*caps |= bits;
		s->capabilities = __builtin_popcountll(*caps);
		return true;
	}
	if (text_is(name, "NoNewPrivs"))
		return text_u63(word, &s->no_new_privs);
	if (text_is(name, "Seccomp"))
		return text_u63(word, &s->seccomp);
	if (text_is(name, "Uid"))
		return text_word(&rest, &word) && text_u63(word, &s->uid);
	return true;
}

int
self_parse_status(struct text t, struct self_status *s)
{
	struct text line, name;
	uint64_t caps = 0;

	while (text_line(&t, &line))
		if (text_until(&line, ':', &name) &&
		    !status_line(name, line, s, &caps))
			return -EBADMSG;
	return 0;
}

/* Fields 14, 15 and 24, counted from behind the last ')'. */
int
self_parse_stat(struct text t, struct self_status *s)
{
	const char *end = memrchr(t.p, ')', t.len);

	if (end == NULL)
		return -EBADMSG;
	t = text_of(end + 1, t.len - (size_t)(end + 1 - t.p));
	if (!text_skip(&t, 11) || !text_next_u63(&t, &s->user_ticks) ||
	    !text_next_u63(&t, &s->system_ticks) || !text_skip(&t, 8) ||
	    !text_next_u63(&t, &s->rss_bytes) ||
	    __builtin_mul_overflow(s->rss_bytes, sysconf(_SC_PAGESIZE),
		&s->rss_bytes))
		return -EBADMSG;
	return 0;
}

static int
open_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

int
self_open(struct self *self, pid_t shipper)
{
	const pid_t pid[SELF_PROCESSES] = { getpid(), shipper };
	int result = 0;

	for (int i = 0; i < SELF_PROCESSES; i++) {
		self->status_fd[i] = open_file(pid[i], "status");
		self->stat_fd[i] = open_file(pid[i], "stat");
		if (self->status_fd[i] < 0 || self->stat_fd[i] < 0)
			result = -1;
	}
	return result;
}

/*
 * One record of the kernel's (fs/proc/array.c): whole, to a last newline.
 * Good until the next one is read.
 */
static struct text
read_kept(int fd)
{
	static char buf[SELF_TEXT_MAX];
	struct text t;

	return host_read_file(fd, buf, sizeof(buf), &t) < 0 ?
	    text_of(buf, 0) : t;
}

static void
read_process(const struct self *self, enum self_process i,
    struct self_status *s)
{
	*s = self->status[i];
	if (self_parse_stat(read_kept(self->stat_fd[i]), s) < 0)
		memset(s, -1, sizeof(*s));
}

static void
look_at_status(struct self *self)
{
	if (self->age++ % LOOK_AGAIN != 0)
		return;
	for (int i = 0; i < SELF_PROCESSES; i++) {
		struct self_status *s = &self->status[i];

		memset(s, -1, sizeof(*s));
		if (self_parse_status(read_kept(self->status_fd[i]), s) < 0)
			memset(s, -1, sizeof(*s));
	}
}

/* What could not be read is not said: never a made-up zero. */
static void
say(struct build *b, unsigned id, int64_t value)
{
	if (value >= 0)
		build_point(b, id, value);
}

void
self_say_queue(struct self *self, struct build *b, const struct ring *r)
{
	(void)self;
	build_instance(b);
	for (unsigned i = 0; i < LOST_END; i++)
		say(b, RECORDS_LOST_QUEUE_FULL + i, (int64_t)ring_lost(r,
		    (enum loss)i));
	for (unsigned i = 0; i < MISSED_END; i++)
		say(b, INTERVALS_MISSED_LATE + i,
		    (int64_t)r->state.missed[i]);
	say(b, RING_USAGE_ALL, (int64_t)ring_usage(r));
	say(b, RING_LIMIT_ALL, (int64_t)ring_limit(r));
	say(b, RING_RECORDS_ALL, (int64_t)ring_queued(r));
	say(b, RECORDS_READ_ALL, (int64_t)ring_read(r));
	say(b, RECORDS_ACKED_ALL, (int64_t)r->state.acked);
}

void
self_say_export(struct self *self, struct build *b, const struct ring *r)
{
	const struct export_count *c = &self->ship.count;
	const struct {
		unsigned id;
		uint64_t value;
	} points[] = {
		{ EXPORTED_DELIVERED, c->delivered },
		{ EXPORTED_REJECTED, c->rejected },
		{ EXPORTED_REFUSED, c->refused },
		{ EXPORTED_OVERSIZE, c->oversize },
		{ EXPORT_REQUESTS_DELIVERED, c->requests_delivered },
		{ EXPORT_REQUESTS_DROPPED, c->requests_dropped },
		{ EXPORT_REQUESTS_RETRIED, c->requests_retried },
		{ EXPORT_BYTES_ALL, c->bytes },
		{ EXPORT_CONNECTIONS_ALL, c->connections },
		{ TLS_PIN_MISMATCHES_ALL, c->pin_mismatches },
	};
	const struct export_expiry *e = &self->ship.expiry;

	(void)r;
	build_instance(b);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		say(b, points[i].id, (int64_t)points[i].value);
	say(b, TLS_CLIENT_EXPIRY_ALL, e->client > 0 ? (int64_t)e->client : -1);
	say(b, TLS_SERVER_EXPIRY_ALL, e->server > 0 ? (int64_t)e->server : -1);
	say(b, TLS_CRL_EXPIRY_ALL, e->crl > 0 ? (int64_t)e->crl : -1);
}

static void
say_failures(const struct self *self, struct build *b)
{
	for (uint64_t rest = self->failing; rest != 0; rest &= rest - 1) {
		const unsigned id = (unsigned)__builtin_ctzll(rest);
		const char *name = registry_source(id)->name;

		build_instance(b);
		build_attr(b, KEY_SOURCE_NAME, name, strlen(name));
		for (unsigned f = 0; f < FAILURE_END; f++)
			say(b, SOURCE_FAILURES_MISSING + f,
			    (int64_t)self->failures[id][f]);
	}
}

void
self_say_process(struct self *self, struct build *b, const struct ring *r)
{
	struct self_status s[SELF_PROCESSES];
	const struct self_status *c = &s[SELF_COLLECTOR];
	const struct self_status *h = &s[SELF_SHIPPER];

	(void)r;
	look_at_status(self);
	read_process(self, SELF_COLLECTOR, &s[SELF_COLLECTOR]);
	read_process(self, SELF_SHIPPER, &s[SELF_SHIPPER]);
	build_instance(b);
	say(b, SELF_CPU_COLLECTOR_USER, c->user_ticks);
	say(b, SELF_CPU_COLLECTOR_SYSTEM, c->system_ticks);
	say(b, SELF_CPU_SHIPPER_USER, h->user_ticks);
	say(b, SELF_CPU_SHIPPER_SYSTEM, h->system_ticks);
	say(b, SELF_MEMORY_COLLECTOR, c->rss_bytes);
	say(b, SELF_MEMORY_SHIPPER, h->rss_bytes);
	say(b, CYCLE_DURATION_ALL, (int64_t)self->cycle_us);
	say(b, SELF_SECCOMP_COLLECTOR, c->seccomp);
	say(b, SELF_SECCOMP_SHIPPER, h->seccomp);
	say(b, SELF_CAPABILITIES_COLLECTOR, c->capabilities);
	say(b, SELF_CAPABILITIES_SHIPPER, h->capabilities);
	say(b, SELF_NNP_COLLECTOR, c->no_new_privs);
	say(b, SELF_NNP_SHIPPER, h->no_new_privs);
	say(b, SELF_LANDLOCK_COLLECTOR, self->landlock[SELF_COLLECTOR]);
	say(b, SELF_LANDLOCK_SHIPPER, self->landlock[SELF_SHIPPER]);
	say(b, SELF_SPLIT_ALL, self->split);
	say(b, SELF_SELINUX_COLLECTOR, self->selinux[SELF_COLLECTOR]);
	say(b, SELF_SELINUX_SHIPPER, self->selinux[SELF_SHIPPER]);
	say_failures(self, b);
}
