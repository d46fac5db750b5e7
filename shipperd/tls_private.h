/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  What the files tls*.c share; nobody else. */
#ifndef SLUICE_TLS_PRIVATE_H
#define SLUICE_TLS_PRIVATE_H

#include "tls.h"

struct ssl_ctx_st;
struct ssl_st;
struct x509_st;
struct X509_algor_st;

struct tls_context {
	struct ssl_ctx_st *ctx;
	struct signer *signer;
	const struct shipconf *conf;
	struct tls_term term[TLS_THINGS];
	uint64_t pin_mismatches;
	unsigned pins_seen;		/* a bit for each, of all chains */
	bool mismatch_said;
	const char *alpn;	/* what is offered; NULL: nothing */
	/* of a proxy: trust alone, no certificate of ours, no pins */
	bool is_proxy;
	struct tls_context *proxy;	/* NULL: none, or it speaks no TLS */
	struct bio_method_st *inside;	/* tls_inside.c: TLS in TLS */
};

struct tls {
	struct ssl_st *ssl;
	struct tls_context *context;
	struct tls *outer;	/* borrowed: what it goes through, or NULL */
	bool starved;		/* the last read found nothing to read */
	const char *host;
	bool asked;		/* the server wants our certificate */
	bool judged;		/* pins and staple, by tls_judge_chain() */
	bool established;
	bool over;		/* nothing more can be said on it */
	int64_t good_until;	/* Unix seconds: chain, CRL and staple */
	char refusal[TLS_ERROR_MAX];	/* what is wrong with the server */
};

/* The bytes of a descriptor, wiped when they are forgotten. */
struct tls_secret {
	char *bytes;
	size_t len;
};

/* "what: OpenSSL's oldest complaint"; empties its queue. */
void	tls_say(struct tls_error *, const char *what);

/* tls_policy.c: the system's OpenSSL configuration, and an SSL_CTX of it. */
bool	tls_policy_load(bool require_fips, struct tls_error *);
bool	tls_policy_apply(struct ssl_ctx_st *, struct tls_error *);

/* tls_trust.c: how a chain is verified, and by which files. */
bool	tls_trust_set(struct tls_context *, const struct tls_secret *ca,
	    const struct tls_secret *crl, struct tls_error *);
/* True at the orderly end of a list in PEM. */
bool	tls_pem_ended(void);
/* Below 112 bits: X509_verify_cert() asks certificates alone. */
bool	tls_digest_is_weak(const struct X509_algor_st *);
/* The earlier end of both; its until 0 is none. */
void	tls_term_add(struct tls_term *, int64_t from, int64_t until);
/* Unix seconds of an ASN1_TIME. */
int64_t	tls_time(const void *asn1_time);
void	tls_term_add_certificate(struct tls_term *, const struct x509_st *);

/* tls_judge.c: what we ask beyond what OpenSSL asks. */
int	tls_verify(int ok, void *x509_store_ctx);
/* What is wrong with which certificate of the server: the log's line. */
void	tls_refuse(struct tls *, const char *why, int depth, struct x509_st *,
	    const char *hint);
/* The verified chain: pins, staple, ends.  False: refused. */
bool	tls_judge_chain(struct tls *);

/*
 * tls_inside.c: SSL's bytes go through another connection's tls_read() and
 * tls_write(): no further system call.  The method is made before the lock.
 */
bool	tls_inside_init(struct tls_context *);
bool	tls_inside_set(struct tls *, struct tls *outer);

/* tls_pins.c: false where pins are enforced and the chain holds none. */
bool	tls_pins_hold(struct tls *);

/*
 * tls_staple.c: false where the OCSP response in the handshake is no good,
 * or is not there and a certificate asks for it.
 */
bool	tls_staple_holds(struct tls *);

#endif
