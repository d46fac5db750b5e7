/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See bonding.h. */
#include "sources/bonding.h"

#include "sources/rare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BONDS "net/bonding/"
#define SLAVE "Slave Interface: "

enum { BONDS_MAX = 64, SLAVES_MAX = 64, NAME_MAX_LEN = 32 };

static int
take_line(struct text line, struct bond_part *part)
{
	struct text name;

	if (!text_until(&line, ':', &name))
		return 0;
	if (line.len > 0 && line.p[0] == ' ')
		line = text_of(line.p + 1, line.len - 1);
	if (text_is(name, "MII Status"))
		part->up = text_is(line, "up");
	if (text_is(name, "Link Failure Count") &&
	    !text_u63(line, &part->failures))
		return -EBADMSG;
	return 0;
}

int
bond_next(struct text *t, struct bond_part *part)
{
	struct text line;
	int error = 0;

	*part = (struct bond_part){ .up = -1, .failures = -1 };
	if (t->len == 0)
		return 0;
	if (text_starts(*t, SLAVE) && text_line(t, &line))
		part->name = text_of(line.p + sizeof(SLAVE) - 1,
		    line.len - (sizeof(SLAVE) - 1));
	while (!text_starts(*t, SLAVE) && text_line(t, &line))
		if (take_line(line, part) < 0)
			error = -EBADMSG;
	return error < 0 || part->up < 0 ? -EBADMSG : 1;
}

struct bonds {
	struct collect *c;
	size_t n;
};

struct bond {
	struct bond_part slave[SLAVES_MAX];
	size_t n;
	int up;			/* the bond itself */
	int64_t nup;		/* slaves */
};

static int
parse_bond(struct text t, struct bond *bond)
{
	struct bond_part part;
	int more;

	bond->n = 0;
	bond->up = 0;
	bond->nup = 0;
	if (bond_next(&t, &part) < 1 || part.name.len > 0)
		return -EBADMSG;
	bond->up = part.up;
	while ((more = bond_next(&t, &part)) > 0) {
		if (bond->n == SLAVES_MAX)
			return -EFBIG;
		bond->slave[bond->n++] = part;
		bond->nup += part.up;
	}
	return more;
}

static void
say(struct build *b, const char *name, const struct bond *bond)
{
	build_instance(b);
	build_attr(b, KEY_INTERFACE, name, strlen(name));
	build_point(b, BOND_UP_ALL, bond->up);
	build_point(b, BOND_SLAVES_UP, bond->nup);
	build_point(b, BOND_SLAVES_DOWN, (int64_t)bond->n - bond->nup);
	for (size_t i = 0; i < bond->n; i++) {
		const struct bond_part *s = &bond->slave[i];

		if (s->failures < 0)
			continue;
		build_instance(b);
		build_attr(b, KEY_INTERFACE, s->name.p, s->name.len);
		build_point(b, BOND_FAILURES_ALL, s->failures);
	}
}

static bool
each_bond(void *arg, const char *name)
{
	struct bonds *bonds = arg;
	struct collect *c = bonds->c;
	char path[sizeof(BONDS) + NAME_MAX_LEN];
	static struct bond bond;
	struct text t;
	int error;

	if (collect_late(c) || ++bonds->n > BONDS_MAX) {
		collect_failed(c, BONDS, bonds->n > BONDS_MAX ? -EFBIG :
		    -ETIMEDOUT);
		return false;
	}
	if (strlen(name) >= NAME_MAX_LEN)
		return true;
	snprintf(path, sizeof(path), BONDS "%s", name);
	error = host_read_once(c->host, HOST_PROC, path, &t);
	/* it may just have been taken away */
	if (error == -ENOENT)
		return true;
	if (error == 0)
		error = parse_bond(t, &bond);
	if (error < 0)
		collect_failed(c, path, error);
	else
		say(c->build, name, &bond);
	return true;
}

static int
read_bonding(struct collect *c)
{
	static struct rare directory = { .path = BONDS };

	rare_list(c, &directory, each_bond, &(struct bonds){ .c = c });
	return 0;
}

const struct source source_bonding = {
	.id = SOURCE_BONDING,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_PROC, BONDS } },
	.kernel = "2.6, CONFIG_BONDING",
	.capability = CAPABILITY_NONE,
	.series = { { 3 + SLAVES_MAX, BONDS_MAX, { HOST_PROC, BONDS } } },
	.select = KEY_BIT(INTERFACE),
	.read = read_bonding,
};
