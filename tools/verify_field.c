/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: sluice.  See verify.h: structured fields (RFC 9651). */
#include "verify.h"

#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum { NUMBER_DIGITS = 15 };		/* section 4.2.4 */

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* The longest run of such bytes, which may be empty. */
static struct span
take_run(struct span *s, const char *set)
{
	struct span run = { s->p, 0 };

	while (s->len > 0 && is_one_of(*s->p, set)) {
		run.len++;
		s->p++;
		s->len--;
	}
	return run;
}

/* Between the quotes; with an escape in it, it is none of ours. */
bool
sf_string(struct span *s, struct span *text)
{
	if (!span_take(s, '"'))
		return false;
	*text = (struct span){ s->p, 0 };
	for (; s->len > 0 && *s->p != '"'; s->p++, s->len--)
		if (*s->p < ' ' || *s->p > '~' || *s->p == '\\')
			return false;
	text->len = (size_t)(s->p - text->p);
	return span_take(s, '"');
}

bool
sf_token(struct span *s, struct span *text)
{
	if (s->len == 0 || !is_one_of(*s->p, LOWER UPPER "*"))
		return false;
	*text = take_run(s, LOWER UPPER DIGITS "!#$%&'*+-.^_`|~:/");
	return true;
}

bool
sf_number(struct span *s, uint64_t *n)
{
	const struct span run = take_run(s, DIGITS);

	*n = 0;
	for (size_t i = 0; i < run.len; i++)
		*n = 10 * *n + (uint64_t)(run.p[i] - '0');
	return run.len > 0 && run.len <= NUMBER_DIGITS;
}

static unsigned
letter(char c)
{
	static const char letters[] = UPPER LOWER DIGITS "+/";

	return (unsigned)(strchr(letters, c) - letters);
}

/* Base64 of exactly so many bytes, and with no bit to spare. */
bool
sf_bytes(struct span *s, void *out, size_t len)
{
	uint8_t *to = out;
	struct span run, pad;
	uint32_t bits = 0;
	size_t used = 0;

	if (!span_take(s, ':'))
		return false;
	run = take_run(s, UPPER LOWER DIGITS "+/");
	pad = take_run(s, "=");
	if (run.len != (len * 8 + 5) / 6 || (run.len + pad.len) % 4 != 0 ||
	    pad.len > 2)
		return false;
	for (size_t i = 0; i < run.len; i++) {
		bits = bits << 6 | letter(run.p[i]);
		if (i % 4 != 0 && used < len)
			to[used++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	return (pad.len == 0 || (bits & (pad.len == 1 ? 3 : 15)) == 0) &&
	    span_take(s, ':');
}

static bool
take_key(struct span *s, struct span *name)
{
	if (s->len == 0 || !is_one_of(*s->p, LOWER "*"))
		return false;
	*name = take_run(s, LOWER DIGITS "_-.*");
	return true;
}

bool
sf_parameter(struct span *s, struct span *name)
{
	if (!span_take(s, ';'))
		return false;
	take_run(s, " ");
	return take_key(s, name);
}

/* What it is does not matter: strings may be escaped here. */
static bool
skip_bare(struct span *s)
{
	if (s->len == 0)
		return false;
	if (span_take(s, '"')) {
		while (s->len > 0 && *s->p != '"')
			if (span_take(s, '\\') ?
			    !span_take(s, '"') && !span_take(s, '\\') :
			    !span_take(s, *s->p))
				return false;
		return span_take(s, '"');
	}
	if (span_take(s, ':')) {
		take_run(s, UPPER LOWER DIGITS "+/=");
		return span_take(s, ':');
	}
	return take_run(s, UPPER LOWER DIGITS "!#$%&'*+-.^_`|~:/?@").len > 0;
}

static bool
skip_parameters(struct span *s)
{
	struct span name;

	while (s->len > 0 && *s->p == ';')
		if (!sf_parameter(s, &name) ||
		    (span_take(s, '=') && !skip_bare(s)))
			return false;
	return true;
}

bool
sf_skip(struct span *s)
{
	return skip_bare(s) && skip_parameters(s);
}

static bool
skip_value(struct span *s)
{
	if (!span_take(s, '('))
		return sf_skip(s);
	for (take_run(s, " "); !span_take(s, ')'); take_run(s, " "))
		if (!sf_skip(s))
			return false;
	return skip_parameters(s);
}

int
sf_member(struct span s, const char *name, struct span *value)
{
	int found = 0;

	while (s.len > 0) {
		struct span key, start;

		if (!take_key(&s, &key))
			return -1;
		start = s;
		if (span_take(&s, '=')) {
			start = s;
			if (!skip_value(&s))
				return -1;
		} else if (!skip_parameters(&s)) {
			return -1;
		}
		if (span_is(key, name)) {
			if (found++ > 0)
				return -1;
			*value = (struct span){ start.p,
				(size_t)(s.p - start.p) };
		}
		take_run(&s, " \t");
		if (s.len > 0 && !span_take(&s, ','))
			return -1;
		take_run(&s, " \t");
	}
	return found;
}
