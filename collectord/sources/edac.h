/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Errors that memory controllers found: the kernel's
 * document admin-guide/RAS.  Most virtual machines have no such directory.
 */
#ifndef SLUICE_SOURCES_EDAC_H
#define SLUICE_SOURCES_EDAC_H

#include "source.h"

/* True for "mc0", "mc12": a controller, not the rest of the directory. */
bool	edac_is_controller(const char *name);

extern const struct source source_edac;

#endif
