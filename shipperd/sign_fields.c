/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See sign_fields.h. */
#include "sign_fields.h"

#include "cursor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HTTPS_PORT = 443, DIGEST_TEXT = 44, SIGNATURE_TEXT = 88 };

/* RFC 9651, section 3.3.1: fifteen digits at most. */
#define NUMBER_MAX UINT64_C(999999999999999)

void
sign_base64(char *out, const uint8_t *bytes, size_t len)
{
	static const char letter[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		const uint32_t three = (uint32_t)bytes[i] << 16 |
		    (uint32_t)(i + 1 < len ? bytes[i + 1] : 0) << 8 |
		    (uint32_t)(i + 2 < len ? bytes[i + 2] : 0);

		*out++ = letter[three >> 18];
		*out++ = letter[three >> 12 & 63];
		*out++ = i + 1 < len ? letter[three >> 6 & 63] : '=';
		*out++ = i + 2 < len ? letter[three & 63] : '=';
	}
	*out = '\0';
}

static void
put(struct writer *w, const char *s)
{
	write_span(w, s, strlen(s));
}

static void
put_number(struct writer *w, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	put(w, text);
}

static void
put_hex(struct writer *w, const uint8_t *bytes, size_t len)
{
	char text[3];

	for (size_t i = 0; i < len; i++) {
		snprintf(text, sizeof(text), "%02x", bytes[i]);
		put(w, text);
	}
}

/* As the head says it: Host and the request's target (RFC 9421, 2.2.2). */
static void
put_target(struct writer *w, const struct url *url)
{
	put(w, "https://");
	put(w, url->is_ipv6 ? "[" : "");
	put(w, url->host);
	put(w, url->is_ipv6 ? "]" : "");
	if (url->port != HTTPS_PORT) {
		put(w, ":");
		put_number(w, url->port);
	}
	put(w, url->path);
}

static void
put_digest(struct writer *w, const struct sign_what *s)
{
	char text[DIGEST_TEXT + 1];

	sign_base64(text, s->digest, SIGN_DIGEST);
	put(w, "sha-256=:");
	put(w, text);
	put(w, ":");
}

static void
put_records(struct writer *w, const struct sign_what *s)
{
	put(w, "ring-");
	put_hex(w, s->ring, RING_ID);
	put(w, ";first=");
	put_number(w, s->first);
	put(w, ";last=");
	put_number(w, s->last);
	put(w, ";count=");
	put_number(w, s->count);
}

/* What is covered, in the base's order, and what the signature is. */
static void
put_params(struct writer *w, const struct sign_what *s)
{
	put(w, "(\"@method\" \"@target-uri\" \"content-type\"");
	put(w, s->gzip ? " \"content-encoding\"" : "");
	put(w, " \"content-digest\" \"sluice-records\");created=");
	put_number(w, s->created);
	put(w, ";keyid=\"");
	put(w, s->keyid);
	put(w, "\";tag=\"sluice\"");
}

static ptrdiff_t
finish(struct writer *w, const struct sign_what *s)
{
	if (s->first > NUMBER_MAX || s->last > NUMBER_MAX ||
	    s->count > NUMBER_MAX || s->created > NUMBER_MAX)
		return -ERANGE;
	return writer_finish(w);
}

ptrdiff_t
sign_base(char *buf, size_t cap, const struct sign_what *s)
{
	struct writer w = writer_of(buf, cap);

	put(&w, "\"@method\": POST\n\"@target-uri\": ");
	put_target(&w, s->url);
	put(&w, "\n\"content-type\": ");
	put(&w, s->content_type);
	put(&w, s->gzip ? "\n\"content-encoding\": gzip" : "");
	put(&w, "\n\"content-digest\": ");
	put_digest(&w, s);
	put(&w, "\n\"sluice-records\": ");
	put_records(&w, s);
	put(&w, "\n\"@signature-params\": ");
	put_params(&w, s);
	return finish(&w, s);
}

ptrdiff_t
sign_lines(char *buf, size_t cap, const struct sign_what *s,
    const uint8_t signature[SIGN_SIZE])
{
	struct writer w = writer_of(buf, cap);
	char text[SIGNATURE_TEXT + 1];

	sign_base64(text, signature, SIGN_SIZE);
	put(&w, "Content-Digest: ");
	put_digest(&w, s);
	put(&w, "\r\nSluice-Records: ");
	put_records(&w, s);
	put(&w, "\r\nSignature-Input: sluice=");
	put_params(&w, s);
	put(&w, "\r\nSignature: sluice=:");
	put(&w, text);
	put(&w, ":\r\n");
	write_u8(&w, '\0');
	return finish(&w, s);
}
