/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See conntrack.h. */
#include "sources/conntrack.h"

#include "sources/kernel.h"
#include "sources/rare.h"

#include <errno.h>
#include <string.h>

static const struct named_row rows[] = {
	NAMED_ROW(0, "", "invalid", CONNTRACK_EVENTS_INVALID),
	NAMED_ROW(0, "", "insert_failed", CONNTRACK_EVENTS_INSERT_FAILED),
	NAMED_ROW(0, "", "drop", CONNTRACK_EVENTS_DROP),
	NAMED_ROW(0, "", "early_drop", CONNTRACK_EVENTS_EARLY_DROP),
};

const struct named_table conntrack_table = {
	rows, sizeof(rows) / sizeof(rows[0])
};

/* Several times what kernels have; the wanted row of each, or -1. */
enum { COLUMNS_MAX = 64 };

/* How many columns, or -EBADMSG. */
static int
take_names(struct text names, signed char row[COLUMNS_MAX])
{
	struct text name;
	int n;

	for (n = 0; text_word(&names, &name); n++) {
		if (n == COLUMNS_MAX)
			return -EBADMSG;
		row[n] = -1;
		for (size_t i = 0; i < conntrack_table.n; i++)
			if (named_is(&rows[i], name))
				row[n] = (signed char)i;
	}
	return n;
}

static int
take_numbers(struct text numbers, const signed char *row, int n,
    struct named_sample *s)
{
	uint32_t v;

	for (int i = 0; i < n; i++) {
		if (!text_next_hex32(&numbers, &v))
			return -EBADMSG;
		if (row[i] < 0)
			continue;
		s->value[row[i]] += v;
		s->found[row[i]] = true;
	}
	return text_more(numbers) ? -EBADMSG : 0;
}

int
conntrack_stat_parse(struct text t, struct named_sample *s)
{
	signed char row[COLUMNS_MAX];
	struct text names, numbers;
	bool any = false;
	int n;

	memset(s, 0, sizeof(*s));
	if (!text_line(&t, &names) || (n = take_names(names, row)) < 0)
		return -EBADMSG;
	while (text_line(&t, &numbers))
		if (take_numbers(numbers, row, n, s) < 0)
			return -EBADMSG;
	for (size_t i = 0; i < conntrack_table.n; i++)
		any = any || s->found[i];
	return any ? 0 : -EBADMSG;
}

static void
read_number(struct collect *c, const char *path, unsigned id)
{
	struct text t;
	int64_t v;

	if (!rare_read(c, path, &t))
		return;
	if (number_parse(t, &v) < 0)
		collect_failed(c, path, -EBADMSG);
	else
		build_point(c->build, id, v);
}

static void
read_stat(struct collect *c)
{
	static const char path[] = "net/stat/nf_conntrack";
	struct named_sample s;
	struct text t;

	if (!rare_read(c, path, &t))
		return;
	if (conntrack_stat_parse(t, &s) < 0)
		collect_failed(c, path, -EBADMSG);
	else
		named_say(c->build, &conntrack_table, &s);
}

static int
read_conntrack(struct collect *c)
{
	build_instance(c->build);
	read_number(c, "sys/net/netfilter/nf_conntrack_count",
	    CONNTRACK_ENTRIES_ALL);
	read_number(c, "sys/net/netfilter/nf_conntrack_max",
	    CONNTRACK_LIMIT_ALL);
	read_stat(c);
	return 0;
}

const struct source source_conntrack = {
	.id = SOURCE_CONNTRACK,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_PROC, "sys/net/netfilter/nf_conntrack_count" },
	    { HOST_PROC, "sys/net/netfilter/nf_conntrack_max" },
	    { HOST_PROC, "net/stat/nf_conntrack" } },
	.kernel = "2.6.29, CONFIG_NF_CONNTRACK; events: "
	    "CONFIG_NF_CONNTRACK_PROCFS",
	.capability = CAPABILITY_NONE,
	.series = { { 6, 1 } },
	.read = read_conntrack,
};
