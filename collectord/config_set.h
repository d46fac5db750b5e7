/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The setters that the rows of config_table.c name:
 * each judges one text and puts it where its row says.  The contract is that
 * of struct config_key's set.
 */
#ifndef SLUICE_CONFIG_SET_H
#define SLUICE_CONFIG_SET_H

#include "config_table.h"

/* What is left for the configuration: the others are the agent's own. */
enum { CONFIG_ATTRS_MAX = RESOURCE_ATTRS_MAX - 8 };

#define CONFIG_SETTER(name) \
	const char *config_set_##name(struct config *, \
	    const struct config_key *, const char *, const char *)

CONFIG_SETTER(bool);
CONFIG_SETTER(source);		/* on or off, whatever the profile says */
CONFIG_SETTER(flag);		/* a choice, into a bool */
CONFIG_SETTER(enum);		/* a choice, into an enum */
CONFIG_SETTER(require);
CONFIG_SETTER(duration);
CONFIG_SETTER(size);
CONFIG_SETTER(path);
CONFIG_SETTER(secret);		/* a path, or credential:NAME */
CONFIG_SETTER(exclude);
CONFIG_SETTER(declared);
CONFIG_SETTER(label);		/* a type of file systems */
CONFIG_SETTER(pattern);		/* of a source's include or exclude list */
CONFIG_SETTER(most);		/* series of that source */
CONFIG_SETTER(number);
CONFIG_SETTER(redact);
CONFIG_SETTER(names);		/* of processes, with their redaction */
CONFIG_SETTER(endpoint);
CONFIG_SETTER(pin);		/* config_pin.c */
CONFIG_SETTER(proxy);		/* config_proxy.c */
CONFIG_SETTER(thing);		/* config_defender.c */
CONFIG_SETTER(custom);
CONFIG_SETTER(resource);

/* What of ship.proxy* does not go together, or NULL; *key: its path. */
const char	*config_judge_proxy(struct config *, const char **key);

/*
 * Of ship.defender and of what it excludes; also gives the endpoint its path.
 * given: the section is there; said_gzip: ship.compression is.
 */
const char	*config_judge_defender(struct config *, bool given,
		    bool said_gzip, const char **key);

#endif
