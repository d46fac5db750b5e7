/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Files of lines that each begin with the name of one
 * number, of which a few are wanted: /proc/meminfo, /proc/vmstat.
 */
#ifndef SLUICE_SOURCES_FIELDS_H
#define SLUICE_SOURCES_FIELDS_H

#include "text.h"

/* Best in the order of the file; any other takes longer, and is as good. */
struct field {
	char name[18];		/* with what ends it: "MemFree:", "pgfault " */
	uint8_t len;
	uint8_t offset;		/* of an int64_t of the sample */
	bool kib;		/* has "kB" behind it, and becomes bytes */
};

#define FIELD(name, type, member, kib) \
	{ name, sizeof(name) - 1, offsetof(struct type, member), kib }

/*
 * Those found, each in its member of the sample; a line that comes again
 * counts again.  How many lines were found, or -EBADMSG.
 */
int	fields_parse(struct text, const struct field *, size_t n,
	    void *sample);

#endif
