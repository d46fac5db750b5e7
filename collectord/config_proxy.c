/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  ship.proxy and what goes with it: what is given and
 * has no use is refused as what is missing is.
 */
#include "config_set.h"

#include <stdio.h>

const char *
config_set_proxy(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	static char reason[160];
	bool tls;
	const char *wrong = url_parse_proxy(&c->proxy.url, &tls, text);

	(void)k;
	(void)name;
	c->proxy.kind = tls ? PROXY_TLS : PROXY_PLAIN;
	if (wrong == NULL)
		return NULL;
	snprintf(reason, sizeof(reason), "is refused: %s", wrong);
	return reason;
}

const char *
config_judge_proxy(struct config *c, const char **key)
{
	const bool ca = c->proxy_ca[0] != '\0';
	const bool login = c->proxy_login[0] != '\0';

	c->proxy.login = login;
	*key = "ship.proxy_login";
	if (login && c->proxy.kind == PROXY_NONE)
		return "without ship.proxy; right would be both or none";
	*key = "ship.proxy_ca";
	if (ca && c->proxy.kind != PROXY_TLS)
		return "without a ship.proxy that begins with https://; right"
		    " would be both or none";
	if (!ca && c->proxy.kind == PROXY_TLS)
		return "missing; right would be the file of the authorities"
		    " of that proxy's certificate";
	return NULL;
}
