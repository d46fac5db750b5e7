/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What attacks are made on: see attack_prepare(). */
#ifndef SLUICE_TEST_ATTACK_SCENE_H
#define SLUICE_TEST_ATTACK_SCENE_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

enum { SECRET_OF_OTHER = 47110815 };

extern struct scene {
	char directory[64];	/* that anyone may write to */
	char readable[96], writable[96], roots[96];
	char program[96];	/* set-uid root: tells whether it is */
	char marker[32];	/* in its environment */
	struct sockaddr_in tcp;	/* somebody listens, TCP and MPTCP */
	struct sockaddr_un named, abstract;
	socklen_t abstract_len;
	pid_t other;
	char other_mem[64];	/* /proc/PID/mem */
} scene;

#endif
