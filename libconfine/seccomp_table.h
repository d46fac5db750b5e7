/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  An allow-list of system calls as a table.  A
 * process's lockdown.c holds its rows; tests, docs/privileges.md and the
 * unit's SystemCallFilter are made from the same rows.
 */
#ifndef SLUICE_SECCOMP_TABLE_H
#define SLUICE_SECCOMP_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { SYSCALL_CHECKS_MAX = 4 };

enum arg_test {
	ARG_ANY = 0,		/* ends the row's checks */
	ARG_IS,			/* argument == value */
	ARG_AT_MOST,		/* argument <= value, unsigned */
	ARG_ONLY_BITS,		/* no bit outside value is set */
};

struct arg_check {
	enum arg_test test;
	unsigned arg;		/* 0 to 5 */
	uint64_t value;		/* compared with the low 32 bits if wide=0 */
	int wide;		/* 1: all 64 bits (a pointer, a length) */
};

struct syscall_row {
	const char *name;	/* libseccomp's name of the system call */
	struct arg_check check[SYSCALL_CHECKS_MAX];	/* all must hold */
	const char *reason;	/* why it is needed; never empty */
};

/*
 * Loads the table as this thread's filter, for good: anything else, a foreign
 * architecture and x32 kill the process and are logged by the kernel.  Rows
 * of the same name are alternatives.  Returns 0, or -1 with errno.
 */
int	seccomp_load_table(const struct syscall_row *, size_t);

#endif
