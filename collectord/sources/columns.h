/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Which columns a line of names has, kept from one
 * cycle to the next: the kernel writes the same names each time, 2 KB of them
 * for TcpExt, and to compare the bytes costs a hundredth of looking up each
 * name.  Only a line that is one of those kept, byte for byte, is known here;
 * any other is read name by name, and what comes out must be the same.
 */
#ifndef SLUICE_SOURCES_COLUMNS_H
#define SLUICE_SOURCES_COLUMNS_H

#include "text.h"

/* In all a page: a third more than the lines of Linux 6.18 need. */
enum { COLUMNS_LINES = 6, COLUMNS_WANTED = 48, COLUMNS_BYTES = 3536 };

struct columns_line {
	int file;
	size_t start, len;	/* in bytes[] */
	size_t n;		/* columns */
	size_t first, nwanted;	/* in wanted[] */
};

/* All 0 at first.  What finds no room makes it forget all the others. */
struct columns {
	size_t nlines, nwanted, nbytes;
	struct columns_line line[COLUMNS_LINES];
	struct column {
		uint16_t at;	/* columns before it; ascending */
		uint8_t row;	/* of the table it was looked up in */
	} wanted[COLUMNS_WANTED];
	char bytes[COLUMNS_BYTES];
};

/* NULL: not known. */
const struct columns_line	*columns_find(const struct columns *, int file,
				    struct text line);
/* Keeps a line, as yet without columns; NULL where it is too long. */
struct columns_line	*columns_keep(struct columns *, int file,
			    struct text line);
/*
 * The next column of the line that was kept last; row below 0: not wanted.
 * False where there is no room: the line is not known then.
 */
bool	columns_add(struct columns *, int row);

#endif
