/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  The one-way socketpairs between them: making
 * them, judging one that was handed over, and moving frames with the kernel's
 * word (SCM_CREDENTIALS) on every message.  Sources: unix(7), socket(7).
 */
#ifndef SLUICE_CHANNEL_H
#define SLUICE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct identity {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/*
 * What is wrong with a channel or a message.  Each refusal has its own name
 * in the log, so that a reviewer sees which check spoke.
 */
enum channel_fault {
	CHANNEL_OK,
	CHANNEL_AGAIN,		/* nothing there or no room now; no fault */
	CHANNEL_CLOSED,		/* the peer is gone; not a fault of form */
	CHANNEL_ERRNO,		/* a system call failed: see errno */
	CHANNEL_NOT_UNIX,
	CHANNEL_NOT_SEQPACKET,
	CHANNEL_NO_PASSCRED,
	CHANNEL_WRONG_PEER,	/* SO_PEERCRED names another process or user */
	CHANNEL_WRONG_LABEL,	/* SO_PEERSEC names another SELinux domain */
	CHANNEL_PEER_EXITED,	/* SO_PEERPIDFD: the peer is no more */
	CHANNEL_NO_CREDENTIALS,
	CHANNEL_WRONG_SENDER,	/* SCM_CREDENTIALS names someone else */
	CHANNEL_TRUNCATED,	/* message or control data did not fit */
	CHANNEL_STRAY_FD,	/* more descriptors than asked for */
	CHANNEL_FAULT_END
};

/* The fault's name: "wrong_sender". */
const char	*channel_fault_name(enum channel_fault);

/*
 * A SEQPACKET pair, close-on-exec, SO_PASSCRED on both ends before anyone can
 * write to either.  -1 with errno.
 */
int		channel_pair(int sv[2]);

/*
 * Judges a descriptor that was handed over: its family, type, SO_PASSCRED,
 * and that SO_PEERCRED is the creator we expect.  Where the kernel knows
 * SO_PEERPIDFD, also that this creator has not exited.
 */
enum channel_fault	channel_judge(int fd, const struct identity *creator);

/* SO_PEERCRED as it is, for logs and tests. */
int		channel_creator(int fd, struct identity *);

/* Turns SO_PASSCRED on (again) on an end that another process made. */
int		channel_want_credentials(int fd);

/*
 * Ends one direction: a channel is one-way once its first exchange is over.
 * Refuses descriptors from then on where the kernel can (SO_PASSRIGHTS).
 */
int		channel_only_receive(int fd);
int		channel_only_send(int fd);

/*
 * Receives one message without waiting.  fd_out NULL: a descriptor is a
 * fault; else *fd_out is the one that came, or -1.  Every fault closes what
 * was passed.  *len is the message's length; an empty message is a message.
 */
enum channel_fault	channel_receive(int fd, const struct identity *sender,
			    void *buf, size_t cap, size_t *len, int *fd_out);

/*
 * Sends one message without waiting; pass_fd -1: none.  CHANNEL_AGAIN when
 * the peer is not reading fast enough.  Without a descriptor it is sendto(2),
 * which is all that the locks allow.
 */
enum channel_fault	channel_send(int fd, const void *, size_t, int pass_fd);

/*
 * Says which check a descriptor or a message failed, and ends the process: a
 * peer that breaks the contract is not ours.  CHANNEL_ERRNO: errno says why.
 */
_Noreturn void		channel_refuse(const char *what, enum channel_fault);

/* Waits until readable, for the handshake: 0, or -1 with errno ETIMEDOUT. */
int		channel_wait(int fd, int timeout_ms);

#endif
