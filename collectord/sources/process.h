/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  Processes by state, and how many there may be. */
#ifndef SLUICE_SOURCES_PROCESS_H
#define SLUICE_SOURCES_PROCESS_H

struct source;
extern const struct source source_process;

#endif
