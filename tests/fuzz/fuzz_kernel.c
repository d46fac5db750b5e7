/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/kernel.h"
#include "sources/load.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Each of the small files' parsers gets every input. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct text t = text_of((const char *)data, len);
	struct load_sample load;
	struct file_nr files;
	int64_t v;

	if (uptime_parse(t, &v) == 0 && v < 0)
		abort();
	if (number_parse(t, &v) == 0 && v < 0)
		abort();
	if (file_nr_parse(t, &files) == 0 &&
	    (files.open < 0 || files.limit < 0))
		abort();
	if (load_parse(t, &load) == 0 && (load.threads < 0 ||
	    load.average[0] < 0 || load.average[1] < 0 ||
	    load.average[2] < 0))
		abort();
	return 0;
}
