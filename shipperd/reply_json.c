/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  See reply_body.h.  The JSON encoding, by json-c, whose
 * parser keeps its own bounded stack; the only file here that includes it.
 */
#include "reply_body.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

/* Each may cost json-c 800 bytes; the messages that we read have six. */
enum { JSON_VALUES_MAX = 1024 };

/*
 * Every value but the first follows one of these three.  Those in strings
 * count as well: no message that a receiver sends has a thousand commas.
 */
static bool
few_values(const uint8_t *bytes, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += bytes[i] == '{' || bytes[i] == '[' || bytes[i] == ',';
	return n <= JSON_VALUES_MAX;
}

/* The whole body as one object, or NULL. */
static struct json_object *
parse(const uint8_t *bytes, size_t len)
{
	struct json_tokener *tok;
	struct json_object *o;

	if (!few_values(bytes, len) ||
	    (tok = json_tokener_new_ex(REPLY_JSON_DEPTH)) == NULL)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tok, (const char *)bytes, (int)len);
	/* a NUL ends json-c's reading early, without an error */
	if (json_tokener_get_parse_end(tok) != len ||
	    !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	return o;
}

/* False: there, but no string.  Null is as good as absent. */
static bool
take_text(struct otlp_verdict *v, struct json_object *o, const char *key)
{
	struct json_object *text = json_object_object_get(o, key);

	if (text == NULL)
		return true;
	if (!json_object_is_type(text, json_type_string))
		return false;
	reply_message(v, json_object_get_string(text),
	    (size_t)json_object_get_string_len(text));
	return true;
}

/* Digits alone.  Stops counting where it no longer matters. */
static bool
take_digits(struct otlp_verdict *v, const char *s, size_t len)
{
	int64_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		if (n <= REQUEST_MAX)
			n = n * 10 + (s[i] - '0');
	}
	return len > 0 && reply_rejected(v, n);
}

/* An int64 is a string in OTLP's JSON; some receivers send a number. */
static bool
take_rejected(struct otlp_verdict *v, struct json_object *o)
{
	struct json_object *n = json_object_object_get(o,
	    "rejectedDataPoints");

	if (n == NULL)
		return true;
	if (json_object_is_type(n, json_type_int))
		return reply_rejected(v, json_object_get_int64(n));
	return json_object_is_type(n, json_type_string) &&
	    take_digits(v, json_object_get_string(n),
	    (size_t)json_object_get_string_len(n));
}

int
reply_json_success(struct otlp_verdict *v, const uint8_t *bytes, size_t len)
{
	struct json_object *o = parse(bytes, len), *partial;
	bool ok;

	if (o == NULL)
		return -EBADMSG;
	partial = json_object_object_get(o, "partialSuccess");
	ok = partial == NULL ||
	    (json_object_is_type(partial, json_type_object) &&
	    take_rejected(v, partial) &&
	    take_text(v, partial, "errorMessage"));
	json_object_put(o);
	return ok ? 0 : -EBADMSG;
}

int
reply_json_status(struct otlp_verdict *v, const uint8_t *bytes, size_t len)
{
	struct json_object *o = parse(bytes, len);
	bool ok;

	if (o == NULL)
		return -EBADMSG;
	ok = take_text(v, o, "message");
	json_object_put(o);
	return ok ? 0 : -EBADMSG;
}
