/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A pattern, a line's end, a name: the matcher says what a
 * table of every prefix of both says, which is slow and cannot be wrong.
 */
#include "glob.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { NAME_MAX_LEN = 255 };

static bool
starts_character(const uint8_t *name, size_t len, size_t at)
{
	return at == len || (name[at] & 0xc0) != 0x80;
}

/* Bytes of the character at that place, 0: none starts there. */
static size_t
character(const uint8_t *name, size_t len, size_t at)
{
	size_t n = 1;

	if (at == len || !starts_character(name, len, at))
		return 0;
	while (!starts_character(name, len, at + n))
		n++;
	return n;
}

static bool
by_table(const char *pattern, const uint8_t *name, size_t len)
{
	static bool fits[GLOB_TEXT_MAX + 1][NAME_MAX_LEN + 1];
	const size_t m = strlen(pattern);

	memset(fits, 0, sizeof(fits));
	fits[0][0] = true;
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j <= len; j++) {
			if (!fits[i][j])
				continue;
			if (pattern[i] == '*')
				for (size_t k = j; k <= len; k++)
					fits[i + 1][k] = true;
			else if (pattern[i] == '?' &&
			    character(name, len, j) > 0)
				for (size_t n = 1; n <= character(name, len,
				    j); n++)
					fits[i + 1][j + n] = true;
			else if (pattern[i] != '?' && j < len &&
			    (uint8_t)pattern[i] == name[j])
				fits[i + 1][j + 1] = true;
		}
	return fits[m][len];
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const uint8_t *end = len == 0 ? NULL : memchr(bytes, '\n', len);
	char pattern[GLOB_TEXT_MAX + 2];
	struct glob g;
	size_t n;

	if (end == NULL || (n = (size_t)(end - bytes)) >= sizeof(pattern))
		return 0;
	memcpy(pattern, bytes, n);
	pattern[n] = '\0';
	len -= n + 1;
	if (len > NAME_MAX_LEN || !glob_make(&g, pattern))
		return 0;
	if (glob_match(&g, end + 1, len) != by_table(pattern, end + 1, len))
		abort();
	return 0;
}
