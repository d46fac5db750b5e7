/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See select.h. */
#include "select.h"

#include "source.h"

#include <string.h>

/* One byte of a pattern that a value of that attribute can have as well. */
static bool
fits_byte(enum key key, uint8_t c)
{
	if (c == '*' || c == '?')
		return true;
	/* a letter beyond ASCII is more than one byte */
	if (c >= 0x80)
		return registry_key(key)->alphabet == ALPHABET_PATH;
	return registry_value_ok(key, &c, 1);
}

/* What no name could have would never fit: "sd[a-z]", "\\*". */
static bool
could_fit(uint32_t keys, const char *pattern)
{
	for (unsigned key = 1; key < KEY_END; key++) {
		const char *p = pattern;

		if ((keys & 1u << key) == 0)
			continue;
		while (*p != '\0' && fits_byte(key, (uint8_t)*p))
			p++;
		if (*p == '\0')
			return true;
	}
	return false;
}

const char *
select_add(struct select_texts *all, enum source_id source, uint32_t keys,
    bool exclude, const char *pattern)
{
	struct select_text *t = &all->text[all->n];

	if (keys == 0)
		return "is for a source without names";
	if (pattern[0] == '\0' || strlen(pattern) > GLOB_TEXT_MAX)
		return "is empty or longer than 63 bytes";
	if (!could_fit(keys, pattern))
		return "holds a character that no such name has";
	for (size_t i = 0; i < all->n; i++)
		if (all->text[i].source == source &&
		    all->text[i].exclude == exclude &&
		    strcmp(all->text[i].pattern, pattern) == 0)
			return "stands there twice";
	if (all->n == SELECT_MAX)
		return "is one pattern more than all lists may have together,"
		    " 128";
	t->source = source;
	t->exclude = exclude;
	strcpy(t->pattern, pattern);
	all->n++;
	return NULL;
}

void
select_make(struct select *s, const struct select_texts *texts)
{
	s->texts = texts;
	s->sources = s->includes = 0;
	for (size_t i = 0; i < texts->n; i++) {
		const struct select_text *t = &texts->text[i];

		glob_make(&s->glob[i], t->pattern);
		s->sources |= SOURCE_BIT(t->source);
		if (!t->exclude)
			s->includes |= SOURCE_BIT(t->source);
	}
}

bool
select_has(const struct select *s, enum source_id source)
{
	return (s->sources & SOURCE_BIT(source)) != 0;
}

void
select_see(const struct select *s, enum source_id source,
    struct select_seen *seen, const uint8_t *name, size_t len)
{
	seen->named = true;
	for (size_t i = 0; i < s->texts->n; i++) {
		const struct select_text *t = &s->texts->text[i];

		if (t->source != source ||
		    !glob_match(&s->glob[i], name, len))
			continue;
		if (t->exclude)
			seen->excluded = true;
		else
			seen->included = true;
	}
}

bool
select_takes(const struct select *s, enum source_id source,
    const struct select_seen *seen)
{
	if (!seen->named)
		return true;
	return !seen->excluded && (seen->included ||
	    (s->includes & SOURCE_BIT(source)) == 0);
}
