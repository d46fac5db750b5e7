/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The bearer token that each request carries (RFC 6750,
 * section 2.1).  It is read here alone, from a descriptor, before the lock.
 */
#ifndef SLUICE_TOKEN_H
#define SLUICE_TOKEN_H

#include <stddef.h>

enum { TOKEN_MAX = 4096 };	/* servers take heads of 8 KiB */

struct token {
	char text[TOKEN_MAX + 1];	/* "": none */
};

/*
 * One line: a b64token, and perhaps its end of line.  0, or -EBADMSG with no
 * byte of it left in the token.  Pure.
 */
int	token_parse(struct token *, const char *bytes, size_t len);

/*
 * Reads and closes the descriptor (-1: there is none).  Its page is locked
 * into memory where the limit allows.  Fatal on what is no token.
 */
void	token_take(struct token *, int fd);

#endif
