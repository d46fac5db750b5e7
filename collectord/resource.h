/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord, at its start.  Who the metrics are about: the resource
 * attributes of OpenTelemetry's semantic conventions 1.44.0, found out here or
 * said by the configuration, and the number that spreads a fleet.
 */
#ifndef SLUICE_RESOURCE_H
#define SLUICE_RESOURCE_H

#include "config.h"
#include "shipconf.h"
#include "text.h"

/* What the host says of itself, each "" where it does not. */
struct host_facts {
	char id[FRAME_TEXT_MAX + 1];		/* machine-id(5) */
	char name[FRAME_TEXT_MAX + 1];		/* uname(2) */
	const char *arch;			/* resource_arch() */
	char version[FRAME_TEXT_MAX + 1];	/* os-release(5) */
};

/* Pure.  32 hexadecimal digits and a newline, or false. */
bool		resource_machine_id(struct text, char[FRAME_TEXT_MAX + 1]);
/* Pure.  VERSION_ID of os-release(5), quotes and escapes undone, or false. */
bool		resource_os_version(struct text, char[FRAME_TEXT_MAX + 1]);
/* Pure.  uname's machine in OpenTelemetry's words. */
const char	*resource_arch(const char *machine);
/* Pure.  64 bits that are always the same for the same text. */
uint64_t	resource_seed(const char *);

/*
 * Pure.  Sets attributes and seed: the facts, then the configured ones, which
 * replace facts of the same name.  service.instance.id is host.id (else
 * host.name): stores tell hosts apart by it.
 */
void		resource_merge(struct shipconf *, const struct host_facts *,
		    const struct config *);

/* Finds out the facts, then merges. */
void		resource_fill(struct shipconf *, const struct config *);

#endif
