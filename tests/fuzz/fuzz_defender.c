/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A byte of choices, then records, each u16 length and bytes:
 * what is written of them is a report by the rules, in both kinds of names,
 * within its room; and whatever the bytes are, judging them as a report ends.
 */
#include "defender.h"

#include <errno.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { GUARD = 64 };

static void
write_report(struct defender *d, size_t cap)
{
	static uint8_t out[DEFENDER_REPORT_MAX + GUARD];
	uint64_t points;
	ptrdiff_t len;

	memset(out + cap, 0xa5, GUARD);
	len = defender_write(d, out, cap, &points);
	for (size_t i = 0; i < GUARD; i++)
		if (out[cap + i] != 0xa5)
			abort();
	if (len < 0 ? len != -ENODATA && len != -ENOBUFS :
	    points == 0 || defender_check(out, (size_t)len,
	    d->conf->defender.short_names) < 0)
		abort();
	/* one byte less is too little, and is told */
	if (len > 0 && cap == DEFENDER_REPORT_MAX)
		write_report(d, (size_t)len - 1);
	else if (cap == DEFENDER_REPORT_MAX && len == -ENOBUFS)
		abort();
}

static void
configure(struct shipconf *conf, uint8_t choices)
{
	static const char *const custom[] = { "system.cpu.load_average.1m",
		"system.memory.usage system.memory.state=used",
		"system.network.connection.count list",
		"linux.sockets.listening network.transport=tcp max" };
	char name[] = "m0";

	conf->defender.short_names = choices & 1;
	conf->defender.list_max = 1 + (choices >> 1 & 63);
	for (size_t i = 0; i < 4; i++, name[1]++)
		if (defender_conf_add(&conf->defender, name, custom[i]) != NULL)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct shipconf conf;
	static struct defender d;
	struct reader r = reader_of(bytes, len);

	defender_check(bytes, len, true);
	defender_check(bytes, len, false);
	memset(&conf, 0, sizeof(conf));
	configure(&conf, read_u8(&r));
	defender_init(&d, &conf);
	while (reader_left(&r) > 0) {
		const size_t size = read_u8(&r) | (size_t)read_u8(&r) << 8;
		const uint8_t *p = read_span(&r, size);

		if (p == NULL)
			break;
		if (size == 0) {
			write_report(&d, DEFENDER_REPORT_MAX);
			defender_done(&d, len % 2 == 0);
			continue;
		}
		if (record_check(p, size) == 0 &&
		    defender_take(&d, p, size) < 0)
			abort();
	}
	write_report(&d, DEFENDER_REPORT_MAX);
	return 0;
}
