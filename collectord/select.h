/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Which instances of a source are sent: those that a
 * pattern of its include list fits, if it has one, and none of its exclude
 * list does.  The patterns are held against the attributes that the source
 * declares for it, as they would be sent.  Fixed memory, made at start.
 */
#ifndef SLUICE_SELECT_H
#define SLUICE_SELECT_H

#include "glob.h"
#include "registry.h"

enum {
	SELECT_LIST_MAX = 16,	/* patterns in one list */
	SELECT_MAX = 128,	/* in all lists */
};

/* One pattern, as the configuration has it. */
struct select_text {
	enum source_id source;
	bool exclude;
	char pattern[GLOB_TEXT_MAX + 1];
};

struct select_texts {
	size_t n;
	struct select_text text[SELECT_MAX];
};

struct select {
	const struct select_texts *texts;
	uint64_t sources, includes;	/* SOURCE_BITs that have any */
	struct glob glob[SELECT_MAX];
};

/* What the names of one instance have come to so far. */
struct select_seen {
	bool named, included, excluded;
};

/*
 * NULL, or what is wrong with it: a text to stand behind it.  keys: what it
 * is held against, KEY_BITs.
 */
const char	*select_add(struct select_texts *, enum source_id,
		    uint32_t keys, bool exclude, const char *pattern);

/* Borrows the texts. */
void		select_make(struct select *, const struct select_texts *);
bool		select_has(const struct select *, enum source_id);
/* One more name of the instance. */
void		select_see(const struct select *, enum source_id,
		    struct select_seen *, const uint8_t *name, size_t len);
/* What has no name is the host itself, and always sent. */
bool		select_takes(const struct select *, enum source_id,
		    const struct select_seen *);

#endif
