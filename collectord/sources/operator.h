/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The operator's own metrics: files in Prometheus' text
 * format, NAME.prom, in the one directory that the configuration names.  Only
 * what it declares (declared.h) is sent, all else refused and counted.
 *
 * Directory and files must be root's, and nobody else may write them; a file
 * is renamed into place.  Links, FIFOs, devices, files that changed while they
 * were read, and those that are older than collect.sources.operator.max_age
 * are not read.  Kernel: any.  Capability: none.  Series: at most
 * OPERATOR_SERIES_MAX and its own.
 */
#ifndef SLUICE_SOURCES_OPERATOR_H
#define SLUICE_SOURCES_OPERATOR_H

#include "source.h"

enum {
	OPERATOR_FILES_MAX = 64,
	OPERATOR_NAME_MAX = 63,		/* bytes of a file's name */
	OPERATOR_FILE_MAX = 65536,	/* bytes of a file */
	OPERATOR_SERIES_MAX = 512,	/* of all files together */
};

/* True for "backup.prom": of visible letters, not hidden. */
bool	operator_is_file(const char *name);

extern const struct source source_operator;

#endif
