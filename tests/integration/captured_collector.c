/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests, in the place of collectord.  A collector that was captured
 * after the handshake: it starts the real shipperd as collectord does, and
 * then says what smuggles most, by the way that CAPTURED names.  All that is
 * hidden comes from one known sequence, so that test_captured.py can find it
 * again at the receiver.  Sources: docs/protocol.md.
 */
#include "config.h"
#include "launch.h"
#include "log.h"
#include "now.h"
#include "options.h"
#include "record.h"
#include "secret.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
	RECORD_ROOM = 32000,	/* nearly a frame: each fills a batch */
	TEXT = 255,
	ORDERED = 1024,		/* names, in any order */
	LEVEL_EACH = 8,		/* instances of one step of a size */
	SLOT_MS = 20, PAUSE_MS = 150,
};

/* SplitMix64: the sequence of docs and test. */
static uint64_t state;

static uint64_t
next(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static struct link channel;
static uint64_t seq;
static uint64_t acked;

static void
wait_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* Ends this process, too, once the shipper has. */
static void
take_answers(void)
{
	struct frame f;

	while (link_receive(&channel, &f) == 1)
		if (f.type == FRAME_ACK) {
			struct reader r = reader_of(f.payload, 8);

			acked = read_u64(&r);
		}
}

static void
send_record(const uint8_t *record, size_t len)
{
	static uint8_t message[FRAME_MAX];
	struct writer w = writer_of(message + 1, sizeof(message) - 1);

	message[0] = FRAME_RECORDS;
	if (!frame_add_record(&w, record, len))
		fatal_text("record", "larger than a frame");
	while (channel_send(channel.p, message, 1 + (size_t)(w.p - w.start),
	    -1) != CHANNEL_OK) {
		take_answers();
		wait_ms(1);
	}
	take_answers();
}

static uint8_t record[RECORD_MAX];
static struct record_writer rw;

static void
begin(enum source_id source, uint64_t wall_ns, uint8_t flags)
{
	const struct record_head head = { .seq = ++seq, .boottime_ns = 1,
		.wall_ns = wall_ns, .start_ns = 1, .source = source,
		.flags = flags };

	record_begin(&rw, record, sizeof(record), &head);
}

static void
end(void)
{
	const ptrdiff_t len = record_finish(&rw);

	if (len < 0)
		fatal_text("record", "full");
	send_record(record, (size_t)len);
}

static bool
has_room(size_t more)
{
	return (size_t)(rw.w.p - rw.w.start) + more < RECORD_ROOM;
}

/* Six bits a byte: 64 of the characters that a unit's name may have. */
static void
fill(uint8_t text[TEXT])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	uint64_t bits = 0;

	for (unsigned i = 0; i < TEXT; i++) {
		if (i % 10 == 0)
			bits = next();
		text[i] = (uint8_t)letters[bits & 63];
		bits >>= 6;
	}
}

/* All 64 bits of a number that is sent as an integer. */
static void
say_values(void)
{
	begin(SOURCE_CGROUP, INT64_MAX, 0);
	while (has_room(16)) {
		record_instance(&rw, 0, NULL, 0);
		record_point(&rw, CGROUP_MEMORY_ALL, (int64_t)next());
	}
	end();
}

static void
say_text(void)
{
	uint8_t unit[TEXT], slice[TEXT];
	const struct attr attr[] = { { KEY_UNIT, TEXT, unit },
		{ KEY_SLICE, TEXT, slice } };

	begin(SOURCE_CGROUP, INT64_MAX, 0);
	while (has_room(2 * TEXT + 16)) {
		fill(unit);
		fill(slice);
		record_instance(&rw, 0, attr, 2);
		record_point(&rw, CGROUP_MEMORY_ALL, 0);
	}
	end();
}

/* When a counter is said to have started. */
static void
say_times(void)
{
	begin(SOURCE_CGROUP, INT64_MAX, 0);
	while (has_room(16)) {
		record_instance(&rw, next() >> 1 | 2, NULL, 0);
		record_point(&rw, CGROUP_MEMORY_ALL, 0);
	}
	end();
}

static void
say_all(void)
{
	uint8_t unit[TEXT], slice[TEXT];
	const struct attr attr[] = { { KEY_UNIT, TEXT, unit },
		{ KEY_SLICE, TEXT, slice } };

	begin(SOURCE_CGROUP, INT64_MAX, 0);
	while (has_room(2 * TEXT + 32)) {
		fill(unit);
		fill(slice);
		record_instance(&rw, next() >> 1 | 2, attr, 2);
		record_point(&rw, CGROUP_MEMORY_ALL, (int64_t)next());
	}
	end();
}

static uint64_t
step_time(void)
{
	return now_ns(CLOCK_REALTIME);
}

/* The same thousand names each time, in another order (Fisher and Yates). */
static void
say_order(void)
{
	static unsigned turn[ORDERED];

	for (unsigned i = 0; i < ORDERED; i++)
		turn[i] = i;
	for (unsigned i = ORDERED - 1; i > 0; i--) {
		const unsigned k = (unsigned)(next() % (i + 1));
		const unsigned kept = turn[i];

		turn[i] = turn[k];
		turn[k] = kept;
	}
	begin(SOURCE_CGROUP, step_time(), RECORD_LAST);
	for (unsigned i = 0; i < ORDERED; i++) {
		uint8_t name[4];
		const struct attr attr = { KEY_UNIT, sizeof(name), name };

		for (unsigned k = 0; k < sizeof(name); k++)
			name[k] = (uint8_t)('a' + (turn[i] >> 4 * k & 15));
		record_instance(&rw, 0, &attr, 1);
		record_point(&rw, CGROUP_MEMORY_ALL, 0);
	}
	end();
}

/* For who sees no more than lengths on the network. */
static void
say_sizes(void)
{
	const unsigned level = (unsigned)(next() & 63);
	uint64_t filler = level;

	begin(SOURCE_CGROUP, step_time(), RECORD_LAST);
	for (unsigned i = 0; i <= level * LEVEL_EACH; i++) {
		filler = filler * UINT64_C(6364136223846793005) + 1442695041;
		record_instance(&rw, 0, NULL, 0);
		record_point(&rw, CGROUP_MEMORY_ALL, (int64_t)filler);
	}
	end();
}

/* The same, by when a request comes. */
static void
say_moments(void)
{
	wait_ms(PAUSE_MS + SLOT_MS * (int)(next() & 15));
	begin(SOURCE_CGROUP, step_time(), RECORD_LAST);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, CGROUP_MEMORY_ALL, 0);
	end();
	while (acked < seq) {
		take_answers();
		wait_ms(1);
	}
}

static const struct way {
	const char *name;
	void (*say)(void);
} ways[] = {
	{ "values", say_values }, { "text", say_text },
	{ "times", say_times }, { "all", say_all }, { "order", say_order },
	{ "sizes", say_sizes }, { "moments", say_moments },
};

static void
start(const struct options *o, const struct config *cfg)
{
	static struct shipconf conf;
	static uint8_t encoded[FRAME_MAX - 1];
	int fd[SECRET_END];
	ptrdiff_t len;

	for (int i = 0; i < SECRET_END; i++)
		fd[i] = -1;
	fd[SECRET_CA] = secret_open(SECRET_CA, "ship.ca", cfg->ca);
	fd[SECRET_CERT] = secret_open(SECRET_CERT, "ship.cert", cfg->cert);
	fd[SECRET_KEY] = secret_open(SECRET_KEY, "ship.key", cfg->key);
	launch_shipper(&channel, &(struct launch_options){
		.path = o->shipper, .user = o->shipper_user });
	conf.interval_ms = cfg->interval_ms;
	conf.timeout_ms = cfg->timeout_ms;
	conf.batch = cfg->batch;
	conf.egress_limit = cfg->egress_limit;
	conf.flags = (channel.split ? SHIPCONF_SPLIT : 0) |
	    (cfg->gzip ? SHIPCONF_GZIP : 0);
	conf.protocol = cfg->protocol;
	conf.nendpoints = cfg->nendpoints;
	memcpy(conf.endpoint, cfg->endpoint, sizeof(conf.endpoint));
	if ((len = shipconf_encode(&conf, encoded, sizeof(encoded))) < 0)
		fatal_text("CONFIG", "too large");
	launch_handshake(&channel);
	launch_configure(&channel, encoded, (size_t)len, fd);
	launch_await_lock(&channel);
}

int
main(int argc, char **argv)
{
	static struct config cfg;
	const char *name = getenv("CAPTURED");
	struct config_error error;
	struct options o;

	log_open("collectord");
	options_parse(&o, argc, argv);
	if (config_read(&cfg, o.config, &error) < 0)
		fatal_text("configuration", error.text);
	start(&o, &cfg);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		while (name != NULL && strcmp(ways[i].name, name) == 0)
			ways[i].say();
	fatal_text("CAPTURED", "no such way");
}
