/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  What OpenSSL frees is wiped: in 3.0 its decoders leave
 * a copy of the private key behind.  The key itself is in its secure heap:
 * pages between guards, locked where the limit allows, in no core.
 */
#include "tls.h"

#include <openssl/crypto.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* An RSA key of 4096 bits and a handshake take a tenth of it. */
enum { SECURE_HEAP = 65536, SECURE_LEAST = 32 };

static void *
take(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(len);
}

static void
wipe(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

/* realloc(3) would leave the bytes behind where it moves them. */
static void *
move(void *p, size_t len, const char *file, int line)
{
	const size_t had = p == NULL ? 0 : malloc_usable_size(p);
	void *moved;

	if (len > 0 && len <= had)
		return p;
	moved = len == 0 ? NULL : malloc(len);
	if (len > 0 && moved == NULL)
		return NULL;
	if (len > 0 && had > 0)
		memcpy(moved, p, had);
	wipe(p, file, line);
	return moved;
}

bool
tls_memory_init(void)
{
	/* 2: it could not be locked, and is there all the same */
	return CRYPTO_set_mem_functions(take, move, wipe) == 1 &&
	    CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_LEAST) != 0;
}
