/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  `sluice verify`: which of the stored requests are what a
 * host sent, in the order in which it made them, and what is missing.
 */
#include "sluice.h"

#include "verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct verdict {
	const struct keyring *keys;
	struct order *order;
	uint64_t good, refused;
	char name[4 * PATH_MAX];	/* of the file, as it is shown */
};

/*
 * Whoever fills the directory chooses the names: none may look like a line of
 * ours, or say anything to a terminal.
 */
static void
take_name(struct verdict *v, const char *path)
{
	size_t n = 0;

	for (; *path != '\0' && n < sizeof(v->name) - 4; path++) {
		const unsigned char c = (unsigned char)*path;

		if (c >= ' ' && c < 0x7f && c != '\\')
			v->name[n++] = (char)c;
		else
			n += (size_t)sprintf(v->name + n, "\\x%02x", c);
	}
	v->name[n] = '\0';
}

static void
refuse(struct verdict *v, unsigned n, const char *why)
{
	printf("%s: request %u: refused: %s\n", v->name, n, why);
	v->refused++;
}

static void
place(struct verdict *v, unsigned n, const struct claim *c)
{
	struct order_gap gap;

	switch (order_take(v->order, c, &gap)) {
	case PLACE_REPLAYED:
		refuse(v, n, "replayed: this signature came before");
		return;
	case PLACE_REORDERED:
		refuse(v, n, "reordered: its place was before others");
		return;
	case PLACE_GAP:
		printf("%s: request %u: %.*s: missing before it: records %"
		    PRIu64 " to %" PRIu64 "\n", v->name, n, VERIFY_RING,
		    c->ring.p, gap.first, gap.last);
		break;
	case PLACE_AGAIN:
		printf("%s: request %u: note: records %" PRIu64 " to %" PRIu64
		    " were sent again\n", v->name, n, c->first, c->last);
		break;
	case PLACE_NEXT:
	case PLACE_FIRST:
		break;
	}
	if (c->count < c->last - c->first + 1)
		printf("%s: request %u: %.*s: missing within: %" PRIu64
		    " of records %" PRIu64 " to %" PRIu64 "\n", v->name, n,
		    VERIFY_RING, c->ring.p, c->last - c->first + 1 - c->count,
		    c->first, c->last);
	v->good++;
}

static void
judge(struct verdict *v, unsigned n, const struct message *m)
{
	static char base[VERIFY_BASE_MAX];
	size_t len = sizeof(base);
	struct claim c;
	const char *wrong;

	if ((wrong = claim_read(&c, m, "sluice")) == NULL &&
	    (wrong = claim_judge(&c, m)) == NULL &&
	    (wrong = claim_base(&c, m, base, &len)) == NULL)
		wrong = keyring_judge(v->keys, &c, m, base, len);
	if (wrong != NULL)
		refuse(v, n, wrong);
	else
		place(v, n, &c);
}

/* One behind the other; what cannot be read hides all that follows it. */
static void
judge_bytes(struct verdict *v, const char *bytes, size_t len)
{
	struct message m;
	unsigned n = 1;

	for (; len > 0; bytes += m.len, len -= m.len, n++) {
		const char *wrong = message_read(&m, bytes, len);

		if (wrong != NULL) {
			refuse(v, n, wrong);
			return;
		}
		judge(v, n, &m);
	}
}

static void
judge_open(struct verdict *v, int fd)
{
	struct stat st;
	void *bytes;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
		refuse(v, 1, "not a file that holds anything");
		return;
	}
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED) {
		refuse(v, 1, strerror(errno));
		return;
	}
	judge_bytes(v, bytes, (size_t)st.st_size);
	munmap(bytes, (size_t)st.st_size);
}

static void
judge_file(struct verdict *v, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY);

	take_name(v, path);
	if (fd < 0) {
		refuse(v, 1, strerror(errno));
		return;
	}
	judge_open(v, fd);
	close(fd);
}

static int
is_shown(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* By their names, byte for byte: that is the order in which they came. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
judge_path(struct verdict *v, const char *path)
{
	struct dirent **entry;
	const int n = scandir(path, &entry, is_shown, by_name);
	char *name;

	if (n < 0) {
		judge_file(v, path);
		return;
	}
	for (int i = 0; i < n; i++) {
		if (asprintf(&name, "%s/%s", path, entry[i]->d_name) < 0)
			abort();
		judge_file(v, name);
		free(name);
		free(entry[i]);
	}
	free(entry);
}

int
verify_run(const struct arguments *a, const struct config *c)
{
	static struct verdict v;
	struct keyring *keys;
	const char *why;
	uint64_t missing;

	(void)c;
	if (a->key == NULL || a->npaths == 0) {
		fputs("sluice: verify: right would be --key FILE, and files or"
		    " directories of requests\n", stderr);
		return EXIT_USAGE;
	}
	if ((keys = keyring_read(a->key, &why)) == NULL) {
		fprintf(stderr, "sluice: --key %s: %s\n", a->key, why);
		return EXIT_WRONG;
	}
	v.keys = keys;
	v.order = order_new();
	for (int i = 0; i < a->npaths; i++)
		judge_path(&v, a->path[i]);
	missing = order_print(v.order, stdout);
	printf("%" PRIu64 " requests good, %" PRIu64 " refused, %" PRIu64
	    " records missing\n", v.good, v.refused, missing);
	keyring_free(keys);
	return v.refused == 0 && missing == 0 && v.good > 0 ? EXIT_GOOD :
	    EXIT_WRONG;
}
