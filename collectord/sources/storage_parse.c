/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See storage.h: the pure half. */
#include "sources/storage.h"

#include <errno.h>
#include <string.h>

/* Ascending by point.  Of XFS, group is the line and name the column. */
static const struct named_row rows[] = {
	NAMED_ROW(STORAGE_ARC, "", "size", ZFS_ARC_USAGE_ALL),
	NAMED_ROW(STORAGE_ARC, "", "c_max", ZFS_ARC_LIMIT_ALL),
	NAMED_ROW(STORAGE_ARC, "", "hits", ZFS_ARC_ACCESSES_HIT),
	NAMED_ROW(STORAGE_ARC, "", "misses", ZFS_ARC_ACCESSES_MISS),
	NAMED_ROW(STORAGE_XFS, "xpc", "3", XFS_IO_READ),
	NAMED_ROW(STORAGE_XFS, "xpc", "2", XFS_IO_WRITE),
	NAMED_ROW(STORAGE_XFS, "rw", "2", XFS_OPERATIONS_READ),
	NAMED_ROW(STORAGE_XFS, "rw", "1", XFS_OPERATIONS_WRITE),
	NAMED_ROW(STORAGE_XFS, "log", "1", XFS_LOG_WRITES_ALL),
	NAMED_ROW(STORAGE_XFS, "log", "5", XFS_LOG_WAITS_ALL),
	NAMED_ROW(STORAGE_BTRFS_ERRORS, "", "write_errs", BTRFS_ERRORS_WRITE),
	NAMED_ROW(STORAGE_BTRFS_ERRORS, "", "read_errs", BTRFS_ERRORS_READ),
	NAMED_ROW(STORAGE_BTRFS_ERRORS, "", "flush_errs", BTRFS_ERRORS_FLUSH),
	NAMED_ROW(STORAGE_BTRFS_ERRORS, "", "corruption_errs",
	    BTRFS_ERRORS_CORRUPTION),
	NAMED_ROW(STORAGE_BTRFS_ERRORS, "", "generation_errs",
	    BTRFS_ERRORS_GENERATION),
};

const struct named_table storage_table = {
	rows, sizeof(rows) / sizeof(rows[0])
};

/* All that the file has to have, or nothing of it. */
static int
whole(struct named_sample *s, enum storage_file file, int error)
{
	for (size_t i = 0; i < storage_table.n; i++)
		if (rows[i].file == (int)file && !s->found[i])
			error = -EBADMSG;
	for (size_t i = 0; i < storage_table.n; i++)
		if (rows[i].file == (int)file && error < 0)
			s->found[i] = false;
	return error;
}

static int
take_columns(struct text line, struct named_sample *s)
{
	struct text group;

	if (!text_word(&line, &group))
		return -EBADMSG;
	for (size_t i = 0; i < storage_table.n; i++) {
		struct text rest = line;

		if (rows[i].file != STORAGE_XFS ||
		    !text_is(group, rows[i].group))
			continue;
		if (!text_skip(&rest, (size_t)(rows[i].name[0] - '1')) ||
		    !text_next_u63(&rest, &s->value[i]))
			return -EBADMSG;
		s->found[i] = true;
	}
	return 0;
}

int
xfs_parse(struct text t, struct named_sample *s)
{
	struct text line;
	int error = 0;

	while (error == 0 && text_line(&t, &line))
		error = take_columns(line, s);
	return whole(s, STORAGE_XFS, error);
}

/* skip: words between the name and its number. */
static int
take_named(struct text line, size_t skip, enum storage_file file,
    struct named_sample *s)
{
	struct text name;
	int64_t v;

	if (!text_word(&line, &name))
		return -EBADMSG;
	for (size_t i = 0; i < storage_table.n; i++) {
		if (rows[i].file != (int)file || !named_is(&rows[i], name))
			continue;
		if (!text_skip(&line, skip) || !text_next_u63(&line, &v) ||
		    __builtin_add_overflow(s->value[i], v, &s->value[i]))
			return -EBADMSG;
		s->found[i] = true;
	}
	return 0;
}

int
btrfs_errors_parse(struct text t, struct named_sample *s)
{
	struct text line;
	int error = 0;

	while (error == 0 && text_line(&t, &line))
		error = take_named(line, 0, STORAGE_BTRFS_ERRORS, s);
	return whole(s, STORAGE_BTRFS_ERRORS, error);
}

int
arc_parse(struct text t, struct named_sample *s)
{
	struct text line;
	int error = text_line(&t, &line) && text_line(&t, &line) ?
	    0 : -EBADMSG;

	while (error == 0 && text_line(&t, &line))
		error = take_named(line, 1, STORAGE_ARC, s);
	return whole(s, STORAGE_ARC, error);
}

unsigned
zfs_state(struct text word)
{
	static const struct {
		const char *word;
		unsigned point;
	} states[] = {
		{ "ONLINE", ZFS_POOL_STATE_ONLINE },
		{ "DEGRADED", ZFS_POOL_STATE_DEGRADED },
		{ "FAULTED", ZFS_POOL_STATE_FAILED },
		{ "OFFLINE", ZFS_POOL_STATE_FAILED },
		{ "REMOVED", ZFS_POOL_STATE_FAILED },
		{ "UNAVAIL", ZFS_POOL_STATE_FAILED },
		{ "SUSPENDED", ZFS_POOL_STATE_FAILED },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (text_is(word, states[i].word))
			return states[i].point;
	return 0;
}

bool
btrfs_is_uuid(const char *name)
{
	static const char form[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";

	if (strlen(name) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '-' ? name[i] != '-' :
		    strchr("0123456789abcdef", name[i]) == NULL)
			return false;
	return true;
}
