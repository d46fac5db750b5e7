/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  What stands before the lock: what we are as a client,
 * our certificate and key.  No line here runs once the file system is gone.
 */
#include "tls_private.h"

#include "sign.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SECRET_FILE_MAX = 1 << 20,	/* a whole system's trust store fits */
	CERT_LIST_MAX = 65536,		/* bytes of a server's certificates */
};

void
tls_say(struct tls_error *error, const char *what)
{
	const char *data = NULL, *reason;
	int flags = 0;
	const unsigned long code = ERR_peek_error_all(NULL, NULL, NULL, &data,
	    &flags);

	reason = code != 0 ? ERR_reason_error_string(code) : NULL;
	if ((flags & ERR_TXT_STRING) == 0)
		data = NULL;
	snprintf(error->text, sizeof(error->text), "%s%s%s%s%s", what,
	    reason != NULL ? ": " : "", reason != NULL ? reason : "",
	    data != NULL && *data != '\0' ? ": " : "",
	    data != NULL ? data : "");
	ERR_clear_error();
}

static int
judge_chain(SSL *ssl, void *arg)
{
	(void)arg;
	return tls_judge_chain(SSL_get_app_data(ssl)) ? 1 : 0;
}

/* AWS tells its clients with certificates from others on port 443 by this. */
static const char *
choose_alpn(const struct shipconf *conf)
{
	if (conf->protocol != PROTOCOL_DEVICE_DEFENDER)
		return "http/1.1";
	return conf->endpoint[0].port == 443 ? "x-amzn-http-ca" : NULL;
}

static bool
offer_alpn(SSL_CTX *ctx, const char *alpn)
{
	uint8_t wire[32];
	const size_t len = alpn == NULL ? 0 : strlen(alpn);

	if (len == 0)
		return true;
	wire[0] = (uint8_t)len;
	memcpy(wire + 1, alpn, len);
	return SSL_CTX_set_alpn_protos(ctx, wire, (unsigned)len + 1) == 0;
}

/* No resumption: each connection is judged from its certificates. */
static bool
set_options(SSL_CTX *ctx, const char *alpn, struct tls_error *error)
{
	/* kernel TLS would need a system call that the lock kills for */
	SSL_CTX_clear_options(ctx, SSL_OP_ENABLE_KTLS |
	    SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
	    SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* with AUTO_RETRY one read could be kept busy by a flood of tickets */
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_NO_AUTO_CHAIN);
	/* a record's head and body in one call; see tls_has_more() */
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_max_cert_list(ctx, CERT_LIST_MAX);
	/* before our own certificate is shown to the server */
	SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp);
	SSL_CTX_set_tlsext_status_cb(ctx, judge_chain);
	if (offer_alpn(ctx, alpn))
		return true;
	tls_say(error, "ALPN");
	return false;
}

/* Wiped and empty where nothing was given. */
static bool
secret_read(struct tls_secret *s, int fd, const char *what,
    struct tls_error *error)
{
	ssize_t got = -1;

	*s = (struct tls_secret){ 0 };
	if (fd < 0)
		return true;
	s->bytes = malloc(SECRET_FILE_MAX);
	while (s->bytes != NULL && s->len < SECRET_FILE_MAX && (got = read(fd,
	    s->bytes + s->len, SECRET_FILE_MAX - s->len)) > 0)
		s->len += (size_t)got;
	close(fd);
	if (got == 0)
		return true;
	snprintf(error->text, sizeof(error->text), "%s: %s", what,
	    got > 0 ? "1 MiB or more" : "cannot be read");
	return false;
}

static void
secret_forget(struct tls_secret *s)
{
	if (s->bytes != NULL)
		OPENSSL_cleanse(s->bytes, s->len);
	free(s->bytes);
}

static BIO *
secret_bio(const struct tls_secret *s)
{
	return BIO_new_mem_buf(s->bytes, (int)s->len);
}

/* The first certificate is ours, those that follow lead to its root. */
static bool
use_certificate(struct tls_context *c, const struct tls_secret *cert,
    struct tls_error *error)
{
	struct tls_term *term = &c->term[TLS_CLIENT_CHAIN];
	BIO *bio = secret_bio(cert);
	X509 *x = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	bool good = x != NULL && SSL_CTX_use_certificate(c->ctx, x) == 1;

	if (good)
		tls_term_add_certificate(term, x);
	X509_free(x);
	while (good && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		good = SSL_CTX_add1_chain_cert(c->ctx, x) == 1;
		tls_term_add_certificate(term, x);
		X509_free(x);
	}
	good = good && tls_pem_ended();
	if (!good)
		tls_say(error, "cert: not a PEM certificate and its chain");
	BIO_free(bio);
	return good;
}

/* Nobody is there to type a password: notes that one was asked for. */
static int
no_password(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

/* Named in what is wrong with it.  NULL with *error. */
static EVP_PKEY *
read_key(const struct tls_secret *key, const char *name,
    struct tls_error *error)
{
	char what[128];
	bool encrypted = false;
	BIO *bio = secret_bio(key);
	EVP_PKEY *pkey = bio == NULL ? NULL :
	    PEM_read_bio_PrivateKey(bio, NULL, no_password, &encrypted);

	if (encrypted)
		ERR_clear_error();
	snprintf(what, sizeof(what), "%s: %s", name, encrypted ?
	    "it is encrypted; give it unencrypted, or by systemd's"
	    " LoadCredentialEncrypted=" : "not a PEM private key");
	if (pkey == NULL)
		tls_say(error, what);
	BIO_free(bio);
	return pkey;
}

static bool
use_key(SSL_CTX *ctx, const struct tls_secret *key, struct tls_error *error)
{
	EVP_PKEY *pkey = read_key(key, "key", error);
	const bool good = pkey != NULL &&
	    SSL_CTX_use_PrivateKey(ctx, pkey) == 1 &&
	    SSL_CTX_check_private_key(ctx) == 1;

	if (pkey != NULL && !good)
		tls_say(error, "key: it does not belong to cert");
	EVP_PKEY_free(pkey);
	return good;
}

static bool
use_signer(struct tls_context *c, const struct tls_secret *own,
    struct tls_error *error)
{
	const char *why;
	EVP_PKEY *key;

	if (c->conf->sign == SIGN_OFF)
		return true;
	key = c->conf->sign == SIGN_OWN ? read_key(own, "sign_key", error) :
	    SSL_CTX_get0_privatekey(c->ctx);
	if (key == NULL)
		return false;
	if ((c->signer = signer_new(key, &why)) == NULL)
		snprintf(error->text, sizeof(error->text), "%s: %s",
		    c->conf->sign == SIGN_OWN ? "sign_key" :
		    "sign: the key of cert", why);
	if (c->conf->sign == SIGN_OWN)
		EVP_PKEY_free(key);
	ERR_clear_error();
	return c->signer != NULL;
}

/* Both generators seed themselves now, and reseed by getrandom(2) later. */
static bool
warm_random(struct tls_error *error)
{
	unsigned char bytes[16];
	const bool good = RAND_bytes(bytes, sizeof(bytes)) == 1 &&
	    RAND_priv_bytes(bytes, sizeof(bytes)) == 1;

	OPENSSL_cleanse(bytes, sizeof(bytes));
	if (!good)
		tls_say(error, "random generator");
	return good;
}

static SSL_CTX *
strict_context(const char *alpn, struct tls_error *error)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		tls_say(error, "no TLS under the OpenSSL configuration");
	else if (tls_policy_apply(ctx, error) && set_options(ctx, alpn, error))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* What a proxy sends and receives is all of the receiver's own session. */
static bool
add_proxy(struct tls_context *c, const struct tls_secret *ca,
    struct tls_error *error)
{
	const struct tls_secret no_list = { 0 };
	struct tls_context *p = calloc(1, sizeof(*p));

	c->proxy = p;
	if (p == NULL || !tls_inside_init(c)) {
		tls_say(error, "memory");
		return false;
	}
	p->conf = c->conf;
	p->is_proxy = true;
	p->alpn = "http/1.1";
	if ((p->ctx = strict_context(p->alpn, error)) == NULL ||
	    !tls_trust_set(p, ca, &no_list, error))
		return false;
	/* what the inner session writes again may stand elsewhere by then */
	SSL_CTX_set_mode(p->ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return true;
}

static bool
fill(struct tls_context *c, const struct tls_secret s[SECRET_END],
    struct tls_error *error)
{
	const bool fips = (c->conf->flags & SHIPCONF_REQUIRE_FIPS) != 0;

	return tls_policy_load(fips, error) && warm_random(error) &&
	    (c->ctx = strict_context(c->alpn, error)) != NULL &&
	    tls_trust_set(c, &s[SECRET_CA], &s[SECRET_CRL], error) &&
	    use_certificate(c, &s[SECRET_CERT], error) &&
	    use_key(c->ctx, &s[SECRET_KEY], error) &&
	    use_signer(c, &s[SECRET_SIGN], error) &&
	    (s[SECRET_PROXY_CA].bytes == NULL ||
	    add_proxy(c, &s[SECRET_PROXY_CA], error));
}

struct tls_context *
tls_context_new(const struct shipconf *conf, const int secret_fd[SECRET_END],
    struct tls_error *error)
{
	static const char *const what[SECRET_END] = { "ca", "cert", "key",
		"crl", [SECRET_PROXY_CA] = "proxy_ca",
		[SECRET_PROXY_LOGIN] = "proxy_login",
		[SECRET_SIGN] = "sign_key" };
	struct tls_context *c = calloc(1, sizeof(*c));
	struct tls_secret s[SECRET_END];
	bool good = c != NULL;

	snprintf(error->text, sizeof(error->text), "memory");
	/* each is read, and so closed, whatever became of the others */
	for (int i = 0; i < SECRET_END; i++)
		good &= secret_read(&s[i], secret_fd[i], what[i], error);
	if (good) {
		c->conf = conf;
		c->alpn = choose_alpn(conf);
		good = fill(c, s, error);
	}
	for (int i = 0; i < SECRET_END; i++)
		secret_forget(&s[i]);
	if (good)
		return c;
	tls_context_free(c);
	return NULL;
}

void
tls_context_free(struct tls_context *c)
{
	if (c != NULL) {
		tls_context_free(c->proxy);
		BIO_meth_free(c->inside);
		signer_free(c->signer);
		SSL_CTX_free(c->ctx);
	}
	free(c);
}

struct tls_context *
tls_context_of_proxy(const struct tls_context *c)
{
	return c->proxy;
}

const struct tls_term *
tls_terms(const struct tls_context *c)
{
	return c->term;
}

uint64_t
tls_pin_mismatches(const struct tls_context *c)
{
	return c->pin_mismatches;
}

const struct signer *
tls_signer(const struct tls_context *c)
{
	return c->signer;
}
