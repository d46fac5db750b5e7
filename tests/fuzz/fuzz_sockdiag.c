/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  First byte: which answer it is; then one datagram. */
#include "sources/sockdiag_parse.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint64_t
order_of(const struct listening *l)
{
	return (uint64_t)l->port << 48 | (uint64_t)l->ipv6 << 40 |
	    (uint64_t)l->class << 32 | l->interface;
}

static void
check(const struct sockdiag *s, size_t len)
{
	uint64_t sum = 0;

	if (s->nlistening > SOCKDIAG_LISTEN_MAX)
		abort();
	for (size_t i = 0; i < s->nlistening; i++) {
		const struct listening *l = &s->listening[i];

		if (l->port == 0 || l->class >= ADDRESS_CLASSES ||
		    l->tcp + l->udp == 0 ||
		    (i > 0 && order_of(&l[-1]) >= order_of(l)))
			abort();
	}
	for (int f = 0; f < 2; f++) {
		for (int i = 0; i < SOCKDIAG_STATES; i++)
			sum += s->tcp[f][i];
		for (int i = 0; i < SOCKDIAG_LISTENING; i++)
			sum += s->udp[f][i];
	}
	for (int i = 0; i < SOCKDIAG_UNIX_STATES; i++)
		sum += s->unix_sockets[i];
	/* each took a head at least */
	if (sum > len / 16)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sockdiag s;
	uint8_t *copy;
	int error = 0;

	if (len < 1 || (copy = malloc(len)) == NULL)
		return 0;
	memset(&s, 0, sizeof(s));
	/* so that a read behind the end is one behind an allocation */
	memcpy(copy, data, len);
	sockdiag_take(&s, copy[0] % SOCKDIAG_DUMPS, 1, copy + 1, len - 1,
	    &error);
	if (error > 0)
		abort();
	check(&s, len);
	free(copy);
	return 0;
}
