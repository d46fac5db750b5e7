/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The processes that use most CPU and most memory, a
 * row each, and everything else in one row without a process.
 *
 * CPU time and faults count what a process used while it had a row; the rest
 * is in the row of everything else.  So each tick of each process is in one
 * row, once, whichever come and go, and all rows only go up.
 */
#ifndef SLUICE_SOURCES_TOP_H
#define SLUICE_SOURCES_TOP_H

enum { TOP_COUNT_MAX = 100 };	/* of each of the two lists */

struct source;
extern const struct source source_top;

/* Forgets what was counted, and all processes. */
void	top_forget(void);

#endif
