/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Reading kernel text: a span of bytes that shrinks
 * from the front.  Pure; nothing is copied, nothing needs a terminating NUL.
 */
#ifndef SLUICE_TEXT_H
#define SLUICE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	const char *p;
	size_t len;
};

static inline struct text
text_of(const char *p, size_t len)
{
	/* no bytes may have no address, which C cannot count from */
	return (struct text){ p == NULL ? "" : p, len };
}

/*
 * Takes the next line off, without its newline.  False at the end; a file cut
 * in the middle still has its last line.  Inline, as it is for every line.
 */
static inline bool
text_line(struct text *t, struct text *line)
{
	const char *const start = t->p, *const at = t->len == 0 ? NULL :
	    memchr(start, '\n', t->len);
	const size_t len = at == NULL ? t->len : (size_t)(at - start);
	const size_t taken = at == NULL ? len : len + 1;

	*line = (struct text){ start, len };
	*t = (struct text){ start + taken, t->len - taken };
	return taken > 0;
}

static inline bool
text_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes the next word off (blanks: space and tab).  False: none left. */
bool		text_word(struct text *, struct text *word);
/* Skips that many words; false where there are fewer. */
bool		text_skip(struct text *, size_t words);
/* Whether there is a word, whether there are two, how many there are. */
bool		text_more(struct text);
bool		text_has_two(struct text);
size_t		text_words(struct text);
static inline bool
text_same(struct text t, const char *s, size_t len)
{
	return t.len == len && (len == 0 || memcmp(t.p, s, len) == 0);
}

/* These two are inline, so that the length of a constant is one. */
static inline bool
text_is(struct text t, const char *s)
{
	return text_same(t, s, strlen(s));
}

static inline bool
text_starts(struct text t, const char *s)
{
	const size_t len = strlen(s);

	return t.len >= len && (len == 0 || memcmp(t.p, s, len) == 0);
}

/* Takes everything up to c off, and c.  False where there is no c. */
bool		text_until(struct text *, char c, struct text *before);
/*
 * The whole of the span as a decimal number that fits an int64_t (kernel
 * counters above INT64_MAX are refused: OTLP's asInt has no room for them).
 * A sign is only taken by text_int.
 */
bool		text_u63(struct text, int64_t *);
bool		text_int(struct text, int64_t *);
/* "12.34" as hundredths: at most two digits after the point count. */
bool		text_centi(struct text, int64_t *);
/*
 * Undoes the octal escapes (\040) that the kernel writes for blanks in paths,
 * proc_pid_mountinfo(5).  Returns the bytes written, at most cap: what does
 * not fit is cut.  A backslash that escapes nothing stands for itself.
 */
size_t		text_unescape(struct text, char *buf, size_t cap);
/* text_word and text_u63 in one, and in one pass: most numbers come so. */
bool		text_next_u63(struct text *, int64_t *);
/*
 * As many of those as there are, at most max: how many, and the others of
 * value stay as they are.  Below 0 where one of the words is no number.
 */
int		text_numbers(struct text *, int64_t *value, int max);
/* 0 to 15 of 0-9 and a-f; -1 for any other byte. */
int		text_hex_digit(char);
/* text_next_u63 for one to eight hexadecimal digits of either case. */
bool		text_next_hex32(struct text *, uint32_t *);

#endif
