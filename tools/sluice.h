/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice, the operator's command: unprivileged, never talking to the
 * daemons, and with their own code wherever it says what they would do.
 */
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include "config.h"

#include <sys/types.h>

enum { EXIT_GOOD, EXIT_WRONG, EXIT_USAGE };

struct arguments {
	const char *config;	/* -c FILE */
	bool raw;		/* --raw */
	unsigned cycles;	/* --cycles N */
	const char *user;	/* --user USER, or NULL */
	const char *key;	/* --key FILE, or NULL */
	char **path;		/* what follows the options */
	int npaths;
	uid_t collector;	/* whose files and whose view: user_become() */
	gid_t group;		/* its own */
	/* $CREDENTIALS_DIRECTORY was not set, so the unit's is assumed */
	bool assumed;
};

/* The unit's own, systemd.exec(5): CREDENTIALS_DIRECTORY. */
#define UNIT_CREDENTIALS "/run/credentials/sluice.service"

/* As a request names it: https://[::1]:4318/v1/metrics */
void	print_url(const struct url *);

/*
 * Root becomes the collector's user, where there is one, for good; anyone
 * else stays who he is.  EXIT_GOOD, or another status when it was said why.
 */
int	user_become(struct arguments *);

/* Each returns the exit status. */
int	check_run(const struct arguments *, const struct config *);
int	doctor_run(const struct arguments *, const struct config *);
int	plan_run(const struct arguments *, const struct config *);
/* Needs no configuration: NULL will do. */
int	prices_run(const struct arguments *, const struct config *);
int	show_run(const struct arguments *, const struct config *);
/* Needs no configuration: NULL will do. */
int	verify_run(const struct arguments *, const struct config *);

#endif
