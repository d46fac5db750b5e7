/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "fips.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static bool
is_on(const char *text)
{
	const int fd = memfd_create("fips_enabled", MFD_CLOEXEC);
	char path[64];
	bool on;

	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	on = fips_is_on(path);
	close(fd);
	return on;
}

TEST(a_1_alone_is_on)
{
	CHECK(is_on("1\n"));
}

TEST(everything_else_is_off)
{
	static const char *const texts[] = { "", "0\n", "1", "2\n", "11\n",
		"1\n\n", " 1\n", "-1\n", "\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (is_on(texts[i]))
			test_fail(__FILE__, __LINE__, "%s", texts[i]);
}

TEST(a_kernel_without_that_file_is_off)
{
	CHECK(!fips_is_on("/nonexistent/fips_enabled"));
}
