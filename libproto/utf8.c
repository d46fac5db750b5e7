/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See utf8.h. */
#include "utf8.h"

/* RFC 3629, section 4: what the second byte may be decides all the rest. */
static const struct {
	uint8_t first_low, first_high;
	uint8_t second_low, second_high;
	uint8_t length;
} forms[] = {
	{ 0x00, 0x7f, 0x00, 0x00, 1 },
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t
utf8_sequence(const uint8_t *s, size_t len)
{
	size_t f, n;

	if (len == 0)
		return 0;
	for (f = 0; f < sizeof(forms) / sizeof(forms[0]); f++)
		if (s[0] >= forms[f].first_low && s[0] <= forms[f].first_high)
			break;
	if (f == sizeof(forms) / sizeof(forms[0]) || len < forms[f].length)
		return 0;
	n = forms[f].length;
	if (n > 1 && (s[1] < forms[f].second_low ||
	    s[1] > forms[f].second_high))
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool
utf8_valid(const uint8_t *s, size_t len)
{
	for (size_t n; len > 0; s += n, len -= n)
		if ((n = utf8_sequence(s, len)) == 0)
			return false;
	return true;
}
