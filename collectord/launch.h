/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord, and for a moment in the child that becomes shipperd.
 * Starts the other process under its own user and proves that it is the one
 * that answers.  The order is that of docs/architecture.md, "The handshake".
 */
#ifndef SLUICE_LAUNCH_H
#define SLUICE_LAUNCH_H

#include "channel.h"
#include "confine.h"
#include "frame.h"

#include <stdbool.h>

/* Where the shipper finds its end of P: after stdin, stdout and stderr. */
enum { SHIPPER_CHANNEL_FD = 3 };

enum { HANDSHAKE_TIMEOUT_MS = 10000, LOCK_TIMEOUT_MS = 30000 };

struct launch_options {
	const char *path;	/* of shipperd */
	const char *user;	/* a name or a number */
};

/* The channel to the shipper, from the collector's side. */
struct link {
	int p;			/* sends records */
	int q;			/* receives LOCKED and ACK */
	bool split;		/* two users */
	struct identity shipper;	/* of every message on q */
	uint8_t nonce[NONCE_SIZE];	/* ours; comes back in LOCKED */
	enum frame_stage stage;
	struct layers layers;	/* the shipper's, from LOCKED */
};

/*
 * Makes P, forks, becomes the other user in the child, executes the shipper.
 * Then drops this process's own capabilities.  Any failure is fatal.
 */
void	launch_shipper(struct link *, const struct launch_options *);

/*
 * HELLO and WELCOME: both sides know each other.  Fatal on any fault.
 */
void	launch_handshake(struct link *);

/*
 * Sends CONFIG and each secret's descriptor (-1: there is none), which is
 * closed here; START.
 */
void	launch_configure(struct link *, const void *config, size_t len,
	    const int secret_fd[SECRET_END]);

/* Waits for LOCKED: the shipper has given everything away. */
void	launch_await_lock(struct link *);

/*
 * One frame from the shipper, without waiting.  1: *f is good until the next
 * call; 0: nothing there.  A fault or the shipper's end is fatal.
 */
int	link_receive(struct link *, struct frame *f);

/* Says how the shipper ended, and ends: the pair lives and dies together. */
_Noreturn void	link_ended(const struct link *);

#endif
