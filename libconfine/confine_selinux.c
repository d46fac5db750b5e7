/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See confine.h. */
#include "confine.h"

#include "log.h"

enum selinux_layer
confine_selinux_layer(const char *domain, bool required)
{
	const enum selinux_layer layer = selinux_layer(domain);

	if (required && layer != SELINUX_ENFORCED)
		fatal_text("require: selinux", layer == SELINUX_ABSENT ?
		    "this kernel has none, or it is switched off" :
		    layer == SELINUX_PERMISSIVE ? "it is permissive" :
		    "this process is not in its own domain: is the policy"
		    " module loaded, are the files labelled?");
	if (layer == SELINUX_UNCONFINED)
		log_event(LOG_LEVEL_WARNING, "selinux_unconfined");
	if (layer == SELINUX_PERMISSIVE)
		log_event(LOG_LEVEL_WARNING, "selinux_permissive");
	return layer;
}
