/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Prometheus' text format, version 0.0.4, as files on a
 * disk have it: strict, pure, line by line.
 *
 * A sample with a time of its own is malformed here: what was read now is
 * sent as of now.  So is a last line without an end, which a program that
 * does not rename its files into place leaves behind.
 */
#ifndef SLUICE_SOURCES_OPERATOR_TEXT_H
#define SLUICE_SOURCES_OPERATOR_TEXT_H

#include "registry.h"
#include "text.h"

enum { PROM_LABELS_MAX = 16 };

enum prom_kind { PROM_TYPE, PROM_SAMPLE };

struct prom_line {
	enum prom_kind kind;
	struct text name;
	struct text value;	/* of a sample; else the type's word */
	size_t nlabels;
	struct {
		struct text name;
		struct text value;	/* between the quotes, as it stands */
	} label[PROM_LABELS_MAX];
};

struct prom {
	struct text rest;
	unsigned line;		/* number of the last one that was taken */
};

/*
 * The next line that says something: 1; 0 at the end; -EBADMSG where it is
 * not of the format.
 */
int	prom_next(struct prom *, struct prom_line *);

/*
 * A number in that scale, rounded to it.  0; -EBADMSG: none; -ERANGE: not a
 * number, infinite, too large, or a fraction where SCALE_INT has none.
 */
int	prom_value(struct text, enum scale, int64_t *);

#endif
