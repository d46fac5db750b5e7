/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  The bytes of whole requests; tests/integration/
 * test_oracle.py judges larger ones.
 */
#include "otlp.h"
#include "make_records.h"

#include <errno.h>

enum { GUARD = 32 };

static struct shipconf conf;
static uint8_t body[REQUEST_MAX + GUARD];
static uint64_t npoints;

static ptrdiff_t
encode(enum protocol protocol, size_t cap)
{
	const struct otlp_request request = { &conf, "1", record, nrecords };
	ptrdiff_t len;

	memset(body + cap, 0xa5, GUARD);
	npoints = UINT64_MAX;
	len = otlp_encode(protocol, &request, body, cap, &npoints);
	for (size_t i = 0; i < GUARD; i++)
		CHECK_INT(body[cap + i], 0xa5);
	CHECK(len <= (ptrdiff_t)cap);
	return len;
}

static void
set_service(const char *name)
{
	conf.nattrs = 1;
	strcpy(conf.attr[0].key, "service.name");
	strcpy(conf.attr[0].value, name);
}

/* A counter with its own start, a gauge, an integer below zero. */
static void
make_golden(void)
{
	const struct attr cpu = made_attr(KEY_CPU, "300");

	forget_records();
	set_service("s");
	open_record(SOURCE_KERNEL);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, UPTIME_ALL, 4);
	record_point(&rw, FILE_HANDLES_ALL, -2);
	close_record();
	open_record(SOURCE_CPU);
	record_instance(&rw, made_start + 1, &cpu, 1);
	record_point(&rw, CPU_TIME_USER, 12345);
	close_record();
}

/* What Google's serialiser makes of that. */
static const char golden_protobuf[] =
	"\x0a\xbb\x03"
	  "\x0a\x15" "\x0a\x13"
	      "\x0a\x0c" "service.name" "\x12\x03" "\x0a\x01" "s"
	  "\x12\xf8\x02"
	    "\x0a\x0b" "\x0a\x06" "sluice" "\x12\x01" "1"
	    "\x12\xa0\x01"
	      "\x0a\x0f" "system.cpu.time"
	      "\x12\x38" "Time each CPU spent in each mode, of all CPUs or of"
		" one."
	      "\x1a\x01" "s"
	      "\x3a\x50"
		"\x0a\x4a"
		  "\x11\x01\x00\xe1\x25\xdb\x90\x79\x18"
		  "\x19\x00\x20\x1e\xae\x54\xbe\x79\x18"
		  "\x21\xcd\xcc\xcc\xcc\xcc\xdc\x5e\x40"
		  "\x3a\x19" "\x0a\x12" "cpu.logical_number"
		    "\x12\x03" "\x18\xac\x02"
		  "\x3a\x12" "\x0a\x08" "cpu.mode" "\x12\x06" "\x0a\x04" "user"
		"\x10\x02"
		"\x18\x01"
	    "\x12\x5b"
	      "\x0a\x0d" "system.uptime"
	      "\x12\x31" "Time since the host started, suspension included."
	      "\x1a\x01" "s"
	      "\x2a\x14"
		"\x0a\x12"
		  "\x19\x00\x20\x1e\xae\x54\xbe\x79\x18"
		  "\x21\x7b\x14\xae\x47\xe1\x7a\xa4\x3f"
	    "\x12\x69"
	      "\x0a\x12" "linux.file_handles"
	      "\x12\x23" "Open file handles of all processes."
	      "\x1a\x0d" "{file_handle}"
	      "\x3a\x1f"
		"\x0a\x1b"
		  "\x11\x00\x00\xe1\x25\xdb\x90\x79\x18"
		  "\x19\x00\x20\x1e\xae\x54\xbe\x79\x18"
		  "\x31\xfe\xff\xff\xff\xff\xff\xff\xff"
		"\x10\x02"
	  "\x1a\x27" "https://opentelemetry.io/schemas/1.44.0";

static const char golden_json[] =
	"{\"resourceMetrics\":[{\"resource\":{\"attributes\":["
	"{\"key\":\"service.name\",\"value\":{\"stringValue\":\"s\"}}]},"
	"\"scopeMetrics\":[{\"scope\":{\"name\":\"sluice\",\"version\":\"1\"},"
	"\"metrics\":["
	"{\"name\":\"system.cpu.time\",\"description\":"
	"\"Time each CPU spent in each mode, of all CPUs or of one.\","
	"\"unit\":\"s\",\"sum\":{\"aggregationTemporality\":2,"
	"\"isMonotonic\":true,\"dataPoints\":[{\"attributes\":["
	"{\"key\":\"cpu.logical_number\",\"value\":{\"intValue\":\"300\"}},"
	"{\"key\":\"cpu.mode\",\"value\":{\"stringValue\":\"user\"}}],"
	"\"startTimeUnixNano\":\"1763600000000000001\","
	"\"timeUnixNano\":\"1763650000000000000\",\"asDouble\":123.45}]}},"
	"{\"name\":\"system.uptime\",\"description\":"
	"\"Time since the host started, suspension included.\","
	"\"unit\":\"s\",\"gauge\":{\"dataPoints\":["
	"{\"timeUnixNano\":\"1763650000000000000\",\"asDouble\":0.04}]}},"
	"{\"name\":\"linux.file_handles\",\"description\":"
	"\"Open file handles of all processes.\",\"unit\":\"{file_handle}\","
	"\"sum\":{\"aggregationTemporality\":2,\"isMonotonic\":false,"
	"\"dataPoints\":[{\"startTimeUnixNano\":\"1763600000000000000\","
	"\"timeUnixNano\":\"1763650000000000000\",\"asInt\":\"-2\"}]}}]}],"
	"\"schemaUrl\":\"https://opentelemetry.io/schemas/1.44.0\"}]}";

static const struct {
	const char *bytes;
	size_t len;
} golden[PROTOCOL_OTLP_END] = {
	[PROTOCOL_HTTP_PROTOBUF] = { golden_protobuf,
	    sizeof(golden_protobuf) - 1 },
	[PROTOCOL_HTTP_JSON] = { golden_json, sizeof(golden_json) - 1 },
};

TEST(a_request_is_exactly_the_official_bytes)
{
	make_golden();
	for (int p = 0; p < PROTOCOL_OTLP_END; p++) {
		const ptrdiff_t len = encode((enum protocol)p, REQUEST_MAX);

		CHECK_MEM(body, golden[p].bytes, golden[p].len);
		CHECK_INT(len, golden[p].len);
		CHECK_INT(npoints, 3);
	}
}

TEST(the_order_of_the_records_and_what_was_before_do_not_matter)
{
	struct batch_record first;

	make_golden();
	first = record[0];
	record[0] = record[1];
	record[1] = first;
	for (int i = 0; i < 2 * PROTOCOL_OTLP_END; i++) {
		const int p = i % PROTOCOL_OTLP_END;

		CHECK_INT(encode((enum protocol)p, REQUEST_MAX),
		    golden[p].len);
		CHECK_MEM(body, golden[p].bytes, golden[p].len);
	}
}

TEST(each_capacity_that_is_too_small_is_told_and_kept)
{
	make_golden();
	for (int p = 0; p < PROTOCOL_OTLP_END; p++) {
		for (size_t cap = 0; cap < golden[p].len; cap++)
			CHECK_INT(encode((enum protocol)p, cap), -ENOBUFS);
		CHECK_INT(encode((enum protocol)p, golden[p].len),
		    golden[p].len);
		CHECK_MEM(body, golden[p].bytes, golden[p].len);
	}
}

TEST(an_empty_envelope_is_never_made)
{
	forget_records();
	set_service("s");
	for (int p = 0; p < PROTOCOL_OTLP_END; p++) {
		CHECK_INT(encode((enum protocol)p, REQUEST_MAX), -ENODATA);
		CHECK_INT(npoints, 0);
	}
}

TEST(a_record_that_was_never_judged_is_no_request)
{
	make_golden();
	record[1].len--;
	for (int p = 0; p < PROTOCOL_OTLP_END; p++) {
		CHECK_INT(encode((enum protocol)p, REQUEST_MAX), -EBADMSG);
		CHECK_INT(npoints, 0);
	}
}

TEST(more_instances_than_a_walk_remembers_do_not_fit)
{
	make_golden();
	make_crowd();
	make_crowd();
	for (int p = 0; p < PROTOCOL_OTLP_END; p++) {
		CHECK_INT(encode((enum protocol)p, REQUEST_MAX), -ENOBUFS);
		CHECK_INT(npoints, 0);
	}
	forget_records();
	make_crowd();
	make_crowd();
	for (int p = 0; p < PROTOCOL_OTLP_END; p++) {
		CHECK(encode((enum protocol)p, REQUEST_MAX) > 0);
		CHECK_INT(npoints, 2 * RECORD_INSTANCES_MAX);
	}
}

/* The first bytes of a request of which only the resource is of interest. */
static void
starts_with(enum protocol protocol, const char *want)
{
	CHECK(encode(protocol, REQUEST_MAX) > (ptrdiff_t)strlen(want));
	CHECK_MEM(body, want, strlen(want));
}

TEST(a_resource_without_attributes_is_still_one)
{
	make_golden();
	conf.nattrs = 0;
	starts_with(PROTOCOL_HTTP_JSON, "{\"resourceMetrics\":[{\"resource\""
	    ":{},\"scopeMetrics\":[");
	CHECK_INT(encode(PROTOCOL_HTTP_PROTOBUF, REQUEST_MAX),
	    golden[0].len - 0x15);
	CHECK_MEM(body, "\x0a\xa6\x03\x0a\x00\x12\xf8\x02", 8);
}

TEST(text_is_escaped_where_json_asks_for_it_and_nowhere_else)
{
	make_golden();
	set_service("\x01\x1f\"\\\n/\x7f\xc3\xa9\xf0\x9f\x92\xa7'<&>");
	starts_with(PROTOCOL_HTTP_JSON, "{\"resourceMetrics\":[{\"resource\""
	    ":{\"attributes\":[{\"key\":\"service.name\",\"value\":"
	    "{\"stringValue\":\"\\u0001\\u001f\\u0022\\u005c\\u000a/\x7f"
	    "\xc3\xa9\xf0\x9f\x92\xa7'<&>\"}}]},");
}

TEST(the_longest_attributes_are_there_to_the_last_byte)
{
	char longest[FRAME_TEXT_MAX + 1] = "";

	make_golden();
	memset(longest, 'x', FRAME_TEXT_MAX);
	set_service(longest);
	while (conf.nattrs < RESOURCE_ATTRS_MAX)
		conf.attr[conf.nattrs++] = conf.attr[0];
	/* each: 2 tags and lengths, the key, then 255 bytes in 2 messages */
	CHECK_INT(encode(PROTOCOL_HTTP_PROTOBUF, REQUEST_MAX),
	    golden[0].len - 0x15 + RESOURCE_ATTRS_MAX *
	    (3 + 2 + strlen("service.name") + 3 + 3 + FRAME_TEXT_MAX) + 1);
	CHECK_INT(encode(PROTOCOL_HTTP_JSON, REQUEST_MAX), golden[1].len +
	    RESOURCE_ATTRS_MAX * FRAME_TEXT_MAX - 1 +
	    (RESOURCE_ATTRS_MAX - 1) * strlen(",{\"key\":\"service.name\","
	    "\"value\":{\"stringValue\":\"\"}}"));
}

/* What stands before the rest says how long that is. */
static void
is_one_whole_field(ptrdiff_t len)
{
	struct reader r = reader_of(body, (size_t)len);

	CHECK_INT(read_u8(&r), 0x0a);
	CHECK_INT(read_varint(&r), reader_left(&r));
}

TEST(every_length_of_a_text_is_counted_and_shortest)
{
	char text[FRAME_TEXT_MAX + 1] = "";

	make_golden();
	for (size_t n = 0; n < FRAME_TEXT_MAX; n++) {
		text[n] = 'x';
		set_service(text);
		is_one_whole_field(encode(PROTOCOL_HTTP_PROTOBUF,
		    REQUEST_MAX));
	}
}

TEST(every_size_of_an_integer_is_counted_and_shortest)
{
	static const char *const numbers[] = { "0", "127", "128", "16383",
		"16384", "999999" };

	set_service("s");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct attr cpu = made_attr(KEY_CPU, numbers[i]);

		forget_records();
		open_record(SOURCE_CPU);
		record_instance(&rw, 0, &cpu, 1);
		record_point(&rw, CPU_TIME_USER, INT64_MAX);
		close_record();
		is_one_whole_field(encode(PROTOCOL_HTTP_PROTOBUF,
		    REQUEST_MAX));
	}
}

TEST(each_encoding_has_its_content_type)
{
	CHECK_STR(otlp_content_type(PROTOCOL_HTTP_PROTOBUF),
	    "application/x-protobuf");
	CHECK_STR(otlp_content_type(PROTOCOL_HTTP_JSON), "application/json");
}
