/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Writes one request in both encodings: every point of the
 * registry, with the extremes of its value; where a metric has instances,
 * with the longest and oddest names for them that the registry allows.
 *
 *	encode_sample FOLDER	writes FOLDER/sample.pb and FOLDER/sample.json
 */
#include "otlp.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INSTANCES = 7, RECORDS_MAX = 256 };

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
		[ALPHABET_PATH] = " /:%@+=!,\xc3\xa9\xe2\x82\xac"
		    "\xf0\x9f\x92\xa7",
	};
	const struct key_row *row = registry_key(key);
	const bool digits = row->alphabet == ALPHABET_DIGITS;
	size_t len = (size_t)snprintf((char *)out, ATTR_TEXT_MAX, "%u",
	    digits ? number * 166666 : number);
	const char *fill = digits ? "" : filler[row->alphabet];

	/* odd instances get the longest value there may be */
	while (*fill != '\0' && number % 2 == 1 &&
	    len + strlen(fill) <= row->longest) {
		memcpy(out + len, fill, strlen(fill));
		len += strlen(fill);
	}
	return (uint8_t)len;
}

/* The attributes that name an instance of that metric. */
static uint32_t
keys_of(unsigned metric)
{
	static const struct {
		enum metric first, last;
		uint32_t keys;
	} named[] = {
		{ METRIC_CPU_TIME, METRIC_CPU_TIME, KEY_BIT(CPU) },
		{ METRIC_PAGING_USAGE, METRIC_PAGING_USAGE, KEY_BIT(DEVICE) },
		{ METRIC_DISK_IO, METRIC_DISK_IN_FLIGHT, KEY_BIT(DEVICE) },
		{ METRIC_FS_USAGE, METRIC_FS_INODES, KEY_BIT(DEVICE) |
		    KEY_BIT(FS_TYPE) | KEY_BIT(FS_MODE) |
		    KEY_BIT(FS_MOUNTPOINT) },
		{ METRIC_NET_IO, METRIC_NET_DROPPED, KEY_BIT(INTERFACE) },
		{ METRIC_NET_PACKETS, METRIC_NET_PACKETS, KEY_BIT(DEVICE) },
		{ METRIC_HW_ERRORS, METRIC_HW_ERRORS, KEY_BIT(HW_ID) },
		{ METRIC_HW_TEMPERATURE, METRIC_HWMON_POWER, KEY_BIT(HW_ID) |
		    KEY_BIT(HW_NAME) | KEY_BIT(HW_SENSOR_LOCATION) },
		{ METRIC_CPU_FREQUENCY, METRIC_CPU_FREQUENCY, KEY_BIT(CPU) },
		{ METRIC_NUMA_MEMORY, METRIC_HUGEPAGE_SURPLUS,
		    KEY_BIT(NUMA_NODE) | KEY_BIT(HUGEPAGE_SIZE) },
		{ METRIC_HW_STATUS, METRIC_HW_STATUS, KEY_BIT(HW_ID) },
		{ METRIC_MD_ACTIVE, METRIC_MD_SYNC_SPEED, KEY_BIT(DEVICE) },
		{ METRIC_BOND_UP, METRIC_BOND_FAILURES, KEY_BIT(INTERFACE) },
		{ METRIC_ZFS_POOL_STATE, METRIC_EXT4_ERRORS, KEY_BIT(DEVICE) },
		{ METRIC_CPU_MODEL, METRIC_CPU_MODEL, KEY_BIT(CPU_MODEL) },
		{ METRIC_HOST_HARDWARE, METRIC_HOST_HARDWARE,
		    KEY_BIT(HW_VENDOR) | KEY_BIT(HW_MODEL) |
		    KEY_BIT(HW_FIRMWARE) },
		{ METRIC_DISK_LIMIT, METRIC_DISK_LIMIT, KEY_BIT(DEVICE) },
		{ METRIC_DISK_MODEL, METRIC_DISK_MODEL, KEY_BIT(DEVICE) |
		    KEY_BIT(HW_MODEL) },
		{ METRIC_NIC_LIMIT, METRIC_NIC_LIMIT, KEY_BIT(HW_ID) },
		{ METRIC_SOURCE_FAILURES, METRIC_SOURCE_FAILURES,
		    KEY_BIT(SOURCE_NAME) },
		{ METRIC_CGROUP_CPU_USAGE, METRIC_CGROUP_PSI_STALL,
		    KEY_BIT(UNIT) | KEY_BIT(UNIT_UID) | KEY_BIT(CONTAINER_ID) |
		    KEY_BIT(CONTAINER_RUNTIME) | KEY_BIT(POD_UID) },
		{ METRIC_VULNERABILITY, METRIC_VULNERABILITY,
		    KEY_BIT(VULNERABILITY) },
		/* of nothing that is declared: not in the request */
		{ METRIC_OPERATOR_COUNTER, METRIC_OPERATOR_GAUGE,
		    KEY_BIT(DECLARED) },
		{ METRIC_CGROUP_IO, METRIC_CGROUP_OPERATIONS, KEY_BIT(DEVICE) |
		    KEY_BIT(UNIT) | KEY_BIT(SLICE) | KEY_BIT(UNIT_UID) },
	};

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (metric >= named[i].first && metric <= named[i].last)
			return named[i].keys;
	return 0;
}

static size_t
say_attrs(struct attr attr[RECORD_ATTRS_MAX],
    uint8_t text[][ATTR_TEXT_MAX], uint32_t keys, unsigned number)
{
	size_t n = 0;

	for (unsigned key = 1; key < KEY_END; key++) {
		if ((keys & 1u << key) == 0)
			continue;
		attr[n] = (struct attr){ (enum key)key, 0, text[n] };
		attr[n].len = odd_value(text[n], (enum key)key, number);
		n++;
	}
	return n;
}

/* All points of the source whose metrics have such instances. */
static void
say_points(struct record_writer *rw, unsigned source, uint32_t keys,
    unsigned number)
{
	const size_t n = sizeof(extremes) / sizeof(extremes[0]);

	for (unsigned id = 0; id < POINT_END; id++) {
		const struct metric_row *row;
		int64_t value = extremes[(id + point_metric(id) + number) % n];

		if (registry_point(id) == NULL)
			continue;
		row = registry_metric(point_metric(id));
		if ((unsigned)row->source != source ||
		    keys_of(point_metric(id)) != keys)
			continue;
		if (row->instrument == COUNTER && value < 0)
			value = -(value + 1);
		record_point(rw, id, value);
	}
}

/* One record an instance, so that the encoder has something to merge. */
static void
say_instance(unsigned source, uint32_t keys, unsigned number)
{
	const struct record_head head = { .seq = nrecords + 1,
		.boottime_ns = wall_ns - boot_ns, .wall_ns = wall_ns,
		.start_ns = boot_ns, .source = (enum source_id)source };
	/* the sum of all CPUs bears no number */
	const bool nameless = source == SOURCE_CPU && number == 0;
	static uint8_t text[RECORD_ATTRS_MAX][ATTR_TEXT_MAX];
	struct attr attr[RECORD_ATTRS_MAX];
	struct record_writer rw;
	uint8_t *buf = malloc(RECORD_MAX);
	ptrdiff_t len;

	if (buf == NULL || nrecords == RECORDS_MAX)
		errx(1, "no room for another record");
	record_begin(&rw, buf, RECORD_MAX, &head);
	record_instance(&rw, number % 3 == 2 ? wall_ns : 0, attr,
	    say_attrs(attr, text, nameless ? 0 : keys, number));
	say_points(&rw, source, keys, number);
	if ((len = record_finish(&rw)) < 0 ||
	    record_check(buf, (size_t)len) < 0)
		errx(1, "source %u: not a record", source);
	records[nrecords++] = (struct batch_record){ buf, (size_t)len };
}

/* Each metric's instances, with those of its source that are named alike. */
static void
say_metric(unsigned metric)
{
	const struct metric_row *row = registry_metric(metric);
	const uint32_t keys = keys_of(metric);

	if (row == NULL)
		return;
	for (unsigned before = 1; before < metric; before++)
		if (registry_metric(before) != NULL && keys_of(before) == keys
		    && registry_metric(before)->source == row->source)
			return;
	for (unsigned i = 0; i < (keys == 0 ? 1 : INSTANCES); i++)
		say_instance(row->source, keys, i);
}

static void
write_body(const char *folder, const char *name, enum protocol protocol)
{
	static const struct shipconf conf = { .nattrs = 8, .attr = {
		{ "service.name", "sluice" }, { "service.version", "0.1.0" },
		{ "host.id", "00112233445566778899aabbccddeeff" },
		{ "host.name", "h\xc3\xb6st" }, { "host.arch", "amd64" },
		{ "os.type", "linux" }, { "service.instance.id", "i" },
		{ "deployment.environment.name",
		    "a\"b\\c\td/\x7f\xe2\x80\xa8" },
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
	for (unsigned metric = 1; metric < METRIC_END; metric++)
		say_metric(metric);
	write_body(argv[1], "sample.pb", PROTOCOL_HTTP_PROTOBUF);
	write_body(argv[1], "sample.json", PROTOCOL_HTTP_JSON);
}
