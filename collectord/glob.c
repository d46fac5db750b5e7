/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See glob.h. */
#include "glob.h"

#include <string.h>

/* Of a character of UTF-8, every byte but the first. */
static bool
continues(unsigned byte)
{
	return (byte & 0xc0) == 0x80;
}

static void
any_character(struct glob *g, uint64_t place)
{
	for (unsigned byte = 0; byte < 256; byte++)
		if (!continues(byte))
			g->step[byte] |= place;
	g->rest |= place << 1;
}

bool
glob_make(struct glob *g, const char *pattern)
{
	const size_t len = strlen(pattern);

	memset(g, 0, sizeof(*g));
	g->end = 1;
	if (len == 0 || len > GLOB_TEXT_MAX)
		return false;
	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '*') {
			g->any |= g->end;
			continue;
		}
		if (*pattern == '?')
			any_character(g, g->end);
		else
			g->step[(uint8_t)*pattern] |= g->end;
		g->end <<= 1;
	}
	return true;
}

bool
glob_match(const struct glob *g, const uint8_t *name, size_t len)
{
	uint64_t places = 1;

	for (size_t i = 0; i < len; i++) {
		const uint64_t stay = g->any |
		    (continues(name[i]) ? g->rest : 0);

		places = (places & g->step[name[i]]) << 1 | (places & stay);
	}
	return (places & g->end) != 0;
}
