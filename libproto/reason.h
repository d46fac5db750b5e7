/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  How the last attempt at a delivery went, as a
 * word in the log and as a number on the channel.  The list is closed;
 * docs/operations.md explains each.
 */
#ifndef SLUICE_REASON_H
#define SLUICE_REASON_H

enum { REASON_NONE = 0 };

/* NULL where the number has no reason; "" for REASON_NONE. */
const char	*reason_name(unsigned number);
/* REASON_NONE for a word that is none. */
unsigned	reason_number(const char *name);

#endif
