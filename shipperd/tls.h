/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  TLS 1.3.  Chain, name and purpose are always verified;
 * there is no switch.  The files tls*.c, and no other, include OpenSSL.
 */
#ifndef SLUICE_TLS_H
#define SLUICE_TLS_H

#include "frame.h"
#include "shipconf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_context;		/* trust, certificate and key; one a process */
struct tls;			/* one connection */

enum { TLS_ERROR_MAX = 256 };

/* Before any other call of OpenSSL: wipes what it frees.  False: too late. */
bool	tls_memory_init(void);

struct tls_error {
	char text[TLS_ERROR_MAX];	/* OpenSSL's words: escape in logs */
};

/*
 * Before the lock: loads the system's OpenSSL configuration (its absence or a
 * fault in it is an error: the crypto policy must not be lost in silence),
 * reads the descriptors to their ends and closes them (-1: not given), and
 * draws from both random generators once.  Borrows the configuration for
 * good.  NULL with *error.
 */
struct tls_context	*tls_context_new(const struct shipconf *,
			    const int secret_fd[SECRET_END],
			    struct tls_error *error);
void			tls_context_free(struct tls_context *);

/* What signs the requests, or NULL where ship.sign is off. */
struct signer;
const struct signer	*tls_signer(const struct tls_context *);

/*
 * What judges an https proxy: SECRET_PROXY_CA in place of the CA, without
 * lists and pins, which are the receiver's; our certificate is not shown.
 * NULL where no such proxy is configured.
 */
struct tls_context	*tls_context_of_proxy(const struct tls_context *);

/* What ends by itself. */
enum tls_thing { TLS_CLIENT_CHAIN, TLS_SERVER_CHAIN, TLS_CRL, TLS_THINGS };

/* Unix seconds of the one that ends first; until 0: there is none. */
struct tls_term {
	int64_t from, until;
};

/* TLS_THINGS of them; the server's is that of the last good handshake. */
const struct tls_term	*tls_terms(const struct tls_context *);
/* Connections whose chain held no pin. */
uint64_t		tls_pin_mismatches(const struct tls_context *);

enum tls_result {
	TLS_OK,
	TLS_WANT_READ,
	TLS_WANT_WRITE,
	TLS_CLOSED,		/* close_notify: the peer ended in order */
	TLS_CUT,		/* the stream ended or broke without one */
	TLS_REFUSED_SERVER,	/* we do not accept the server */
	TLS_REFUSED_US,		/* its alert says it does not accept us */
	TLS_FAILED,		/* anything else in the protocol */
};

/*
 * A client session over a connected, non-blocking socket, which stays the
 * caller's, as the name does.  is_address: the name is matched as an IP
 * address.  NULL: memory.
 */
struct tls	*tls_new(struct tls_context *, int fd, const char *host,
		    bool is_address);
/* The same through a session that is established, and is freed after it. */
struct tls	*tls_new_inside(struct tls_context *, struct tls *outer,
		    const char *host, bool is_address);
void		tls_free(struct tls *);
enum tls_result	tls_handshake(struct tls *, struct tls_error *);
/* *n: bytes moved, when TLS_OK. */
enum tls_result	tls_read(struct tls *, void *, size_t, size_t *n,
		    struct tls_error *);
enum tls_result	tls_write(struct tls *, const void *, size_t, size_t *n,
		    struct tls_error *);
/* Chain, revocation list or staple have ended since they were judged. */
bool		tls_is_stale(const struct tls *, int64_t now_s);
/* Something has come that was not read yet, so that no poll will tell. */
bool		tls_has_more(const struct tls *);
/* Bytes from the network so far, all that TLS itself spent included. */
uint64_t	tls_received(const struct tls *);
/* Says close_notify if that can be done at once; never waits. */
void		tls_shutdown(struct tls *);

/* 64 random bits, from the generator that was warmed before the lock. */
uint64_t	tls_random64(void);

#endif
