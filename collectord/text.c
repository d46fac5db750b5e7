/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See text.h. */
#include "text.h"

#include <endian.h>
#include <string.h>

static void
drop(struct text *t, size_t n)
{
	t->p += n;
	t->len -= n;
}

bool
text_until(struct text *t, char c, struct text *before)
{
	const char *at = t->len == 0 ? NULL : memchr(t->p, c, t->len);

	if (at == NULL)
		return false;
	*before = text_of(t->p, (size_t)(at - t->p));
	drop(t, before->len + 1);
	return true;
}

/*
 * Eight at a time: what has the high bit is below '!', or far above, and of
 * that few bytes but blanks are met.  A borrow can only make those behind the
 * first wrong.
 */
static const char *
find_blank(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t v;

	while (end - p >= (ptrdiff_t)sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		v = le64toh(v);
		v = (v - ones * '!') & ones << 7;
		p += v == 0 ? 8 : __builtin_ctzll(v) / 8;
		if (v == 0)
			continue;
		if (text_blank(*p))
			return p;
		p++;
	}
	while (p < end && !text_blank(*p))
		p++;
	return p;
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && text_blank(*p))
		p++;
	return p;
}

bool
text_word(struct text *t, struct text *word)
{
	const char *const end = t->p + t->len;
	const char *const start = skip_blanks(t->p, end);
	const char *const stop = find_blank(start, end);

	*word = (struct text){ start, (size_t)(stop - start) };
	*t = (struct text){ stop, (size_t)(end - stop) };
	return stop > start;
}

/* Byte by byte: what is skipped is numbers, and most of those are short. */
bool
text_skip(struct text *t, size_t words)
{
	const char *p = t->p, *const end = p + t->len, *start;
	bool any = true;

	for (; any && words > 0; words--) {
		start = p = skip_blanks(p, end);
		while (p < end && !text_blank(*p))
			p++;
		any = p > start;
	}
	*t = (struct text){ p, (size_t)(end - p) };
	return any;
}

bool
text_more(struct text t)
{
	return skip_blanks(t.p, t.p + t.len) < t.p + t.len;
}

bool
text_has_two(struct text t)
{
	const char *p = t.p + t.len;

	/* from the end, where the shorter of the two mostly is */
	while (p > t.p && text_blank(p[-1]))
		p--;
	while (p > t.p && !text_blank(p[-1]))
		p--;
	return text_more(text_of(t.p, (size_t)(p - t.p)));
}

size_t
text_words(struct text t)
{
	size_t n = t.len > 0 && !text_blank(t.p[0]);

	/* without branches, so that it is done many bytes at a time */
	for (size_t i = 1; i < t.len; i++) {
		const int before = text_blank(t.p[i - 1]);

		n += (size_t)(before & !text_blank(t.p[i]));
	}
	return n;
}

bool
text_u63(struct text t, int64_t *value)
{
	int64_t v = 0;

	if (t.len == 0)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		const int digit = t.p[i] - '0';

		if (digit < 0 || digit > 9 ||
		    __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*value = v;
	return true;
}

/* Apart, so that the usual number needs nothing of this. */
static __attribute__((noinline)) bool
next_odd(struct text *t, int64_t *value)
{
	struct text word;

	return text_word(t, &word) && text_u63(word, value);
}

/*
 * The end of the number that begins there; NULL where there is none, or one
 * of more than the eighteen digits that fit whichever they are.
 */
static inline const char *
take_number(const char *start, const char *end, int64_t *value)
{
	const char *p;
	unsigned digit;
	uint64_t v = 0;

	for (p = start; p < end && (digit = (unsigned)*p - '0') <= 9; p++)
		v = v * 10 + digit;
	*value = (int64_t)v;
	return p > start && p - start <= 18 && (p == end || text_blank(*p)) ?
	    p : NULL;
}

bool
text_next_u63(struct text *t, int64_t *value)
{
	const char *const end = t->p + t->len;
	int64_t v;
	const char *const p = take_number(skip_blanks(t->p, end), end, &v);

	if (p == NULL)
		return next_odd(t, value);
	*value = v;
	*t = (struct text){ p, (size_t)(end - p) };
	return true;
}

int
text_numbers(struct text *t, int64_t *value, int max)
{
	const char *p = t->p, *const end = p + t->len, *stop;
	int64_t v;
	int n;

	for (n = 0; n < max; n++) {
		p = skip_blanks(p, end);
		if ((stop = take_number(p, end, &v)) != NULL) {
			value[n] = v;
			p = stop;
			continue;
		}
		if (p == end)
			break;
		*t = (struct text){ p, (size_t)(end - p) };
		if (!next_odd(t, &value[n]))
			return -1;
		p = t->p;
	}
	*t = (struct text){ p, (size_t)(end - p) };
	return n;
}

bool
text_int(struct text t, int64_t *value)
{
	const bool negative = t.len > 0 && t.p[0] == '-';

	if (negative)
		drop(&t, 1);
	if (!text_u63(t, value))
		return false;
	if (negative)
		*value = -*value;
	return true;
}

bool
text_centi(struct text t, int64_t *value)
{
	struct text whole = t;
	int64_t fraction = 0;

	if (text_until(&t, '.', &whole)) {
		struct text two = t;

		if (t.len > 2)
			two.len = 2;
		if (!text_u63(t, &fraction) || !text_u63(two, &fraction))
			return false;
		if (two.len == 1)
			fraction *= 10;
	}
	return text_u63(whole, value) &&
	    !__builtin_mul_overflow(*value, 100, value) &&
	    !__builtin_add_overflow(*value, fraction, value);
}

int
text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Some files of the kernel have capitals. */
static int
hex_digit(char c)
{
	const unsigned digit = (unsigned)c - '0';

	return digit <= 9 ? (int)digit :
	    text_hex_digit(c >= 'A' && c <= 'F' ? (char)(c | 0x20) : c);
}

/* Of one to eight digits: where they end, or NULL. */
static const char *
take_hex32(const char *start, const char *end, uint32_t *value)
{
	const char *p = start;
	uint32_t v = 0;
	int digit;

	for (; p < end && (digit = hex_digit(*p)) >= 0; p++)
		v = v << 4 | (uint32_t)digit;
	*value = v;
	return p > start && (size_t)(p - start) <= 2 * sizeof(v) &&
	    (p == end || text_blank(*p)) ? p : NULL;
}

bool
text_next_hex32(struct text *t, uint32_t *value)
{
	const char *const end = t->p + t->len;
	const char *p = skip_blanks(t->p, end);
	uint32_t v = 0;

	/* as most of them are, whole and nothing */
	if (end - p > 8 && text_blank(p[8]) && memcmp(p, "00000000", 8) == 0)
		p += 8;
	else if ((p = take_hex32(p, end, &v)) == NULL) {
		text_skip(t, 1);
		return false;
	}
	*value = v;
	*t = (struct text){ p, (size_t)(end - p) };
	return true;
}

static bool
octal(struct text t, char *c)
{
	unsigned v = 0;

	if (t.len < 4 || t.p[0] != '\\')
		return false;
	for (size_t i = 1; i < 4; i++) {
		if (t.p[i] < '0' || t.p[i] > '7')
			return false;
		v = v * 8 + (unsigned)(t.p[i] - '0');
	}
	*c = (char)v;
	return v <= UINT8_MAX;
}

size_t
text_unescape(struct text t, char *buf, size_t cap)
{
	size_t n = 0;
	char c;

	while (t.len > 0 && n < cap) {
		const bool escaped = octal(t, &c);

		buf[n++] = escaped ? c : *t.p;
		drop(&t, escaped ? 4 : 1);
	}
	return n;
}
