/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A stored request is taken apart within its bytes, and what
 * its signature covers is written within the room that there is, or refused.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_within(struct span s, const uint8_t *bytes, size_t len)
{
	const char *from = (const char *)bytes;

	if (s.p < from || s.p > from + len ||
	    s.len > (size_t)(from + len - s.p))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static char base[VERIFY_BASE_MAX];
	size_t base_len = sizeof(base);
	struct message m;
	struct claim c;

	if (message_read(&m, bytes, len) != NULL)
		return 0;
	if (m.len == 0 || m.len > len)
		abort();
	check_within(m.body, bytes, len);
	for (size_t i = 0; i < m.nfields; i++)
		check_within(m.field[i].value, bytes, len);
	if (claim_read(&c, &m, "sluice") != NULL)
		return 0;
	for (size_t i = 0; i < c.nparts; i++)
		check_within(c.part[i], bytes, len);
	if (claim_base(&c, &m, base, &base_len) == NULL &&
	    base_len > sizeof(base))
		abort();
	if (claim_judge(&c, &m) == NULL &&
	    (c.first == 0 || c.first > c.last ||
	    c.count > c.last - c.first + 1 || c.ring.len != VERIFY_RING))
		abort();
	return 0;
}
