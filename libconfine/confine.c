/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See confine.h. */
#include "confine.h"

#include "log.h"

#include <errno.h>

/* Landlock has rules for TCP ports from this one on: Linux 6.7. */
enum { PORTS_ABI = 4 };

static int
confine_landlock(const struct confinement *c)
{
	int abi = landlock_restrict(&c->landlock);

	if (abi < 0)
		fatal("Landlock", errno);
	if (abi == 0 && c->require_landlock)
		fatal_text("require: landlock",
		    "this kernel has none, or it is switched off");
	if (abi == 0)
		log_event(LOG_LEVEL_WARNING, "landlock_absent");
	else if (abi < PORTS_ABI)
		log_event_int(LOG_LEVEL_WARNING, "landlock_no_ports", "abi",
		    abi);
	return abi;
}

/*
 * After the limits, which the last domain cannot set; before /proc is gone.
 * That domain reads no file, not even its own label: once it is entered the
 * kernel's word for it is that it took the label.
 */
static enum selinux_layer
confine_selinux(const struct confinement *c)
{
	int entered = 0;

	if (c->selinux_from != NULL &&
	    (entered = selinux_enter(c->selinux_from, c->selinux)) < 0)
		fatal("SELinux transition", errno);
	if (entered)
		return SELINUX_ENFORCED;
	return confine_selinux_layer(c->selinux, c->require_selinux);
}

void
confine(const struct confinement *c, struct layers *layers)
{
	bool mdwe;

	if (harden_limits(c->limit, c->nlimits) < 0)
		fatal("setrlimit", errno);
	if (harden_process(&mdwe) < 0)
		fatal("prctl", errno);
	layers->selinux = (uint8_t)confine_selinux(c);
	layers->landlock_abi = (uint8_t)confine_landlock(c);
	layers->mdwe = mdwe;
	if (SLUICE_SANITIZED)
		log_event(LOG_LEVEL_WARNING, "sanitized_build");
	if (seccomp_load_table(c->call, c->ncalls) < 0)
		fatal("seccomp", errno);
}
