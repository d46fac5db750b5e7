/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See clock.h. */
#include "sources/clock.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	FREQUENCY_ONE_PPM = 1 << 16,	/* adjtimex(2): a 16-bit fraction */
	PPB = 1000,			/* in a ppm */
};

struct clock_sample
clock_of(const struct timex *tx)
{
	return (struct clock_sample){
		.synchronized = (tx->status & STA_UNSYNC) == 0,
		.offset_ns = (tx->status & STA_NANO) != 0 ? tx->offset :
		    tx->offset * 1000,
		.error_us = tx->esterror,
		.error_most_us = tx->maxerror,
		.frequency_ppb = tx->freq * PPB / FREQUENCY_ONE_PPM,
		.tai_s = tx->tai,
	};
}

static int
read_clock(struct collect *c)
{
	struct timex tx = { .modes = 0 };	/* only asks */
	struct clock_sample s;

	/* there is no clock in a copy of another host's files */
	if (!host_is_real(c->host, HOST_PROC))
		return 0;
	/* glibc's adjtimex() is clock_adjtime(2), which the lock refuses */
	if (syscall(SYS_adjtimex, &tx) < 0)
		return -errno;
	s = clock_of(&tx);
	build_instance(c->build);
	build_point(c->build, CLOCK_SYNCHRONIZED_ALL, s.synchronized);
	build_point(c->build, CLOCK_OFFSET_ALL, s.offset_ns);
	build_point(c->build, CLOCK_ERROR_ESTIMATED, s.error_us);
	build_point(c->build, CLOCK_ERROR_MAXIMUM, s.error_most_us);
	build_point(c->build, CLOCK_FREQUENCY_ALL, s.frequency_ppb);
	build_point(c->build, CLOCK_TAI_ALL, s.tai_s);
	return 0;
}

const struct source source_clock = {
	.id = SOURCE_CLOCK,
	.profile = PROFILE_STANDARD,
	.kernel = "2.6.26",
	.capability = CAPABILITY_NONE,
	.series = { { 6, 1 } },
	.read = read_clock,
};
