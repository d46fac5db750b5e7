/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The server's chain during the handshake, before a byte
 * of ours that is not of the handshake: what is wrong with which certificate.
 */
#include "tls_private.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdio.h>

#define CLOCK "is our clock right?"

/* What to look at, where OpenSSL's words do not say it. */
static const struct {
	int fault;
	const char *hint;
} hints[] = {
	{ X509_V_ERR_CERT_NOT_YET_VALID, CLOCK },
	{ X509_V_ERR_CERT_HAS_EXPIRED, CLOCK },
	{ X509_V_ERR_CRL_NOT_YET_VALID, CLOCK },
	{ X509_V_ERR_CRL_HAS_EXPIRED, "ship.crl, or " CLOCK },
	{ X509_V_ERR_UNABLE_TO_GET_CRL, "its issuer's is not in ship.crl" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
	    "its issuer is neither in ship.ca nor sent" },
};

static const char *
hint_for(int fault)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].fault == fault)
			return hints[i].hint;
	return NULL;
}

void
tls_refuse(struct tls *t, const char *why, int depth, X509 *x,
    const char *hint)
{
	char subject[96] = "";

	if (x != NULL)
		X509_NAME_oneline(X509_get_subject_name(x), subject,
		    sizeof(subject));
	snprintf(t->refusal, sizeof(t->refusal), "%s: certificate %d %s%s%s%s",
	    why, depth, subject, hint != NULL ? " (" : "",
	    hint != NULL ? hint : "", hint != NULL ? ")" : "");
}

/*
 * Beyond what OpenSSL asks: the leaf must say that it is a TLS server's, may
 * not be an authority, and must be able to sign.  NULL, or why not.
 */
static const char *
judge_leaf(X509 *leaf)
{
	if ((X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) == 0 ||
	    (X509_get_extended_key_usage(leaf) & XKU_SSL_SERVER) == 0)
		return "extended key usage is not serverAuth";
	if (X509_check_ca(leaf) != 0)
		return "an authority's certificate";
	if ((X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0)
		return "key usage is not digitalSignature";
	return NULL;
}

/* Called for each certificate that passed, and for the first that did not. */
int
tls_verify(int ok, void *x509_store_ctx)
{
	X509_STORE_CTX *chain = x509_store_ctx;
	SSL *ssl = X509_STORE_CTX_get_ex_data(chain,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = SSL_get_app_data(ssl);
	X509 *x = X509_STORE_CTX_get_current_cert(chain);
	const int depth = X509_STORE_CTX_get_error_depth(chain);
	const int fault = X509_STORE_CTX_get_error(chain);
	const char *why;

	if (!ok) {
		tls_refuse(t, X509_verify_cert_error_string(fault), depth, x,
		    hint_for(fault));
		return 0;
	}
	if (depth > 0 || (why = judge_leaf(x)) == NULL)
		return 1;
	tls_refuse(t, why, 0, x, NULL);
	X509_STORE_CTX_set_error(chain, X509_V_ERR_INVALID_PURPOSE);
	return 0;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

bool
tls_judge_chain(struct tls *t)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(t->ssl);
	const struct tls_term *crl = &t->context->term[TLS_CRL];
	struct tls_term term = { 0 };

	if (SSL_get_verify_result(t->ssl) != X509_V_OK ||
	    sk_X509_num(chain) < 1)
		return false;
	for (int i = 0; i < sk_X509_num(chain); i++)
		tls_term_add_certificate(&term, sk_X509_value(chain, i));
	t->good_until = crl->until != 0 ? earlier(term.until, crl->until) :
	    term.until;
	if ((!t->context->is_proxy && !tls_pins_hold(t)) ||
	    !tls_staple_holds(t))
		return false;
	t->context->term[TLS_SERVER_CHAIN] = term;
	t->judged = true;
	return true;
}
