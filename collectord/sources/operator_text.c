/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See operator_text.h. */
#include "sources/operator_text.h"

#include <errno.h>

/* More digits than these are noise in what was a double. */
enum { DIGITS_KEPT = 19, EXPONENT_MAX = 9999 };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    c == '_' || c == ':' || (!first && is_digit(c));
}

static void
skip_blanks(struct text *t)
{
	while (t->len > 0 && (t->p[0] == ' ' || t->p[0] == '\t'))
		*t = text_of(t->p + 1, t->len - 1);
}

static bool
take_name(struct text *t, struct text *name)
{
	size_t n = 0;

	while (n < t->len && is_name(t->p[n], n == 0))
		n++;
	*name = text_of(t->p, n);
	*t = text_of(t->p + n, t->len - n);
	return n > 0;
}

static bool
take_byte(struct text *t, char c)
{
	skip_blanks(t);
	if (t->len == 0 || t->p[0] != c)
		return false;
	*t = text_of(t->p + 1, t->len - 1);
	return true;
}

/* To the quote that no backslash stands before. */
static bool
take_quoted(struct text *t, struct text *value)
{
	size_t n = 0;

	if (!take_byte(t, '"'))
		return false;
	while (n < t->len && t->p[n] != '"')
		n += t->p[n] == '\\' && t->len - n > 1 ? 2 : 1;
	if (n >= t->len)
		return false;
	*value = text_of(t->p, n);
	*t = text_of(t->p + n + 1, t->len - n - 1);
	return true;
}

static bool
take_label(struct text *t, struct prom_line *l)
{
	if (l->nlabels == PROM_LABELS_MAX)
		return false;
	skip_blanks(t);
	if (!take_name(t, &l->label[l->nlabels].name) || !take_byte(t, '=') ||
	    !take_quoted(t, &l->label[l->nlabels].value))
		return false;
	l->nlabels++;
	return true;
}

/* A comma may stand behind the last one. */
static bool
take_labels(struct text *t, struct prom_line *l)
{
	l->nlabels = 0;
	if (!take_byte(t, '{'))
		return true;
	while (!take_byte(t, '}')) {
		if (!take_label(t, l))
			return false;
		if (!take_byte(t, ','))
			return take_byte(t, '}');
	}
	return true;
}

static int
sample(struct text line, struct prom_line *l)
{
	struct text rest;

	l->kind = PROM_SAMPLE;
	return take_name(&line, &l->name) && take_labels(&line, l) &&
	    text_word(&line, &l->value) && !text_word(&line, &rest) ?
	    1 : -EBADMSG;
}

/* 0 where it is a comment that says nothing. */
static int
comment(struct text line, struct prom_line *l)
{
	struct text word, rest;

	if (!text_word(&line, &word) || !text_is(word, "#") ||
	    !text_word(&line, &word) || !text_is(word, "TYPE"))
		return 0;
	l->kind = PROM_TYPE;
	l->nlabels = 0;
	skip_blanks(&line);
	return take_name(&line, &l->name) && text_word(&line, &l->value) &&
	    !text_word(&line, &rest) ? 1 : -EBADMSG;
}

int
prom_next(struct prom *p, struct prom_line *l)
{
	struct text line;
	int taken = 0;

	while (taken == 0 && p->rest.len > 0) {
		p->line++;
		if (!text_until(&p->rest, '\n', &line))
			return -EBADMSG;
		skip_blanks(&line);
		if (line.len > 0)
			taken = line.p[0] == '#' ? comment(line, l) :
			    sample(line, l);
	}
	return taken;
}

struct decimal {
	uint64_t digits;
	size_t kept;		/* of them; leading zeros do not count */
	int exponent;
	bool any;
};

static void
take_digit(struct decimal *d, char c, bool behind_point)
{
	d->any = true;
	if (d->kept == DIGITS_KEPT) {
		d->exponent += !behind_point && d->exponent < EXPONENT_MAX;
		return;
	}
	d->digits = d->digits * 10 + (uint64_t)(c - '0');
	d->kept += d->digits > 0;
	if (behind_point && d->exponent > -EXPONENT_MAX)
		d->exponent--;
}

static bool
take_exponent(struct text t, struct decimal *d)
{
	int sign = 1, e = 0;

	if (t.len > 0 && (t.p[0] == '+' || t.p[0] == '-')) {
		sign = t.p[0] == '-' ? -1 : 1;
		t = text_of(t.p + 1, t.len - 1);
	}
	if (t.len == 0)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (!is_digit(t.p[i]))
			return false;
		if (e < EXPONENT_MAX)
			e = e * 10 + (t.p[i] - '0');
	}
	d->exponent += sign * e;
	return true;
}

static bool
take_decimal(struct text t, struct decimal *d)
{
	bool behind_point = false;
	size_t i = 0;

	*d = (struct decimal){ .any = false };
	for (; i < t.len; i++) {
		if (is_digit(t.p[i]))
			take_digit(d, t.p[i], behind_point);
		else if (t.p[i] == '.' && !behind_point)
			behind_point = true;
		else
			break;
	}
	if (!d->any)
		return false;
	if (i == t.len)
		return true;
	return (t.p[i] == 'e' || t.p[i] == 'E') &&
	    take_exponent(text_of(t.p + i + 1, t.len - i - 1), d);
}

static bool
is_special(struct text t)
{
	return text_is(t, "NaN") || text_is(t, "nan") || text_is(t, "Inf") ||
	    text_is(t, "inf");
}

/* Digits times ten to that power, to the nearest whole number. */
static int
raise(uint64_t v, int power, bool whole, int64_t *out)
{
	bool up = false;

	for (; power > 0 && v != 0; power--)
		if (__builtin_mul_overflow(v, 10, &v))
			return -ERANGE;
	for (; power < 0 && (v != 0 || up); power++) {
		if (whole && v % 10 != 0)
			return -ERANGE;
		up = v % 10 >= 5;
		v /= 10;
	}
	v += up;
	if (v > INT64_MAX)
		return -ERANGE;
	*out = (int64_t)v;
	return 0;
}

int
prom_value(struct text t, enum scale scale, int64_t *v)
{
	const bool negative = t.len > 0 && t.p[0] == '-';
	struct decimal d;
	int places = 0, error;

	if (t.len > 0 && (t.p[0] == '-' || t.p[0] == '+'))
		t = text_of(t.p + 1, t.len - 1);
	if (is_special(t))
		return -ERANGE;
	if (!take_decimal(t, &d))
		return -EBADMSG;
	for (int s = scale; s > 1; s /= 10)
		places++;
	error = raise(d.digits, d.exponent + places, scale == SCALE_INT, v);
	if (error == 0 && negative)
		*v = -*v;
	return error;
}
