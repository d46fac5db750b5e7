/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  The shipper's own settings for the verification of a chain
 * (tls_context.c, tls_trust.c), over one chain that no server has sent:
 *
 *	pkits_driver CA CRL CERT KEY LEAF BETWEEN [KEY=VALUE]...
 *
 * policy=OID (several: the initial ones), explicit=1, no_mapping=1, no_any=1.
 * Says what is wrong, or "ok".  Left out is what a TLS server must be beyond
 * its path: a name, and the purpose.
 */
#include "tls_private.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* 2020-06-01: the suite ends with 2030, this test need not. */
static const time_t NOW = 1590969600;

static STACK_OF(X509) *
read_chain(const char *path)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	BIO *bio = BIO_new_file(path, "r");
	X509 *x;

	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		sk_X509_push(chain, x);
	BIO_free(bio);
	return chain;
}

/* In place of any policy, which the shipper's own settings allow. */
static STACK_OF(ASN1_OBJECT) *policies;

static void
set(X509_VERIFY_PARAM *param, const char *word)
{
	static const struct {
		const char *word;
		unsigned long flag;
	} flags[] = {
		{ "explicit=1", X509_V_FLAG_EXPLICIT_POLICY },
		{ "no_mapping=1", X509_V_FLAG_INHIBIT_MAP },
		{ "no_any=1", X509_V_FLAG_INHIBIT_ANY },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(word, flags[i].word) == 0)
			X509_VERIFY_PARAM_set_flags(param, flags[i].flag);
	if (strncmp(word, "policy=", 7) != 0)
		return;
	if (policies == NULL)
		policies = sk_ASN1_OBJECT_new_null();
	sk_ASN1_OBJECT_push(policies, OBJ_txt2obj(word + 7, 1));
	X509_VERIFY_PARAM_set1_policies(param, policies);
}

/* As libssl does it for the chain of a server: ssl_verify_cert_chain(). */
static const char *
judge(struct tls_context *c, STACK_OF(X509) *leaf, STACK_OF(X509) *between,
    char **words)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;

	if (X509_STORE_CTX_init(ctx, SSL_CTX_get_cert_store(c->ctx),
	    sk_X509_value(leaf, 0), between) != 1)
		return "X509_STORE_CTX_init";
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_auth_level(param,
	    SSL_CTX_get_security_level(c->ctx));
	X509_STORE_CTX_set_default(ctx, "ssl_server");
	X509_VERIFY_PARAM_set1(param, SSL_CTX_get0_param(c->ctx));
	X509_VERIFY_PARAM_set_time(param, NOW);
	for (; *words != NULL; words++)
		set(param, *words);
	if (X509_verify_cert(ctx) == 1)
		return "ok";
	return X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
}

int
main(int argc, char **argv)
{
	static const struct shipconf conf = { .flags = SHIPCONF_CRL };
	struct tls_context *c;
	struct tls_error error;
	int secret_fd[SECRET_END];

	if (argc < 7)
		return 2;
	for (int i = 0; i < SECRET_END; i++)
		secret_fd[i] = -1;
	secret_fd[SECRET_CA] = open(argv[1], O_RDONLY);
	secret_fd[SECRET_CRL] = open(argv[2], O_RDONLY);
	secret_fd[SECRET_CERT] = open(argv[3], O_RDONLY);
	secret_fd[SECRET_KEY] = open(argv[4], O_RDONLY);
	c = tls_context_new(&conf, secret_fd, &error);
	if (c == NULL)
		puts(error.text);
	else
		puts(judge(c, read_chain(argv[5]), read_chain(argv[6]),
		    argv + 7));
	fflush(stdout);
	_exit(0);
}
