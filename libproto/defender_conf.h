/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  What is configured of AWS IoT Device Defender
 * reports: a part of CONFIG, and there only where that is the protocol.
 */
#ifndef SLUICE_DEFENDER_CONF_H
#define SLUICE_DEFENDER_CONF_H

#include "cursor.h"

enum {
	/* AWS may throttle a thing that reports more often */
	DEFENDER_INTERVAL_MIN_MS = 300000,
	DEFENDER_INTERVAL_MAX_MS = 86400000,
	DEFENDER_LIST_MAX = 256,	/* entries of any list */
	DEFENDER_CUSTOM_MAX = 32,
	DEFENDER_WORD_MAX = 63,
};

/* How the points of one metric become one custom metric. */
enum defender_how {
	DEFENDER_SUM,
	DEFENDER_MAX,
	DEFENDER_MIN,
	DEFENDER_LIST,		/* a number-list; the others are numbers */
	DEFENDER_HOW_END
};

struct defender_custom {
	char name[DEFENDER_WORD_MAX + 1];	/* as AWS knows it */
	char metric[DEFENDER_WORD_MAX + 1];	/* as we do */
	enum defender_how how;
	/* "": of all points; else of those with that attribute */
	char key[DEFENDER_WORD_MAX + 1], value[DEFENDER_WORD_MAX + 1];
};

struct defender_conf {
	uint32_t interval_ms;		/* at least, from report to report */
	bool short_names;
	uint32_t list_max;
	size_t ncustom;
	struct defender_custom custom[DEFENDER_CUSTOM_MAX];
};

/*
 * "METRIC [ATTRIBUTE=VALUE] [sum|max|min|list]".  NULL, or what is wrong, to
 * stand behind the text.  Whether there is such a metric is not looked at.
 */
const char	*defender_conf_add(struct defender_conf *, const char *name,
		    const char *text);

void	defender_conf_write(struct writer *, const struct defender_conf *);
/* What defender_conf_add() would not have made makes the reader bad. */
void	defender_conf_read(struct reader *, struct defender_conf *);

#endif
