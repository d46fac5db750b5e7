/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Any bytes as a configuration: refused with words, or taken
 * and then within every bound that the shipper checks again.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_taken(const struct config *c)
{
	static uint8_t frame[FRAME_MAX - 1];
	static struct shipconf sent, got;
	ptrdiff_t len;

	must(c->procfs[0] == '/' && c->sysfs[0] == '/' && c->ca[0] == '/' &&
	    c->cert[0] == '/' && c->key[0] == '/');
	must(c->ring_size >= RING_MIN && c->ring_size <= RING_MAX);
	must(c->sources.nexclude_types <= EXCLUDES_MAX);
	must((c->require & ~(unsigned)(REQUIRE_SPLIT | REQUIRE_LANDLOCK)) ==
	    0);
	memset(&sent, 0, sizeof(sent));
	sent.interval_ms = c->interval_ms;
	sent.timeout_ms = c->timeout_ms;
	sent.batch = c->batch;
	sent.egress_limit = c->egress_limit > 0 ? c->egress_limit : EGRESS_MIN;
	sent.protocol = c->protocol;
	sent.nendpoints = c->nendpoints;
	memcpy(sent.endpoint, c->endpoint, sizeof(sent.endpoint));
	sent.nattrs = c->nattrs;
	memcpy(sent.attr, c->attr, sizeof(sent.attr));
	len = shipconf_encode(&sent, frame, sizeof(frame));
	must(len > 0 && shipconf_decode(&got, frame, (size_t)len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct config c;
	struct config_error e;

	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/f", 1);
	memset(&e, 'x', sizeof(e));
	if (config_parse(&c, "f", (const char *)data, len, &e) == 0)
		check_taken(&c);
	else
		must(strncmp(e.text, "f:", 2) == 0 &&
		    strnlen(e.text, sizeof(e.text)) < sizeof(e.text));
	return 0;
}
