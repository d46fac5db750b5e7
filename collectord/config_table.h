/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  Every key of the configuration: one row each. */
#ifndef SLUICE_CONFIG_TABLE_H
#define SLUICE_CONFIG_TABLE_H

#include "config.h"
#include "config_value.h"

enum config_type {
	CONFIG_SECTION,		/* an object of further keys */
	CONFIG_STRING,
	CONFIG_BOOL,		/* its setter sees "true" or "false" */
	CONFIG_NUMBER,		/* whole; its setter sees the digits */
	CONFIG_LIST,		/* of strings; each goes to the setter */
	CONFIG_MAP,		/* an object of strings, with free names */
};

struct config_choice {
	const char *word;
	unsigned value;
};

struct config_key {
	const char *path;
	enum config_type type;
	/*
	 * NULL, or what is wrong with the text, to stand behind it; name is
	 * the key within a map.
	 */
	const char *(*set)(struct config *, const struct config_key *,
	    const char *name, const char *text);
	size_t offset;		/* of a member of struct config */
	enum source_id source;	/* of SOURCE_KEYS, else 0 */
	uint32_t min, max;	/* of a quantity; of a list or map: items */
	const struct value_unit *units;
	const struct config_choice *choice;
	const char *preset;	/* as it would be written */
	bool required;
	const char *right;	/* behind "right would be" */
};

extern const struct config_key config_keys[];

enum { CONFIG_KEYS_MAX = 320 };

/* Row of that path, or NULL. */
const struct config_key	*config_find(const char *path);
/* True for "a.b" in section "a"; "" is the outermost. */
bool			config_is_in(const struct config_key *,
			    const char *section);
/* The row that was probably meant, or NULL. */
const struct config_key	*config_nearest(const char *path);
/* The last word of a path. */
const char		*config_leaf(const char *path);

#endif
