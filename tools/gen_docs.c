/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the build.  Prints docs/metrics.md or docs/protocol.md from the
 * tables that the daemons are compiled from, so that neither can be wrong.
 */
#include "frame.h"
#include "record.h"
#include "registry.h"

#include <stdio.h>
#include <string.h>

enum { MS_PER_S = 1000 };

static const char note[] = "<!-- Made by tools/gen-docs from the tables of "
    "libproto: do not edit. -->\n\n";

static const char *const alphabets[] = {
	[ALPHABET_DIGITS] = "decimal number",
	[ALPHABET_WORD] = "`a-z A-Z 0-9 . _ -`",
	[ALPHABET_DEVICE] = "`a-z A-Z 0-9 . _ - / : % @ + = ! ,`",
	[ALPHABET_PATH] = "`a-z A-Z 0-9 . _ - / : % @ + = ! ,`, space, UTF-8",
};

static const char *const instruments[] = {
	[COUNTER] = "counter", [UPDOWN] = "up-down counter", [GAUGE] = "gauge",
};

static const char *
scale_text(enum scale scale)
{
	static char text[40];

	if (scale == SCALE_INT)
		return "integer";
	snprintf(text, sizeof(text), "double, in steps of 1/%d", (int)scale);
	return text;
}

static void
print_keys(void)
{
	printf("## Attributes that name an instance\n\n"
	    "No other text of the host can leave it. A byte outside the "
	    "alphabet is sent as `%%XX`.\n\n"
	    "| number | attribute | alphabet | bytes at most |\n"
	    "|---:|---|---|---:|\n");
	for (unsigned k = 1; k < KEY_END; k++) {
		const struct key_row *row = registry_key(k);

		if (row != NULL)
			printf("| %u | `%s` | %s | %zu |\n", k, row->name,
			    alphabets[row->alphabet], row->longest);
	}
	printf("\n");
}

static void
print_fixed(const struct fixed_attr attr[2])
{
	for (int i = 0; i < 2; i++)
		if (attr[i].key != NULL)
			printf("%s`%s=%s`", i == 0 ? "" : " ", attr[i].key,
			    attr[i].value);
}

static bool
has_others(unsigned metric, unsigned but)
{
	for (unsigned k = 0; k < POINTS_PER_METRIC; k++)
		if (k != but &&
		    registry_point(metric * POINTS_PER_METRIC + k) != NULL)
			return true;
	return false;
}

static void
print_points(unsigned metric)
{
	const char *between = "";

	for (unsigned k = 0; k < POINTS_PER_METRIC; k++) {
		const struct point_row *row = registry_point(
		    metric * POINTS_PER_METRIC + k);

		if (row == NULL)
			continue;
		printf("%s", between);
		if (row->attr[0].key == NULL && has_others(metric, k))
			printf("none");
		print_fixed(row->attr);
		between = "<br>";
	}
}

static void
print_source(unsigned id, const struct source_row *source)
{
	const char *between = "";

	printf("## %s\n\nReads: %s. Attributes of an instance: ",
	    source->name, source->reads);
	for (unsigned k = 1; k < KEY_END; k++) {
		if ((source->keys & 1u << k) == 0)
			continue;
		printf("%s`%s`", between, registry_key(k)->name);
		between = ", ";
	}
	printf("%s.\n\n| number | metric | unit | instrument | value | "
	    "points | what it is |\n|---:|---|---|---|---|---|---|\n",
	    source->keys == 0 ? "none" : "");
	for (unsigned m = 1; m < METRIC_END; m++) {
		const struct metric_row *row = registry_metric(m);

		if (row == NULL || (unsigned)row->source != id)
			continue;
		printf("| %u | `%s` | `%s` | %s | %s | ", m, row->name,
		    row->unit, instruments[row->instrument],
		    scale_text(row->scale));
		print_points(m);
		printf(" | %s |\n", row->text);
	}
	printf("\n");
}

static void
print_metrics(void)
{
	unsigned nmetrics = 0, npoints = 0;

	for (unsigned m = 0; m < METRIC_END; m++)
		nmetrics += registry_metric(m) != NULL;
	for (unsigned p = 0; p < POINT_END; p++)
		npoints += registry_point(p) != NULL;
	printf("# Metrics\n\n%sThe closed registry: %u metrics with %u points. "
	    "What has no row here cannot be\nrecorded, cannot cross the "
	    "channel and cannot be sent. Names follow OpenTelemetry's\n"
	    "semantic conventions 1.44.0; `linux.*` where they have none, "
	    "`sluice.*` about the\nagent itself. Sums are cumulative.\n\n"
	    "Where `collect.interval` is below 10 s, `filesystem` and `clock` "
	    "are in one\ncollection in 10 s, the first included, and whole "
	    "there: what they say moves slowly.\n\n",
	    note, nmetrics, npoints);
	for (unsigned s = 1; s < SOURCE_END; s++)
		if (registry_source(s) != NULL)
			print_source(s, registry_source(s));
	print_keys();
}

static void
print_frames(void)
{
	static const char *const paths[] = {
		[FROM_COLLECTOR] = "collectord → shipperd, pair P",
		[FROM_SHIPPER] = "shipperd → collectord, pair Q",
		[FROM_SHIPPER_ON_P] = "shipperd → collectord, pair P",
	};
	static const char *const stages[] = {
		[STAGE_HELLO] = "hello", [STAGE_WELCOME] = "welcome",
		[STAGE_CONFIG] = "config", [STAGE_SECRET] = "secret",
		[STAGE_RECORD] = "record", [STAGE_LOCKED] = "locked",
		[STAGE_ACK] = "ack",
	};

	printf("## Frames\n\n"
	    "One SOCK_SEQPACKET message is one frame: a type byte and its "
	    "payload. The receiver's\nstage says which frames it takes; any "
	    "other type, path, size, stage or number of\ndescriptors ends "
	    "the process that received it. Every message carries the "
	    "kernel's word\non its sender (SCM_CREDENTIALS).\n\n"
	    "| type | name | path | payload, bytes | descriptors | taken in "
	    "stage | then |\n|---:|---|---|---|---:|---|---|\n");
	for (unsigned t = 1; t < FRAME_END; t++) {
		const struct frame_row *row = frame_row(t);

		if (row == NULL)
			continue;
		printf("| %u | %s | %s | ", t, row->name, paths[row->path]);
		if (row->smallest == row->largest)
			printf("%zu", row->smallest);
		else
			printf("%zu to %zu", row->smallest, row->largest);
		printf(" | %d | %s | %s |\n", row->nfds, stages[row->stage],
		    stages[row->next]);
	}
	printf("\nThe collector starts in stage hello, the shipper in stage "
	    "welcome. Nothing but LOCKED,\nonce, then ACK and STATE ever "
	    "goes back, numbers of fixed places and sizes: the reverse\n"
	    "direction cannot carry a command.\n\n");
}

static void
print_payloads(void)
{
	printf("## Payloads\n\n"
	    "| frame | payload |\n|---|---|\n"
	    "| HELLO | the shipper's nonce, %d bytes; descriptor: the "
	    "collector's end of Q |\n"
	    "| WELCOME | that nonce again, then the collector's |\n"
	    "| CONFIG | `struct shipconf`, encoded (libproto/shipconf.c); no "
	    "secret, no path |\n"
	    "| SECRET | u8: %d trusted authorities, %d certificate, %d "
	    "private key, %d revocation lists, %d trusted for a proxy, %d its "
	    "login, %d key of signatures (these only if CONFIG says so), %d "
	    "bearer token (where there is one); descriptor: the open file |\n"
	    "| START | nothing; no more comes before the lock |\n"
	    "| RECORDS | one or more: the size as a varint, then a record, see "
	    "below |\n"
	    "| LOCKED | the collector's nonce, u8 Landlock ABI, u8 "
	    "memory-deny-write-execute, u8 SELinux (0 none, 1 not in its "
	    "domain, 2 permissive, 3 enforced) |\n"
	    "| ACK | u64: the record up to which all have their end now; u8: "
	    "%d delivered, %d rejected, %d too large |\n"
	    "| STATE | u8 phase, u8 reason, u8 endpoint, u64 HTTP status, "
	    "%d counters of u64, %d ends of certificates and lists as u64 "
	    "seconds since 1970 (libproto/shipstate.h) |\n\n", NONCE_SIZE,
	    SECRET_CA, SECRET_CERT, SECRET_KEY, SECRET_CRL, SECRET_PROXY_CA,
	    SECRET_PROXY_LOGIN, SECRET_SIGN, SECRET_TOKEN, ACK_DELIVERED,
	    ACK_REJECTED, ACK_OVERSIZE, (int)(sizeof(struct export_count) /
	    sizeof(uint64_t)), (int)(sizeof(struct export_expiry) /
	    sizeof(uint64_t)));
	printf("An ACK for a record that was not sent, or was answered for "
	    "before, ends the collector, and\nso does a STATE that names "
	    "what there is not. A STATE comes every %d s at least: the "
	    "service\nmanager's watchdog is told only while they come.\n\n",
	    SHIP_STATE_MS / MS_PER_S);
}

static void
print_record(void)
{
	printf("## Record\n\n"
	    "What one source read at one time. Integers are little-endian; a "
	    "varint is LEB128 in its\nshortest form, a zigzag a signed "
	    "number as a varint. One value has one encoding, so a\nrecord "
	    "sent twice is the same bytes.\n\n"
	    "| bytes | what |\n|---|---|\n"
	    "| 8 | number of the record, from 1; what was lost is left out "
	    "|\n"
	    "| 8 | nanoseconds since boot (CLOCK_BOOTTIME) |\n"
	    "| 8 | nanoseconds since 1970 (CLOCK_REALTIME), at the start of "
	    "the cycle |\n"
	    "| 8 | nanoseconds since 1970, when the counters started |\n"
	    "| 1 | version: %d |\n"
	    "| 1 | source |\n"
	    "| 1 | flags: %d ends its time step; no other |\n"
	    "| rest | instances, at least one |\n\n"
	    "Each instance:\n\n"
	    "| bytes | what |\n|---|---|\n"
	    "| 1 | 1: an own start follows; 0: the record's |\n"
	    "| 0 or 8 | nanoseconds since 1970 |\n"
	    "| 1 | n, attributes |\n"
	    "| n times | u8 attribute, ascending; u8 length; that many "
	    "bytes |\n"
	    "| 1 | n, points, at least one |\n"
	    "| n times | varint: the point's number less the one before, "
	    "less one; zigzag: its value |\n\n"
	    "A point's number is its metric's times %d, plus its place in "
	    "the metric (docs/metrics.md).\n\n",
	    RECORD_VERSION, RECORD_LAST, POINTS_PER_METRIC);
}

static void
print_bounds(void)
{
	static const struct {
		const char *what;
		unsigned value;
	} rows[] = {
		{ "bytes of a frame, type included", FRAME_MAX },
		{ "bytes of a record", RECORD_MAX },
		{ "instances of a record", RECORD_INSTANCES_MAX },
		{ "attributes of an instance", RECORD_ATTRS_MAX },
		{ "points of an instance", RECORD_POINTS_MAX },
		{ "bytes of an attribute's value", ATTR_TEXT_MAX },
		{ "endpoints", ENDPOINTS_MAX },
		{ "name servers", NAMESERVERS_MAX },
		{ "resource attributes", RESOURCE_ATTRS_MAX },
		{ "pins", PINS_MAX },
		{ "bytes of records in a batch", BATCH_MAX },
		{ "bytes of one request's body", REQUEST_MAX },
		{ "bytes of all bodies in an hour", EGRESS_MAX },
		{ "bytes of a reply's head", REPLY_HEAD_MAX },
		{ "bytes of a reply's body", REPLY_BODY_MAX },
	};

	printf("## Bounds\n\n| at most | |\n|---|---:|\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("| %s | %u |\n", rows[i].what, rows[i].value);
}

static void
print_protocol(void)
{
	printf("# The protocol between collectord and shipperd\n\n%s", note);
	print_frames();
	print_payloads();
	print_record();
	print_bounds();
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "metrics") == 0)
		print_metrics();
	else if (argc == 2 && strcmp(argv[1], "protocol") == 0)
		print_protocol();
	else {
		fprintf(stderr, "usage: gen_docs metrics|protocol\n");
		return 2;
	}
	return 0;
}
