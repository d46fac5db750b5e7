/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See test.h. */
#include "test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TESTS_MAX = 256 };
enum { FAILED = 1, SKIPPED = 2 };

static struct {
	const char *name;
	void (*run)(void);
} tests[TESTS_MAX];
static size_t ntests;
static jmp_buf end;
static char reason[512];

void
test_register(const char *name, void (*run)(void))
{
	if (ntests == TESTS_MAX)
		abort();
	tests[ntests].name = name;
	tests[ntests++].run = run;
}

void
test_fail(const char *file, int line, const char *format, ...)
{
	int n = snprintf(reason, sizeof(reason), "%s:%d: ", file, line);
	va_list ap;

	va_start(ap, format);
	vsnprintf(reason + n, sizeof(reason) - (size_t)n, format, ap);
	va_end(ap);
	longjmp(end, FAILED);
}

void
test_skip(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(reason, sizeof(reason), format, ap);
	va_end(ap);
	longjmp(end, SKIPPED);
}

/* What test_file() read, until the end. */
enum { KEPT_MAX = 64 };
static char *kept[KEPT_MAX];
static size_t nkept;

char *
test_file(const char *path, size_t *len)
{
	const char *root = getenv("SLUICE_SOURCE_ROOT");
	char full[4096];
	char *bytes;
	FILE *f;
	long size;

	snprintf(full, sizeof(full), "%s/%s", root ? root : ".", path);
	if ((f = fopen(full, "rb")) == NULL)
		test_fail(__FILE__, __LINE__, "cannot open %s", full);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	if (nkept == KEPT_MAX)
		test_fail(__FILE__, __LINE__, "more than %d files", KEPT_MAX);
	bytes = kept[nkept++] = malloc((size_t)size + 1);
	if (bytes == NULL || fread(bytes, 1, (size_t)size, f) != (size_t)size)
		test_fail(__FILE__, __LINE__, "cannot read %s", full);
	fclose(f);
	bytes[size] = '\0';
	*len = (size_t)size;
	return bytes;
}

int
main(void)
{
	static const char *const word[] = { "ok", "not ok", "ok" };
	static volatile size_t i;
	static volatile int failed;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", ntests);
	for (i = 0; i < ntests; i++) {
		int how = setjmp(end);

		if (how == 0)
			tests[i].run();
		printf("%s %zu - %s", word[how], i + 1, tests[i].name);
		if (how == SKIPPED)
			printf(" # SKIP %s", reason);
		else if (how == FAILED)
			printf("\n# %s", reason);
		printf("\n");
		failed |= how == FAILED;
	}
	while (nkept > 0)
		free(kept[--nkept]);
	return failed;
}
