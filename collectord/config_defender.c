/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  ship.defender and what goes with it: what AWS IoT
 * would refuse, or take for something else, is refused here.
 */
#include "config_set.h"

#include <stdio.h>
#include <string.h>

#define TOPIC_FRONT "/topics/%24aws%2Fthings%2F"
#define TOPIC_BACK "%2Fdefender%2Fmetrics%2Fjson?qos=1"

enum { OTLP_PORT = 4318 };	/* what url_parse() says where none is given */

/* What CreateThing takes: [a-zA-Z0-9:_-]+. */
const char *
config_set_thing(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	(void)k;
	(void)name;
	if (text[0] == '\0' || strlen(text) > THING_TEXT_MAX ||
	    text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-")] != '\0')
		return "is not the name of a thing";
	strcpy(c->thing, text);
	return NULL;
}

const char *
config_set_custom(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	(void)k;
	return defender_conf_add(&c->defender, name, text);
}

static bool
has_fixed_key(unsigned metric, const char *key)
{
	for (unsigned i = 0; i < POINTS_PER_METRIC; i++) {
		const struct point_row *row =
		    registry_point(metric * POINTS_PER_METRIC + i);

		for (size_t a = 0; row != NULL && a < 2; a++)
			if (row->attr[a].key != NULL &&
			    strcmp(row->attr[a].key, key) == 0)
				return true;
	}
	return false;
}

static const char *
judge_registered(const struct defender_custom *m, unsigned metric)
{
	const struct metric_row *row = registry_metric(metric);
	const uint32_t keys = registry_source(row->source)->keys;

	if (row->instrument == COUNTER)
		return "is a counter, which would only ever grow";
	if (m->key[0] == '\0' || has_fixed_key(metric, m->key))
		return NULL;
	for (unsigned k = 0; k < KEY_END; k++)
		if ((keys & 1u << k) != 0 &&
		    strcmp(registry_key(k)->name, m->key) == 0)
			return NULL;
	return "has no such attribute";
}

static const char *
judge_declared(const struct declared *d, const struct defender_custom *m)
{
	const struct declared_metric *found = declared_named(d, m->metric,
	    strlen(m->metric));

	if (found == NULL)
		return "is no metric";
	if (found->instrument == COUNTER)
		return "is a counter, which would only ever grow";
	if (m->key[0] == '\0')
		return NULL;
	for (size_t i = 0; i < d->nlabels; i++)
		if (strcmp(d->label[i], m->key) == 0)
			return NULL;
	return "has no such attribute";
}

static const char *
judge_custom(const struct config *c, const struct defender_custom *m)
{
	static char reason[2 * DEFENDER_WORD_MAX + 80];
	const char *wrong;
	const unsigned metric = registry_metric_named(m->metric);

	wrong = metric < METRIC_END ? judge_registered(m, metric) :
	    judge_declared(&c->sources.declared, m);
	if (wrong == NULL)
		return NULL;
	snprintf(reason, sizeof(reason), "%s: %s %s; right would be a gauge or"
	    " an up-down counter of ours", m->name, m->metric, wrong);
	return reason;
}

static const char *
judge_endpoint(const struct config *c)
{
	const struct url *u = &c->endpoint[0];

	if (c->nendpoints != 1)
		return "more than one; right would be the one endpoint that"
		    " the account has in its region";
	if (u->is_address)
		return "an address; right would be the endpoint's name, which"
		    " AWS IoT asks for in the handshake";
	if (u->port == OTLP_PORT)
		return "without a port of AWS IoT; right would be :8443 or"
		    " :443";
	if (strcmp(u->path, "/v1/metrics") != 0 && strcmp(u->path, "/") != 0)
		return "with a path; right would be none: it is made of"
		    " ship.defender.thing";
	return NULL;
}

/* All of the topic is one segment of the path, and so no slash is left. */
static bool
make_path(const char *thing, struct url *u)
{
	char path[sizeof(TOPIC_FRONT TOPIC_BACK) + 3 * THING_TEXT_MAX];
	char *end = stpcpy(path, TOPIC_FRONT);

	for (; *thing != '\0'; thing++) {
		if (*thing == ':')
			end = stpcpy(end, "%3A");
		else
			*end++ = *thing;
	}
	stpcpy(end, TOPIC_BACK);
	if (strlen("https://:65535") + strlen(u->host) + strlen(path) >
	    FRAME_TEXT_MAX)
		return false;
	strcpy(u->path, path);
	return true;
}

static const char *
judge_others(const struct config *c, bool said_gzip, const char **key)
{
	*key = "ship.compression";
	if (said_gzip && c->gzip)
		return "AWS IoT takes no compressed report; right would be"
		    " \"none\"";
	*key = "ship.token";
	if (c->token[0] != '\0')
		return "AWS IoT takes none; right would be to leave it out";
	*key = "ship.sign";
	if (c->sign != SIGN_OFF)
		return "a report is not made of the records of one step; right"
		    " would be \"off\"";
	*key = "collect.redact";
	if (c->sources.redact.key[KEY_INTERFACE] != REDACT_NOT ||
	    c->sources.redact.key[KEY_DEVICE] != REDACT_NOT)
		return "without the names of interfaces lo would be counted;"
		    " right would be to leave network.interface.name and"
		    " system.device in clear";
	return NULL;
}

const char *
config_judge_defender(struct config *c, bool given, bool said_gzip,
    const char **key)
{
	const char *wrong;

	*key = "ship.defender";
	if (c->protocol != PROTOCOL_DEVICE_DEFENDER)
		return given ? "stands without ship.protocol"
		    " \"device-defender\"; right would be both or none" : NULL;
	*key = "ship.endpoints";
	if ((wrong = judge_endpoint(c)) != NULL)
		return wrong;
	if ((wrong = judge_others(c, said_gzip, key)) != NULL)
		return wrong;
	c->gzip = false;
	*key = "ship.defender.custom_metrics";
	for (size_t i = 0; i < c->defender.ncustom; i++)
		if ((wrong = judge_custom(c, &c->defender.custom[i])) != NULL)
			return wrong;
	*key = "ship.defender.thing";
	if (c->thing[0] == '\0')
		return "missing; right would be the thing's name in AWS IoT";
	return make_path(c->thing, &c->endpoint[0]) ? NULL :
	    "is too long together with the endpoint's name";
}
