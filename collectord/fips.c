/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See fips.h. */
#include "fips.h"

#include <fcntl.h>
#include <unistd.h>

bool
fips_is_on(const char *file)
{
	const int fd = open(file, O_RDONLY | O_CLOEXEC);
	char text[4];
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	return n == 2 && text[0] == '1' && text[1] == '\n';
}
