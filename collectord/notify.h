/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The service manager's side of our life, by its own
 * datagrams (sd_notify(3), "systemd and file descriptor store"): spoken by
 * hand, because it is a handful of lines and a library would be in the
 * process for good.  Without a manager every call does nothing.
 */
#ifndef SLUICE_NOTIFY_H
#define SLUICE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

enum { NOTIFY_TEXT_MAX = 512 };

struct notify {
	int fd;			/* connected; -1: there is no manager */
	uint64_t watchdog_ns;	/* it wants to hear of us so often; 0: never */
	uint64_t alive_ns;	/* CLOCK_MONOTONIC, when it last did */
	int nkept;		/* descriptors that notify_kept() passes on */
	bool owes_ready;	/* it could not hear it, it is said again */
};

/*
 * From NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, LISTEN_PID and LISTEN_FDS.
 * Before any descriptor is opened, before the lock and before anything is
 * forked.  Fatal where they are set for us and make no sense.
 */
void	notify_open(struct notify *);

/*
 * The manager keeps a descriptor for the next start, under a name of ours.
 * When this returns it has it.  Before the lock; 0, or -1 with errno.
 */
int	notify_store(const struct notify *, const char *name, int fd);
void	notify_forget(const struct notify *, const char *name);

/*
 * Descriptors that the manager kept (LISTEN_FDS): for each one the call; it
 * owns the descriptor.  A second call finds none.
 */
void	notify_kept(struct notify *, void (*)(void *arg, const char *name,
	    int fd), void *arg);

/* One line each, cut to NOTIFY_TEXT_MAX. */
void	notify_ready(struct notify *);
void	notify_status(struct notify *, const char *text);
void	notify_stopping(const struct notify *);
/* Both processes make progress: tells the watchdog, when it is time. */
void	notify_alive(struct notify *, uint64_t now_ns);

#endif
