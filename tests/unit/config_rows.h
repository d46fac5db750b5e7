/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Configurations and what is said about them, word for word.
 * ` stands for ", @ for the required keys of ship, and a message ends with *
 * where json-c's own words follow.
 */
#ifndef SLUICE_TESTS_CONFIG_ROWS_H
#define SLUICE_TESTS_CONFIG_ROWS_H

#include "config.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define REQUIRED "`endpoints`:[`https://a.example`],`ca`:`/ca`," \
	"`cert`:`/crt`,`key`:`/key`"

struct row {
	const char *text, *error;
};

static inline char *
written(const char *from, char out[4096])
{
	char *p = out;

	for (; *from != '\0'; from++)
		if (*from == '@')
			p = written(REQUIRED, p) + strlen(p);
		else
			*p++ = *from == '`' ? '"' : *from;
	*p = '\0';
	return out;
}

static inline void
check_row(const struct row *r)
{
	char text[4096], want[4096];
	struct config_error e;
	struct config c;
	size_t len;

	written(r->text, text);
	written(r->error, want);
	len = strlen(want);
	if (config_parse(&c, "f", text, strlen(text), &e) == 0)
		test_fail(__FILE__, __LINE__, "taken: %s", r->text);
	if (e.text[0] != 'f')
		test_fail(__FILE__, __LINE__, "no file in: %s", e.text);
	if (len > 0 && want[len - 1] == '*') {
		if (strncmp(e.text + 1, want, len - 1) != 0 ||
		    strlen(e.text) < len + 4)
			CHECK_STR(e.text + 1, want);
		return;
	}
	CHECK_STR(e.text + 1, want);
}

#define CHECK_ROWS(rows) \
	for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) \
		check_row(&(rows)[i])

#endif
