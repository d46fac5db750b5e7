/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  Before the lock: what a server's chain must be, who is
 * trusted, and what was revoked.
 */
#include "tls_private.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string.h>
#include <time.h>

enum { CHAIN_DEPTH = 4, AUTH_LEVEL = 2,
	DIGEST_MIN = 28 };	/* bytes */

/*
 * Every authority of the chain, not the server's alone, must have a list that
 * is good today: one that is missing, stale or not its own refuses the chain
 * (RFC 5280, section 6.3).
 */
enum { CRL_FLAGS = X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL };

/* With POLICY_CHECK and anyPolicy it does what RFC 5280, section 6.1, does. */
enum { PATH_FLAGS = X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK };

static bool
set_verification(SSL_CTX *ctx, bool crl, struct tls_error *error)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH);
	/* none named would mean that none is right where one must be */
	if (X509_VERIFY_PARAM_add0_policy(param,
	    OBJ_nid2obj(NID_any_policy)) == 1 &&
	    X509_VERIFY_PARAM_set_flags(param, crl ? PATH_FLAGS | CRL_FLAGS :
	    PATH_FLAGS) == 1 &&
	    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER) == 1)
		return true;
	tls_say(error, "certificate verification");
	return false;
}

/* The store's own are for those who sign OCSP responses. */
static void
set_store(X509_STORE *store)
{
	X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);

	X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	X509_VERIFY_PARAM_set_flags(param, PATH_FLAGS);
}

int64_t
tls_time(const void *asn1_time)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(asn1_time, &tm) != 1)
		return 0;
	return timegm(&tm);
}

void
tls_term_add(struct tls_term *t, int64_t from, int64_t until)
{
	/* 0 is none: what ended with 1970 is as good as what did just after */
	if (until <= 0)
		until = 1;
	if (t->until == 0 || until < t->until)
		*t = (struct tls_term){ from, until };
}

void
tls_term_add_certificate(struct tls_term *t, const X509 *x)
{
	tls_term_add(t, tls_time(X509_get0_notBefore(x)),
	    tls_time(X509_get0_notAfter(x)));
}

bool
tls_digest_is_weak(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object;
	int digest, key;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	if (OBJ_find_sigid_algs(OBJ_obj2nid(object), &digest, &key) != 1)
		return true;
	if (key == NID_ED25519 || key == NID_ED448)
		return false;
	return digest == NID_undef || EVP_get_digestbynid(digest) == NULL ||
	    EVP_MD_get_size(EVP_get_digestbynid(digest)) < DIGEST_MIN;
}

bool
tls_pem_ended(void)
{
	const unsigned long e = ERR_peek_last_error();

	if (ERR_GET_LIB(e) != ERR_LIB_PEM ||
	    ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

static bool
add_authorities(X509_STORE *store, const struct tls_secret *ca,
    struct tls_error *error)
{
	BIO *bio = BIO_new_mem_buf(ca->bytes, (int)ca->len);
	bool good = bio != NULL;
	size_t n = 0;
	X509 *x;

	while (good && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		good = X509_STORE_add_cert(store, x) == 1;
		X509_free(x);
		n++;
	}
	good = good && tls_pem_ended() && n > 0;
	if (!good)
		tls_say(error, "ca: not a list of PEM certificates");
	BIO_free(bio);
	return good;
}

/* NULL, or why such a list is never used, good as it may be. */
static const char *
judge_crl(const X509_CRL *crl)
{
	const X509_ALGOR *algorithm;

	X509_CRL_get0_signature(crl, NULL, &algorithm);
	if (tls_digest_is_weak(algorithm))
		return "crl: a list signed with a weak digest";
	if (X509_CRL_get0_nextUpdate(crl) == NULL)
		return "crl: a list without nextUpdate";
	/* without its base it is nothing, and with it, it only saves bytes */
	if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
		return "crl: a delta; the complete list is needed";
	return NULL;
}

static bool
add_crl(X509_STORE *store, X509_CRL *crl, struct tls_term *term,
    struct tls_error *error)
{
	const char *why = judge_crl(crl);

	if (why == NULL && X509_STORE_add_crl(store, crl) == 1) {
		tls_term_add(term, tls_time(X509_CRL_get0_lastUpdate(crl)),
		    tls_time(X509_CRL_get0_nextUpdate(crl)));
		return true;
	}
	tls_say(error, why != NULL ? why : "crl");
	return false;
}

static bool
add_crls(X509_STORE *store, const struct tls_secret *file,
    struct tls_term *term, struct tls_error *error)
{
	BIO *bio = BIO_new_mem_buf(file->bytes, (int)file->len);
	bool good = bio != NULL;
	size_t n = 0;
	X509_CRL *crl;

	while (good &&
	    (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
		good = add_crl(store, crl, term, error);
		X509_CRL_free(crl);
		n++;
	}
	if (good && (!tls_pem_ended() || n == 0)) {
		tls_say(error, "crl: not a list of PEM revocation lists");
		good = false;
	}
	BIO_free(bio);
	return good;
}

/* Our own store: OpenSSL's default one would look for files. */
bool
tls_trust_set(struct tls_context *c, const struct tls_secret *ca,
    const struct tls_secret *crl, struct tls_error *error)
{
	X509_STORE *store = X509_STORE_new();

	if (store == NULL) {
		tls_say(error, "memory");
		return false;
	}
	SSL_CTX_set_cert_store(c->ctx, store);	/* owns it now */
	set_store(store);
	return set_verification(c->ctx, crl->bytes != NULL, error) &&
	    add_authorities(store, ca, error) && (crl->bytes == NULL ||
	    add_crls(store, crl, &c->term[TLS_CRL], error));
}
