/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  The names of the operator's own metrics and of
 * their labels: declared by the configuration, told to the shipper in CONFIG,
 * and fixed from then on.  A record says a metric by a number that is made of
 * all that was declared of it, so that one which outlives a change of the
 * configuration can never be taken for another; a label by its place: the
 * values of all, with commas between.
 */
#ifndef SLUICE_DECLARED_H
#define SLUICE_DECLARED_H

#include "cursor.h"
#include "record.h"

enum {
	DECLARED_MAX = 64,
	DECLARED_LABELS_MAX = 3,
	DECLARED_NAME_MAX = 63,
	DECLARED_UNIT_MAX = 23,
	DECLARED_VALUE_MAX = 48,	/* of a label */
};

struct declared_metric {
	char name[DECLARED_NAME_MAX + 1];
	char unit[DECLARED_UNIT_MAX + 1];	/* UCUM */
	enum instrument instrument;		/* COUNTER or GAUGE */
	enum scale scale;
	uint32_t number;			/* declared_seal() */
};

struct declared {
	size_t nlabels;
	char label[DECLARED_LABELS_MAX][DECLARED_NAME_MAX + 1];
	size_t n;
	struct declared_metric metric[DECLARED_MAX];
};

/*
 * "counter By", "gauge s milli": kind, unit and, where it is not what goes
 * with the unit, the precision (integer, milli, micro, nano).  NULL, or what
 * is wrong with it, to stand behind the text.
 */
const char	*declared_add(struct declared *, const char *name,
		    const char *how);
const char	*declared_add_label(struct declared *, const char *name);
/* Gives the numbers, when all is there; false where two would be the same. */
bool		declared_seal(struct declared *);

/* NULL where nothing of that name or number was declared. */
const struct declared_metric	*declared_named(const struct declared *,
				    const char *, size_t len);
const struct declared_metric	*declared_numbered(const struct declared *,
				    uint64_t number);
/* As the encoders want it. */
struct metric_row		declared_row(const struct declared_metric *);
/*
 * What an instance of source OPERATOR is a sample of: exactly one point, of
 * that kind, with labels that have a name.  NULL: of nothing declared.
 */
const struct declared_metric	*declared_sample(const struct declared *,
				    const struct instance *);

/* The value of that label in KEY_LABELS: its length, 0 where it has none. */
size_t	declared_label(const struct attr *, size_t which, const uint8_t **);

void	declared_write(struct writer *, const struct declared *);
/* What is not as declared_add() would take it makes the reader bad. */
void	declared_read(struct reader *, struct declared *);

#endif
