/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Feeds a fuzz target its seeds, without a fuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { SEED_MAX = 8 << 20 };

static int
replay(const char *path)
{
	static uint8_t bytes[SEED_MAX];
	FILE *f = fopen(path, "rb");
	uint8_t *exact;
	size_t len;

	if (f == NULL)
		return -1;
	len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	/* exactly as long as the seed, so that a read past it is seen */
	if ((exact = malloc(len + (len == 0))) == NULL)
		return -1;
	memcpy(exact, bytes, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	return 0;
}

int
main(int argc, char **argv)
{
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	if (argc != 2 || (d = opendir(argv[1])) == NULL) {
		printf("1..1\nnot ok 1 - no directory of seeds\n");
		return 1;
	}
	while ((e = readdir(d)) != NULL) {
		char path[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		if (replay(path) < 0) {
			printf("1..1\nnot ok 1 - cannot read %s\n", path);
			return 1;
		}
		n++;
	}
	closedir(d);
	printf("1..1\n%s 1 - every_seed_is_taken_without_a_crash\n# %u seeds\n",
	    n > 0 ? "ok" : "not ok", n);
	return n == 0;
}
