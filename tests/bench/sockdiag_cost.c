/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What a cycle of the source sockdiag costs, and what it costs
 * to ask the same and take the answers without looking at them:
 *
 *	sockdiag_cost CYCLES PAUSE_MS		for sockdiag_cost.py
 *
 * prints TCP sockets, then ms of CPU per cycle of both: least and median.
 */
#include "now.h"
#include "source.h"
#include "sources/sockdiag.h"
#include "sources/sockdiag_parse.h"

#include <err.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CYCLES_MAX = 1000, ANSWER_MAX = 32768 };

static uint64_t cost[2][CYCLES_MAX];
static uint8_t space[BUILD_SPACE];

static void
report(void *arg, const struct source *s, const char *path, int error)
{
	(void)arg;
	(void)s;
	warnx("%s: %s", path, strerror(-error));
}

static void
run_source(struct collect *c, struct series *series)
{
	const struct record_head head = { .boottime_ns = 1,
		.wall_ns = now_ns(CLOCK_REALTIME), .start_ns = 1,
		.source = SOURCE_SOCKDIAG };

	series_cycle(series, head.wall_ns);
	build_start(c->build, &head, series, space);
	c->deadline_ns = now_ns(CLOCK_BOOTTIME) + UINT64_C(500000000);
	c->source->read(c);
	build_finish(c->build);
}

static void
run_floor(int fd)
{
	static alignas(struct nlmsghdr) uint8_t answer[ANSWER_MAX];
	uint8_t request[SOCKDIAG_REQUEST_MAX];

	for (unsigned d = 0; d < SOCKDIAG_DUMPS; d++) {
		const struct nlmsghdr *h = (const void *)answer;

		if (send(fd, request, sockdiag_request(d, 1, request), 0) < 0)
			err(1, "send");
		do
			if (recv(fd, answer, sizeof(answer), 0) < 0)
				err(1, "recv");
		while (h->nlmsg_type != NLMSG_DONE &&
		    h->nlmsg_type != NLMSG_ERROR);
	}
}

static int64_t
count_sockets(const struct build *b)
{
	uint8_t *record = NULL;
	size_t len;
	int64_t sum = 0;

	while (build_next(b, &record, &len)) {
		struct record_reader rr;
		struct instance inst;
		struct point p;

		if (record_open(&rr, record, len) < 0)
			errx(1, "record");
		while (record_next_instance(&rr, &inst) == 1)
			while (record_next_point(&inst, &p) == 1)
				if (point_metric(p.id) == METRIC_CONNECTIONS)
					sum += p.value;
	}
	return sum;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* In turns, so that what else goes on here falls on both alike. */
static void
measure(struct collect *c, struct series *series, int fd, unsigned n,
    unsigned ms)
{
	for (unsigned i = 0; i < 2 * n; i++) {
		uint64_t before;

		usleep(ms * 1000);
		before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
		if (i % 2 == 0)
			run_source(c, series);
		else
			run_floor(fd);
		cost[i % 2][i / 2] = now_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
	}
	for (unsigned m = 0; m < 2; m++) {
		qsort(cost[m], n, sizeof(cost[m][0]), compare);
		printf(" %.3f %.3f", (double)cost[m][0] / 1e6,
		    (double)cost[m][n / 2] / 1e6);
	}
}

int
main(int argc, char **argv)
{
	const struct source_options options = { .top_count = 0 };
	const unsigned n = argc == 3 ? (unsigned)atoi(argv[1]) : 0;
	const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	struct build build;
	struct host host;
	struct collect c = { .host = &host, .build = &build,
		.options = &options, .source = &source_sockdiag,
		.report = report };
	struct series *series = series_new(1);
	const char *which;

	if (n == 0 || n > CYCLES_MAX)
		errx(2, "usage: sockdiag_cost CYCLES PAUSE_MS");
	if (host_open(&host, "/proc", "/sys", &which) < 0 || series == NULL ||
	    fd < 0)
		err(1, "start");
	source_sockdiag.start(&host);
	run_source(&c, series);
	printf("%lld", (long long)count_sockets(&build));
	measure(&c, series, fd, n, (unsigned)atoi(argv[2]));
	putchar('\n');
	series_free(series);
	host_close(&host);
	return 0;
}
