/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See inventory.h: the pure half. */
#include "sources/inventory.h"

#include <string.h>

static bool
is_sent(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("._-/:@+,", c));
}

/* Bytes of a mark that stands there, or 0. */
static size_t
mark(struct text t)
{
	static const char *const marks[] = { "(R)", "(r)", "(TM)", "(tm)",
		"(C)", "(c)" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (text_starts(t, marks[i]))
			return strlen(marks[i]);
	return 0;
}

size_t
inventory_clean(struct text t, char *buf, size_t cap)
{
	bool blank = false;
	size_t n = 0, skip;

	for (; t.len > 0 && n < cap; t = text_of(t.p + skip, t.len - skip)) {
		const size_t of_mark = mark(t);

		skip = of_mark > 0 ? of_mark : 1;
		if (of_mark > 0)
			continue;
		if (!is_sent(*t.p)) {
			blank = n > 0;
			continue;
		}
		if (blank && n + 1 == cap)
			break;
		if (blank)
			buf[n++] = ' ';
		blank = false;
		buf[n++] = *t.p;
	}
	return n;
}

bool
inventory_cpu_model(struct text t, struct text *model)
{
	struct text line, name, word;

	while (text_line(&t, &line)) {
		if (!text_until(&line, ':', &name) ||
		    !text_word(&name, &word) || !text_is(word, "model") ||
		    !text_word(&name, &word) || !text_is(word, "name"))
			continue;
		*model = line;
		return true;
	}
	return false;
}
