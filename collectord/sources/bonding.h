/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Bonded interfaces: the files of /proc/net/bonding
 * (the kernel's networking/bonding).
 */
#ifndef SLUICE_SOURCES_BONDING_H
#define SLUICE_SOURCES_BONDING_H

#include "source.h"

struct bond_part {
	struct text name;	/* of the slave; "" for the bond itself */
	int up;			/* -1: not said */
	int64_t failures;	/* of its link; -1: not said */
};

/*
 * Takes the lines of the bond or of its next slave off, the bond first: 1; 0
 * at the end; -EBADMSG.
 */
int	bond_next(struct text *, struct bond_part *);

extern const struct source source_bonding;

#endif
