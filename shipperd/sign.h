/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  Signs requests with one key (RFC 9421, section 3.3.4:
 * ecdsa-p256-sha256) and says what they hold (RFC 9530: sha-256).  sign.c is
 * beside the files tls*.c the one that includes OpenSSL.
 */
#ifndef SLUICE_SIGN_H
#define SLUICE_SIGN_H

#include "sign_fields.h"

struct evp_pkey_st;
struct signer;

/*
 * Before the lock: takes a reference on the key and signs once, so that
 * nothing has to be loaded later.  NULL, with *why: not P-256, or memory.
 */
struct signer	*signer_new(struct evp_pkey_st *, const char **why);
void		signer_free(struct signer *);

/*
 * Fills in digest and keyid ("sha256//…" of the public key, the form of
 * ship.pins), and writes the lines for the head.  Each call is
 * another signature: the algorithm draws a number each time.  NULL, or what
 * failed.
 */
const char	*sign_request(const struct signer *, struct sign_what *,
		    const void *content, size_t len,
		    char lines[SIGN_FIELDS_MAX]);

#endif
