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

bool
text_line(struct text *t, struct text *line)
{
	if (text_until(t, '\n', line))
		return true;
	/* a file cut in the middle still has its last line */
	*line = *t;
	drop(t, t->len);
	return line->len > 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * The high bit of each byte that is 0, right up to the first: a carry can
 * only make those behind it wrong.
 */
static uint64_t
zeros(uint64_t v)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	return (v - ones) & ~v & ones << 7;
}

/* Eight at a time: each byte by itself is a guess that its end makes wrong. */
static const char *
find_blank(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t v, found;

	for (; (size_t)(end - p) >= sizeof(v); p += sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		v = le64toh(v);
		found = zeros(v ^ ones * ' ') | zeros(v ^ ones * '\t');
		if (found != 0)
			return p + __builtin_ctzll(found) / 8;
	}
	while (p < end && !is_blank(*p))
		p++;
	return p;
}

bool
text_word(struct text *t, struct text *word)
{
	const char *p = t->p, *const end = t->p + t->len, *start;

	while (p < end && is_blank(*p))
		p++;
	start = p;
	p = find_blank(p, end);
	*word = (struct text){ start, (size_t)(p - start) };
	*t = (struct text){ p, (size_t)(end - p) };
	return word->len > 0;
}

bool
text_skip(struct text *t, size_t words)
{
	struct text word;

	for (; words > 0; words--)
		if (!text_word(t, &word))
			return false;
	return true;
}

bool
text_starts(struct text t, const char *s)
{
	const size_t len = strlen(s);

	return t.len >= len && (len == 0 || memcmp(t.p, s, len) == 0);
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

bool
text_next_u63(struct text *t, int64_t *value)
{
	struct text word;

	return text_word(t, &word) && text_u63(word, value);
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
	return text_hex_digit(c >= 'A' && c <= 'F' ? (char)(c | 0x20) : c);
}

bool
text_next_hex32(struct text *t, uint32_t *value)
{
	struct text word;
	uint32_t v = 0;

	if (!text_word(t, &word) || word.len > 2 * sizeof(v))
		return false;
	for (size_t i = 0; i < word.len; i++) {
		const int digit = hex_digit(word.p[i]);

		if (digit < 0)
			return false;
		v = v << 4 | (uint32_t)digit;
	}
	*value = v;
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
