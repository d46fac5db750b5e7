/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See network.h. */
#include "sources/network.h"

#include "source.h"

#include <errno.h>
#include <string.h>

static bool
is_heading(struct text line)
{
	struct text before;

	/* a name may hold a '|', but only a heading has no ':' */
	return !text_until(&line, ':', &before) &&
	    text_until(&line, '|', &before);
}

/* The name ends at the ':'; a number may follow it without a blank. */
static bool
take_name(struct text *line, struct text *name)
{
	struct text padded, more;

	return text_until(line, ':', &padded) && text_word(&padded, name) &&
	    !text_word(&padded, &more);
}

int
netdev_next(struct text *t, struct net_sample *n)
{
	struct text line;

	memset(n, 0, sizeof(*n));
	do
		if (!text_line(t, &line))
			return 0;
	while (is_heading(line));
	if (!take_name(&line, &n->name))
		return -EBADMSG;
	return text_numbers(&line, n->value, NET_COLUMNS) < NET_COLUMNS ?
	    -EBADMSG : 1;
}

/* The conventions key packet.count by system.device, the rest by interface. */
static void
say(struct build *b, const struct net_sample *n)
{
	const int64_t *v = n->value;

	build_instance(b);
	build_attr(b, KEY_INTERFACE, n->name.p, n->name.len);
	build_point(b, NET_IO_RECEIVE, v[NET_RX_BYTES]);
	build_point(b, NET_IO_TRANSMIT, v[NET_TX_BYTES]);
	build_point(b, NET_ERRORS_RECEIVE, v[NET_RX_ERRORS]);
	build_point(b, NET_ERRORS_TRANSMIT, v[NET_TX_ERRORS]);
	build_point(b, NET_DROPPED_RECEIVE, v[NET_RX_DROPPED]);
	build_point(b, NET_DROPPED_TRANSMIT, v[NET_TX_DROPPED]);
	build_instance(b);
	build_attr(b, KEY_DEVICE, n->name.p, n->name.len);
	build_point(b, NET_PACKETS_RECEIVE, v[NET_RX_PACKETS]);
	build_point(b, NET_PACKETS_TRANSMIT, v[NET_TX_PACKETS]);
}

static int
read_network(struct collect *c)
{
	struct net_sample n;
	struct text t;
	int more, error = 0;
	bool any = false;

	if (!collect_read(c, HOST_PROC, "net/dev", &t))
		return 0;
	while ((more = netdev_next(&t, &n)) != 0) {
		any = true;
		if (more < 0)
			error = more;
		else
			say(c->build, &n);
	}
	/* no network is without lo */
	if (error == 0 && !any)
		error = -EBADMSG;
	if (error < 0)
		collect_failed(c, "net/dev", error);
	return 0;
}

const struct source source_network = {
	.id = SOURCE_NETWORK,
	.profile = PROFILE_MINIMAL,
	.path = { { HOST_PROC, "net/dev" } },
	.kernel = "2.6",
	.capability = CAPABILITY_NONE,
	.series = { { 8, 8192, { HOST_PROC, "net/dev" } } },
	.select = KEY_BIT(INTERFACE) | KEY_BIT(DEVICE),
	.read = read_network,
};
