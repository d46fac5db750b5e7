/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  What stands before the lock: the system's OpenSSL
 * policy, our trust, our certificate and key, and what we ask of every
 * server.  No line here runs once the file system is gone.
 */
#include "tls_private.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	SECRET_FILE_MAX = 1 << 20,	/* a whole system's trust store fits */
	SECURITY_LEVEL = 2,		/* 112 bits of strength */
	CHAIN_DEPTH = 4,
	CERT_LIST_MAX = 65536,		/* bytes of a server's certificates */
};

struct secret {
	char *bytes;
	size_t len;
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

/* OpenSSL carries on without a provider that could not be loaded. */
static bool
provider_is_there(const CONF *conf, const CONF_VALUE *row,
    struct tls_error *error)
{
	const char *dot = strchr(row->name, '.');
	const char *name = dot != NULL ? dot + 1 : row->name;
	const char *activate, *identity;

	ERR_set_mark();
	activate = NCONF_get_string(conf, row->value, "activate");
	identity = NCONF_get_string(conf, row->value, "identity");
	ERR_pop_to_mark();
	if (activate == NULL || strcmp(activate, "0") == 0 ||
	    strcasecmp(activate, "no") == 0 ||
	    strcasecmp(activate, "off") == 0 ||
	    strcasecmp(activate, "false") == 0)
		return true;
	if (OSSL_PROVIDER_available(NULL, identity != NULL ? identity : name))
		return true;
	tls_say(error, "a provider of the OpenSSL configuration did not load");
	return false;
}

static bool
providers_are_there(const CONF *conf, struct tls_error *error)
{
	const STACK_OF(CONF_VALUE) *rows = NULL;
	const char *section, *providers = NULL;

	ERR_set_mark();
	section = NCONF_get_string(conf, NULL, "openssl_conf");
	if (section != NULL)
		providers = NCONF_get_string(conf, section, "providers");
	if (providers != NULL)
		rows = NCONF_get_section(conf, providers);
	ERR_pop_to_mark();
	for (int i = 0; i < sk_CONF_VALUE_num(rows); i++)
		if (!provider_is_there(conf, sk_CONF_VALUE_value(rows, i),
		    error))
			return false;
	return true;
}

/*
 * OpenSSL's own loading forgives a file that is missing or malformed, and an
 * .include that is not there, and the policy is lost.  So it is switched off
 * and done here, once; see config(5).
 */
static bool
load_policy(struct tls_error *error)
{
	char *path;
	CONF *conf;
	bool good = false;

	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_LOAD_SSL_STRINGS |
	    OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1) {
		tls_say(error, "OpenSSL does not start");
		return false;
	}
	path = CONF_get1_default_config_file();
	conf = NCONF_new(NULL);
	ERR_clear_error();
	if (path == NULL || conf == NULL)
		tls_say(error, "memory for the OpenSSL configuration");
	else if (NCONF_load(conf, path, NULL) != 1 || ERR_peek_error() != 0)
		tls_say(error, "the OpenSSL configuration cannot be read");
	else if (CONF_modules_load(conf, NULL, 0) != 1)
		tls_say(error, "the OpenSSL configuration has a fault");
	else
		good = providers_are_there(conf, error);
	OPENSSL_free(path);
	NCONF_free(conf);
	return good;
}

/*
 * SSL_CTX_new() has applied the policy's "system_default" and kept silent
 * about commands that failed.  Applied again, it says so.
 */
static bool
policy_is_whole(SSL_CTX *ctx, struct tls_error *error)
{
	ERR_clear_error();
	if (SSL_CTX_config(ctx, "system_default") != 1 &&
	    ERR_GET_REASON(ERR_peek_error()) !=
	    SSL_R_INVALID_CONFIGURATION_NAME) {
		tls_say(error, "a command of system_default in the OpenSSL"
		    " configuration has a fault");
		return false;
	}
	ERR_clear_error();
	return true;
}

/* The policy may ask for more than we do, never for less. */
static bool
set_floor(SSL_CTX *ctx, struct tls_error *error)
{
	long newest;

	if (SSL_CTX_get_security_level(ctx) < SECURITY_LEVEL)
		SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	newest = SSL_CTX_get_max_proto_version(ctx);
	if ((newest != 0 && newest < TLS1_3_VERSION) ||
	    (SSL_CTX_get_options(ctx) & SSL_OP_NO_TLSv1_3) != 0 ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1) {
		ERR_clear_error();
		tls_say(error, "the OpenSSL configuration forbids TLS 1.3");
		return false;
	}
	return true;
}

/* No resumption: each connection is judged from its certificates. */
static bool
set_options(SSL_CTX *ctx, struct tls_error *error)
{
	static const unsigned char alpn[] = "\x08http/1.1";

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
	SSL_CTX_set_max_cert_list(ctx, CERT_LIST_MAX);
	if (SSL_CTX_set_alpn_protos(ctx, alpn, sizeof(alpn) - 1) == 0)
		return true;
	tls_say(error, "ALPN");
	return false;
}

static bool
set_verification(SSL_CTX *ctx, struct tls_error *error)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH);
	if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT) == 1 &&
	    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER) == 1)
		return true;
	tls_say(error, "certificate verification");
	return false;
}

static bool
secret_read(struct secret *s, int fd, const char *what,
    struct tls_error *error)
{
	ssize_t got = -1;

	s->len = 0;
	s->bytes = malloc(SECRET_FILE_MAX);
	while (s->bytes != NULL && s->len < SECRET_FILE_MAX && (got = read(fd,
	    s->bytes + s->len, SECRET_FILE_MAX - s->len)) > 0)
		s->len += (size_t)got;
	close(fd);
	if (got == 0)
		return true;
	ERR_clear_error();
	tls_say(error, what);
	return false;
}

static void
secret_forget(struct secret *s)
{
	if (s->bytes != NULL)
		OPENSSL_cleanse(s->bytes, s->len);
	free(s->bytes);
}

static BIO *
secret_bio(const struct secret *s)
{
	return BIO_new_mem_buf(s->bytes, (int)s->len);
}

/* True at the orderly end of a list of certificates. */
static bool
pem_ended(void)
{
	const unsigned long e = ERR_peek_last_error();

	if (ERR_GET_LIB(e) != ERR_LIB_PEM ||
	    ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

/* Our own store: OpenSSL's default one would look for files. */
static bool
use_trust(SSL_CTX *ctx, const struct secret *ca, struct tls_error *error)
{
	X509_STORE *store = X509_STORE_new();
	BIO *bio = secret_bio(ca);
	size_t n = 0;
	bool good = store != NULL && bio != NULL;
	X509 *x;

	while (good && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		good = X509_STORE_add_cert(store, x) == 1;
		X509_free(x);
		n++;
	}
	good = good && pem_ended() && n > 0;
	if (good)
		SSL_CTX_set_cert_store(ctx, store);	/* owns it now */
	else {
		tls_say(error, "ca: not a list of PEM certificates");
		X509_STORE_free(store);
	}
	BIO_free(bio);
	return good;
}

/* The first certificate is ours, those that follow lead to its root. */
static bool
use_certificate(SSL_CTX *ctx, const struct secret *cert,
    struct tls_error *error)
{
	BIO *bio = secret_bio(cert);
	X509 *x = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	bool good = x != NULL && SSL_CTX_use_certificate(ctx, x) == 1;

	X509_free(x);
	while (good && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		good = SSL_CTX_add1_chain_cert(ctx, x) == 1;
		X509_free(x);
	}
	good = good && pem_ended();
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

static bool
use_key(SSL_CTX *ctx, const struct secret *key, struct tls_error *error)
{
	bool encrypted = false;
	BIO *bio = secret_bio(key);
	EVP_PKEY *pkey = bio == NULL ? NULL :
	    PEM_read_bio_PrivateKey(bio, NULL, no_password, &encrypted);
	bool good = false;

	if (encrypted) {
		ERR_clear_error();
		tls_say(error, "key: it is encrypted; give it unencrypted,"
		    " or by systemd's LoadCredentialEncrypted=");
	} else if (pkey == NULL)
		tls_say(error, "key: not a PEM private key");
	else if (SSL_CTX_use_PrivateKey(ctx, pkey) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		tls_say(error, "key: it does not belong to cert");
	else
		good = true;
	EVP_PKEY_free(pkey);
	BIO_free(bio);
	return good;
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
strict_context(struct tls_error *error)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		tls_say(error, "no TLS under the OpenSSL configuration");
	else if (policy_is_whole(ctx, error) && set_floor(ctx, error) &&
	    set_options(ctx, error) && set_verification(ctx, error))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

struct tls_context *
tls_context_new(int ca_fd, int cert_fd, int key_fd, struct tls_error *error)
{
	struct tls_context *c = calloc(1, sizeof(*c));
	struct secret ca, cert, key;
	bool good;

	snprintf(error->text, sizeof(error->text), "memory");
	/* each is read, and so closed, whatever became of the others */
	good = secret_read(&ca, ca_fd, "ca: cannot be read", error);
	good &= secret_read(&cert, cert_fd, "cert: cannot be read", error);
	good &= secret_read(&key, key_fd, "key: cannot be read", error);
	good = good && c != NULL && load_policy(error) && warm_random(error) &&
	    (c->ctx = strict_context(error)) != NULL &&
	    use_trust(c->ctx, &ca, error) &&
	    use_certificate(c->ctx, &cert, error) &&
	    use_key(c->ctx, &key, error);
	secret_forget(&ca);
	secret_forget(&cert);
	secret_forget(&key);
	if (good)
		return c;
	tls_context_free(c);
	return NULL;
}

void
tls_context_free(struct tls_context *c)
{
	if (c != NULL)
		SSL_CTX_free(c->ctx);
	free(c);
}
