/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd, and `sluice show`.  A record's integer as the number it
 * stands for: value / scale, as exact text or as the double nearest to it.
 * Whoever parses the text as a double gets that double.  No locale.
 */
#ifndef SLUICE_DECIMAL_H
#define SLUICE_DECIMAL_H

#include "cursor.h"
#include "registry.h"

void	decimal_write_unsigned(struct writer *, uint64_t);
/* Every digit that the scale has: 1200 hundredths are "12.00". */
void	decimal_write(struct writer *, int64_t value, enum scale);
double	decimal_double(int64_t value, enum scale);

#endif
