/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Writes one request in both encodings: every point of the
 * registry in every source's instances, with the extremes of its value, and
 * the longest and oddest attribute values that the registry allows.
 *
 *	encode_sample FOLDER	writes FOLDER/sample.pb and FOLDER/sample.json
 */
#include "otlp.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INSTANCES = 7, RECORDS_MAX = 128 };

static const uint64_t boot_ns = UINT64_C(1763600000000000000);
static const uint64_t wall_ns = UINT64_C(1763650000123456789);

static const int64_t extremes[] = {
	0, 1, -1, 99, 100, 101, 999999999, 1000000001, -5,
	INT64_C(1) << 53, (INT64_C(1) << 53) + 1, INT64_C(4611686018427387905),
	INT64_MAX, INT64_MAX - 1, INT64_MIN, INT64_MIN + 1,
};

static struct batch_record records[RECORDS_MAX];
static size_t nrecords;

/* A value that is the instance's own, and as odd as the alphabet allows. */
static uint8_t
odd_value(uint8_t out[ATTR_TEXT_MAX], enum key key, unsigned number)
{
	static const char *const filler[] = {
		[ALPHABET_WORD] = "aZ09._-",
		[ALPHABET_DEVICE] = "._-/:%@+=!,",
		[ALPHABET_PATH] = " /:%@+=!,\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa7",
	};
	const struct key_row *row = registry_key(key);
	size_t len = (size_t)snprintf((char *)out, ATTR_TEXT_MAX, "%u", number);
	const char *fill = row->alphabet == ALPHABET_DIGITS ? "" :
	    filler[row->alphabet];

	/* odd instances get the longest value there may be */
	while (*fill != '\0' && number % 2 == 1 &&
	    len + strlen(fill) <= row->longest) {
		memcpy(out + len, fill, strlen(fill));
		len += strlen(fill);
	}
	return (uint8_t)len;
}

/* Instance 0 has no attribute, the others ever more of the allowed ones. */
static size_t
say_attrs(struct attr attr[RECORD_ATTRS_MAX],
    uint8_t text[][ATTR_TEXT_MAX], uint32_t allowed, unsigned number)
{
	size_t n = 0;

	for (unsigned key = 1; key < KEY_END && n < number; key++) {
		if ((allowed & 1u << key) == 0)
			continue;
		attr[n] = (struct attr){ (enum key)key, 0, text[n] };
		attr[n].len = odd_value(text[n], (enum key)key, number);
		n++;
	}
	return n;
}

static void
say_points(struct record_writer *rw, unsigned source, unsigned number)
{
	const size_t n = sizeof(extremes) / sizeof(extremes[0]);

	for (unsigned id = 0; id < POINT_END; id++) {
		const struct metric_row *row;
		int64_t value = extremes[(id + number) % n];

		if (registry_point(id) == NULL)
			continue;
		row = registry_metric(point_metric(id));
		if ((unsigned)row->source != source)
			continue;
		if (row->instrument == COUNTER && value < 0)
			value = -(value + 1);
		record_point(rw, id, value);
	}
}

/* One record an instance, so that the encoder has something to merge. */
static void
say_instance(unsigned source, unsigned number)
{
	const struct record_head head = { .seq = nrecords + 1,
		.boottime_ns = wall_ns - boot_ns, .wall_ns = wall_ns,
		.start_ns = boot_ns, .source = (enum source_id)source };
	static uint8_t text[RECORD_ATTRS_MAX][ATTR_TEXT_MAX];
	struct attr attr[RECORD_ATTRS_MAX];
	struct record_writer rw;
	uint8_t *buf = malloc(RECORD_MAX);
	ptrdiff_t len;

	if (buf == NULL || nrecords == RECORDS_MAX)
		errx(1, "no room for another record");
	record_begin(&rw, buf, RECORD_MAX, &head);
	record_instance(&rw, number % 3 == 2 ? wall_ns : 0, attr,
	    say_attrs(attr, text, registry_source(source)->keys, number));
	say_points(&rw, source, number);
	if ((len = record_finish(&rw)) < 0 ||
	    record_check(buf, (size_t)len) < 0)
		errx(1, "source %u: not a record", source);
	records[nrecords++] = (struct batch_record){ buf, (size_t)len };
}

static void
write_body(const char *folder, const char *name, enum protocol protocol)
{
	static const struct shipconf conf = { .nattrs = 3, .attr = {
		{ "service.name", "sluice" }, { "host.name", "h\xc3\xb6st" },
		{ "deployment.environment.name", "a\"b\\c\td/\x7f\xe2\x80\xa8" },
	} };
	const struct otlp_request request = { &conf, "0.1.0", records,
		nrecords };
	static uint8_t body[REQUEST_MAX];
	char path[4096];
	uint64_t points;
	ptrdiff_t len = otlp_encode(protocol, &request, body, sizeof(body),
	    &points);
	FILE *f;

	if (len < 0)
		errx(1, "%s: %s", name, strerror((int)-len));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if ((f = fopen(path, "wb")) == NULL ||
	    fwrite(body, 1, (size_t)len, f) != (size_t)len || fclose(f) != 0)
		err(1, "%s", path);
	printf("%s %td %llu\n", name, len, (unsigned long long)points);
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		errx(1, "usage: encode_sample FOLDER");
	for (unsigned source = 1; source < SOURCE_END; source++)
		for (unsigned i = 0; i < INSTANCES; i++)
			if (i == 0 || registry_source(source)->keys != 0)
				say_instance(source, i);
	write_body(argv[1], "sample.pb", PROTOCOL_HTTP_PROTOBUF);
	write_body(argv[1], "sample.json", PROTOCOL_HTTP_JSON);
}
