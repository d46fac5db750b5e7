/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See redact.h. */
#include "redact.h"

#include "log.h"
#include "read_file.h"
#include "secret.h"
#include "source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { SECRET_DIGITS = 2 * SIPHASH_KEY, SECRET_FILE_MAX = 128 };

enum key
redact_find(const char *name)
{
	for (unsigned k = 1; k < KEY_END; k++)
		if (k != KEY_SOURCE_NAME && registry_key(k) != NULL &&
		    strcmp(registry_key(k)->name, name) == 0)
			return k;
	return 0;
}

/* True where some source has nothing else to tell two instances apart. */
static bool
identifies(enum key key)
{
	for (size_t i = 0; i < source_table_size; i++) {
		const struct source *s = source_table[i];

		if ((registry_source(s->id)->keys & ~s->describes & 1u << key)
		    != 0)
			return true;
	}
	return false;
}

static const char *
judge(enum key key, enum redaction how)
{
	const struct key_row *row = registry_key(key);

	if (how == REDACT_DROP && identifies(key))
		return "would make one series of two: that attribute tells"
		    " instances apart, and can only be hashed";
	if (how == REDACT_HASH && (row->alphabet == ALPHABET_DIGITS ||
	    row->longest < REDACT_HASH_LEN))
		return "has no room for a hash: that attribute can only be"
		    " left out, by \"drop\" or with its instances";
	return NULL;
}

const char *
redact_set(struct redact *r, const char *name, enum redaction how)
{
	const enum key key = redact_find(name);
	const char *wrong;

	if (key == 0)
		return "stands under a name that is no attribute of a source";
	if ((wrong = judge(key, how)) == NULL)
		r->key[key] = how;
	return wrong;
}

bool
redact_hashes(const struct redact *r)
{
	for (unsigned k = 1; k < KEY_END; k++)
		if (r->key[k] == REDACT_HASH)
			return true;
	return false;
}

static int
hex(struct text t, uint8_t out[SIPHASH_KEY])
{
	struct text line;

	if (!text_line(&t, &line) || line.len != SECRET_DIGITS || t.len != 0)
		return -EBADMSG;
	for (size_t i = 0; i < SIPHASH_KEY; i++) {
		const int high = text_hex_digit(line.p[2 * i]);
		const int low = text_hex_digit(line.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int
redact_secret(struct redact *r, struct text t)
{
	return hex(t, r->secret);
}

/* machine-id(5) asks that it is never used as it is. */
int
redact_machine(struct redact *r, struct text machine_id)
{
	static const uint8_t zero[SIPHASH_KEY];
	static const char use[] = "sluice redact";
	uint8_t id[SIPHASH_KEY];

	if (hex(machine_id, id) < 0 || memcmp(id, zero, sizeof(id)) == 0)
		return -EBADMSG;
	for (uint8_t half = 0; half < 2; half++) {
		struct siphash h = siphash_begin(id);
		uint64_t word;

		siphash_add(&h, use, sizeof(use));
		siphash_add(&h, &half, 1);
		word = siphash_end(&h);
		memcpy(r->secret + half * sizeof(word), &word, sizeof(word));
	}
	return 0;
}

int
redact_read(struct redact *r, int fd)
{
	char buf[SECRET_FILE_MAX];
	struct text t;
	int error = read_file_open(fd, buf, sizeof(buf), &t);

	if (error == 0)
		error = redact_secret(r, t);
	explicit_bzero(buf, sizeof(buf));
	return error;
}

static int
read_machine(struct redact *r, const char *path)
{
	char buf[SECRET_FILE_MAX];
	struct text t;
	const int error = read_file(path, buf, sizeof(buf), &t);

	return error < 0 ? error : redact_machine(r, t);
}

static int
open_key(struct redact *r, const char *path)
{
	const int fd = secret_open_own("collect.redact_key", path);
	const int error = redact_read(r, fd);

	close(fd);
	return error;
}

void
redact_must_open(struct redact *r, const char *path)
{
	const bool is_given = path[0] != '\0';
	const char *which = is_given ? path : "/etc/machine-id";
	int error;

	if (!redact_hashes(r))
		return;
	error = is_given ? open_key(r, path) : read_machine(r, which);
	if (error == -EBADMSG)
		fatal_text("no secret for collect.redact: not 32 hexadecimal"
		    " digits", which);
	if (error < 0)
		fatal(which, -error);
}

void
redact_hash(const struct redact *r, const uint8_t *value, size_t len,
    uint8_t out[REDACT_HASH_LEN])
{
	static const char digits[] = "0123456789abcdef";
	struct siphash h = siphash_begin(r->secret);
	uint64_t word;

	siphash_add(&h, value, len);
	word = siphash_end(&h);
	for (int i = 0; i < REDACT_HASH_LEN; i++)
		out[i] = (uint8_t)digits[word >> (60 - 4 * i) & 15];
}
