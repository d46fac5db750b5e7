/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See http_header.h. */
#include "http_header.h"

#include <string.h>

/* RFC 9110, section 5.6.2; what is in hardly any name comes last. */
static bool
is_token_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("!#$%&'*+.^_`|~", c) != NULL);
}

/* Whatever its case, which is ASCII's: no locale, and no table of one. */
static bool
is_word(const char *s, const char *lower)
{
	for (; *lower != '\0'; s++, lower++)
		if ((*s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s) != *lower)
			return false;
	return *s == '\0';
}

/* Takes the white space off both ends, in place. */
static char *
trim(char *s)
{
	size_t len;

	while (*s == ' ' || *s == '\t')
		s++;
	for (len = strlen(s); len > 0; len--)
		if (s[len - 1] != ' ' && s[len - 1] != '\t')
			break;
	s[len] = '\0';
	return s;
}

/* Up to the mark, trimmed; *next is what follows it, or NULL. */
static char *
take_item(char **next, char mark)
{
	char *item = *next, *end = strchr(item, mark);

	if (end != NULL)
		*end++ = '\0';
	*next = end;
	return trim(item);
}

const char *
http_header_split(struct http_reply *r, char **name, char **value)
{
	char *colon = r->line;

	if (r->line[0] == ' ' || r->line[0] == '\t')
		return "header_fold";
	while (*colon != ':' && is_token_byte(*colon))
		colon++;
	if (colon == r->line || *colon != ':')
		return "header_name";
	*colon = '\0';
	if (name != NULL)
		*name = r->line;
	if (value != NULL)
		*value = trim(colon + 1);
	return NULL;
}

/* Connection is a list, and it may come in several lines. */
static const char *
take_connection(struct http_reply *r, char *value)
{
	for (char *next = value; next != NULL; ) {
		const char *item = take_item(&next, ',');

		if (is_word(item, "close"))
			r->close = true;
		else if (is_word(item, "keep-alive"))
			r->keep_alive = true;
	}
	return NULL;
}

static const char *
take_content_encoding(struct http_reply *r, char *value)
{
	(void)r;
	/* nothing is ever inflated: a small answer stays small */
	return is_word(value, "identity") ? NULL : "content_encoding";
}

static const char *
take_content_length(struct http_reply *r, char *value)
{
	size_t length = 0;

	if (r->has_length || value[0] == '\0')
		return "content_length";
	for (const char *p = value; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return "content_length";
		/* once above the bound it stays there, and cannot wrap */
		if (length <= REPLY_BODY_MAX)
			length = length * 10 + (size_t)(*p - '0');
	}
	if (length > REPLY_BODY_MAX)
		return "body_size";
	r->has_length = true;
	r->left = length;
	return NULL;
}

static const char *
take_content_type(struct http_reply *r, char *value)
{
	static const struct {
		const char *name;
		enum reply_type type;
	} types[] = {
		{ "application/json", REPLY_TYPE_JSON },
		{ "application/x-protobuf", REPLY_TYPE_PROTOBUF },
		{ "text/html", REPLY_TYPE_HTML },
		{ "application/xhtml+xml", REPLY_TYPE_HTML },
	};
	const bool again = r->type != REPLY_TYPE_NONE;
	const char *name = take_item(&value, ';');

	/* two lines say two things, whatever they say */
	r->type = REPLY_TYPE_OTHER;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && !again; i++)
		if (is_word(name, types[i].name))
			r->type = types[i].type;
	return NULL;
}

/* What does not fit is no date and no number that we would understand. */
static bool
keep(char *to, size_t size, const char *value)
{
	const size_t len = strlen(value);

	if (len == 0 || len >= size)
		return false;
	memcpy(to, value, len + 1);
	return true;
}

static const char *
take_date(struct http_reply *r, char *value)
{
	keep(r->date, sizeof(r->date), value);
	return NULL;
}

static const char *
take_retry_after(struct http_reply *r, char *value)
{
	if (keep(r->retry_after, sizeof(r->retry_after), value))
		r->has_retry_after = true;
	return NULL;
}

/* A second line would make a second coding: chunked must stand alone. */
static const char *
take_transfer_encoding(struct http_reply *r, char *value)
{
	if (r->chunked || !is_word(value, "chunked"))
		return "transfer_encoding";
	r->chunked = true;
	return NULL;
}

static const struct {
	const char *name;
	const char *(*take)(struct http_reply *, char *value);
} headers[] = {
	{ "connection", take_connection },
	{ "content-encoding", take_content_encoding },
	{ "content-length", take_content_length },
	{ "content-type", take_content_type },
	{ "date", take_date },
	{ "retry-after", take_retry_after },
	{ "transfer-encoding", take_transfer_encoding },
};

const char *
http_header_take(struct http_reply *r)
{
	char *name, *value;
	const char *fault = http_header_split(r, &name, &value);

	if (fault != NULL)
		return fault;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (is_word(name, headers[i].name))
			return headers[i].take(r, value);
	return NULL;
}
