/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/interrupts.h"
#include "sources/softnet.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
add_up(struct text t)
{
	static struct softnet sum;
	struct softnet_row row;

	memset(sum.seen, 0, sizeof(sum.seen));
	memset(sum.total, 0, sizeof(sum.total));
	while (softnet_next(&t, &row) > 0)
		softnet_add(&sum, &row);
	for (size_t i = 0; i < SOFTNET_COUNTERS; i++)
		if (sum.total[i] < 0)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct text t = text_of((const char *)data, len);
	struct named_sample s;
	struct schedstat sched;

	memset(&s, 0, sizeof(s));
	irq_parse(t, IRQ_SOFTIRQS, &s);
	irq_parse(t, IRQ_INTERRUPTS, &s);
	for (size_t i = 0; i < irq_table.n; i++)
		if (s.found[i] && s.value[i] < 0)
			abort();
	if (schedstat_parse(t, &sched) == 0 &&
	    (sched.run_us < 0 || sched.wait_us < 0 || sched.slices < 0))
		abort();
	add_up(t);
	return 0;
}
