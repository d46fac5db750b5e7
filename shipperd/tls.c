/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  One TLS connection, and what we refuse.  See tls.h. */
#include "tls_private.h"

#include "log.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE_MAX = 65536 };	/* bytes of messages to an inner session */

/* What a server's last word means (RFC 8446, section 6.2). */
static const struct {
	int alert;
	enum tls_result result;
} alerts[] = {
	{ SSL_AD_HANDSHAKE_FAILURE, TLS_REFUSED_US },
	{ SSL_AD_BAD_CERTIFICATE, TLS_REFUSED_US },
	{ SSL_AD_UNSUPPORTED_CERTIFICATE, TLS_REFUSED_US },
	{ SSL_AD_CERTIFICATE_REVOKED, TLS_REFUSED_US },
	{ SSL_AD_CERTIFICATE_EXPIRED, TLS_REFUSED_US },
	{ SSL_AD_CERTIFICATE_UNKNOWN, TLS_REFUSED_US },
	{ SSL_AD_UNKNOWN_CA, TLS_REFUSED_US },
	{ SSL_AD_ACCESS_DENIED, TLS_REFUSED_US },
	{ SSL_AD_INSUFFICIENT_SECURITY, TLS_REFUSED_US },
	{ SSL_AD_UNRECOGNIZED_NAME, TLS_REFUSED_US },
	{ SSL_AD_CERTIFICATE_REQUIRED, TLS_REFUSED_US },
	{ SSL_AD_NO_APPLICATION_PROTOCOL, TLS_REFUSED_US },
	{ SSL_AD_PROTOCOL_VERSION, TLS_REFUSED_SERVER },
};

static int
verify(int ok, X509_STORE_CTX *chain)
{
	return tls_verify(ok, chain);
}

static int
note_asked(SSL *ssl, void *arg)
{
	struct tls *t = arg;

	(void)ssl;
	t->asked = true;
	return 1;
}

static bool
set_name(SSL *ssl, const char *host, bool is_address)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	char sni[TLSEXT_MAXLEN_host_name + 1];

	if (is_address)
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	snprintf(sni, sizeof(sni), "%s", host);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 &&
	    SSL_set_tlsext_host_name(ssl, sni) == 1;
}

static struct tls *
new_session(struct tls_context *c, int fd, struct tls *outer,
    const char *host, bool is_address)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->context = c;
	t->host = host;
	t->ssl = SSL_new(c->ctx);
	if (t->ssl == NULL || SSL_set_app_data(t->ssl, t) != 1 ||
	    !(outer != NULL ? tls_inside_set(t, outer) :
	    SSL_set_fd(t->ssl, fd) == 1) ||
	    !set_name(t->ssl, host, is_address)) {
		ERR_clear_error();
		tls_free(t);
		return NULL;
	}
	SSL_set_verify(t->ssl, SSL_VERIFY_PEER, verify);
	SSL_set_cert_cb(t->ssl, note_asked, t);
	SSL_set_connect_state(t->ssl);
	return t;
}

struct tls *
tls_new(struct tls_context *c, int fd, const char *host, bool is_address)
{
	return new_session(c, fd, NULL, host, is_address);
}

struct tls *
tls_new_inside(struct tls_context *c, struct tls *outer, const char *host,
    bool is_address)
{
	return new_session(c, -1, outer, host, is_address);
}

void
tls_free(struct tls *t)
{
	if (t != NULL)
		SSL_free(t->ssl);
	free(t);
}

static enum tls_result
judge_alert(int alert)
{
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		if (alerts[i].alert == alert)
			return alerts[i].result;
	return TLS_FAILED;
}

/*
 * No setting leads there: records of another session or the echo of our own,
 * from a server whose connections were mixed up, or a port that answers itself.
 */
static bool
is_of_the_moment(unsigned long code)
{
	const int reason = ERR_GET_REASON(code);

	return reason == ERR_R_MALLOC_FAILURE ||
	    (ERR_GET_LIB(code) == ERR_LIB_SSL &&
	    (reason == SSL_R_UNEXPECTED_MESSAGE ||
	    reason == SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC));
}

/* A fault in the protocol: whose, and what does it mean for us? */
static enum tls_result
judge_fault(struct tls *t, struct tls_error *error)
{
	const unsigned long code = ERR_peek_error();
	const int reason = ERR_GET_REASON(code);
	const bool tls_fault = ERR_GET_LIB(code) == ERR_LIB_SSL;

	if (t->refusal[0] != '\0') {
		ERR_clear_error();
		tls_say(error, t->refusal);
		return TLS_REFUSED_SERVER;
	}
	if (tls_fault && reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		tls_say(error, "the stream ended");
		return TLS_CUT;
	}
	if (tls_fault && reason > SSL_AD_REASON_OFFSET) {
		tls_say(error, "the server says");
		return judge_alert(reason - SSL_AD_REASON_OFFSET);
	}
	tls_say(error, "TLS");
	return t->established || is_of_the_moment(code) ? TLS_FAILED :
	    TLS_REFUSED_SERVER;
}

/*
 * SSL_get_error(3) wants that the queue was empty before the call.  It is, and
 * need not be emptied before each: a handshake leaves it so, a call that does
 * what it shall puts nothing there, and what any other did is taken here.  To
 * wait for something is said only where it is empty.
 */
static enum tls_result
judge(struct tls *t, int returned, int saved_errno, struct tls_error *error)
{
	switch (SSL_get_error(t->ssl, returned)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		tls_say(error, "close_notify");
		return TLS_CLOSED;
	case SSL_ERROR_SYSCALL:
		t->over = true;
		ERR_clear_error();
		tls_say(error, saved_errno != 0 ?
		    strerrorname_np(saved_errno) : "the stream ended");
		return TLS_CUT;
	default:
		t->over = true;
		return judge_fault(t, error);
	}
}

static enum tls_result
refuse(struct tls_error *error, const char *why)
{
	tls_say(error, why);
	return TLS_REFUSED_SERVER;
}

/* Nothing has been sent yet but our part of the handshake. */
static enum tls_result
judge_server(struct tls *t, struct tls_error *error)
{
	const char *offered = t->context->alpn;
	const unsigned char *alpn;
	unsigned len;

	if (SSL_version(t->ssl) != TLS1_3_VERSION ||
	    SSL_get0_peer_certificate(t->ssl) == NULL ||
	    SSL_get_verify_result(t->ssl) != X509_V_OK || !t->judged)
		return refuse(error, "the server was not verified");
	if (!t->asked && !t->context->is_proxy)
		return refuse(error,
		    "the server did not ask for our certificate");
	SSL_get0_alpn_selected(t->ssl, &alpn, &len);
	if (len != 0 && (offered == NULL || len != strlen(offered) ||
	    memcmp(alpn, offered, len) != 0))
		return refuse(error, "the server chose another protocol");
	ERR_clear_error();
	t->established = true;
	return TLS_OK;
}

enum tls_result
tls_handshake(struct tls *t, struct tls_error *error)
{
	int returned;

	ERR_clear_error();
	errno = 0;
	returned = SSL_do_handshake(t->ssl);
	if (returned == 1)
		return judge_server(t, error);
	return judge(t, returned, errno, error);
}

static enum tls_result
read_once(struct tls *t, void *buf, size_t len, size_t *n,
    struct tls_error *error)
{
	int returned;

	errno = 0;
	returned = SSL_read_ex(t->ssl, buf, len, n);
	return returned == 1 ? TLS_OK : judge(t, returned, errno, error);
}

/*
 * After a ticket OpenSSL asks to be called again.  What comes next may then
 * wait inside the outer session, where no poll would tell of it.
 */
enum tls_result
tls_read(struct tls *t, void *buf, size_t len, size_t *n,
    struct tls_error *error)
{
	const uint64_t before = t->outer == NULL ? 0 : tls_received(t);
	enum tls_result result = read_once(t, buf, len, n, error);

	while (result == TLS_WANT_READ && t->outer != NULL &&
	    !t->outer->starved && tls_received(t) - before < AT_ONCE_MAX)
		result = read_once(t, buf, len, n, error);
	t->starved = result != TLS_OK;
	return result;
}

enum tls_result
tls_write(struct tls *t, const void *buf, size_t len, size_t *n,
    struct tls_error *error)
{
	int returned;

	errno = 0;
	returned = SSL_write_ex(t->ssl, buf, len, n);
	return returned == 1 ? TLS_OK : judge(t, returned, errno, error);
}

void
tls_shutdown(struct tls *t)
{
	if (!t->established || t->over)
		return;
	t->over = true;
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	ERR_clear_error();
}

bool
tls_is_stale(const struct tls *t, int64_t now_s)
{
	return now_s >= t->good_until ||
	    (t->outer != NULL && tls_is_stale(t->outer, now_s));
}

bool
tls_has_more(const struct tls *t)
{
	return SSL_has_pending(t->ssl) == 1 ||
	    (t->outer != NULL && tls_has_more(t->outer));
}

uint64_t
tls_received(const struct tls *t)
{
	return t->outer != NULL ? tls_received(t->outer) :
	    BIO_number_read(SSL_get_rbio(t->ssl));
}

uint64_t
tls_random64(void)
{
	uint64_t value;

	if (RAND_bytes((unsigned char *)&value, sizeof(value)) != 1)
		fatal_text("random generator", "it failed");
	return value;
}
