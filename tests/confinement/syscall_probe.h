/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  One system call under one table, made by a child that may
 * die of it: what the kernel did is seen from outside, in its wait status and
 * in a page that it shares with us.
 */
#ifndef SLUICE_TEST_SYSCALL_PROBE_H
#define SLUICE_TEST_SYSCALL_PROBE_H

#include "seccomp_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

struct rows {
	const struct syscall_row *row;	/* NULL: no filter at all */
	size_t n;
};

enum gate {
	GATE_SYSCALL,		/* what the C library uses */
	GATE_INT80,		/* i386's way in; x86_64 has it too */
};

struct call {
	enum gate gate;
	long number;
	uint64_t arg[6];
};

enum { X32_BIT = 0x40000000 };		/* of <asm/unistd.h> */
enum { PROBE_ENDED = 42 };	/* exit status that exit_group's probe asks */

/* What one argument may be, said again, independently of the table. */
enum bound_how {
	BOUND_NONE = 0,		/* ends a probe's bounds */
	BOUND_NUMBERS,		/* of 0 to 127 and -1: those set in value */
	BOUND_BITS,		/* each of 32 bits alone: those in value */
	BOUND_FLIPS,		/* value, but not with any of 32 bits flipped */
	BOUND_FLIPS_WIDE,	/* the same for 64 bits */
	BOUND_NOT,		/* anything else but value */
};

struct bound {
	enum bound_how how;
	unsigned arg;
	uint64_t value;
};

enum { BOUNDS_MAX = 6 };

/* A good call for one row of a table, and how to spoil it. */
struct probe {
	const char *name;
	long number;
	/* Before the lock: its arguments, and all that they stand for. */
	void (*prepare)(struct call *);
	long want;	/* result: this at least; a negative one exactly */
	struct bound bound[BOUNDS_MAX];
};

/* A probe's name and number at once. */
#define CALL(name) #name, SYS_##name

struct change {
	unsigned arg;
	uint64_t value;
};

struct fate {
	pid_t pid;
	int status;		/* of waitpid(2) */
	bool locked;		/* the filter was in force */
	bool returned;		/* the call did */
	long result;		/* -errno, as the kernel gives it */
};

/* The probe's call under the table, with one argument changed or none. */
struct fate	probe_try(struct rows, const struct probe *,
		    const struct change *);
/* That number with six arguments of 0. */
struct fate	number_try(struct rows, enum gate, long number);

/* The call returned, or ended the process as it should; no signal came. */
bool		fate_lived(const struct fate *);
/* SIGSYS ended the whole process, after it was locked, in the call. */
bool		fate_killed(const struct fate *);
/* As by uprobe(2) outside of its own code: -ENXIO, or SIGILL. */
bool		fate_refused(const struct fate *);
const char	*fate_story(const struct fate *);

/* The i-th value to try within a bound; false after the last. */
bool		bound_value(const struct bound *, unsigned i, uint64_t *value,
		    bool *allowed);

/* Whether the kernel does what is asked there: getpid(2) gives the pid. */
bool		gate_served(enum gate, long getpid_number);

struct sweep {
	enum gate gate;
	long base;		/* base + 0 to base + n - 1 are tried */
	long n;
	const struct probe *skip;	/* but not the numbers of these */
	size_t nskip;
};

/* Tries each number; how many lived, and the first cap of them. */
size_t		survivors(struct rows, const struct sweep *, long *out,
		    size_t cap);

#endif
