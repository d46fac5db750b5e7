/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See config.h. */
#include "config.h"

#include "config_scan.h"
#include "config_set.h"
#include "read_file.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/json_object_iterator.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 60, KEY_PATH_MAX = 256 };

struct parse {
	struct config *config;
	const char *file;
	struct config_error *error;
	bool seen[CONFIG_KEYS_MAX];
};

/* One value or item: its key's row, its path, and its name within a map. */
struct place {
	const struct config_key *key;
	const char *path, *name;
};

__attribute__((format(printf, 2, 3))) static int
fail(struct parse *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(p->error->text, sizeof(p->error->text), format, ap);
	va_end(ap);
	return -1;
}

/* What is too long to be shown is cut. */
__attribute__((format(printf, 2, 3))) static void
make_path(char path[KEY_PATH_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(path, KEY_PATH_MAX, format, ap);
	va_end(ap);
}

/* The value as JSON would write it, cut at a character. */
static const char *
shown(json_object *v, char buf[SHOWN_MAX + 4])
{
	const char *s = json_object_to_json_string_ext(v,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t len = strnlen(s, SHOWN_MAX + 1);

	if (len > SHOWN_MAX)
		for (len = SHOWN_MAX; (s[len] & 0xc0) == 0x80; len--)
			;
	snprintf(buf, SHOWN_MAX + 4, "%.*s%s", (int)len, s,
	    s[len] == '\0' ? "" : "...");
	return buf;
}

static int
fail_value(struct parse *p, const struct place *at, json_object *v,
    const char *wrong)
{
	const struct config_key *k = at->key;
	char value[SHOWN_MAX + 4], least[VALUE_TEXT_MAX], most[VALUE_TEXT_MAX];

	if (k->units == NULL)
		return fail(p, "%s: %s: %s %s; right would be %s", p->file,
		    at->path, shown(v, value), wrong, k->right);
	return fail(p, "%s: %s: %s %s; right would be %s (%s to %s)", p->file,
	    at->path, shown(v, value), wrong, k->right,
	    value_print(least, k->units, k->min),
	    value_print(most, k->units, k->max));
}

static int
expect(struct parse *p, const struct place *at, json_object *v,
    json_type want)
{
	static const char *const word[] = {
		[json_type_null] = "nothing",
		[json_type_boolean] = "true or false",
		[json_type_double] = "a number",
		[json_type_int] = "a number",
		[json_type_object] = "an object",
		[json_type_array] = "a list",
		[json_type_string] = "a string",
	};
	char wrong[64];

	if (json_object_is_type(v, want))
		return 0;
	snprintf(wrong, sizeof(wrong), "is %s, not %s",
	    word[json_object_get_type(v)], word[want]);
	return fail_value(p, at, v, wrong);
}

static int
set_text(struct parse *p, const struct place *at, json_object *v,
    const char *text)
{
	const char *wrong = at->key->set(p->config, at->key, at->name, text);

	return wrong == NULL ? 0 : fail_value(p, at, v, wrong);
}

static int
set_string(struct parse *p, const struct place *at, json_object *v)
{
	if (expect(p, at, v, json_type_string) < 0)
		return -1;
	return set_text(p, at, v, json_object_get_string(v));
}

static int
set_bool(struct parse *p, const struct place *at, json_object *v)
{
	if (expect(p, at, v, json_type_boolean) < 0)
		return -1;
	return set_text(p, at, v, json_object_get_boolean(v) ? "true" :
	    "false");
}

static int
set_number(struct parse *p, const struct place *at, json_object *v)
{
	if (json_object_is_type(v, json_type_double))
		return fail_value(p, at, v, "is not a whole number");
	if (expect(p, at, v, json_type_int) < 0)
		return -1;
	return set_text(p, at, v, json_object_to_json_string(v));
}

static int
check_count(struct parse *p, const struct place *at, json_object *v, size_t n)
{
	if (n < at->key->min)
		return fail_value(p, at, v, "is too short");
	if (n > at->key->max)
		return fail_value(p, at, v, "is too long");
	return 0;
}

static int
set_list(struct parse *p, const struct place *at, json_object *v)
{
	char path[KEY_PATH_MAX];
	size_t n;

	if (expect(p, at, v, json_type_array) < 0)
		return -1;
	n = json_object_array_length(v);
	if (check_count(p, at, v, n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct place item = { at->key, path, NULL };

		make_path(path, "%s[%zu]", at->path, i);
		if (set_string(p, &item, json_object_array_get_idx(v, i)) < 0)
			return -1;
	}
	return 0;
}

static int
set_map(struct parse *p, const struct place *at, json_object *v)
{
	struct json_object_iterator i, end;
	char path[KEY_PATH_MAX];

	if (expect(p, at, v, json_type_object) < 0 ||
	    check_count(p, at, v, (size_t)json_object_object_length(v)) < 0)
		return -1;
	i = json_object_iter_begin(v);
	end = json_object_iter_end(v);
	for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		const char *name = json_object_iter_peek_name(&i);
		const struct place item = { at->key, path, name };

		make_path(path, "%s.%s", at->path, name);
		if (set_string(p, &item, json_object_iter_peek_value(&i)) < 0)
			return -1;
	}
	return 0;
}

static int	set_section(struct parse *, const struct place *,
		    json_object *);

static int
set_value(struct parse *p, const struct place *at, json_object *v)
{
	switch (at->key->type) {
	case CONFIG_SECTION:
		return set_section(p, at, v);
	case CONFIG_STRING:
		return set_string(p, at, v);
	case CONFIG_BOOL:
		return set_bool(p, at, v);
	case CONFIG_NUMBER:
		return set_number(p, at, v);
	case CONFIG_LIST:
		return set_list(p, at, v);
	case CONFIG_MAP:
	default:
		return set_map(p, at, v);
	}
}

static int
fail_unknown(struct parse *p, const char *path, const char *section)
{
	const struct config_key *nearest = config_nearest(path);
	char known[CONFIG_ERROR_MAX] = "";
	size_t used = 0;

	if (nearest != NULL)
		return fail(p, "%s: %s: unknown key; right would be %s?",
		    p->file, path, nearest->path);
	for (const struct config_key *k = config_keys; k->path != NULL; k++)
		if (config_is_in(k, section) && used < sizeof(known))
			used += (size_t)snprintf(known + used,
			    sizeof(known) - used, "%s%s", used > 0 ? ", " : "",
			    config_leaf(k->path));
	return fail(p, "%s: %s: unknown key; right would be one of %s",
	    p->file, path, known);
}

/* One key of a section; the outermost section is "". */
static int
walk_key(struct parse *p, const char *section, const char *name,
    json_object *v)
{
	char path[KEY_PATH_MAX];
	const struct config_key *key;

	make_path(path, "%s%s%s", section, section[0] == '\0' ? "" : ".",
	    name);
	/* else "a.b" here would be taken for b in a */
	if (strchr(name, '.') != NULL)
		return fail(p, "%s: %s: a key with a dot; right would be an"
		    " object within an object", p->file, path);
	if ((key = config_find(path)) == NULL)
		return fail_unknown(p, path, section);
	p->seen[key - config_keys] = true;
	return set_value(p, &(struct place){ key, path, NULL }, v);
}

static int
walk(struct parse *p, const char *section, json_object *object)
{
	struct json_object_iterator i = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);

	for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
		if (walk_key(p, section, json_object_iter_peek_name(&i),
		    json_object_iter_peek_value(&i)) < 0)
			return -1;
	return 0;
}

static int
set_section(struct parse *p, const struct place *at, json_object *v)
{
	if (expect(p, at, v, json_type_object) < 0)
		return -1;
	return walk(p, at->path, v);
}

static void
set_presets(struct config *c)
{
	memset(c, 0, sizeof(*c));
	for (const struct config_key *k = config_keys; k->path != NULL; k++)
		if (k->preset != NULL)
			k->set(c, k, NULL, k->preset);
}

static int
check_required(struct parse *p)
{
	for (const struct config_key *k = config_keys; k->path != NULL; k++)
		if (k->required && !p->seen[k - config_keys])
			return fail(p, "%s: %s: missing; right would be %s",
			    p->file, k->path, k->right);
	return 0;
}

/* No number may stand for two names. */
static int
check_operator(struct parse *p)
{
	if (declared_seal(&p->config->sources.declared))
		return 0;
	return fail(p, "%s: collect.sources.operator.metrics: two names come"
	    " to the same number; right would be another name for the last"
	    " one", p->file);
}

/* Its being there says enough; whoever writes both may mean either. */
static int
check_sign(struct parse *p)
{
	if (p->config->sign_key[0] == '\0')
		return 0;
	if (p->seen[config_find("ship.sign") - config_keys])
		return fail(p, "%s: ship.sign_key: stands beside ship.sign;"
		    " right would be one of the two", p->file);
	p->config->sign = SIGN_OWN;
	return 0;
}

static int
check_proxy(struct parse *p)
{
	const char *key, *wrong = config_judge_proxy(p->config, &key);

	return wrong == NULL ? 0 : fail(p, "%s: %s: %s", p->file, key, wrong);
}

static int
check_defender(struct parse *p)
{
	const char *key, *wrong = config_judge_defender(p->config,
	    p->seen[config_find("ship.defender") - config_keys],
	    p->seen[config_find("ship.compression") - config_keys], &key);

	return wrong == NULL ? 0 : fail(p, "%s: %s: %s", p->file, key, wrong);
}

static int
fail_scan(struct parse *p, const char *text, const struct scan_fault *f)
{
	unsigned line, column, first, ignored;

	config_position(text, f->at, &line, &column);
	if (f->path[0] == '\0')
		return fail(p, "%s:%u:%u: %s", p->file, line, column, f->what);
	config_position(text, f->first, &first, &ignored);
	return fail(p, "%s: %s: %s, in lines %u and %u; right would be once",
	    p->file, f->path, f->what, first, line);
}

/* What is wrong with the grammar is said in json-c's own words. */
static json_object *
parse_json(struct parse *p, const char *text, size_t len)
{
	struct json_tokener *t = json_tokener_new_ex(SCAN_DEPTH_MAX + 1);
	json_object *object;
	unsigned line, column;

	if (t == NULL) {
		fail(p, "%s: %s", p->file, strerror(ENOMEM));
		return NULL;
	}
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(t, text, (int)len);
	if (json_tokener_get_error(t) != json_tokener_success) {
		config_position(text, json_tokener_get_parse_end(t), &line,
		    &column);
		fail(p, "%s:%u:%u: %s", p->file, line, column,
		    json_tokener_error_desc(json_tokener_get_error(t)));
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(t);
	return object;
}

static int
parse_copy(struct parse *p, char *text, size_t len)
{
	struct scan_fault f;
	json_object *object;
	int result;

	if (config_scan(text, len, &f) < 0)
		return fail_scan(p, text, &f);
	if ((object = parse_json(p, text, len)) == NULL)
		return -1;
	result = walk(p, "", object);
	json_object_put(object);
	p->config->sources.enabled = p->config->wanted |
	    (source_profile(p->config->profile) & ~p->config->said);
	if (result < 0 || check_required(p) < 0 || check_proxy(p) < 0 ||
	    check_sign(p) < 0 || check_operator(p) < 0)
		return -1;
	return check_defender(p);
}

static int
fail_read(struct parse *p, int error)
{
	switch (error) {
	case EFBIG:
		return fail(p, "%s: longer than 1MiB", p->file);
	case EINVAL:
		return fail(p, "%s: not a regular file", p->file);
	default:
		return fail(p, "%s: %s", p->file, strerror(error));
	}
}

int
config_parse(struct config *c, const char *name, const char *text, size_t len,
    struct config_error *error)
{
	struct parse p = { .config = c, .file = name, .error = error };
	char *copy;
	int result;

	error->text[0] = '\0';
	set_presets(c);
	if (len > CONFIG_FILE_MAX)
		return fail_read(&p, EFBIG);
	if ((copy = malloc(len + 1)) == NULL)
		return fail_read(&p, ENOMEM);
	memcpy(copy, text, len);
	copy[len] = '\0';
	result = parse_copy(&p, copy, len);
	free(copy);
	return result;
}

int
config_read(struct config *c, const char *file, struct config_error *error)
{
	struct parse p = { .config = c, .file = file, .error = error };
	char *buf = malloc(CONFIG_FILE_MAX + 1);
	struct text text;
	int result;

	if (buf == NULL)
		return fail_read(&p, ENOMEM);
	result = read_file(file, buf, CONFIG_FILE_MAX + 1, &text);
	result = result < 0 ? fail_read(&p, -result) :
	    config_parse(c, file, text.p, text.len, error);
	free(buf);
	return result;
}
