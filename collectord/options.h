/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  Its command line. */
#ifndef SLUICE_OPTIONS_H
#define SLUICE_OPTIONS_H

#include <stdbool.h>

struct options {
	const char *config;		/* -c FILE */
	bool check_only;		/* -n */
	const char *shipper;		/* --shipper PATH */
	const char *shipper_user;	/* --shipper-user NAME or number */
};

/* Prints usage or version and exits where that was asked for, or is due. */
void	options_parse(struct options *, int argc, char **argv);

#endif
