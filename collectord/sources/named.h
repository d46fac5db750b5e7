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

/* Ascending by point. */
struct named_row {
	int file;		/* which of the source's files has it */
	const char *group;	/* with its colon, "Tcp:"; "" where none */
	const char *name;
	unsigned point;
};

struct named_table {
	const struct named_row *row;
	size_t n;		/* at most NAMED_MAX */
};

/* The numbers found, row by row. */
struct named_sample {
	int64_t value[NAMED_MAX];
	bool found[NAMED_MAX];
};

/*
 * Each takes the text of one of the files and adds what it finds of that
 * file's rows.  0, or -EBADMSG and nothing of the file is taken; a file with
 * none of them is malformed.
 */
/* /proc/net/snmp, netstat: "Tcp: A B" and then "Tcp: 1 2". */
int	named_pairs(struct text, const struct named_table *, int file,
	    struct named_sample *);
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
