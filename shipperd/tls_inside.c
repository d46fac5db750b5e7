/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  TLS in TLS: one session's bytes as what another one
 * sends and receives.  Pure library calls: what polls and what reads the
 * socket stays as it is, and the lock needs no row for it.
 */
#include "tls_private.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <errno.h>

/* What the outer one waits for, the inner one waits for. */
static int
moved(BIO *b, enum tls_result result)
{
	if (result == TLS_WANT_READ)
		BIO_set_retry_read(b);
	else if (result == TLS_WANT_WRITE)
		BIO_set_retry_write(b);
	/* no call of ours left its errno there */
	errno = 0;
	return result == TLS_OK;
}

static int
read_outer(BIO *b, char *buf, size_t len, size_t *n)
{
	struct tls_error unsaid;

	BIO_clear_retry_flags(b);
	*n = 0;
	return moved(b, tls_read(BIO_get_data(b), buf, len, n, &unsaid));
}

static int
write_outer(BIO *b, const char *buf, size_t len, size_t *n)
{
	struct tls_error unsaid;

	BIO_clear_retry_flags(b);
	*n = 0;
	return moved(b, tls_write(BIO_get_data(b), buf, len, n, &unsaid));
}

/* There is nothing to flush: a write that was taken is on its way. */
static long
control(BIO *b, int command, long number, void *p)
{
	(void)b;
	(void)number;
	(void)p;
	return command == BIO_CTRL_FLUSH;
}

bool
tls_inside_init(struct tls_context *c)
{
	c->inside = BIO_meth_new(BIO_get_new_index() |
	    BIO_TYPE_SOURCE_SINK, "tls");
	return c->inside != NULL &&
	    BIO_meth_set_read_ex(c->inside, read_outer) == 1 &&
	    BIO_meth_set_write_ex(c->inside, write_outer) == 1 &&
	    BIO_meth_set_ctrl(c->inside, control) == 1;
}

bool
tls_inside_set(struct tls *t, struct tls *outer)
{
	BIO *b = t->context->inside != NULL ? BIO_new(t->context->inside) :
	    NULL;

	if (b == NULL)
		return false;
	BIO_set_data(b, outer);
	BIO_set_init(b, 1);
	SSL_set_bio(t->ssl, b, b);
	t->outer = outer;
	return true;
}
