/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See config_set.h. */
#include "config_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static_assert(sizeof(enum protocol) == sizeof(unsigned) &&
    sizeof(enum profile) == sizeof(unsigned) &&
    sizeof(enum top_names) == sizeof(unsigned) &&
    sizeof(enum ship_sign) == sizeof(unsigned), "set_enum's copy");

static void *
member(struct config *c, const struct config_key *k)
{
	return (char *)c + k->offset;
}

static const char *
choose(const struct config_key *k, const char *text, unsigned *value)
{
	for (const struct config_choice *o = k->choice; o->word != NULL; o++) {
		if (strcmp(o->word, text) != 0)
			continue;
		*value = o->value;
		return NULL;
	}
	return "is not known";
}

const char *
config_set_bool(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	(void)name;
	*(bool *)member(c, k) = strcmp(text, "true") == 0;
	return NULL;
}

const char *
config_set_source(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	(void)name;
	c->said |= SOURCE_BIT(k->source);
	if (strcmp(text, "true") == 0)
		c->wanted |= SOURCE_BIT(k->source);
	return NULL;
}

const char *
config_set_flag(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	unsigned value = 0;
	const char *wrong = choose(k, text, &value);

	(void)name;
	*(bool *)member(c, k) = value != 0;
	return wrong;
}

const char *
config_set_enum(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	unsigned value = 0;
	const char *wrong = choose(k, text, &value);

	(void)name;
	memcpy(member(c, k), &value, sizeof(value));
	return wrong;
}

const char *
config_set_require(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	unsigned value = 0;
	const char *wrong = choose(k, text, &value);

	(void)name;
	if (wrong == NULL && (c->require & value) != 0)
		return "stands there twice";
	c->require |= value;
	return wrong;
}

static const char *
set_quantity(struct config *c, const struct config_key *k, const char *text,
    const char *malformed)
{
	uint64_t v;

	switch (value_parse(text, k->units, &v)) {
	case 0:
		if (v < k->min || v > k->max)
			return "is out of range";
		*(uint32_t *)member(c, k) = (uint32_t)v;
		return NULL;
	case -ERANGE:
		return "is out of range";
	default:
		return malformed;
	}
}

const char *
config_set_duration(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	(void)name;
	return set_quantity(c, k, text, "is not a duration");
}

const char *
config_set_size(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	(void)name;
	return set_quantity(c, k, text, "is not a size");
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

const char *
config_set_path(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	(void)name;
	if (text[0] != '/')
		return "is not an absolute path";
	if (strlen(text) >= PATH_MAX)
		return "is longer than a path can be";
	if (has_control(text))
		return "holds a control byte";
	strcpy(member(c, k), text);
	return NULL;
}

const char *
config_set_secret(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	static const char scheme[] = "credential:";
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	const char *file = text + sizeof(scheme) - 1;
	int n;

	if (strncmp(text, scheme, sizeof(scheme) - 1) != 0)
		return config_set_path(c, k, name, text);
	if (file[0] == '\0' || strcmp(file, ".") == 0 ||
	    strcmp(file, "..") == 0 ||
	    file[strspn(file, LOWER UPPER DIGITS "._-")] != '\0')
		return "is not the name of a credential";
	if (folder == NULL || folder[0] != '/')
		return "needs $CREDENTIALS_DIRECTORY, which systemd sets for"
		    " LoadCredential=";
	n = snprintf(member(c, k), PATH_MAX, "%s/%s", folder, file);
	return n >= PATH_MAX ? "is longer than a path can be" : NULL;
}

const char *
config_set_exclude(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	struct source_options *o = &c->sources;

	(void)k;
	(void)name;
	if (text[0] == '\0' || strlen(text) > EXCLUDE_TEXT_MAX ||
	    text[strspn(text, LOWER UPPER DIGITS "._+-")] != '\0')
		return "is not a file system type";
	for (size_t i = 0; i < o->nexclude_types; i++)
		if (strcmp(o->exclude_types[i], text) == 0)
			return "stands there twice";
	strcpy(o->exclude_types[o->nexclude_types++], text);
	return NULL;
}

const char *
config_set_pattern(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	const struct source *s = source_of(k->source);
	const bool exclude = strcmp(config_leaf(k->path), "exclude") == 0;

	(void)name;
	return select_add(&c->sources.select, k->source,
	    s == NULL ? 0 : s->select, exclude, text);
}

/* As JSON writes a whole number: a sign, digits, no leading zero. */
static const char *
take_number(const struct config_key *k, const char *text, uint32_t *value)
{
	int64_t v;

	if (!text_u63(text_of(text, strlen(text)), &v) || v < k->min ||
	    v > k->max)
		return "is out of range";
	*value = (uint32_t)v;
	return NULL;
}

const char *
config_set_number(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	(void)name;
	return take_number(k, text, member(c, k));
}

const char *
config_set_most(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	(void)name;
	return take_number(k, text, &c->sources.most[k->source]);
}

const char *
config_set_redact(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	unsigned how = REDACT_NOT;
	const char *wrong = choose(k, text, &how);

	return wrong != NULL ? wrong : redact_set(&c->sources.redact, name,
	    how);
}

const char *
config_set_names(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	enum redaction *how = &c->sources.redact.key[KEY_PROCESS_NAME];
	const char *wrong = config_set_enum(c, k, name, text);

	/* what collect.redact says of them, if it says it, is no less strict */
	if (c->sources.top_names == TOP_NAMES_HASHED && *how == REDACT_NOT)
		*how = REDACT_HASH;
	return wrong;
}

const char *
config_set_declared(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	(void)k;
	return declared_add(&c->sources.declared, name, text);
}

const char *
config_set_label(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	(void)k;
	(void)name;
	return declared_add_label(&c->sources.declared, text);
}

static bool
same_endpoint(const struct url *a, const struct url *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0 &&
	    strcmp(a->path, b->path) == 0;
}

/* What crosses to the shipper is the whole URL, port and path included. */
static bool
too_long(const struct url *u)
{
	return strlen("https://[]:65535") + strlen(u->host) +
	    strlen(u->path) > FRAME_TEXT_MAX;
}

const char *
config_set_endpoint(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	static char reason[160];
	struct url *u = &c->endpoint[c->nendpoints];
	const char *wrong = url_parse(u, text);

	(void)k;
	(void)name;
	if (wrong != NULL) {
		snprintf(reason, sizeof(reason), "is refused: %s", wrong);
		return reason;
	}
	if (too_long(u))
		return "is longer than 255 bytes with its port and path";
	for (size_t i = 0; i < c->nendpoints; i++)
		if (same_endpoint(&c->endpoint[i], u))
			return "stands there twice";
	c->nendpoints++;
	return NULL;
}

/* Words of a-z 0-9 _ with dots between; a letter comes first. */
static bool
attr_name_ok(const char *s)
{
	if (strlen(s) > FRAME_TEXT_MAX || s[0] < 'a' || s[0] > 'z')
		return false;
	for (size_t n; (n = strspn(s, LOWER DIGITS "_")) > 0; s += n + 1)
		if (s[n] != '.')
			return s[n] == '\0';
	return false;
}

/* These say what runs where: a host that could set them could hide. */
static bool
is_measured(const char *name)
{
	static const char *const own[] = { "service.version", "host.arch",
		"os.type", "os.version" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i], name) == 0)
			return true;
	return false;
}

const char *
config_set_resource(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	struct resource_attr *a = &c->attr[c->nattrs];

	(void)k;
	if (!attr_name_ok(name))
		return "stands under a name that is not an attribute's";
	if (is_measured(name))
		return "would replace what Sluice finds out itself";
	if (text[0] == '\0' || strlen(text) > FRAME_TEXT_MAX)
		return "is empty or longer than 255 bytes";
	if (has_control(text))
		return "holds a control byte";
	strcpy(a->key, name);
	strcpy(a->value, text);
	c->nattrs++;
	return NULL;
}
