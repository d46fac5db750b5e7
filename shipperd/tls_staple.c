/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The OCSP response that a server sends in its handshake
 * (RFC 6960, RFC 8446 section 4.4.2.1), judged by what is here: nothing is
 * ever fetched.  A bad one is worse than none, and is refused; none is refused
 * where a certificate of the chain says that there must be one (RFC 7633).
 */
#include "tls_private.h"

#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum {
	SKEW_S = 300,			/* between their clock and ours */
	AGE_MAX_S = 10 * 86400 - 1,	/* whatever nextUpdate says */
};

/* Fail closed: an extension that cannot be read asks, too. */
static bool
asks_for_staple(const X509 *x)
{
	int critical;
	TLS_FEATURE *features = X509_get_ext_d2i(x, NID_tlsfeature, &critical,
	    NULL);
	bool asks = features == NULL && critical != -1;

	for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
		if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) ==
		    TLSEXT_TYPE_status_request)
			asks = true;
	TLS_FEATURE_free(features);
	return asks;
}

/* An authority asks for all that it signs. */
static bool
may_be_absent(struct tls *t, STACK_OF(X509) *chain)
{
	for (int i = 0; i < sk_X509_num(chain); i++)
		if (asks_for_staple(sk_X509_value(chain, i))) {
			tls_refuse(t, "an OCSP response must be stapled, and"
			    " none is", i, sk_X509_value(chain, i), NULL);
			return false;
		}
	return true;
}

/* The answer about this certificate, by whatever digest it is named. */
static OCSP_SINGLERESP *
find_answer(OCSP_BASICRESP *basic, X509 *leaf, X509 *issuer)
{
	for (int i = 0; i < OCSP_resp_count(basic); i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
		const OCSP_CERTID *theirs = OCSP_SINGLERESP_get0_id(single);
		OCSP_CERTID *ours = NULL;
		ASN1_OBJECT *name;
		const EVP_MD *md;
		bool same;

		/* its argument is const in all but the declaration */
		OCSP_id_get0_info(NULL, &name, NULL, NULL,
		    (OCSP_CERTID *)(uintptr_t)theirs);
		if ((md = EVP_get_digestbyobj(name)) != NULL)
			ours = OCSP_cert_to_id(md, leaf, issuer);
		same = ours != NULL && OCSP_id_cmp(ours, theirs) == 0;
		OCSP_CERTID_free(ours);
		if (same)
			return single;
	}
	return NULL;
}

static const char *
judge_answer(struct tls *t, OCSP_SINGLERESP *single)
{
	ASN1_GENERALIZEDTIME *from, *until;
	int64_t end;

	switch (OCSP_single_get0_status(single, NULL, NULL, &from, &until)) {
	case V_OCSP_CERTSTATUS_GOOD:
		break;
	case V_OCSP_CERTSTATUS_REVOKED:
		return "the stapled OCSP response says it is revoked";
	default:
		return "the stapled OCSP response does not know it";
	}
	if (until == NULL)
		return "the stapled OCSP response has no nextUpdate";
	if (OCSP_check_validity(from, until, SKEW_S, AGE_MAX_S) != 1)
		return "the stapled OCSP response is too old, or not yet"
		    " valid";
	if ((end = tls_time(until)) < t->good_until)
		t->good_until = end;
	return NULL;
}

static const char *
judge_basic(struct tls *t, OCSP_BASICRESP *basic, STACK_OF(X509) *chain)
{
	X509_STORE *store = SSL_CTX_get_cert_store(t->context->ctx);
	X509 *leaf = sk_X509_value(chain, 0);
	/* a leaf that is trusted itself has signed itself */
	X509 *issuer = sk_X509_num(chain) > 1 ? sk_X509_value(chain, 1) : leaf;
	OCSP_SINGLERESP *single;

	if (tls_digest_is_weak(OCSP_resp_get0_tbs_sigalg(basic)))
		return "the stapled OCSP response has a weak digest";
	if (OCSP_basic_verify(basic, chain, store, 0) != 1)
		return "the stapled OCSP response is not signed by its issuer";
	if ((single = find_answer(basic, leaf, issuer)) == NULL)
		return "the stapled OCSP response is about another one";
	return judge_answer(t, single);
}

static const char *
judge_response(struct tls *t, const unsigned char *der, long len,
    STACK_OF(X509) *chain)
{
	const unsigned char *end = der;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &end, len);
	OCSP_BASICRESP *basic = NULL;
	const char *why = "the stapled OCSP response is malformed";

	if (response != NULL && end == der + len) {
		if (OCSP_response_status(response) !=
		    OCSP_RESPONSE_STATUS_SUCCESSFUL)
			why = "the stapled OCSP response is an error";
		else if ((basic = OCSP_response_get1_basic(response)) != NULL)
			why = judge_basic(t, basic, chain);
	}
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return why;
}

bool
tls_staple_holds(struct tls *t)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(t->ssl);
	unsigned char *der = NULL;
	const long len = SSL_get_tlsext_status_ocsp_resp(t->ssl, &der);
	const char *why;

	if (der == NULL || len <= 0)
		return may_be_absent(t, chain);
	why = judge_response(t, der, len, chain);
	if (why == NULL)
		return true;
	tls_refuse(t, why, 0, sk_X509_value(chain, 0), NULL);
	return false;
}
