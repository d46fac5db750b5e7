/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Signature base, lines and signatures of requests. */
#include "http_request.h"
#include "sign.h"
#include "test.h"

#include <errno.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

static struct url url;
static char base[SIGN_BASE_MAX], lines[SIGN_FIELDS_MAX];

static struct sign_what
example(const char *text)
{
	struct sign_what s = { .url = &url, .gzip = true,
		.content_type = "application/x-protobuf",
		.ring = { 0x00, 0x11, 0xfe, [15] = 0x9a },
		.first = 17, .last = 40, .count = 24, .created = 1763650000,
		.keyid = "sha256//k=" };

	CHECK(url_parse(&url, text) == NULL);
	for (size_t i = 0; i < sizeof(s.digest); i++)
		s.digest[i] = (uint8_t)i;
	return s;
}

static const char *
base_of(const struct sign_what *s)
{
	const ptrdiff_t len = sign_base(base, sizeof(base) - 1, s);

	CHECK(len > 0);
	base[len] = '\0';
	return base;
}

#define DIGEST "sha-256=:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=:"
#define RECORDS "ring-0011fe0000000000000000000000009a" \
	";first=17;last=40;count=24"
#define PARAMS "(\"@method\" \"@target-uri\" \"content-type\"" \
	" \"content-encoding\" \"content-digest\" \"sluice-records\")" \
	";created=1763650000;keyid=\"sha256//k=\";tag=\"sluice\""

TEST(the_base_is_exactly_what_the_page_says)
{
	const struct sign_what s = example("https://otlp.example:4318/v1?a=b");

	CHECK_STR(base_of(&s),
	    "\"@method\": POST\n"
	    "\"@target-uri\": https://otlp.example:4318/v1?a=b\n"
	    "\"content-type\": application/x-protobuf\n"
	    "\"content-encoding\": gzip\n"
	    "\"content-digest\": " DIGEST "\n"
	    "\"sluice-records\": " RECORDS "\n"
	    "\"@signature-params\": " PARAMS);
}

TEST(the_lines_say_what_the_base_says)
{
	const struct sign_what s = example("https://h/");
	const uint8_t signature[SIGN_SIZE] = { 0xff, [63] = 1 };
	const ptrdiff_t len = sign_lines(lines, sizeof(lines), &s, signature);

	CHECK_STR(lines,
	    "Content-Digest: " DIGEST "\r\n"
	    "Sluice-Records: " RECORDS "\r\n"
	    "Signature-Input: sluice=" PARAMS "\r\n"
	    "Signature: sluice=:/wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ==:\r\n");
	CHECK_INT(len, strlen(lines) + 1);
}

TEST(a_plain_body_has_no_encoding_that_could_be_signed)
{
	struct sign_what s = example("https://h/");

	s.gzip = false;
	CHECK(strstr(base_of(&s), "encoding") == NULL);
}

/* What the base calls the target is what the head says of it. */
static void
check_target(const char *text)
{
	const struct sign_what s = example(text);
	const struct http_body body = { .content_type = s.content_type };
	char head[REQUEST_HEAD_MAX], path[300], host[300], want[700];

	CHECK(http_request_head(head, sizeof(head), &url, &body) > 0);
	CHECK_INT(sscanf(head, "POST %299s HTTP/1.1 Host: %299s", path, host),
	    2);
	snprintf(want, sizeof(want), "\n\"@target-uri\": https://%s%s\n",
	    host, path);
	CHECK(strstr(base_of(&s), want) != NULL);
}

TEST(the_target_is_the_one_that_host_and_path_name)
{
	check_target("https://h:443/x");
	check_target("https://h:4318/");
	check_target("https://h/a/b?c");
	check_target("https://[2001:db8::1]:443/");
	check_target("https://[::1]:9/y");
	check_target("https://192.0.2.1:1/y");
}

TEST(what_does_not_fit_and_numbers_that_are_no_numbers_are_refused)
{
	struct sign_what s = example("https://h/");
	const uint8_t signature[SIGN_SIZE] = { 0 };
	const ptrdiff_t n = sign_base(base, sizeof(base), &s);
	const ptrdiff_t m = sign_lines(lines, sizeof(lines), &s, signature);

	CHECK_INT(sign_base(base, (size_t)n, &s), n);
	CHECK_INT(sign_base(base, (size_t)n - 1, &s), -ENOBUFS);
	CHECK_INT(sign_lines(lines, (size_t)m - 1, &s, signature), -ENOBUFS);
	s.last = UINT64_C(999999999999999);
	CHECK(sign_base(base, sizeof(base), &s) > 0);
	s.last++;
	CHECK_INT(sign_base(base, sizeof(base), &s), -ERANGE);
}

TEST(the_longest_of_everything_has_room)
{
	struct sign_what s = example("https://h/");
	const uint8_t signature[SIGN_SIZE] = { 0 };
	static struct http_request r;
	static const uint8_t bytes[4194304];
	struct http_body body = { .content_type = "application/x-protobuf",
		.gzip = true,
		.len = sizeof(bytes), .lines = lines };

	url = (struct url){ .port = 65535, .is_ipv6 = true };
	memset(url.host, 'h', sizeof(url.host) - 1);
	memset(url.path, 'p', sizeof(url.path) - 1);
	s.first = s.last = s.count = s.created = UINT64_C(999999999999999);
	s.keyid = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	CHECK(sign_base(base, sizeof(base), &s) > 0);
	CHECK(sign_lines(lines, sizeof(lines), &s, signature) > 0);
	body.bytes = bytes;
	CHECK_INT(http_request_start(&r, &url, &body), 0);
	CHECK(strstr((char *)r.first, "\r\nSignature: ") != NULL);
}

TEST(base64_pads_as_rfc_4648_does)
{
	static const char *const rows[][2] = { { "", "" }, { "f", "Zg==" },
		{ "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xfb\xef\xff", "++//" } };
	char text[16];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sign_base64(text, (const uint8_t *)rows[i][0],
		    strlen(rows[i][0]));
		CHECK_STR(text, rows[i][1]);
	}
}

TEST(a_key_of_another_curve_or_kind_is_refused)
{
	const char *why = NULL;

	EVP_PKEY *const wrong[] = { EVP_EC_gen("P-384"),
		EVP_EC_gen("secp256k1"), EVP_RSA_gen(2048),
		EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CHECK(wrong[i] != NULL);
		CHECK(signer_new(wrong[i], &why) == NULL);
		CHECK_STR(why, "it is no P-256 key");
		EVP_PKEY_free(wrong[i]);
	}
}

/* Letters of the field, to their bytes. */
static void
unbase64(const char *field, size_t len, uint8_t *out)
{
	const char *at = strstr(lines, field);
	uint8_t bytes[100];

	CHECK(at != NULL);
	at += strlen(field);
	CHECK(EVP_DecodeBlock(bytes, (const uint8_t *)at,
	    (int)((len + 2) / 3 * 4)) > 0);
	memcpy(out, bytes, len);
}

static bool
verifies(EVP_PKEY *key, const uint8_t raw[SIGN_SIZE], const char *text)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	int len, good;

	CHECK(ECDSA_SIG_set0(pair, BN_bin2bn(raw, 32, NULL),
	    BN_bin2bn(raw + 32, 32, NULL)) == 1);
	len = i2d_ECDSA_SIG(pair, &der);
	CHECK(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1);
	good = EVP_DigestVerify(ctx, der, (size_t)len, (const uint8_t *)text,
	    strlen(text));
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	ECDSA_SIG_free(pair);
	return good == 1;
}

TEST(each_signature_is_another_and_all_verify)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	struct sign_what s = example("https://h/");
	uint8_t raw[SIGN_SIZE], before[SIGN_SIZE] = { 0 }, sum[SIGN_DIGEST];
	const char *why;
	struct signer *signer = signer_new(key, &why);

	CHECK(signer != NULL);
	/* numbers with leading zeros come by now and then */
	for (int i = 0; i < 300; i++) {
		CHECK(sign_request(signer, &s, "body", 4, lines) == NULL);
		unbase64("Signature: sluice=:", sizeof(raw), raw);
		CHECK(memcmp(raw, before, sizeof(raw)) != 0);
		memcpy(before, raw, sizeof(raw));
		CHECK(verifies(key, raw, base_of(&s)));
		CHECK(!verifies(other, raw, base_of(&s)));
	}
	CHECK(EVP_Digest("body", 4, sum, NULL, EVP_sha256(), NULL) == 1);
	CHECK_MEM(s.digest, sum, sizeof(sum));
	unbase64("Content-Digest: sha-256=:", sizeof(sum), raw);
	CHECK_MEM(raw, sum, sizeof(sum));
	signer_free(signer);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

TEST(the_key_is_named_by_its_pin)
{
	uint8_t sum[SIGN_DIGEST], *spki = NULL;
	char want[64] = "sha256//";
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const char *why;
	struct signer *s = signer_new(key, &why);
	struct sign_what what = example("https://h/");
	const int len = i2d_PUBKEY(key, &spki);

	CHECK(s != NULL && len == 91);
	CHECK(EVP_Digest(spki, 91, sum, NULL, EVP_sha256(), NULL) == 1);
	sign_base64(want + 8, sum, sizeof(sum));
	CHECK(sign_request(s, &what, "", 0, lines) == NULL);
	CHECK_STR(what.keyid, want);
	OPENSSL_free(spki);
	signer_free(s);
	EVP_PKEY_free(key);
}
