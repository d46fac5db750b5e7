/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  What ends by itself is said in good time: certificates,
 * ours and the server's, and revocation lists.
 */
#ifndef SLUICE_EXPIRY_H
#define SLUICE_EXPIRY_H

#include "shipstate.h"
#include "tls.h"

enum expiry_phase { EXPIRY_FAR, EXPIRY_SOON, EXPIRY_PAST };

struct expiry {
	enum expiry_phase said[TLS_THINGS];
};

/*
 * Soon is the last fifth of its life, but not more than 30 days: for an hour
 * twelve minutes, for 90 days 18 days.
 */
enum expiry_phase	expiry_phase(const struct tls_term *, int64_t now_s);

/* Says each phase once, and fills in what goes to the collector. */
void			expiry_step(struct expiry *,
			    const struct tls_term[TLS_THINGS], int64_t now_s,
			    struct export_expiry *);

#endif
