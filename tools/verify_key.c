/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  See verify.h.  Beside the shipper's own files this is the
 * one that includes OpenSSL: public keys alone, and no connection.
 */
#include "verify.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 65536, HALF = VERIFY_SIGNATURE / 2 };

struct named_key {
	EVP_PKEY *key;
	char keyid[VERIFY_KEYID + 1];
};

struct keyring {
	size_t n;
	struct named_key *key;		/* by keyid */
};

static int
compare(const void *a, const void *b)
{
	const struct named_key *x = a, *y = b;

	return memcmp(x->keyid, y->keyid, VERIFY_KEYID);
}

/* RFC 7469, section 2.4: of the SubjectPublicKeyInfo. */
static bool
name_key(struct named_key *k)
{
	uint8_t *spki = NULL, sum[VERIFY_DIGEST];
	const int len = i2d_PUBKEY(k->key, &spki);
	const bool good = len > 0 && EVP_Digest(spki, (size_t)len, sum, NULL,
	    EVP_sha256(), NULL) == 1;

	OPENSSL_free(spki);
	memcpy(k->keyid, "sha256//", 8);
	return good && EVP_EncodeBlock((uint8_t *)k->keyid + 8, sum,
	    sizeof(sum)) == VERIFY_KEYID - 8;
}

static bool
is_p256(const EVP_PKEY *key)
{
	char group[32] = "";

	return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME,
	    group, sizeof(group), NULL) == 1 &&
	    strcmp(group, "prime256v1") == 0;
}

static EVP_PKEY *
decode(const char *name, const uint8_t *der, long len)
{
	EVP_PKEY *key = NULL;
	X509 *x;

	if (strcmp(name, PEM_STRING_PUBLIC) == 0)
		return d2i_PUBKEY(NULL, &der, len);
	if (strcmp(name, PEM_STRING_X509) == 0 &&
	    (x = d2i_X509(NULL, &der, len)) != NULL) {
		key = X509_get_pubkey(x);
		X509_free(x);
	}
	return key;
}

static const char *
add(struct keyring *r, EVP_PKEY *key)
{
	struct named_key *more;

	if (key == NULL)
		return "holds what is no public key and no certificate";
	if (!is_p256(key) || r->n == KEYS_MAX) {
		EVP_PKEY_free(key);
		return "holds a key that is not of P-256, or too many";
	}
	more = reallocarray(r->key, r->n + 1, sizeof(*more));
	if (more == NULL)
		abort();
	r->key = more;
	r->key[r->n] = (struct named_key){ .key = key };
	return name_key(&r->key[r->n++]) ? NULL : "holds a key without name";
}

static const char *
read_all(struct keyring *r, BIO *in)
{
	const char *wrong = NULL;
	char *name, *header;
	uint8_t *der;
	long len;

	while (wrong == NULL && PEM_read_bio(in, &name, &header, &der, &len)) {
		wrong = add(r, decode(name, der, len));
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	}
	if (wrong == NULL && r->n == 0)
		wrong = "holds no public key in PEM";
	return wrong;
}

struct keyring *
keyring_read(const char *path, const char **why)
{
	struct keyring *r = calloc(1, sizeof(*r));
	BIO *in = BIO_new_file(path, "r");

	if (r == NULL)
		abort();
	*why = in == NULL ? "cannot be read" : read_all(r, in);
	BIO_free(in);
	ERR_clear_error();
	if (*why == NULL) {
		qsort(r->key, r->n, sizeof(*r->key), compare);
		return r;
	}
	keyring_free(r);
	return NULL;
}

void
keyring_free(struct keyring *r)
{
	for (size_t i = 0; i < r->n; i++)
		EVP_PKEY_free(r->key[i].key);
	free(r->key);
	free(r);
}

bool
signature_holds(EVP_PKEY *key, const uint8_t raw[VERIFY_SIGNATURE],
    const char *text, size_t len)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	int der_len = 0;
	bool good = pair != NULL && ctx != NULL && ECDSA_SIG_set0(pair,
	    BN_bin2bn(raw, HALF, NULL), BN_bin2bn(raw + HALF, HALF,
	    NULL)) == 1 && (der_len = i2d_ECDSA_SIG(pair, &der)) > 0;

	good = good && EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL,
	    NULL, key, NULL) == 1 && EVP_DigestVerify(ctx, der,
	    (size_t)der_len, (const uint8_t *)text, len) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	ECDSA_SIG_free(pair);
	ERR_clear_error();
	return good;
}

const char *
keyring_judge(const struct keyring *r, const struct claim *c,
    const struct message *m, const char *base, size_t base_len)
{
	const struct named_key *k;
	struct named_key want = { 0 };
	uint8_t sum[VERIFY_DIGEST];

	if (c->keyid.len != VERIFY_KEYID)
		return "its key is not one of Sluice's names";
	memcpy(want.keyid, c->keyid.p, VERIFY_KEYID);
	k = bsearch(&want, r->key, r->n, sizeof(want), compare);
	if (k == NULL)
		return "its key is not among those that were given";
	if (!signature_holds(k->key, c->signature, base, base_len))
		return "its signature does not hold: the head was changed";
	if (EVP_Digest(m->body.p, m->body.len, sum, NULL, EVP_sha256(),
	    NULL) != 1 || memcmp(sum, c->digest, sizeof(sum)) != 0)
		return "its content is not the one that was signed";
	return NULL;
}
