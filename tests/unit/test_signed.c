/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What delivery.c has signed, and when it signs again. */
#include "ship_world.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>

static char was[SIGN_FIELDS_MAX];

static struct signer *signer;

static void
signed_world(size_t nendpoints)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const char *why;

	signer_free(signer);
	world(nendpoints);
	memset(conf.ring, 0xab, sizeof(conf.ring));
	d.signer = signer = signer_new(key, &why);
	CHECK(signer != NULL);
	EVP_PKEY_free(key);
}

/* Up to the end of its line. */
static const char *
line(const char *lines, const char *name)
{
	static char text[2][512];
	static unsigned turn;
	const char *at = strstr(lines, name);

	CHECK(at != NULL);
	turn ^= 1;
	snprintf(text[turn], sizeof(text[turn]), "%.*s",
	    (int)strcspn(at, "\r"), at);
	return text[turn];
}

TEST(a_request_names_its_ring_and_the_records_in_it)
{
	signed_world(1);
	put_step(3, 5);
	CHECK(posted());
	CHECK(d.body.lines == d.lines);
	CHECK_STR(line(d.lines, "Sluice-Records"), "Sluice-Records:"
	    " ring-abababababababababababababababab;first=1;last=3;count=3");
	fake_answer(OK);
	turn();
	put_step(2, 1);
	CHECK(posted());
	CHECK_STR(line(d.lines, "Sluice-Records"), "Sluice-Records:"
	    " ring-abababababababababababababababab;first=4;last=5;count=2");
}

TEST(a_retry_has_the_same_bytes_and_numbers_and_another_signature)
{
	signed_world(2);
	put_step(2, 2);
	CHECK(posted());
	strcpy(was, d.lines);
	fake_answer(HTTP("503", ""));
	CHECK(posted());
	CHECK_INT(last_post()->endpoint, 1);
	CHECK(same_bytes(&fake_posts[0], last_post()));
	CHECK_STR(line(d.lines, "Content-Digest"),
	    line(was, "Content-Digest"));
	CHECK_STR(line(d.lines, "Sluice-Records"),
	    line(was, "Sluice-Records"));
	CHECK(strcmp(line(d.lines, "Signature: "),
	    line(was, "Signature: ")) != 0);
}

TEST(without_a_key_nothing_is_said)
{
	world(1);
	put_step(1, 1);
	CHECK(posted());
	CHECK(d.body.lines == NULL);
}
