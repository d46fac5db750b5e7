/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  Is the kernel in FIPS mode? */
#ifndef SLUICE_FIPS_H
#define SLUICE_FIPS_H

#include <stdbool.h>

/* The file is /proc/sys/crypto/fips_enabled; a kernel without it is not. */
bool	fips_is_on(const char *file);

#endif
