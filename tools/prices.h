/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: sluice.  What a path of a source's declaration is to SELinux. */
#ifndef SLUICE_PRICES_H
#define SLUICE_PRICES_H

#include "source.h"

struct price {
	enum host_root root;
	const char *start;	/* of the path */
	const char *selinux;	/* type, and the boolean that it takes */
};

const char	*price_selinux(const struct source_path *);

#endif
