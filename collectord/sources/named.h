/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Files that name each number, read against a table of
 * the ones wanted: new kernels add names, and nobody may count columns.
 */
#ifndef SLUICE_SOURCES_NAMED_H
#define SLUICE_SOURCES_NAMED_H

#include "build.h"
#include "text.h"

enum { NAMED_MAX = 48 };

/* Ascending by point.  In one piece, as it is looked through each time. */
struct named_row {
	uint8_t file;		/* which of the source's files has it */
	uint8_t group_len, name_len;
	char group[9];		/* with its colon, "Tcp:"; "" where none */
	char name[20];
	unsigned point;
};

#define NAMED_ROW(file, group, name, point) \
	{ file, sizeof(group) - 1, sizeof(name) - 1, group, name, point }

static inline bool
named_is(const struct named_row *row, struct text name)
{
	return text_same(name, row->name, row->name_len);
}

struct named_table {
	const struct named_row *row;
	size_t n;		/* at most NAMED_MAX */
};

/* The numbers found, row by row. */
struct named_sample {
	int64_t value[NAMED_MAX];
	bool found[NAMED_MAX];
};

struct columns;

/*
 * Each takes the text of one of the files and adds what it finds of that
 * file's rows.  0, or -EBADMSG and nothing of the file is taken; a file with
 * none of them is malformed.
 */
/*
 * /proc/net/snmp, netstat: "Tcp: A B" and then "Tcp: 1 2".  What the lines of
 * names said the last time may be kept in columns; NULL: nowhere.
 */
int	named_pairs(struct text, const struct named_table *, int file,
	    struct columns *, struct named_sample *);
/* /proc/net/snmp6: "A   1". */
int	named_lines(struct text, const struct named_table *, int file,
	    struct named_sample *);
/* /proc/net/sockstat: "TCP: a 1 b 2". */
int	named_words(struct text, const struct named_table *, int file,
	    struct named_sample *);

/* One instance of all that was found. */
void	named_say(struct build *, const struct named_table *,
	    const struct named_sample *);

#endif
