/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See paging.h. */
#include "sources/paging.h"

#include "sources/fields.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static bool
kib(struct text *t, int64_t *v)
{
	return text_next_u63(t, v) && !__builtin_mul_overflow(*v, 1024, v);
}

/* Name, type, size, used, priority; blanks in the name are escaped. */
static bool
swap_line(struct text line, struct text name, struct swap *s)
{
	int64_t size;

	s->name_len = text_unescape(name, s->name, sizeof(s->name));
	if (!text_skip(&line, 1) || !kib(&line, &size) ||
	    !kib(&line, &s->used) || s->used > size)
		return false;
	s->free = size - s->used;
	return true;
}

int
swaps_next(struct text *t, struct swap *s)
{
	struct text line, name;

	while (text_line(t, &line))
		if (text_word(&line, &name) && !text_is(name, "Filename"))
			return swap_line(line, name, s) ? 1 : -EBADMSG;
	return 0;
}

static const struct field fields[] = {
#define ROW(name, member) FIELD(name " ", vmstat_sample, member, false)
	ROW("pswpin", swapped_in),
	ROW("pswpout", swapped_out),
	ROW("pgfault", faults),
	ROW("pgmajfault", major_faults),
	ROW("oom_kill", oom_kills),
#undef ROW
};

int
vmstat_parse(struct text t, struct vmstat_sample *s)
{
	memset(s, -1, sizeof(*s));
	if (fields_parse(t, fields, sizeof(fields) / sizeof(fields[0]),
	    s) <= 0 || (s->faults >= 0 && s->major_faults > s->faults))
		return -EBADMSG;
	return 0;
}

static void
read_vmstat(struct collect *c)
{
	struct vmstat_sample s;
	struct text t;

	if (!collect_read(c, HOST_PROC, "vmstat", &t))
		return;
	if (vmstat_parse(t, &s) < 0) {
		collect_failed(c, "vmstat", -EBADMSG);
		return;
	}
	build_instance(c->build);
	collect_say(c, PAGING_FAULTS_MAJOR, s.major_faults);
	if (s.faults >= 0 && s.major_faults >= 0)
		collect_say(c, PAGING_FAULTS_MINOR,
		    s.faults - s.major_faults);
	collect_say(c, PAGING_OPERATIONS_IN, s.swapped_in);
	collect_say(c, PAGING_OPERATIONS_OUT, s.swapped_out);
	collect_say(c, OOM_KILLS_ALL, s.oom_kills);
}

static void
read_swaps(struct collect *c)
{
	struct swap s;
	struct text t;
	int more;

	if (!collect_read(c, HOST_PROC, "swaps", &t))
		return;
	while ((more = swaps_next(&t, &s)) == 1) {
		build_instance(c->build);
		build_attr(c->build, KEY_DEVICE, s.name, s.name_len);
		build_point(c->build, PAGING_USAGE_USED, s.used);
		build_point(c->build, PAGING_USAGE_FREE, s.free);
	}
	if (more < 0)
		collect_failed(c, "swaps", more);
}

static int
read_paging(struct collect *c)
{
	read_vmstat(c);
	read_swaps(c);
	return 0;
}

const struct source source_paging = {
	.id = SOURCE_PAGING,
	.profile = PROFILE_MINIMAL,
	.path = { { HOST_PROC, "swaps" }, { HOST_PROC, "vmstat" } },
	.kernel = "4.13",
	.capability = CAPABILITY_NONE,
	.series = { { 5, 1 }, { 2, 32, { HOST_PROC, "swaps" } } },
	.select = KEY_BIT(DEVICE),
	.read = read_paging,
};
