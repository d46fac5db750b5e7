/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the build.  Prints metrics.def as a libFuzzer dictionary: what a
 * record may hold, in the bytes that it holds it in.
 */
#include "cursor.h"
#include "record.h"

#include <stdio.h>

static void
print_entry(const char *name, unsigned number, const uint8_t *bytes, size_t len)
{
	printf("%s_%u=\"", name, number);
	for (size_t i = 0; i < len; i++)
		printf("\\x%02x", bytes[i]);
	printf("\"\n");
}

/* The step that leads to a point from the one before, and from none. */
static void
print_point(unsigned id, unsigned before)
{
	uint8_t bytes[16];
	struct writer w = writer_of(bytes, sizeof(bytes));

	write_varint(&w, id - before - 1);
	print_entry(before == 0 ? "first" : "next", id, bytes,
	    (size_t)writer_finish(&w));
}

int
main(void)
{
	for (unsigned s = 0; s < SOURCE_END; s++) {
		const uint8_t bytes[] = { RECORD_VERSION, (uint8_t)s };

		if (registry_source(s) != NULL)
			print_entry("source", s, bytes, sizeof(bytes));
	}
	for (unsigned key = 0; key < KEY_END; key++) {
		const uint8_t bytes[] = { (uint8_t)key, 1, '1' };

		if (registry_key(key) != NULL)
			print_entry("key", key, bytes, sizeof(bytes));
	}
	for (unsigned id = 0, before = 0; id < POINT_END; id++) {
		if (registry_point(id) == NULL)
			continue;
		print_point(id, 0);
		if (before != 0)
			print_point(id, before);
		before = id;
	}
	return 0;
}
