/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The system's OpenSSL configuration (crypto-policies,
 * FIPS), before the lock: in force as a whole, or nothing starts.
 */
#include "tls_private.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include <string.h>
#include <strings.h>

enum { SECURITY_LEVEL = 2 };		/* 112 bits of strength */

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
load(struct tls_error *error)
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

/* Both: the module is in use, and nothing else can be fetched. */
static bool
fips_is_in_force(struct tls_error *error)
{
	ERR_clear_error();
	if (OSSL_PROVIDER_available(NULL, "fips") != 1)
		tls_say(error, "require: fips: OpenSSL's configuration"
		    " activates no fips provider");
	else if (EVP_default_properties_is_fips_enabled(NULL) != 1)
		tls_say(error, "require: fips: OpenSSL's configuration lacks"
		    " default_properties = fips=yes");
	else
		return true;
	return false;
}

bool
tls_policy_load(bool require_fips, struct tls_error *error)
{
	return load(error) && (!require_fips || fips_is_in_force(error));
}

bool
tls_policy_apply(SSL_CTX *ctx, struct tls_error *error)
{
	return policy_is_whole(ctx, error) && set_floor(ctx, error);
}
