/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See ablate.h. */
#include "ablate.h"

#include "../../collectord/lockdown.h"
#include "../../shipperd/lockdown.h"
#include "child.h"
#include "privilege.h"

#include <stdio.h>
#include <sys/prctl.h>

const char *ablate_procfs = "/proc", *ablate_sysfs = "/sys";
uint16_t ablate_nameserver_port;

static unsigned wanted;

const char *
ablate_names(unsigned layers)
{
	static const char *const name[] = { "user", "limits", "flags",
		"landlock", "seccomp" };
	static char text[64];
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < 5; i++)
		if ((layers >> i & 1) != 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s%s", n > 0 ? " " : "", name[i]);
	return n > 0 ? text : "nothing";
}

/* In the place of libconfine's, which the linker then leaves out. */
void
confine(const struct confinement *c, struct layers *layers)
{
	bool mdwe = false;

	if ((wanted & LIMITS) != 0)
		REQUIRE(harden_limits(c->limit, c->nlimits) == 0);
	if ((wanted & FLAGS) != 0)
		REQUIRE(harden_process(&mdwe) == 0);
	layers->mdwe = mdwe;
	layers->landlock_abi = 0;
	if ((wanted & LANDLOCK) != 0) {
		int abi = landlock_restrict(&c->landlock);

		REQUIRE(abi >= 0);
		layers->landlock_abi = (uint8_t)abi;
	}
	if ((wanted & SECCOMP) != 0)
		REQUIRE(seccomp_load_table(c->call, c->ncalls) == 0);
}

void
ablate_become(enum half half, unsigned layers)
{
	become_starter(UID_A);
	if ((layers & USER) != 0 && half == SHIPPER)
		REQUIRE(privilege_become(UID_B, UID_B) == 0);
	if ((layers & USER) != 0 && half == COLLECTOR) {
		REQUIRE(capabilities_drop() == 0);
		REQUIRE(privilege_no_new() == 0);
	}
	/* what these two ask for, not what is being shown */
	if ((layers & (LANDLOCK | SECCOMP)) != 0)
		REQUIRE(privilege_no_new() == 0);
	/* a change of user clears it, and exec sets it again */
	REQUIRE(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

static void
lock_collector(void)
{
	static struct host host;
	struct layers in_force;
	const char *which;

	REQUIRE(host_open(&host, ablate_procfs, ablate_sysfs, &which) == 0);
	collector_lock(&host, false, false, &in_force);
}

static void
lock_shipper(void)
{
	static struct shipconf conf;
	struct layers in_force;

	conf.nendpoints = 1;
	conf.endpoint[0].port = ALLOWED_PORT;
	conf.endpoint[0].is_address = ablate_nameserver_port == 0;
	conf.nservers = 1;
	conf.server[0].port = ablate_nameserver_port;
	shipper_lock(&conf, &in_force);
}

void
ablate_lock(enum half half, unsigned layers)
{
	wanted = layers;
	if (half == COLLECTOR)
		lock_collector();
	else
		lock_shipper();
}
