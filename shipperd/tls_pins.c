/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  Pins: SHA-256 of a SubjectPublicKeyInfo (RFC 7469,
 * section 2.4).  One must be in the verified chain, at any place; one must be
 * in none, or there is no way back from a lost key.
 */
#include "tls_private.h"

#include "log.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <string.h>

enum { BASE64_MAX = (PIN_SIZE + 2) / 3 * 4 + 1 };

static bool
pin_of(const X509 *x, uint8_t pin[PIN_SIZE])
{
	unsigned char *der = NULL;
	const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	const bool good = len > 0 && EVP_Digest(der, (size_t)len, pin, NULL,
	    EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return good;
}

/* A bit for each pin that a certificate of the chain has. */
static unsigned
pins_in(const struct shipconf *conf, STACK_OF(X509) *chain)
{
	uint8_t pin[PIN_SIZE];
	unsigned found = 0;

	for (int i = 0; i < sk_X509_num(chain); i++)
		for (size_t k = 0; k < conf->npins &&
		    pin_of(sk_X509_value(chain, i), pin); k++)
			if (memcmp(pin, conf->pin[k], PIN_SIZE) == 0)
				found |= 1u << k;
	return found;
}

static void
say_no_backup(struct tls *t, unsigned before)
{
	const unsigned all = (1u << t->context->conf->npins) - 1;
	struct log_line line;

	if (before == all || t->context->pins_seen != all)
		return;
	log_begin(&line, LOG_LEVEL_WARNING, "pins_without_backup");
	log_text(&line, "endpoint", t->host);
	log_end(&line);
}

/* What the operator compares with the configuration. */
static void
describe(const X509 *leaf, char *text, size_t size)
{
	unsigned char base64[BASE64_MAX] = "";
	uint8_t pin[PIN_SIZE];

	if (pin_of(leaf, pin))
		EVP_EncodeBlock(base64, pin, PIN_SIZE);
	snprintf(text, size, "no pin of ship.pins in its chain, its own is "
	    "sha256//%s", (const char *)base64);
}

static void
say_mismatch(struct tls *t, const char *what)
{
	struct log_line line;

	if (t->context->mismatch_said)
		return;
	t->context->mismatch_said = true;
	log_begin(&line, LOG_LEVEL_WARNING, "pin_mismatch");
	log_text(&line, "endpoint", t->host);
	log_text(&line, "detail", what);
	log_end(&line);
}

bool
tls_pins_hold(struct tls *t)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(t->ssl);
	struct tls_context *c = t->context;
	const unsigned before = c->pins_seen;
	char text[128];
	unsigned found;

	if (c->conf->npins == 0)
		return true;
	found = pins_in(c->conf, chain);
	c->pins_seen |= found;
	say_no_backup(t, before);
	if (found != 0) {
		c->mismatch_said = false;
		return true;
	}
	c->pin_mismatches++;
	describe(sk_X509_value(chain, 0), text, sizeof(text));
	if ((c->conf->flags & SHIPCONF_PINS_REPORT) != 0) {
		say_mismatch(t, text);
		return true;
	}
	tls_refuse(t, text, 0, sk_X509_value(chain, 0), NULL);
	return false;
}
