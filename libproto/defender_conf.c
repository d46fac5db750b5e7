/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See defender_conf.h. */
#include "defender_conf.h"

#include <string.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const char *const hows[DEFENDER_HOW_END] = {
	[DEFENDER_SUM] = "sum", [DEFENDER_MAX] = "max",
	[DEFENDER_MIN] = "min", [DEFENDER_LIST] = "list",
};

static bool
copy_word(char out[DEFENDER_WORD_MAX + 1], const char *s, size_t len)
{
	if (len == 0 || len > DEFENDER_WORD_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] < '!' || s[i] > '~')
			return false;
	memcpy(out, s, len);
	out[len] = '\0';
	return true;
}

static bool
find_how(const char *s, enum defender_how *how)
{
	for (int i = 0; i < DEFENDER_HOW_END; i++)
		if (strcmp(s, hows[i]) == 0) {
			*how = (enum defender_how)i;
			return true;
		}
	return false;
}

/* Letters that stand in JSON as they are; "aws:" is AWS's own. */
static bool
name_ok(const char *s)
{
	return s[strspn(s, ALNUM "_.:-")] == '\0' &&
	    strncmp(s, "aws:", 4) != 0;
}

static bool
is_known(const struct defender_conf *c, const char *name)
{
	for (size_t i = 0; i < c->ncustom; i++)
		if (strcmp(c->custom[i].name, name) == 0)
			return true;
	return false;
}

/* What follows the metric: an attribute, and how, either of them or none. */
static const char *
parse_rest(struct defender_custom *c, const char *s)
{
	const size_t len = strcspn(s, " "), equals = strcspn(s, "=");

	if (equals < len) {
		if (!copy_word(c->key, s, equals) ||
		    !copy_word(c->value, s + equals + 1, len - equals - 1))
			return "names an attribute that none can be";
		if (s[len] == '\0')
			return NULL;
		s += len + 1;
	}
	return find_how(s, &c->how) ? NULL :
	    "says another way than sum, max, min or list";
}

const char *
defender_conf_add(struct defender_conf *c, const char *name, const char *text)
{
	struct defender_custom *m = &c->custom[c->ncustom];
	const size_t len = strcspn(text, " ");
	const char *wrong = NULL;

	if (c->ncustom == DEFENDER_CUSTOM_MAX)
		return "is one too many";
	memset(m, 0, sizeof(*m));
	if (!copy_word(m->name, name, strlen(name)) || !name_ok(m->name) ||
	    is_known(c, m->name))
		return "stands under a name that AWS would not take, or twice";
	if (!copy_word(m->metric, text, len))
		return "does not begin with a metric's name";
	if (text[len] != '\0')
		wrong = parse_rest(m, text + len + 1);
	if (wrong == NULL)
		c->ncustom++;
	return wrong;
}

static void
put_word(struct writer *w, const char *s)
{
	write_text(w, s, strlen(s));
}

void
defender_conf_write(struct writer *w, const struct defender_conf *c)
{
	write_varint(w, c->interval_ms);
	write_u8(w, c->short_names);
	write_varint(w, c->list_max);
	write_u8(w, (uint8_t)c->ncustom);
	for (size_t i = 0; i < c->ncustom; i++) {
		const struct defender_custom *m = &c->custom[i];

		put_word(w, m->name);
		put_word(w, m->metric);
		put_word(w, hows[m->how]);
		put_word(w, m->key);
		put_word(w, m->value);
	}
}

static void
get_word(struct reader *r, size_t min, char out[DEFENDER_WORD_MAX + 1])
{
	size_t len = 0;
	const uint8_t *s = read_text(r, min, DEFENDER_WORD_MAX, &len);

	out[0] = '\0';
	if (s != NULL && len > 0 && !copy_word(out, (const char *)s, len))
		r->bad = true;
}

/* Put together again, so that both ends judge it by the same parser. */
static void
read_custom(struct reader *r, struct defender_conf *c)
{
	char text[5 * (DEFENDER_WORD_MAX + 1)];
	struct defender_custom m;
	char how[DEFENDER_WORD_MAX + 1];

	get_word(r, 1, m.name);
	get_word(r, 1, m.metric);
	get_word(r, 1, how);
	get_word(r, 0, m.key);
	get_word(r, 0, m.value);
	if (r->bad || (m.key[0] == '\0') != (m.value[0] == '\0') ||
	    strchr(m.key, '=') != NULL || strchr(how, '=') != NULL) {
		r->bad = true;
		return;
	}
	stpcpy(stpcpy(text, m.metric), " ");
	if (m.key[0] != '\0') {
		char *end = stpcpy(text + strlen(text), m.key);

		stpcpy(stpcpy(stpcpy(end, "="), m.value), " ");
	}
	strcat(text, how);
	if (defender_conf_add(c, m.name, text) != NULL)
		r->bad = true;
}

void
defender_conf_read(struct reader *r, struct defender_conf *c)
{
	const uint64_t interval = read_varint(r), names = read_u8(r),
	    list = read_varint(r);
	const size_t n = read_u8(r);

	if (interval < DEFENDER_INTERVAL_MIN_MS ||
	    interval > DEFENDER_INTERVAL_MAX_MS || names > 1 || list < 1 ||
	    list > DEFENDER_LIST_MAX || n > DEFENDER_CUSTOM_MAX)
		r->bad = true;
	if (r->bad)
		return;
	c->interval_ms = (uint32_t)interval;
	c->short_names = names != 0;
	c->list_max = (uint32_t)list;
	while (!r->bad && c->ncustom < n)
		read_custom(r, c);
}
