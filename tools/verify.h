/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  `sluice verify`: stored requests, as docs/signing.md
 * describes them.  verify_message.c takes one apart, verify_field.c reads
 * structured fields (RFC 9651), verify_claim.c says what a signature claims
 * and over which bytes (RFC 9421), verify_key.c if it holds, and
 * verify_order.c if the request is in its place.  All but the last two are
 * pure; what they read is hostile.
 */
#ifndef SLUICE_VERIFY_H
#define SLUICE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	VERIFY_HEAD_MAX = 16384,
	VERIFY_FIELDS_MAX = 64,
	VERIFY_PARTS_MAX = 16,		/* covered by one signature */
	VERIFY_BASE_MAX = 2 * VERIFY_HEAD_MAX,
	VERIFY_DIGEST = 32,
	VERIFY_SIGNATURE = 64,
	VERIFY_KEYID = 8 + 44,		/* sha256//BASE64 */
	VERIFY_RING = 5 + 32,		/* ring-HEX */
};

struct span {
	const char *p;
	size_t len;
};

struct message_field {
	struct span name, value;	/* without the blanks around it */
};

struct message {
	struct span method, target;
	size_t nfields;
	struct message_field field[VERIFY_FIELDS_MAX];
	struct span body;
	size_t len;			/* of all, in what was read */
};

bool		span_is(struct span, const char *);
/* The byte from its front; false where another one stands there. */
bool		span_take(struct span *, char);
/* The first request in the bytes: NULL, or what is wrong with it. */
const char	*message_read(struct message *, const void *, size_t);
/* How many there are of that name, in any case; *value: of the first. */
size_t		message_find(const struct message *, struct span name,
		    struct span *value);

/*
 * Structured fields.  Each takes what it reads from the front of *s, and
 * returns false where something else stands there.
 */
bool		sf_string(struct span *s, struct span *text);
bool		sf_token(struct span *s, struct span *text);
bool		sf_number(struct span *s, uint64_t *);
bool		sf_bytes(struct span *s, void *out, size_t len);
/* ";name", and "=" where a value follows: the caller reads it. */
bool		sf_parameter(struct span *s, struct span *name);
/* Any one item, with its parameters or without. */
bool		sf_skip(struct span *s);
/* 1: *value is the member's, to its end; 0: there is none; -1: malformed. */
int		sf_member(struct span dictionary, const char *name,
		    struct span *value);

struct claim {
	struct span params;		/* as they stand there */
	size_t nparts;
	struct span part[VERIFY_PARTS_MAX];
	struct span keyid, tag;		/* p NULL: none */
	bool dated;
	uint64_t created;
	uint8_t signature[VERIFY_SIGNATURE];
	/* of Content-Digest and Sluice-Records */
	uint8_t digest[VERIFY_DIGEST];
	struct span ring;
	uint64_t first, last, count;
};

/* The signature of that label alone.  NULL, or what is wrong. */
const char	*claim_read(struct claim *, const struct message *,
		    const char *label);
/* What Sluice's own must cover and say. */
const char	*claim_judge(struct claim *, const struct message *);
/* The signature base.  *len is the room before, and what was written after. */
const char	*claim_base(const struct claim *, const struct message *,
		    char *base, size_t *len);

/* Of ecdsa-p256-sha256 (RFC 9421, section 3.3.4). */
struct evp_pkey_st;
bool		signature_holds(struct evp_pkey_st *,
		    const uint8_t[VERIFY_SIGNATURE], const char *, size_t);

struct keyring;

/* Public keys and certificates in PEM.  NULL, with *why. */
struct keyring	*keyring_read(const char *path, const char **why);
void		keyring_free(struct keyring *);
/* Content, then signature.  NULL, or what is wrong. */
const char	*keyring_judge(const struct keyring *, const struct claim *,
		    const struct message *, const char *base, size_t base_len);

struct order;

enum place {
	PLACE_NEXT,
	PLACE_FIRST,			/* of its ring and key */
	PLACE_AGAIN,			/* signed again: its answer was lost */
	PLACE_GAP,			/* what comes before it is missing */
	PLACE_REPLAYED,
	PLACE_REORDERED,
};

struct order_gap {
	uint64_t first, last;
};

/* Memory that is not there ends the program. */
struct order	*order_new(void);
enum place	order_take(struct order *, const struct claim *,
		    struct order_gap *);
/* Writes a line for each ring; returns how many records are missing. */
uint64_t	order_print(const struct order *, FILE *);

#endif
