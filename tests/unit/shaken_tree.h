/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A host's files, put together from the fixtures, and a copy
 * of them that is broken at random and made whole again.
 */
#ifndef SLUICE_TESTS_SHAKEN_TREE_H
#define SLUICE_TESTS_SHAKEN_TREE_H

#include <stdbool.h>

/* Makes "whole" and "shaken" in a new directory, and enters it. */
void	tree_make(void);
void	tree_remove(void);

/* Each changes one file or directory of "shaken". */
void	tree_take_away(void);		/* or brings one back */
void	tree_spoil(void);		/* its bytes */
void	tree_heal(void);

#endif
