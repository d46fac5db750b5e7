/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  What a signed request says of itself: the signature
 * base (RFC 9421, section 2.5) and the lines of the head that carry digest,
 * record numbers and signature.  Pure; docs/signing.md is for who checks it.
 */
#ifndef SLUICE_SIGN_FIELDS_H
#define SLUICE_SIGN_FIELDS_H

#include "url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SIGN_DIGEST = 32,		/* SHA-256 */
	SIGN_SIZE = 64,			/* r and s of P-256 */
	SIGN_KEYID_MAX = 8 + 44 + 1,	/* sha256//BASE64, terminated */
	SIGN_BASE_MAX = 2048,
	SIGN_FIELDS_MAX = 768,		/* lines of the head, terminated */
};

struct sign_what {
	const struct url *url;
	const char *content_type;
	bool gzip;			/* the content is, and is said to be */
	uint8_t digest[SIGN_DIGEST];	/* of the content as it is sent */
	uint8_t ring[RING_ID];
	uint64_t first, last, count;	/* of the records, by their numbers */
	uint64_t created;		/* Unix seconds */
	const char *keyid;
};

/* Bytes written; -ENOBUFS; -ERANGE: no number of a structured field. */
ptrdiff_t	sign_base(char *, size_t cap, const struct sign_what *);
/* The same; each line with its end, the last one followed by a NUL. */
ptrdiff_t	sign_lines(char *, size_t cap, const struct sign_what *,
		    const uint8_t signature[SIGN_SIZE]);

/* Terminated; RFC 4648, section 4: four letters for each three bytes. */
void		sign_base64(char *out, const uint8_t *bytes, size_t len);

#endif
