/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  ship.defender and what goes with it; ` stands for ". */
#include "config.h"
#include "test.h"

#include <stdio.h>

#define AWS "`endpoints`:[`https://a.example:8443`]"
#define THING "`defender`:{`thing`:`t`}"
#define CUSTOM(text) AWS ",`defender`:{`thing`:`t`,`custom_metrics`:{" text "}}"

static struct config c;
static struct config_error e;

/* What stands in ship, and what beside it. */
static int
parse(const char *ship, const char *beside)
{
	char text[4096];
	const int n = snprintf(text, sizeof(text), "{`ship`:{`ca`:`/ca`,"
	    "`cert`:`/crt`,`key`:`/key`,`protocol`:`device-defender`,%s}%s}",
	    ship, beside);

	for (char *p = text; *p != '\0'; p++)
		if (*p == '`')
			*p = '"';
	return config_parse(&c, "f", text, (size_t)n, &e);
}

static void
taken(const char *ship)
{
	if (parse(ship, "") < 0)
		test_fail(__FILE__, __LINE__, "%s", e.text);
}

static void
refused(const char *ship, const char *beside, const char *key,
    const char *why)
{
	if (parse(ship, beside) == 0)
		test_fail(__FILE__, __LINE__, "taken: %s", ship);
	if (strstr(e.text, key) == NULL || strstr(e.text, why) == NULL)
		test_fail(__FILE__, __LINE__, "%s", e.text);
}

TEST(a_thing_makes_the_path_of_its_topic)
{
	taken(AWS ",`defender`:{`thing`:`a:b_C-9`}");
	CHECK_STR(c.endpoint[0].path, "/topics/%24aws%2Fthings%2Fa%3Ab_C-9"
	    "%2Fdefender%2Fmetrics%2Fjson?qos=1");
	CHECK_INT(c.endpoint[0].port, 8443);
	CHECK_INT(c.protocol, PROTOCOL_DEVICE_DEFENDER);
	CHECK_INT(c.gzip, false);
	taken("`endpoints`:[`https://a.example:443/`]," THING);
	CHECK_STR(c.endpoint[0].path, "/topics/%24aws%2Fthings%2Ft"
	    "%2Fdefender%2Fmetrics%2Fjson?qos=1");
}

TEST(what_is_not_said_has_its_default)
{
	taken(AWS "," THING);
	CHECK_INT(c.defender.interval_ms, 300000);
	CHECK(!c.defender.short_names);
	CHECK_INT(c.defender.list_max, 50);
	CHECK_INT(c.defender.ncustom, 0);
	taken(AWS ",`defender`:{`thing`:`t`,`interval`:`1h`,`names`:`short`,"
	    "`list_max`:7}");
	CHECK_INT(c.defender.interval_ms, 3600000);
	CHECK(c.defender.short_names);
	CHECK_INT(c.defender.list_max, 7);
}

TEST(what_aws_iot_would_not_take_is_refused)
{
	static const struct {
		const char *ship, *beside, *key, *why;
	} row[] = {
		{ AWS, "", ": ship.defender.thing", "missing" },
		{ AWS ",`defender`:{`thing`:``}", "", ".thing", "is not the" },
		{ AWS ",`defender`:{`thing`:`a/b`}", "", ".thing", "is not" },
		{ AWS ",`defender`:{`thing`:`a b`}", "", ".thing", "is not" },
		{ AWS ",`defender`:{`thing`:`\xc3\xa9`}", "", ".thing", "not" },
		{ AWS ",`defender`:{`thing`:`t`,`interval`:`299s`}", "",
		    ".interval", "5m to 24h" },
		{ AWS ",`defender`:{`thing`:`t`,`interval`:`86401s`}", "",
		    ".interval", "5m to 24h" },
		{ AWS ",`defender`:{`thing`:`t`,`list_max`:0}", "", ".list_max",
		    "out of range" },
		{ AWS ",`defender`:{`thing`:`t`,`list_max`:257}", "",
		    ".list_max", "out of range" },
		{ "`endpoints`:[`https://a.example:443`,"
		    "`https://b.example:443`]," THING, "",
		    ": ship.endpoints", "more than one" },
		{ "`endpoints`:[`https://192.0.2.1:8443`]," THING, "",
		    ": ship.endpoints", "an address" },
		{ "`endpoints`:[`https://[::1]:8443`]," THING, "",
		    ": ship.endpoints", "an address" },
		{ "`endpoints`:[`https://a.example`]," THING, "",
		    ": ship.endpoints", "without a port" },
		{ "`endpoints`:[`https://a.example:443/x`]," THING, "",
		    ": ship.endpoints", "with a path" },
		{ AWS ",`compression`:`gzip`," THING, "", ": ship.compression",
		    "no compressed" },
		{ AWS ",`token`:`/token`," THING, "", ": ship.token", "none" },
		{ AWS ",`sign`:`client`," THING, "", ": ship.sign", "off" },
		{ AWS ",`sign_key`:`/k`," THING, "", ": ship.sign", "off" },
		{ AWS "," THING, ",`collect`:{`redact`:{"
		    "`network.interface.name`:`hash`}}", ": collect.redact",
		    "lo would be counted" },
		{ AWS "," THING, ",`collect`:{`redact`:{"
		    "`system.device`:`hash`}}", ": collect.redact",
		    "lo would be counted" },
		{ CUSTOM("`m`:`system.cpu.time`"), "", ".custom_metrics",
		    "is a counter" },
		{ CUSTOM("`m`:`no.such.metric`"), "", ".custom_metrics",
		    "m: no.such.metric is no metric" },
		{ CUSTOM("`m`:`system.memory.usage colour=red`"), "",
		    ".custom_metrics", "no such attribute" },
		{ CUSTOM("`m`:`system.memory.usage average`"), "",
		    ".custom_metrics", "another way" },
		{ CUSTOM("`m`:`system.memory.usage sum `"), "",
		    ".custom_metrics", "another way" },
		{ CUSTOM("`m`:` sum`"), "", ".custom_metrics", "begin" },
		{ CUSTOM("`m`:`system.memory.usage a= sum`"), "",
		    ".custom_metrics", "attribute" },
		{ CUSTOM("`aws:m`:`system.memory.usage`"), "",
		    ".custom_metrics", "AWS would not take" },
		{ CUSTOM("`a b`:`system.memory.usage`"), "",
		    ".custom_metrics", "AWS would not take" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		refused(row[i].ship, row[i].beside, row[i].key, row[i].why);
}

TEST(a_custom_metric_may_have_an_attribute_and_a_way)
{
	const struct defender_custom *m = c.defender.custom;

	taken(CUSTOM("`a`:`system.memory.usage`,"
	    "`b`:`system.memory.usage system.memory.state=free`,"
	    "`c`:`hw.temperature max`,"
	    "`d`:`system.filesystem.usage system.filesystem.type=ext4 list`"));
	CHECK_INT(c.defender.ncustom, 4);
	CHECK_STR(m[0].key, "");
	CHECK_INT(m[0].how, DEFENDER_SUM);
	CHECK_STR(m[1].key, "system.memory.state");
	CHECK_STR(m[1].value, "free");
	CHECK_INT(m[1].how, DEFENDER_SUM);
	CHECK_INT(m[2].how, DEFENDER_MAX);
	CHECK_STR(m[3].name, "d");
	CHECK_STR(m[3].metric, "system.filesystem.usage");
	CHECK_STR(m[3].value, "ext4");
	CHECK_INT(m[3].how, DEFENDER_LIST);
}

TEST(a_metric_of_the_operator_s_own_can_be_one)
{
	static const char *const beside = ",`collect`:{`sources`:{`operator`:"
	    "{`labels`:[`job`],`metrics`:{`age`:`gauge s`,`n`:`counter By`}}}}";

	CHECK_INT(parse(CUSTOM("`m`:`age job=db max`"), beside), 0);
	refused(CUSTOM("`m`:`age host=db`"), beside, ".custom_metrics",
	    "no such attribute");
	refused(CUSTOM("`m`:`n`"), beside, ".custom_metrics", "is a counter");
}

TEST(a_thing_as_long_as_it_may_be_fits_an_endpoint_of_aws)
{
	char ship[1024], thing[THING_TEXT_MAX + 2];

	for (int n = 128; n <= 129; n++) {
		memset(thing, 't', sizeof(thing));
		thing[n] = '\0';
		snprintf(ship, sizeof(ship), "`endpoints`:[`https://"
		    "a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com:8443`],"
		    "`defender`:{`thing`:`%s`}", thing);
		CHECK_INT(parse(ship, ""), n == 128 ? 0 : -1);
	}
	thing[128] = '\0';
	memset(thing, ':', 40);
	snprintf(ship, sizeof(ship), AWS ",`defender`:{`thing`:`%s`}", thing);
	refused(ship, "", ".thing", "too long together");
}

TEST(another_protocol_has_none_of_it)
{
	static const char text[] = "{\"ship\":{\"ca\":\"/ca\",\"cert\":\"/c\","
	    "\"key\":\"/k\",\"endpoints\":[\"https://a.example\"],"
	    "\"defender\":{\"thing\":\"t\"}}}";

	CHECK_INT(config_parse(&c, "f", text, sizeof(text) - 1, &e), -1);
	CHECK(strstr(e.text, ": ship.defender: stands without") != NULL);
}

TEST(what_crosses_to_the_shipper_is_the_same)
{
	static struct shipconf s, got;
	uint8_t buf[FRAME_MAX];
	ptrdiff_t len;

	taken(AWS ",`defender`:{`thing`:`t`,`names`:`short`,`interval`:`24h`,"
	    "`custom_metrics`:{`a`:`system.memory.usage`,"
	    "`b`:`system.filesystem.usage system.filesystem.type=ext4 list`}}");
	s.interval_ms = c.interval_ms;
	s.timeout_ms = c.timeout_ms;
	s.batch = c.batch;
	s.egress_limit = EGRESS_MIN;
	s.protocol = c.protocol;
	s.nendpoints = 1;
	s.endpoint[0] = c.endpoint[0];
	s.defender = c.defender;
	CHECK((len = shipconf_encode(&s, buf, sizeof(buf))) > 0);
	CHECK_INT(shipconf_decode(&got, buf, (size_t)len), 0);
	CHECK_STR(got.endpoint[0].path, s.endpoint[0].path);
	CHECK_MEM(&got.defender, &s.defender, sizeof(s.defender));
	for (ptrdiff_t n = 0; n < len; n++)
		CHECK(shipconf_decode(&got, buf, (size_t)n) < 0);
}
