/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Stored requests: RFC 9421's own examples (appendix B), and
 * that no change of what we signed goes unseen.
 */
#include "http_request.h"
#include "sign.h"
#include "test.h"
#include "verify.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct message m;
static struct claim c;
static char base[VERIFY_BASE_MAX + 1];

static const char *
base_of(void)
{
	size_t len = sizeof(base) - 1;
	const char *wrong = claim_base(&c, &m, base, &len);

	if (wrong != NULL)
		return wrong;
	base[len] = '\0';
	return base;
}

/* Appendix B.2: test-request, with one of its signatures. */
static void
read_example(const char *params)
{
	static char text[4096];
	const int n = snprintf(text, sizeof(text),
	    "POST /foo?param=Value&Pet=dog HTTP/1.1\r\n"
	    "Host: example.com\r\n"
	    "Date: Tue, 20 Apr 2021 02:07:55 GMT\r\n"
	    "Content-Type: application/json\r\n"
	    "Content-Digest: sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2s"
	    "vX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\r\n"
	    "Content-Length: 18\r\n"
	    "Signature-Input: sig=%s\r\n"
	    "Signature: sig=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==:\r\n"
	    "\r\n{\"hello\": \"world\"}", params);

	CHECK(message_read(&m, text, (size_t)n) == NULL);
	CHECK_INT(m.len, n);
	CHECK(claim_read(&c, &m, "sig") == NULL);
}

TEST(the_base_of_rfc_9421_b_2_3_is_the_rfcs)
{
	read_example("(\"date\" \"@method\" \"@path\" \"@query\" \"@authority\""
	    " \"content-type\" \"content-digest\" \"content-length\")"
	    ";created=1618884473;keyid=\"test-key-rsa-pss\"");
	CHECK_STR(base_of(),
	    "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n"
	    "\"@method\": POST\n"
	    "\"@path\": /foo\n"
	    "\"@query\": ?param=Value&Pet=dog\n"
	    "\"@authority\": example.com\n"
	    "\"content-type\": application/json\n"
	    "\"content-digest\": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF4"
	    "1A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\n"
	    "\"content-length\": 18\n"
	    "\"@signature-params\": (\"date\" \"@method\" \"@path\" \"@query\""
	    " \"@authority\" \"content-type\" \"content-digest\""
	    " \"content-length\");created=1618884473"
	    ";keyid=\"test-key-rsa-pss\"");
}

TEST(the_base_of_rfc_9421_b_2_6_is_the_rfcs)
{
	read_example("(\"date\" \"@method\" \"@path\" \"@authority\""
	    " \"content-type\" \"content-length\");created=1618884473"
	    ";keyid=\"test-key-ed25519\"");
	CHECK_STR(base_of(),
	    "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n"
	    "\"@method\": POST\n"
	    "\"@path\": /foo\n"
	    "\"@authority\": example.com\n"
	    "\"content-type\": application/json\n"
	    "\"content-length\": 18\n"
	    "\"@signature-params\": (\"date\" \"@method\" \"@path\""
	    " \"@authority\" \"content-type\" \"content-length\")"
	    ";created=1618884473;keyid=\"test-key-ed25519\"");
}

TEST(the_components_of_section_2_2_are_those_of_the_request)
{
	read_example("(\"@target-uri\" \"@scheme\" \"@request-target\")");
	CHECK_STR(base_of(),
	    "\"@target-uri\": https://example.com/foo?param=Value&Pet=dog\n"
	    "\"@scheme\": https\n"
	    "\"@request-target\": /foo?param=Value&Pet=dog\n"
	    "\"@signature-params\":"
	    " (\"@target-uri\" \"@scheme\" \"@request-target\")");
	read_example("(\"@status\")");
	CHECK_STR(base_of(), "its signature covers what is not known");
	read_example("(\"x\")");
	CHECK_STR(base_of(),
	    "a field that is signed is missing, or there twice");
}

/* Appendix B.1.3 and B.2.4: a response, whose base stands in the RFC. */
TEST(the_signature_of_rfc_9421_b_2_4_holds_and_no_other_does)
{
	static const char spki[] =
	    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf"
	    "w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==";
	static const char text[] = "\"@status\": 200\n"
	    "\"content-type\": application/json\n"
	    "\"content-digest\": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYh"
	    "vlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:\n"
	    "\"content-length\": 23\n"
	    "\"@signature-params\": (\"@status\" \"content-type\""
	    " \"content-digest\" \"content-length\");created=1618884473"
	    ";keyid=\"test-key-ecc-p256\"";
	struct span field = { ":wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0N"
	    "KocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:", 90 };
	uint8_t der[96], raw[VERIFY_SIGNATURE];
	const uint8_t *at = der;
	EVP_PKEY *key;

	CHECK_INT(EVP_DecodeBlock(der, (const uint8_t *)spki,
	    (int)strlen(spki)), 93);
	CHECK((key = d2i_PUBKEY(NULL, &at, 91)) != NULL);
	CHECK(sf_bytes(&field, raw, sizeof(raw)));
	CHECK(signature_holds(key, raw, text, strlen(text)));
	CHECK(!signature_holds(key, raw, text, strlen(text) - 1));
	for (size_t i = 0; i < sizeof(raw); i++) {
		raw[i] ^= 1;
		CHECK(!signature_holds(key, raw, text, strlen(text)));
		raw[i] ^= 1;
	}
	EVP_PKEY_free(key);
}

static char request[8192];
static size_t request_len;
static struct keyring *keys;

/* One of ours, and the ring of keys that its own is in. */
static void
make_request(bool gzip)
{
	static const char content[] = "{\"resourceMetrics\":[]}";
	static char lines[SIGN_FIELDS_MAX];
	char path[] = "/tmp/sluice-verify-XXXXXX";
	struct url url;
	struct sign_what s = { .url = &url, .gzip = gzip,
		.content_type = "application/json", .ring = { 1, 2, 0xab },
		.first = 7, .last = 9, .count = 3, .created = 1763650000 };
	struct http_body body = { .content_type = "application/json",
		.gzip = gzip, .len = strlen(content), .lines = lines };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const char *why;
	struct signer *signer = signer_new(key, &why);
	FILE *pem = fdopen(mkstemp(path), "w");
	ptrdiff_t head;

	CHECK(url_parse(&url, "https://[::1]:4318/v1?x=y") == NULL);
	CHECK(sign_request(signer, &s, content, body.len, lines) == NULL);
	head = http_request_head(request, sizeof(request), &url, &body);
	CHECK(head > 0);
	memcpy(request + head, content, body.len);
	request_len = (size_t)head + body.len;
	CHECK(PEM_write_PUBKEY(pem, key) == 1);
	fclose(pem);
	CHECK((keys = keyring_read(path, &why)) != NULL);
	unlink(path);
	signer_free(signer);
	EVP_PKEY_free(key);
}

static const char *
judge(const char *text, size_t len)
{
	size_t base_len = sizeof(base);
	const char *wrong;

	if ((wrong = message_read(&m, text, len)) != NULL ||
	    (wrong = claim_read(&c, &m, "sluice")) != NULL ||
	    (wrong = claim_judge(&c, &m)) != NULL ||
	    (wrong = claim_base(&c, &m, base, &base_len)) != NULL)
		return wrong;
	return keyring_judge(keys, &c, &m, base, base_len);
}

TEST(what_the_shipper_signed_is_good)
{
	for (int gzip = 0; gzip < 2; gzip++) {
		make_request(gzip != 0);
		CHECK(judge(request, request_len) == NULL);
		CHECK_INT(m.len, request_len);
		CHECK_INT(c.first, 7);
		CHECK_INT(c.last, 9);
		CHECK_INT(c.count, 3);
		CHECK(span_is(c.ring,
		    "ring-0102ab00000000000000000000000000"));
		keyring_free(keys);
	}
}

/* In a line of the head that says nothing of what was sent. */
static bool
may_change(size_t at)
{
	static const char *const open[] = { "User-Agent:", "Accept:" };
	size_t start = at;

	while (start > 0 && request[start - 1] != '\n')
		start--;
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		if (strncmp(request + start, open[i], strlen(open[i])) == 0)
			return true;
	return false;
}

TEST(a_flipped_bit_anywhere_that_counts_is_refused)
{
	static char other[sizeof(request)];
	unsigned taken = 0;

	make_request(true);
	for (size_t bit = 0; bit < 8 * request_len; bit++) {
		memcpy(other, request, request_len);
		other[bit / 8] ^= (char)(1u << bit % 8);
		if (judge(other, request_len) != NULL)
			continue;
		/* the names of fields and hosts have no case */
		if (!may_change(bit / 8) && bit % 8 != 5)
			test_fail(__FILE__, __LINE__, "bit %zu of \"%.20s\"",
			    bit % 8, request + bit / 8);
		taken++;
	}
	CHECK(taken > 0 && taken < request_len);
	keyring_free(keys);
}

/* The request with one text in the place of another. */
static const char *
with(const char *from, const char *to)
{
	static char other[2 * sizeof(request)];
	char *at = memmem(request, request_len, from, strlen(from));
	size_t before;

	CHECK(at != NULL);
	before = (size_t)(at - request);
	memcpy(other, request, before);
	memcpy(other + before, to, strlen(to));
	memcpy(other + before + strlen(to), at + strlen(from),
	    request_len - before - strlen(from));
	return judge(other, request_len - strlen(from) + strlen(to));
}

TEST(each_covered_component_that_is_changed_left_out_or_doubled_is_refused)
{
	static const char *const rows[][2] = {
		{ "POST /", "PUT /" }, { "/v1?x=y", "/v1?x=z" },
		{ "Host: [::1]:4318", "Host: [::1]" },
		{ "Host: [::1]:4318\r\n", "" },
		{ "Content-Type: application/json", "Content-Type: text/x" },
		{ "Content-Type: application/json\r\n", "" },
		{ "Content-Encoding: gzip\r\n", "" },
		{ "Content-Encoding: gzip", "Content-Encoding: br" },
		{ "first=7", "first=6" }, { "last=9", "last=10" },
		{ "count=3", "count=2" }, { "ring-01", "ring-02" },
		{ "created=1763650000", "created=1763650001" },
		{ "tag=\"sluice\"", "tag=\"other\"" },
		{ "\"@method\" ", "" }, { " \"content-digest\"", "" },
		{ " \"sluice-records\"", "" }, { " \"content-type\"", "" },
		{ " \"content-encoding\"", "" }, { " \"@target-uri\"", "" },
		{ "Sluice-Records", "X-Records" },
		{ "Content-Digest", "X-Digest" },
		{ "Signature: ", "X-Signature: " },
		{ "Signature-Input: ", "X-Signature-Input: " },
		{ "sha-256=:", "sha-512=:" },
		{ "Accept: ", "Content-Type: x\r\nAccept: " },
		{ "Accept: ", "Host: b\r\nAccept: " },
		{ "Accept: ", "Transfer-Encoding: chunked\r\nAccept: " },
		{ "resourceMetrics", "resourceMetricz" },
		{ "sluice=(", "other=(" },
	};

	make_request(true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (with(rows[i][0], rows[i][1]) == NULL)
			test_fail(__FILE__, __LINE__, "taken: %s -> %s",
			    rows[i][0], rows[i][1]);
	CHECK(with("Accept: ", "X-Gateway: 7\r\nAccept: ") == NULL);
	CHECK(with("Signature: sluice", "Signature: x=:AA==:, sluice") == NULL);
	keyring_free(keys);
}

/* Before the signature is looked at: a host could have signed it so. */
TEST(a_request_is_refused_for_what_it_does_not_say_or_cover)
{
	static const char cover[] = "its signature does not cover all it must",
	    tag[] = "its signature has no date, key or tag of Sluice's",
	    records[] = "Sluice-Records is malformed",
	    params[] = "what its signature covers is malformed or not known",
	    body[] = "its body is not as long as its head says";
	static const char *const rows[][3] = {
		{ "\"@method\" ", "", cover },
		{ " \"@target-uri\"", "", cover },
		{ " \"content-type\"", "", cover },
		{ " \"content-digest\"", "", cover },
		{ " \"sluice-records\"", "", cover },
		{ "tag=\"sluice\"", "tag=\"other\"", tag },
		{ ";tag=\"sluice\"", "", tag },
		{ ";created=1763650000", "", tag },
		{ "count=3", "count=4", records },
		{ "count=3", "count=0", records },
		{ "first=7", "first=10", records },
		{ "first=7", "first=0", records },
		{ "ring-01", "ring-0A", records },
		{ "count=3", "count=3;more=1", records },
		{ "\"@method\" ", "\"@method\" \"@method\" ", params },
		{ ";tag=", ";expires=1;tag=", params },
		{ "\"@method\"", "\"@method\";req", params },
		{ "Accept: ", "Content-Length: 22\r\nAccept: ", body },
		{ "Content-Length: ", "Content-Length: 0", body },
		{ "Accept: ", "Transfer-Encoding: x\r\nAccept: ", body },
	};

	make_request(true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(with(rows[i][0], rows[i][1]), rows[i][2]);
	keyring_free(keys);
}

TEST(an_encoding_that_was_not_signed_is_refused)
{
	make_request(false);
	CHECK(judge(request, request_len) == NULL);
	CHECK_STR(with("Accept: ", "Content-Encoding: gzip\r\nAccept: "),
	    "its signature does not cover Content-Encoding");
	keyring_free(keys);
}

TEST(a_key_that_was_not_given_is_refused)
{
	struct keyring *mine;

	make_request(true);
	mine = keys;
	make_request(true);
	keyring_free(keys);
	keys = mine;
	CHECK_STR(judge(request, request_len),
	    "its key is not among those that were given");
	keyring_free(keys);
}

TEST(a_request_that_is_cut_anywhere_is_refused)
{
	make_request(true);
	for (size_t len = 0; len < request_len; len++)
		CHECK(judge(request, len) != NULL);
	keyring_free(keys);
}
