/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See sign.h. */
#include "sign.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

enum {
	HALF = SIGN_SIZE / 2,
	DER_MAX = 80,			/* of a signature: 72 at most */
	SPKI_MAX = 256,			/* of a P-256 key: 91 bytes */
};

struct signer {
	EVP_PKEY *key;
	char keyid[SIGN_KEYID_MAX];
};

static bool
is_p256(const EVP_PKEY *key)
{
	char group[32] = "";

	return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_utf8_string_param(key,
	    OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL) == 1 &&
	    strcmp(group, "prime256v1") == 0;
}

static bool
digest(const void *bytes, size_t len, uint8_t out[SIGN_DIGEST])
{
	return EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1;
}

static bool
set_keyid(struct signer *s)
{
	uint8_t spki[SPKI_MAX], sum[SIGN_DIGEST], *end = spki;
	const int len = i2d_PUBKEY(s->key, NULL);

	if (len <= 0 || (size_t)len > sizeof(spki) ||
	    i2d_PUBKEY(s->key, &end) != len ||
	    !digest(spki, (size_t)len, sum))
		return false;
	memcpy(s->keyid, "sha256//", 8);
	sign_base64(s->keyid + 8, sum, sizeof(sum));
	return true;
}

/* RFC 9421, section 3.3.4: both numbers in 32 bytes each, and no DER. */
static bool
flatten(const uint8_t *der, size_t len, uint8_t out[SIGN_SIZE])
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
	const bool good = pair != NULL &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, HALF) == HALF &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + HALF, HALF) == HALF;

	ECDSA_SIG_free(pair);
	return good;
}

static bool
sign(const struct signer *s, const char *text, size_t text_len,
    uint8_t out[SIGN_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[DER_MAX];
	size_t len = sizeof(der);
	const bool good = ctx != NULL &&
	    EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, s->key,
	    NULL) == 1 &&
	    EVP_DigestSign(ctx, der, &len, (const uint8_t *)text,
	    text_len) == 1 && flatten(der, len, out);

	EVP_MD_CTX_free(ctx);
	/* whoever asks next wants to hear of his own fault */
	ERR_clear_error();
	return good;
}

struct signer *
signer_new(EVP_PKEY *key, const char **why)
{
	struct signer *s;
	uint8_t first[SIGN_SIZE];

	*why = "it is no P-256 key";
	if (!is_p256(key))
		return NULL;
	*why = "it cannot sign";
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	if (EVP_PKEY_up_ref(key) == 1)
		s->key = key;
	if (s->key != NULL && set_keyid(s) && sign(s, "", 0, first))
		return s;
	signer_free(s);
	return NULL;
}

void
signer_free(struct signer *s)
{
	if (s != NULL)
		EVP_PKEY_free(s->key);
	free(s);
}

const char *
sign_request(const struct signer *s, struct sign_what *what,
    const void *content, size_t len, char lines[SIGN_FIELDS_MAX])
{
	char base[SIGN_BASE_MAX];
	uint8_t signature[SIGN_SIZE];
	ptrdiff_t base_len;

	what->keyid = s->keyid;
	if (!digest(content, len, what->digest))
		return "the content has no digest";
	if ((base_len = sign_base(base, sizeof(base), what)) < 0)
		return "a number is too large";
	if (!sign(s, base, (size_t)base_len, signature))
		return "the key cannot sign";
	return sign_lines(lines, SIGN_FIELDS_MAX, what, signature) < 0 ?
	    "its lines are too long" : NULL;
}
