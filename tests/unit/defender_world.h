/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Records into a Device Defender report:
 *
 *	begin();
 *	open_step(SOURCE_LOAD);
 *	record_instance(&rw, 0, NULL, 0);
 *	record_point(&rw, LOAD_1M_ALL, 4);
 *	take();
 *	CHECK_STR(written(), "{…}");
 */
#ifndef SLUICE_DEFENDER_WORLD_H
#define SLUICE_DEFENDER_WORLD_H

#include "defender.h"
#include "make_records.h"

#include <errno.h>
#include <stdio.h>

static struct shipconf conf;
static struct defender d;
static uint8_t out[DEFENDER_REPORT_MAX + 1];
static uint64_t points, wall_s;

/* made_wall is 1763650000 s. */
static inline void
begin(void)
{
	memset(&conf, 0, sizeof(conf));
	conf.seed = 1;
	conf.protocol = PROTOCOL_DEVICE_DEFENDER;
	conf.defender.interval_ms = DEFENDER_INTERVAL_MIN_MS;
	conf.defender.list_max = 50;
	defender_init(&d, &conf);
	wall_s = UINT64_C(1763650000);
}

static inline void
custom(const char *name, const char *text)
{
	CHECK(defender_conf_add(&conf.defender, name, text) == NULL);
	defender_init(&d, &conf);
}

static inline void
open_step(enum source_id source)
{
	const struct record_head head = { .seq = wall_s, .boottime_ns = 1,
		.wall_ns = wall_s * 1000000000, .start_ns = 1,
		.source = source, .flags = RECORD_LAST };

	record_begin(&rw, made_space[0], RECORD_MAX, &head);
}

static inline void
take(void)
{
	const ptrdiff_t len = record_finish(&rw);

	CHECK(len > 0);
	CHECK_INT(record_check(made_space[0], (size_t)len), 0);
	CHECK_INT(defender_take(&d, made_space[0], (size_t)len), 0);
}

static inline void
traffic_of(const char *interface, int64_t in, int64_t out_bytes,
    int64_t packets_in, int64_t packets_out)
{
	const struct attr a = made_attr(KEY_INTERFACE, interface);
	const struct attr device = made_attr(KEY_DEVICE, interface);

	record_instance(&rw, 0, &a, 1);
	record_point(&rw, NET_IO_RECEIVE, in);
	record_point(&rw, NET_IO_TRANSMIT, out_bytes);
	record_instance(&rw, 0, &device, 1);
	record_point(&rw, NET_PACKETS_RECEIVE, packets_in);
	record_point(&rw, NET_PACKETS_TRANSMIT, packets_out);
}

static inline void
traffic(const char *interface, int64_t n)
{
	wall_s += 10;
	open_step(SOURCE_NETWORK);
	traffic_of(interface, n, 2 * n, 3 * n, 4 * n);
	take();
}

static inline void
port(const char *interface, const char *family, const char *number,
    unsigned id)
{
	struct attr a[4];
	size_t n = 0;

	if (interface != NULL)
		a[n++] = made_attr(KEY_INTERFACE, interface);
	a[n++] = made_attr(KEY_NETWORK_TYPE, family);
	a[n++] = made_attr(KEY_LOCAL_PORT, number);
	a[n++] = made_attr(KEY_ADDRESS_CLASS, "any");
	record_instance(&rw, 0, a, n);
	record_point(&rw, id, 1);
}

static inline void
connections(const char *family, int64_t established)
{
	const struct attr a = made_attr(KEY_NETWORK_TYPE, family);

	record_instance(&rw, 0, &a, 1);
	record_point(&rw, CONNECTIONS_ESTABLISHED, established);
	record_point(&rw, CONNECTIONS_LISTEN, 1);
}

static inline void
counted(int64_t left_out)
{
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, LISTEN_COUNT_SENT, 1);
	record_point(&rw, LISTEN_COUNT_LEFT_OUT, left_out);
}

static inline void
sockets(void)
{
	wall_s += 10;
	open_step(SOURCE_SOCKDIAG);
	connections("ipv4", 3);
	connections("ipv6", 4);
	port(NULL, "ipv4", "22", LISTENING_TCP);
	port(NULL, "ipv6", "22", LISTENING_TCP);
	port("eth0", "ipv4", "68", LISTENING_UDP);
	counted(0);
	take();
}

static inline const char *
written(void)
{
	const ptrdiff_t len = defender_write(&d, out, sizeof(out) - 1,
	    &points);

	CHECK(len > 0);
	CHECK(len <= DEFENDER_REPORT_MAX);
	out[len] = '\0';
	return (const char *)out;
}

#endif
