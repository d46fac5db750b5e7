/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See config_value.h. */
#include "config_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct value_unit value_time[] = {
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
	{ NULL, 0 },
};

const struct value_unit value_bytes[] = {
	{ "GiB", 1073741824 },
	{ "MiB", 1048576 },
	{ "KiB", 1024 },
	{ "B", 1 },
	{ NULL, 0 },
};

static const struct value_unit *
find_unit(const struct value_unit *u, const char *name)
{
	for (; u->name != NULL; u++)
		if (strcmp(u->name, name) == 0)
			return u;
	return NULL;
}

int
value_parse(const char *s, const struct value_unit *units, uint64_t *value)
{
	const size_t digits = strspn(s, "0123456789");
	const struct value_unit *unit = find_unit(units, s + digits);
	uint64_t v = 0;

	/* one value has one form: no leading zero */
	if (digits == 0 || unit == NULL || (s[0] == '0' && digits > 1))
		return -EBADMSG;
	for (size_t i = 0; i < digits; i++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
			return -ERANGE;
	return __builtin_mul_overflow(v, unit->factor, value) ? -ERANGE : 0;
}

const char *
value_print(char buf[VALUE_TEXT_MAX], const struct value_unit *u, uint64_t v)
{
	while (u->factor > 1 && (v == 0 || v % u->factor != 0))
		u++;
	snprintf(buf, VALUE_TEXT_MAX, "%" PRIu64 "%s", v / u->factor, u->name);
	return buf;
}
