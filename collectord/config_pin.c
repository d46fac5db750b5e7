/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  ship.pins: "sha256//" and base64 of 32 bytes (RFC 4648,
 * section 4), as curl(1) --pinnedpubkey and others write it.
 */
#include "config_set.h"

#include <string.h>

enum { PIN_LETTERS = 43 };	/* and one = */

/* 43 letters are 258 bits: the last two must be zero, or two texts are one. */
static bool
decode(const char *text, uint8_t pin[PIN_SIZE])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	size_t n = 0;

	if (strlen(text) != PIN_LETTERS + 1 || text[PIN_LETTERS] != '=')
		return false;
	for (size_t i = 0; i < PIN_LETTERS; i++) {
		const char *letter = strchr(alphabet, text[i]);

		if (letter == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(letter - alphabet);
		/* whole bytes stand after the 2nd, 3rd and 4th of each four */
		if (i % 4 != 0)
			pin[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	return (bits & 3) == 0;
}

const char *
config_set_pin(struct config *c, const struct config_key *k,
    const char *name, const char *text)
{
	static const char scheme[] = "sha256//";
	uint8_t *pin = c->pin[c->npins];

	(void)k;
	(void)name;
	if (strncmp(text, scheme, sizeof(scheme) - 1) != 0 ||
	    !decode(text + sizeof(scheme) - 1, pin))
		return "is not a pin";
	for (size_t i = 0; i < c->npins; i++)
		if (memcmp(c->pin[i], pin, PIN_SIZE) == 0)
			return "stands there twice";
	c->npins++;
	return NULL;
}
