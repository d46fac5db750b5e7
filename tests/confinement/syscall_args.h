/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Good arguments of each system call of the two tables, with
 * the files, sockets and memory that they name: made in the child of a probe,
 * before it is locked.
 */
#ifndef SLUICE_TEST_SYSCALL_ARGS_H
#define SLUICE_TEST_SYSCALL_ARGS_H

#include "syscall_probe.h"

/* Of none, or of no argument but 0. */
void	args_none(struct call *);

void	args_adjtimex(struct call *);
void	args_clock_gettime(struct call *);
void	args_close(struct call *);
void	args_connect(struct call *);
void	args_exit_group(struct call *);
void	args_getdents64(struct call *);
void	args_getrandom(struct call *);
void	args_getsockopt(struct call *);
void	args_mmap(struct call *);
void	args_mremap(struct call *);
void	args_munmap(struct call *);
void	args_newfstatat(struct call *);
void	args_openat(struct call *);
void	args_ppoll(struct call *);
void	args_pread64(struct call *);
void	args_read(struct call *);
void	args_recvmsg(struct call *);
/* By the way of ppoll(2), which a signal's handler interrupts. */
void	args_rt_sigreturn(struct call *);
void	args_sendto(struct call *);
void	args_set_keepalive(struct call *);
void	args_set_nodelay(struct call *);
void	args_set_user_timeout(struct call *);
void	args_socket(struct call *);
void	args_socket6(struct call *);
void	args_statfs(struct call *);
void	args_waitid(struct call *);
void	args_write(struct call *);

#endif
