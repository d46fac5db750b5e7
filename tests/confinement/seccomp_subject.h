/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What seccomp_tests.c is to show of one process's table:
 * each test program defines its subject.
 */
#ifndef SLUICE_TEST_SECCOMP_SUBJECT_H
#define SLUICE_TEST_SECCOMP_SUBJECT_H

#include "syscall_probe.h"

struct subject {
	const struct syscall_row *row;	/* as shipped: of its lockdown.c */
	const size_t *nrows;
	/* one for each row; those of one name in the order of the rows */
	const struct probe *probe;
	size_t nprobes;
	size_t calls_max;
	const char *const *banned;	/* names; ends with NULL */
	/* the whole lock, as the process takes it */
	void (*lock)(void);
};

extern const struct subject subject;

/* Skips the test in a build whose filters only log. */
void	need_filter(void);

#endif
