/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  How hard this host is to take: SELinux, lockdown,
 * Secure Boot, FIPS, crypto policy, the kernel's own switches, and what it
 * says of the CPU's weaknesses (the kernel's documents admin-guide/sysctl/
 * kernel, LSM, hw-vuln).  What a kernel does not have is not said.
 *
 * These change when somebody changes them.  Two are read each time, the rest
 * by turns in those collections that are not brief (cycle_pace()).  A change
 * is logged as one line (event posture_changed) and counted.
 */
#ifndef SLUICE_SOURCES_POSTURE_H
#define SLUICE_SOURCES_POSTURE_H

#include "source.h"

enum {
	POSTURE_TURNS = 32,	/* whole ones until every file was read */
	/* the kernel judges weaknesses as it starts, and hardly ever again */
	WEAKNESS_TURNS = 3 * POSTURE_TURNS,
	VULNERABILITIES_MAX = 64,
	VULNERABILITY_NAME_MAX = 32,
};

extern const struct source source_posture;

#endif
