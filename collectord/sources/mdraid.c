/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See mdraid.h. */
#include "sources/mdraid.h"

#include "sources/rare.h"

#include <errno.h>
#include <string.h>

enum { ARRAYS_MAX = 512, BYTES_PER_KIB = 1024 };

static const struct {
	const char *word;
	unsigned done, total, speed;
} syncs[MD_IDLE] = {
	[MD_RESYNC] = { "resync", MD_SYNC_DONE_RESYNC, MD_SYNC_TOTAL_RESYNC,
	    MD_SYNC_SPEED_RESYNC },
	[MD_RECOVERY] = { "recovery", MD_SYNC_DONE_RECOVERY,
	    MD_SYNC_TOTAL_RECOVERY, MD_SYNC_SPEED_RECOVERY },
	[MD_RESHAPE] = { "reshape", MD_SYNC_DONE_RESHAPE,
	    MD_SYNC_TOTAL_RESHAPE, MD_SYNC_SPEED_RESHAPE },
	[MD_CHECK] = { "check", MD_SYNC_DONE_CHECK, MD_SYNC_TOTAL_CHECK,
	    MD_SYNC_SPEED_CHECK },
	[MD_REPAIR] = { "repair", MD_SYNC_DONE_REPAIR, MD_SYNC_TOTAL_REPAIR,
	    MD_SYNC_SPEED_REPAIR },
};

int
md_begin(struct text *t)
{
	struct text line;

	return text_line(t, &line) && text_starts(line, "Personalities") ?
	    0 : -EBADMSG;
}

static bool
ends_with(struct text t, const char *end)
{
	const size_t n = strlen(end);

	return t.len >= n && memcmp(t.p + t.len - n, end, n) == 0;
}

/* "md0 : active (read-only) raid1 sdb1[1](F) sda1[0]". */
static int
take_head(struct text line, struct md_array *a)
{
	struct text word;

	if (!text_word(&line, &a->name) || !text_word(&line, &word) ||
	    !text_is(word, ":") || !text_word(&line, &word))
		return -EBADMSG;
	a->active = text_is(word, "active");
	while (text_word(&line, &word)) {
		a->failed += ends_with(word, "(F)");
		a->spare += ends_with(word, "(S)");
	}
	return 0;
}

static bool
kib(struct text t, int64_t *bytes)
{
	return text_u63(t, bytes) &&
	    !__builtin_mul_overflow(*bytes, BYTES_PER_KIB, bytes);
}

/* "[2/1]": of how many disks, and how many work. */
static bool
take_disks(struct text word, struct md_array *a)
{
	struct text bracket, all;

	return text_until(&word, '[', &bracket) &&
	    text_until(&word, '/', &all) && text_u63(all, &a->disks) &&
	    word.len > 0 && word.p[word.len - 1] == ']' &&
	    text_u63(text_of(word.p, word.len - 1), &a->working) &&
	    a->working <= a->disks;
}

/* "1048512 blocks super 1.2 [2/2] [UU]"; striped ones have no brackets. */
static int
take_size(struct text line, struct text size, struct md_array *a)
{
	struct text word;

	if (!kib(size, &a->size))
		return -EBADMSG;
	while (text_word(&line, &word))
		if (word.p[0] == '[' && memchr(word.p, '/', word.len) != NULL)
			return take_disks(word, a) ? 0 : -EBADMSG;
	return 0;
}

/* "= 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec" */
static int
take_progress(struct text line, struct md_array *a)
{
	struct text word, part;

	if (!text_skip(&line, 2))
		return -EBADMSG;
	while (text_word(&line, &word)) {
		if (word.p[0] == '(' && !(text_until(&word, '(', &part) &&
			text_until(&word, '/', &part) && kib(part, &a->done) &&
			text_until(&word, ')', &part) &&
			kib(part, &a->total)))
			return -EBADMSG;
		if (text_starts(word, "speed=") &&
		    !(text_until(&word, '=', &part) &&
			text_until(&word, 'K', &part) && kib(part, &a->speed)))
			return -EBADMSG;
	}
	return a->done >= 0 && a->total >= 0 && a->speed >= 0 ? 0 : -EBADMSG;
}

static int
take_line(struct text line, struct md_array *a)
{
	struct text rest = line, word, first;

	if (!text_word(&rest, &first))
		return 0;
	while (text_word(&line, &word)) {
		struct text after = line, next;

		if (text_word(&after, &next) && text_is(next, "blocks"))
			return take_size(after, word, a);
		for (enum md_sync s = MD_RESYNC; s < MD_IDLE; s++)
			/* not "resync=DELAYED", which makes no progress */
			if (text_is(word, syncs[s].word)) {
				a->sync = s;
				return take_progress(line, a);
			}
	}
	return 0;
}

static bool
is_inner(struct text t)
{
	return t.len > 0 && (t.p[0] == ' ' || t.p[0] == '\n');
}

int
md_next(struct text *t, struct md_array *a)
{
	struct text line;
	int error;

	memset(a, 0, sizeof(*a));
	a->size = a->disks = a->working = -1;
	a->done = a->total = a->speed = -1;
	a->sync = MD_IDLE;
	if (!text_line(t, &line) || text_starts(line, "unused devices:"))
		return 0;
	error = take_head(line, a);
	while (is_inner(*t) && text_line(t, &line))
		if (take_line(line, a) < 0)
			error = -EBADMSG;
	return error < 0 ? error : 1;
}

static void
say(struct collect *c, const struct md_array *a)
{
	build_instance(c->build);
	build_attr(c->build, KEY_DEVICE, a->name.p, a->name.len);
	build_point(c->build, MD_ACTIVE_ALL, a->active);
	collect_say(c, MD_LIMIT_ALL, a->size);
	collect_say(c, MD_RAID_DISKS_ALL, a->disks);
	collect_say(c, MD_DISKS_WORKING, a->working);
	build_point(c->build, MD_DISKS_FAILED, a->failed);
	build_point(c->build, MD_DISKS_SPARE, a->spare);
	if (a->disks >= 0)
		build_point(c->build, MD_DEGRADED_ALL, a->disks - a->working);
	if (a->sync == MD_IDLE)
		return;
	build_point(c->build, syncs[a->sync].done, a->done);
	build_point(c->build, syncs[a->sync].total, a->total);
	build_point(c->build, syncs[a->sync].speed, a->speed);
}

static int
read_mdraid(struct collect *c)
{
	static const char path[] = "mdstat";
	struct md_array a;
	struct text t;
	int more, error;
	size_t n = 0;

	if (!rare_read(c, path, &t))
		return 0;
	error = md_begin(&t);
	while (error == 0 && (more = md_next(&t, &a)) != 0) {
		if (++n > ARRAYS_MAX)
			error = -EFBIG;
		else if (more < 0)
			error = more;
		else
			say(c, &a);
	}
	if (error < 0)
		collect_failed(c, path, error);
	return 0;
}

const struct source source_mdraid = {
	.id = SOURCE_MDRAID,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_PROC, "mdstat" } },
	.kernel = "2.6, CONFIG_BLK_DEV_MD",
	.capability = CAPABILITY_NONE,
	.series = { { 22, ARRAYS_MAX, { HOST_PROC, "mdstat" } } },
	.select = KEY_BIT(DEVICE),
	.read = read_mdraid,
};
