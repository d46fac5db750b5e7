/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/cgroup_parse.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct cgroup_io *io)
{
	if (io->n > CGROUP_DEVICES_MAX)
		abort();
	for (size_t i = 0; i < io->n; i++) {
		if (io->device[i].major < 0 || io->device[i].minor < 0)
			abort();
		for (int k = 0; k < CGROUP_IO_VALUES; k++)
			if (io->device[i].value[k] < 0)
				abort();
		for (size_t k = 0; k < i; k++)
			if (io->device[k].major == io->device[i].major &&
			    io->device[k].minor == io->device[i].minor)
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct text t = text_of((const char *)data, len);
	static struct cgroup_io io;

	io.n = 0;
	cgroup_io_stat(t, &io);
	check(&io);
	io.n = 0;
	cgroup_blkio(t, CGROUP_READ_BYTES, &io);
	cgroup_blkio(t, CGROUP_READS, &io);
	check(&io);
	return 0;
}
