/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Whatever the parser of the text format takes lies within
 * its line, and it ends; whatever number it takes is a number.
 */
#include "sources/operator_text.h"

#include <errno.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
within(struct text t, const char *from, const char *to)
{
	if (t.p < from || t.p + t.len > to)
		abort();
}

static void
check_value(struct text t)
{
	static const enum scale scales[] = { SCALE_INT, SCALE_MILLI,
		SCALE_MICRO, SCALE_NANO };
	int64_t v;
	int malformed = 0;

	for (int i = 0; i < 4; i++) {
		const int result = prom_value(t, scales[i], &v);

		malformed += result == -EBADMSG;
		if (result == 0 && v < 0 && t.p[0] != '-')
			abort();
	}
	/* what is a number in one scale is one in each */
	if (malformed != 0 && malformed != 4)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *from = (const char *)data, *to = from + len;
	struct prom p = { .rest = text_of(from, len) };
	struct prom_line l;
	size_t lines = 0;

	while (prom_next(&p, &l) == 1) {
		if (++lines > len || l.nlabels > PROM_LABELS_MAX)
			abort();
		within(l.name, from, to);
		within(l.value, from, to);
		for (size_t i = 0; i < l.nlabels; i++) {
			within(l.label[i].name, from, to);
			within(l.label[i].value, from, to);
		}
		if (l.kind == PROM_SAMPLE)
			check_value(l.value);
	}
	return 0;
}
