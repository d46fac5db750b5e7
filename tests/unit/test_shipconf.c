/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "shipconf.h"
#include "test.h"

#include <errno.h>

static const uint8_t golden[] = {
	0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88,	/* seed */
	0x90, 0x4e,				/* interval 10000 ms */
	0xf4, 0x03,				/* timeout 500 ms */
	0x80, 0x80, 0x10,			/* batch 262144 */
	0x80, 0x80, 0x80, 0x04,			/* egress 8388608 */
	2, 1,					/* flags, protocol */
	2,					/* endpoints */
	1, 'a', 0xde, 0x21, 2, '/', 'x',
	3, ':', ':', '1', 1, 1, '/',
	2,					/* name servers */
	4, 192, 0, 2, 1, 0, 53,
	6, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	    0x80, 0x02, 0xff, 0xff, 0x03,
	1,					/* resource attributes */
	1, 'k', 2, 0xc3, 0xa9,
	2,					/* pins */
	1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,
	0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe,
	2,					/* signed by a key of its own */
	0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xaf,
	2, 1, 3, ':', ':', '2', 0xb8, 0x18,	/* proxy: TLS, login */
	1, 3, 'j', 'o', 'b',			/* labels */
	1, 2, 'u', 'p', 1, 's', GAUGE, 2,	/* metrics: in micro */
};

static struct shipconf
example(void)
{
	struct shipconf c = {
		.seed = 0x8899aabbccddeeff,
		.interval_ms = 10000, .timeout_ms = 500, .batch = 262144,
		.egress_limit = 8388608,
		.flags = SHIPCONF_SPLIT, .protocol = PROTOCOL_HTTP_JSON,
		.nendpoints = 2, .nservers = 2, .nattrs = 1,
		.server = {
			{ 4, { 192, 0, 2, 1 }, 0, 53 },
			{ 6, { 0xfe, 0x80, [15] = 1 }, 256, 65535 },
		},
		.attr = { { "k", "\xc3\xa9" } },
		.npins = 2, .pin = {
			{ 1, 2, 3, 4, 5, 6, 7, 8, [31] = 9 },
			{ 0xff, [31] = 0xfe },
		},
		.sign = SIGN_OWN, .ring = { 0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
		    10, 11, 12, 13, 14, 0xaf },
	};

	bool tls;

	c.defender.interval_ms = DEFENDER_INTERVAL_MIN_MS;
	c.defender.list_max = 50;
	CHECK(url_parse(&c.endpoint[0], "https://a:4318/x") == NULL);
	CHECK(url_parse(&c.endpoint[1], "https://[::1]:1/") == NULL);
	c.proxy.kind = PROXY_TLS;
	c.proxy.login = true;
	CHECK(url_parse_proxy(&c.proxy.url, &tls, "https://[::2]:3128") ==
	    NULL);
	CHECK(declared_add_label(&c.declared, "job") == NULL);
	CHECK(declared_add(&c.declared, "up", "gauge s") == NULL);
	CHECK(declared_seal(&c.declared));
	return c;
}

TEST(a_configuration_is_exactly_the_documented_bytes)
{
	struct shipconf c = example();
	uint8_t buf[FRAME_MAX];

	CHECK_INT(shipconf_encode(&c, buf, sizeof(buf)), sizeof(golden));
	CHECK_MEM(buf, golden, sizeof(golden));
}

TEST(what_was_encoded_is_decoded)
{
	struct shipconf want = example(), got;

	CHECK_INT(shipconf_decode(&got, golden, sizeof(golden)), 0);
	CHECK(got.seed == want.seed);
	CHECK_INT(got.interval_ms, 10000);
	CHECK_INT(got.timeout_ms, 500);
	CHECK_INT(got.batch, 262144);
	CHECK_INT(got.egress_limit, 8388608);
	CHECK_INT(got.flags, SHIPCONF_SPLIT);
	CHECK_INT(got.protocol, PROTOCOL_HTTP_JSON);
	CHECK_INT(got.nendpoints, 2);
	for (size_t i = 0; i < 2; i++) {
		CHECK_STR(got.endpoint[i].host, want.endpoint[i].host);
		CHECK_STR(got.endpoint[i].path, want.endpoint[i].path);
		CHECK_INT(got.endpoint[i].port, want.endpoint[i].port);
		CHECK_INT(got.endpoint[i].is_ipv6, i);
		CHECK_INT(got.server[i].family, want.server[i].family);
		CHECK_MEM(got.server[i].addr, want.server[i].addr, 16);
		CHECK_INT(got.server[i].scope, want.server[i].scope);
		CHECK_INT(got.server[i].port, want.server[i].port);
	}
	CHECK_INT(got.nservers, 2);
	CHECK_INT(got.nattrs, 1);
	CHECK_STR(got.attr[0].key, "k");
	CHECK_STR(got.attr[0].value, "\xc3\xa9");
	CHECK_INT(got.npins, 2);
	CHECK_MEM(got.pin, want.pin, sizeof(want.pin));
	CHECK_INT(got.sign, SIGN_OWN);
	CHECK_MEM(got.ring, want.ring, sizeof(want.ring));
	CHECK_INT(got.proxy.kind, PROXY_TLS);
	CHECK(got.proxy.login);
	CHECK_STR(got.proxy.url.host, "::2");
	CHECK_INT(got.proxy.url.port, 3128);
	CHECK(got.proxy.url.is_ipv6 && got.proxy.url.is_address);
}

TEST(a_proxy_out_of_range_is_refused)
{
	static const uint8_t proxy[] = { 2, 1, 3, ':', ':', '2', 0xb8, 0x18 };
	static const struct {
		size_t at;
		uint8_t value;
	} bad[] = {
		{ 0, PROXY_END }, { 0, 255 }, { 1, 2 }, { 2, 0 }, { 3, '!' },
		{ 5, 'x' }, { 5, '\0' },
	};
	uint8_t bytes[sizeof(golden)];
	const uint8_t *found = memmem(golden, sizeof(golden), proxy,
	    sizeof(proxy));
	struct shipconf c;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(bytes, golden, sizeof(bytes));
		bytes[(size_t)(found - golden) + bad[i].at] = bad[i].value;
		CHECK_INT(shipconf_decode(&c, bytes, sizeof(bytes)), -EBADMSG);
	}
}

TEST(a_configuration_cut_short_anywhere_is_refused)
{
	struct shipconf c;

	for (size_t len = 0; len < sizeof(golden); len++)
		CHECK_INT(shipconf_decode(&c, golden, len), -EBADMSG);
}

TEST(a_flipped_bit_is_refused_or_is_another_configuration_in_its_encoding)
{
	unsigned taken = 0;

	for (size_t bit = 0; bit < 8 * sizeof(golden); bit++) {
		uint8_t flipped[sizeof(golden)], again[FRAME_MAX];
		struct shipconf c;

		memcpy(flipped, golden, sizeof(golden));
		flipped[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (shipconf_decode(&c, flipped, sizeof(flipped)) < 0)
			continue;
		taken++;
		CHECK_INT(shipconf_encode(&c, again, sizeof(again)),
		    sizeof(flipped));
		CHECK_MEM(again, flipped, sizeof(flipped));
	}
	CHECK(taken > 128);
}

TEST(a_buffer_too_small_by_any_number_of_bytes_is_told)
{
	struct shipconf c = example();
	uint8_t buf[sizeof(golden)];

	for (size_t cap = 0; cap < sizeof(golden); cap++)
		CHECK_INT(shipconf_encode(&c, buf, cap), -ENOBUFS);
}

/* Encodes and decodes; the encoder takes what the decoder then judges. */
static int
judge(const struct shipconf *c)
{
	static struct shipconf got;
	static uint8_t buf[FRAME_MAX];
	ptrdiff_t len = shipconf_encode(c, buf, sizeof(buf));

	return len < 0 ? (int)len : shipconf_decode(&got, buf, (size_t)len);
}

#define BOUNDS(field, min, max) do { \
	struct shipconf c = example(); \
	c.field = (min); CHECK_INT(judge(&c), 0); \
	c.field = (max); CHECK_INT(judge(&c), 0); \
	c.field = (min) - 1; CHECK_INT(judge(&c), -EBADMSG); \
	c.field = (max) + 1; CHECK_INT(judge(&c), -EBADMSG); \
} while (0)

TEST(every_number_is_taken_at_its_bounds_and_not_beyond)
{
	BOUNDS(interval_ms, INTERVAL_MIN_MS, INTERVAL_MAX_MS);
	BOUNDS(timeout_ms, TIMEOUT_MIN_MS, TIMEOUT_MAX_MS);
	BOUNDS(batch, BATCH_MIN, BATCH_MAX);
	BOUNDS(egress_limit, EGRESS_MIN, EGRESS_MAX);
}

TEST(unknown_protocols_flags_and_families_are_refused)
{
	for (unsigned v = 0; v < 256; v++) {
		struct shipconf c = example();

		c.protocol = (enum protocol)v;
		CHECK_INT(judge(&c), v < PROTOCOL_END ? 0 : -EBADMSG);
		c = example();
		c.flags = (uint8_t)v;
		CHECK_INT(judge(&c), v <= SHIPCONF_FLAGS ? 0 : -EBADMSG);
		c = example();
		c.server[1].family = (uint8_t)v;
		if (v != 4)
			CHECK_INT(judge(&c), v == 6 ? 0 : -EBADMSG);
	}
}

TEST(there_is_an_endpoint_and_no_empty_or_odd_text)
{
	struct shipconf c = example();

	c.nendpoints = 0;
	CHECK_INT(judge(&c), -EBADMSG);
	c = example();
	c.server[0].port = 0;
	CHECK_INT(judge(&c), -EBADMSG);
	c = example();
	c.attr[0].key[0] = '\0';
	CHECK_INT(judge(&c), -ENOBUFS);
	c = example();
	strcpy(c.attr[0].value, "\xc3");
	CHECK_INT(judge(&c), -EBADMSG);
}

TEST(one_pin_alone_or_a_report_on_none_is_refused)
{
	struct shipconf c = example();

	c.npins = 0;
	CHECK_INT(judge(&c), 0);
	c.flags |= SHIPCONF_PINS_REPORT;
	CHECK_INT(judge(&c), -EBADMSG);
	c.npins = 1;
	CHECK_INT(judge(&c), -EBADMSG);
	for (c.npins = PINS_MIN; c.npins <= PINS_MAX; c.npins++)
		CHECK_INT(judge(&c), 0);
}

TEST(a_host_or_path_that_would_be_read_as_something_else_is_refused)
{
	static const char *const hosts[] = { "b/c", "b@c", "b:c", "A", "b]",
	    "[b", "b?", "::1]:1/", "::g", "b c", "1.2.3" };
	static const char *const paths[] = { "x", "?x", "/#", "/ x",
	    "/\xc3\xa9", ":1/" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct shipconf c = example();

		strcpy(c.endpoint[0].host, hosts[i]);
		if (judge(&c) != -EBADMSG)
			test_fail(__FILE__, __LINE__, "host %s", hosts[i]);
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct shipconf c = example();

		strcpy(c.endpoint[0].path, paths[i]);
		if (judge(&c) != -EBADMSG)
			test_fail(__FILE__, __LINE__, "path %s", paths[i]);
	}
}

static void
fill(char text[FRAME_TEXT_MAX + 1], char with)
{
	memset(text, with, FRAME_TEXT_MAX);
	text[FRAME_TEXT_MAX] = '\0';
}

TEST(the_largest_configuration_fits_a_frame)
{
	static struct shipconf c;

	c = example();
	c.nendpoints = ENDPOINTS_MAX;
	for (size_t i = 0; i < ENDPOINTS_MAX; i++) {
		fill(c.endpoint[i].host, 'a');
		c.endpoint[i].host[253] = '\0';
		for (size_t dot = 63; dot < 253; dot += 64)
			c.endpoint[i].host[dot] = '.';
		fill(c.endpoint[i].path, '/');
		c.endpoint[i].port = 65535;
		c.endpoint[i].is_ipv6 = false;
	}
	c.nservers = NAMESERVERS_MAX;
	for (size_t i = 0; i < NAMESERVERS_MAX; i++)
		c.server[i] = (struct nameserver){ 6, { 0 }, UINT32_MAX,
		    65535 };
	c.nattrs = RESOURCE_ATTRS_MAX;
	for (size_t i = 0; i < RESOURCE_ATTRS_MAX; i++) {
		fill(c.attr[i].key, 'k');
		fill(c.attr[i].value, 'v');
	}
	c.npins = PINS_MAX;
	CHECK_INT(judge(&c), 0);
}

/* One byte of the example is a count; each other value of it is refused. */
TEST(counts_above_their_bounds_are_refused)
{
	static const struct { size_t offset; uint8_t max; } counts[] = {
		{ 29, ENDPOINTS_MAX }, { 44, NAMESERVERS_MAX },
		{ 74, RESOURCE_ATTRS_MAX }, { 80, PINS_MAX },
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		/* zeros to the end: no count can run out of bytes */
		static uint8_t buf[FRAME_MAX];
		struct shipconf c;

		memcpy(buf, golden, sizeof(golden));
		buf[counts[i].offset] = (uint8_t)(counts[i].max + 1);
		CHECK_INT(shipconf_decode(&c, buf, sizeof(buf)), -EBADMSG);
		CHECK(c.nendpoints <= ENDPOINTS_MAX);
		CHECK(c.nservers <= NAMESERVERS_MAX);
		CHECK(c.nattrs <= RESOURCE_ATTRS_MAX);
		CHECK(c.npins <= PINS_MAX);
	}
}

TEST(metrics_that_are_not_as_the_configuration_could_declare_them_are_refused)
{
	static const char *const names[] = { "", "1a", "a.b", "linux_x",
		"system_cpu_time", "a b" };
	struct shipconf c = example();

	CHECK_INT(judge(&c), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		strcpy(c.declared.metric[0].name, names[i]);
		CHECK_INT(judge(&c), -EBADMSG);
	}
	c = example();
	c.declared.metric[0].instrument = UPDOWN;
	CHECK_INT(judge(&c), -EBADMSG);
	c = example();
	c.declared.metric[0].unit[0] = ' ';
	CHECK_INT(judge(&c), -EBADMSG);
	c = example();
	c.declared.metric[1] = c.declared.metric[0];
	c.declared.n = 2;
	CHECK_INT(judge(&c), -EBADMSG);
	c = example();
	strcpy(c.declared.label[0], "a-b");
	CHECK_INT(judge(&c), -EBADMSG);
}
