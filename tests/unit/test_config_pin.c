/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  ship.pins, ship.pin_mode, ship.crl, ship.sign,
 * ship.sign_key; ` stands for ".
 */
#include "config.h"
#include "test.h"

#include <stdio.h>

/* 42 letters and 252 bits of zero; what follows is the rest of the 32 bytes. */
#define ZEROS "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
/* SHA-256 of nothing: FIPS 180-4's own e3b0c44298fc1c149afbf4c8996fb924…  */
#define EMPTY "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static struct config c;
static struct config_error e;

static int
parse(const char *more)
{
	char text[4096];
	const int n = snprintf(text, sizeof(text), "{`ship`:{`endpoints`:"
	    "[`https://a.example`],`ca`:`/ca`,`cert`:`/crt`,`key`:`/key`,"
	    "%s}}", more);

	for (char *p = text; *p != '\0'; p++)
		if (*p == '`')
			*p = '"';
	return config_parse(&c, "f", text, (size_t)n, &e);
}

static void
taken(const char *more)
{
	if (parse(more) < 0)
		test_fail(__FILE__, __LINE__, "%s", e.text);
}

static void
refused(const char *more, const char *key, const char *why)
{
	if (parse(more) == 0)
		test_fail(__FILE__, __LINE__, "taken: %s", more);
	if (strstr(e.text, key) == NULL || strstr(e.text, why) == NULL)
		test_fail(__FILE__, __LINE__, "%s", e.text);
}

TEST(a_pin_is_the_bytes_that_its_letters_stand_for)
{
	static const uint8_t empty[PIN_SIZE] = {
		0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
		0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
		0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
		0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
	};
	static const uint8_t last[PIN_SIZE] = { [31] = 0x0f };

	taken("`pins`:[`" EMPTY "`,`" ZEROS "8=`]");
	CHECK_INT(c.npins, 2);
	CHECK_MEM(c.pin[0], empty, PIN_SIZE);
	CHECK_MEM(c.pin[1], last, PIN_SIZE);
	CHECK(!c.pins_report);
}

TEST(two_to_eight_different_ones_are_taken)
{
	char text[1024] = "`pins`:[`" ZEROS "A=`";
	static const char letters[] = "EIMQUYcg";

	refused("`pins`:[]", "ship.pins", "is too short");
	refused("`pins`:[`" EMPTY "`]", "ship.pins", "is too short");
	for (size_t i = 0; letters[i] != '\0'; i++) {
		const size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, ",`" ZEROS "%c=`]",
		    letters[i]);
		if (i + 2 <= PINS_MAX)
			taken(text);
		else
			refused(text, "ship.pins", "is too long");
		text[strlen(text) - 1] = '\0';
	}
	refused("`pins`:[`" EMPTY "`,`" EMPTY "`]", "ship.pins[1]",
	    "stands there twice");
}

TEST(what_is_no_pin_is_refused)
{
	static const char *const wrong[] = { "", "sha256//", "sha256/" ,
		ZEROS "A", ZEROS "AA", ZEROS "A==", ZEROS "=", ZEROS "-=",
		ZEROS "_=", ZEROS "A= ", " " ZEROS "A=", ZEROS "AAA=",
		"sha512//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"SHA256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" };
	char text[256];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "`pins`:[`%s`,`" EMPTY "`]",
		    wrong[i]);
		refused(text, "ship.pins[0]", "is not a pin");
	}
}

/* Or two texts would be one pin, and a backup the one in use. */
TEST(bits_that_stand_for_nothing_must_be_zero)
{
	char text[256];

	for (const char *l = "BCDFGHJKLNOPRSTVWXZabdefh/+9"; *l != '\0'; l++) {
		snprintf(text, sizeof(text), "`pins`:[`" EMPTY "`,`" ZEROS
		    "%c=`]", *l);
		refused(text, "ship.pins[1]", "is not a pin");
	}
}

TEST(a_mismatch_is_reported_only_where_it_is_asked_for)
{
	taken("`pin_mode`:`report`");
	CHECK(c.pins_report);
	taken("`pin_mode`:`enforce`");
	CHECK(!c.pins_report);
	refused("`pin_mode`:`off`", "ship.pin_mode", "is not known");
}

TEST(revocation_lists_are_a_path_and_none_is_the_default)
{
	taken("`timeout`:`5s`");
	CHECK_STR(c.crl, "");
	CHECK_INT(c.npins, 0);
	taken("`crl`:`/etc/sluice/crl.pem`");
	CHECK_STR(c.crl, "/etc/sluice/crl.pem");
	refused("`crl`:`crl.pem`", "ship.crl", "is not an absolute path");
}

TEST(requests_are_signed_by_one_of_two_keys_and_by_default_by_none)
{
	taken("`timeout`:`5s`");
	CHECK_INT(c.sign, SIGN_OFF);
	CHECK_STR(c.sign_key, "");
	taken("`sign`:`off`");
	CHECK_INT(c.sign, SIGN_OFF);
	taken("`sign`:`client`");
	CHECK_INT(c.sign, SIGN_CLIENT);
	taken("`sign_key`:`/etc/sluice/sign.key`");
	CHECK_INT(c.sign, SIGN_OWN);
	CHECK_STR(c.sign_key, "/etc/sluice/sign.key");
	refused("`sign_key`:`sign.key`", "ship.sign_key",
	    "is not an absolute path");
	refused("`sign`:`own`", "ship.sign", "is not known");
}

TEST(two_answers_to_whose_key_signs_are_refused)
{
	refused("`sign`:`client`,`sign_key`:`/k`", "ship.sign_key",
	    "stands beside ship.sign");
	refused("`sign`:`off`,`sign_key`:`/k`", "ship.sign_key",
	    "stands beside ship.sign");
}
