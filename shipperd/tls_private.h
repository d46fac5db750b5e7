/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  What tls_context.c and tls.c share; nobody else. */
#ifndef SLUICE_TLS_PRIVATE_H
#define SLUICE_TLS_PRIVATE_H

#include "tls.h"

struct ssl_ctx_st;

struct tls_context {
	struct ssl_ctx_st *ctx;
};

/* "what: OpenSSL's oldest complaint"; empties its queue. */
void	tls_say(struct tls_error *, const char *what);

#endif
