/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What somebody who has taken a process over would do next.
 * Each attack is one or a few system calls, and works where nothing stops it.
 */
#ifndef SLUICE_TEST_ATTACK_H
#define SLUICE_TEST_ATTACK_H

#include <stdbool.h>

/* Exit statuses of an attack. */
enum {
	ATTACK_WORKED = 0,
	ATTACK_REFUSED = 1,
	ATTACK_ABSENT = 2,	/* this kernel has no such thing */
	ATTACK_ODD = 97,
};

struct attack {
	const char *name;
	int (*run)(void);	/* one of the above */
	int abi;		/* the Landlock that knows of it */
	bool mdwe;		/* FLAGS stop it by MDWE only */
	bool other;		/* the other half is there to be attacked */
	bool core;		/* worked if it left a core file */
	bool optional;		/* not on every kernel */
};

extern const struct attack open_a_file, open_roots_file, create_a_file,
    write_a_file, stat_a_file, look_at_a_file, execute_a_file, execute_set_uid,
    run_written_memory, run_own_memory, run_memory_file, datagram_socket,
    netlink_socket, unix_socket, abstract_socket, other_port, fast_open,
    multipath, bind_a_port, listen_unbound, fork_a_child, trace_other,
    read_other, read_other_mem, steal_descriptor, signal_other, regain_root,
    user_namespace, leave_core;

/* As root, once: files, listeners, a set-uid program; removed at exit. */
void	attack_prepare(void);
/* In a process that may be attacked, before its lock. */
void	attack_be_victim(void);
/* In the test, before the fork. */
void	attack_aim(int pid);

#endif
