/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See config_scan.h. */
#include "config_scan.h"

#include "utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct scan_key {
	size_t at, len;
};

struct scan {
	char *text;
	size_t len, at;
	char last;		/* the token before this one */
	bool ended;		/* the outermost object is closed */
	size_t depth;
	struct {
		bool object;
		size_t first;	/* its first key */
	} level[SCAN_DEPTH_MAX];
	size_t nkeys;
	struct scan_key key[SCAN_KEYS_MAX];
	struct scan_fault *fault;
};

static int
fault(struct scan *s, size_t at, const char *what)
{
	s->fault->at = at;
	s->fault->what = what;
	return -1;
}

static bool
starts(const struct scan *s, const char *word)
{
	size_t n = strlen(word);

	return s->len - s->at >= n && memcmp(s->text + s->at, word, n) == 0;
}

static int
check_bytes(struct scan *s)
{
	for (size_t i = 0, n; i < s->len; i += n) {
		const uint8_t c = (uint8_t)s->text[i];

		n = utf8_sequence((const uint8_t *)s->text + i, s->len - i);
		if (n == 0)
			return fault(s, i, "not UTF-8");
		if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') ||
		    c == 0x7f)
			return fault(s, i, "a control byte; right would be"
			    " text, blanks and newlines only");
	}
	return 0;
}

/* Newlines stay, for the line numbers. */
static void
blank(struct scan *s, size_t end)
{
	for (; s->at < end; s->at++)
		if (s->text[s->at] != '\n')
			s->text[s->at] = ' ';
}

static int
scan_comment(struct scan *s)
{
	const char *rest = s->text + s->at, *end;
	const size_t left = s->len - s->at;

	if (starts(s, "//")) {
		end = memchr(rest, '\n', left);
		blank(s, end == NULL ? s->len : (size_t)(end - s->text));
		return 0;
	}
	if (!starts(s, "/*"))
		return fault(s, s->at, "a single /; right would be a comment:"
		    " // to the end of the line, or /* and */");
	end = memmem(rest + 2, left - 2, "*/", 2);
	if (end == NULL)
		return fault(s, s->at, "a comment without its end: */");
	blank(s, (size_t)(end - s->text) + 2);
	return 0;
}

/* json-c makes something else of half a surrogate pair, without a word. */
static int
scan_unicode(struct scan *s, size_t at)
{
	unsigned code = 0;

	for (size_t i = 2; i < 6; i++) {
		const char c = at + i < s->len ? s->text[at + i] : '"';

		if (c >= '0' && c <= '9')
			code = code << 4 | (unsigned)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			code = code << 4 | (unsigned)((c | 0x20) - 'a' + 10);
		else
			return fault(s, at, "\\u without four hexadecimal"
			    " digits");
	}
	if (code == 0 || (code >= 0xd800 && code <= 0xdfff))
		return fault(s, at, "a NUL or half a character; right would be"
		    " the character itself, in UTF-8");
	return 0;
}

/* From the opening quote to behind the closing one. */
static int
scan_string(struct scan *s, bool *escapes)
{
	const size_t start = s->at++;

	*escapes = false;
	for (; s->at < s->len && s->text[s->at] != '"'; s->at++) {
		const char c = s->text[s->at];

		if (c == '\t' || c == '\n' || c == '\r')
			return fault(s, start, "text that does not end on its"
			    " line, or holds a tab: right would be \\n, \\t");
		if (c != '\\')
			continue;
		*escapes = true;
		if (s->at + 1 == s->len ||
		    strchr("\"\\/bfnrtu", s->text[s->at + 1]) == NULL)
			return fault(s, s->at, "an escape that JSON does not"
			    " have");
		if (s->text[s->at + 1] == 'u' && scan_unicode(s, s->at) < 0)
			return -1;
		s->at++;
	}
	if (s->at == s->len)
		return fault(s, start, "text without its closing quote");
	s->at++;
	return 0;
}

/* The names of the open objects and of the newest key, with dots between. */
static void
key_path(const struct scan *s, char path[SCAN_PATH_MAX])
{
	size_t used = 0;

	for (size_t d = 0; d < s->depth; d++) {
		const size_t end = d + 1 < s->depth ? s->level[d + 1].first :
		    s->nkeys;
		const struct scan_key *k;

		if (!s->level[d].object || end == s->level[d].first)
			continue;
		k = &s->key[end - 1];
		if (used + k->len + 2 > SCAN_PATH_MAX)
			break;
		if (used > 0)
			path[used++] = '.';
		memcpy(path + used, s->text + k->at, k->len);
		used += k->len;
	}
	path[used] = '\0';
}

static int
add_key(struct scan *s, const struct scan_key *new)
{
	const size_t first = s->level[s->depth - 1].first;

	if (s->nkeys == SCAN_KEYS_MAX)
		return fault(s, new->at, "more keys than any configuration"
		    " needs");
	s->key[s->nkeys++] = *new;
	for (size_t i = first; i + 1 < s->nkeys; i++) {
		const struct scan_key *k = &s->key[i];

		if (k->len != new->len || memcmp(s->text + k->at,
		    s->text + new->at, new->len) != 0)
			continue;
		key_path(s, s->fault->path);
		s->fault->first = k->at;
		return fault(s, new->at, "given twice");
	}
	return 0;
}

static int
scan_text(struct scan *s)
{
	const bool is_key = s->level[s->depth - 1].object &&
	    (s->last == '{' || s->last == ',');
	const size_t start = s->at;
	struct scan_key key;
	bool escapes;

	if (scan_string(s, &escapes) < 0)
		return -1;
	s->last = '"';
	if (!is_key)
		return 0;
	/* a key has one spelling, or two could be the same unseen */
	if (escapes)
		return fault(s, start, "a key with an escape; right would be"
		    " the key itself");
	key = (struct scan_key){ start + 1, s->at - start - 2 };
	return add_key(s, &key);
}

static int
scan_open(struct scan *s, char c)
{
	if (s->depth == SCAN_DEPTH_MAX)
		return fault(s, s->at, "nested deeper than any configuration"
		    " needs");
	s->level[s->depth].object = c == '{';
	s->level[s->depth++].first = s->nkeys;
	s->last = c;
	s->at++;
	return 0;
}

static int
scan_close(struct scan *s, char c)
{
	if (s->level[s->depth - 1].object != (c == '}'))
		return fault(s, s->at, "} closes what [ opened, or ] what {"
		    " opened");
	s->nkeys = s->level[--s->depth].first;
	s->ended = s->depth == 0;
	s->last = c;
	s->at++;
	return 0;
}

static bool
in_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '+' ||
	    c == '-';
}

/* true, false, null, or a number, which no key takes anyway. */
static int
scan_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	const size_t start = s->at;
	const char c = s->text[start];

	while (s->at < s->len && in_word(s->text[s->at]))
		s->at++;
	s->last = 'w';
	if ((c >= '0' && c <= '9') || c == '-')
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (s->at - start == strlen(words[i]) &&
		    memcmp(s->text + start, words[i], s->at - start) == 0)
			return 0;
	return fault(s, start, "neither true, false, null, a number nor text"
	    " in double quotes");
}

static int
scan_token(struct scan *s)
{
	const char c = s->text[s->at];

	switch (c) {
	case ' ': case '\t': case '\n': case '\r':
		s->at++;
		return 0;
	case '/':
		return scan_comment(s);
	default:
		break;
	}
	if (s->ended)
		return fault(s, s->at, "something after the last }");
	if (s->depth == 0 && c != '{')
		return fault(s, s->at, "not the start of an object: {");
	switch (c) {
	case '{': case '[':
		return scan_open(s, c);
	case '}': case ']':
		return scan_close(s, c);
	case ',': case ':':
		s->last = c;
		s->at++;
		return 0;
	case '"':
		return scan_text(s);
	default:
		return scan_word(s);
	}
}

int
config_scan(char *text, size_t len, struct scan_fault *f)
{
	struct scan s = { .text = text, .len = len, .fault = f };

	memset(f, 0, sizeof(*f));
	if (check_bytes(&s) < 0)
		return -1;
	while (s.at < len)
		if (scan_token(&s) < 0)
			return -1;
	if (!s.ended)
		return fault(&s, len, s.depth == 0 ?
		    "nothing there; right would be an object: {" :
		    "the end of the file before the last }");
	return 0;
}

void
config_position(const char *text, size_t at, unsigned *line,
    unsigned *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			++*column;
		}
	}
}
