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

int
clock_ask(struct timex *tx)
{
	*tx = (struct timex){ .modes = 0 };
	/* glibc's adjtimex() is clock_adjtime(2), which the lock refuses */
	return syscall(SYS_adjtimex, tx) < 0 ? -errno : 0;
}

static int
read_clock(struct collect *c)
{
	struct clock_sample s;
	struct timex tx;
	int error;

	/* there is no clock in a copy of another host's files */
	if (!host_is_real(c->host, HOST_PROC))
		return 0;
	if ((error = clock_ask(&tx)) < 0)
		return error;
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
	.slow = true,
	.read = read_clock,
};
