/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See fields.h. */
#include "sources/fields.h"

#include "sieve.h"

#include <errno.h>
#include <string.h>

enum { KIB = 1024 };

/* n where the line is none of them; looked for from that one on. */
static size_t
find(const struct field *f, size_t n, size_t from, struct text line)
{
	for (size_t i = 0; i < n; i++) {
		const size_t at = from + i < n ? from + i : from + i - n;

		/* the first byte alone spares most of the calls */
		if (line.len >= f[at].len && line.p[0] == f[at].name[0] &&
		    memcmp(line.p, f[at].name, f[at].len) == 0)
			return at;
	}
	return n;
}

/* "   1234 kB", or "   12" where pages are counted. */
static bool
take(const struct field *f, struct text t, void *sample)
{
	struct text word;
	int64_t v;

	if (!text_next_u63(&t, &v))
		return false;
	if (f->kib && (!text_word(&t, &word) || !text_is(word, "kB") ||
	    __builtin_mul_overflow(v, KIB, &v)))
		return false;
	memcpy((char *)sample + f->offset, &v, sizeof(v));
	return true;
}

int
fields_parse(struct text t, const struct field *f, size_t n, void *sample)
{
	struct sieve sieve = { 0 };
	struct text line;
	size_t at, next = 0;
	int found = 0;

	for (size_t i = 0; i < n; i++)
		sieve_add(&sieve, f[i].name, f[i].len);
	while (text_line(&t, &line)) {
		if (!sieve_passes(&sieve, line) ||
		    (at = find(f, n, next, line)) == n)
			continue;
		if (!take(&f[at], text_of(line.p + f[at].len,
		    line.len - f[at].len), sample))
			return -EBADMSG;
		next = at + 1;
		found++;
	}
	return found;
}
