/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Attributes that are left out, or sent as a keyed
 * hash, before their record is made: what is clear reaches neither the ring
 * nor the channel.
 */
#ifndef SLUICE_REDACT_H
#define SLUICE_REDACT_H

#include "registry.h"
#include "siphash.h"
#include "text.h"

enum { REDACT_HASH_LEN = 16 };	/* hexadecimal digits */

enum redaction { REDACT_NOT, REDACT_HASH, REDACT_DROP };

struct redact {
	enum redaction key[KEY_END];
	uint8_t secret[SIPHASH_KEY];
};

/* The number of the attribute of that name; 0: none, or the agent's own. */
enum key	redact_find(const char *name);
/* NULL, or why not: a text to stand behind it. */
const char	*redact_set(struct redact *, const char *name, enum redaction);
bool		redact_hashes(const struct redact *);

/* A file of 32 hexadecimal digits, at most with a line's end: 0 or -EBADMSG */
int		redact_secret(struct redact *, struct text);
/* Where there is no such file: made of this host's machine-id. */
int		redact_machine(struct redact *, struct text machine_id);
/* From an open file of such digits: 0 or -errno. */
int		redact_read(struct redact *, int fd);
/*
 * Before the lock, where anything is hashed: from the file, judged as every
 * secret is, or where path is "" from the host's own identity.  Or fatal.
 */
void		redact_must_open(struct redact *, const char *path);

/* Equal values of two attributes stay equal, so that they can be joined. */
void		redact_hash(const struct redact *, const uint8_t *value,
		    size_t len, uint8_t out[REDACT_HASH_LEN]);

#endif
