/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  Which SELinux domain a process is in, which one
 * made the other end of a channel, and the shipper's one step into the domain
 * that has the network.  Plain reads and writes of the kernel's files: what
 * libselinux would add is its parser of /etc/selinux, a library and its
 * constructor.  Sources: selinux(8), proc_pid_attr(5), SO_PEERSEC in unix(7).
 */
#ifndef SLUICE_SELINUX_H
#define SLUICE_SELINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The domains of selinux/sluice.te. */
#define SELINUX_COLLECTOR "sluice_collector_t"
#define SELINUX_SHIPPER_INIT "sluice_shipper_init_t"
#define SELINUX_SHIPPER "sluice_shipper_t"

enum { SELINUX_LABEL_MAX = 256 };

/* user:role:type or user:role:type:range, in text[], without a newline. */
struct selinux_label {
	char text[SELINUX_LABEL_MAX];
	size_t len;
	size_t type, type_len;		/* where the type is in text[] */
};

/*
 * A label as the kernel gives it, with or without one zero byte or newline at
 * its end.  0, or -EBADMSG: not SELinux's (AppArmor uses the same file), or
 * longer than any service has.
 */
int	selinux_parse(struct selinux_label *, const void *, size_t len);
bool	selinux_type_is(const struct selinux_label *, const char *type);
/* The same label with another type.  0, or -EBADMSG: it would not fit. */
int	selinux_retype(struct selinux_label *, const char *type);

/*
 * The label of this thread, of another process, and of whoever made the
 * socket at the other end (for a socketpair: the process that made the pair).
 * 0, or -1 with errno; EBADMSG: there is one, but it is not SELinux's.
 */
int	selinux_own(struct selinux_label *);
int	selinux_of(pid_t, struct selinux_label *);
int	selinux_peer(int fd, struct selinux_label *);

/* How much of this layer there is.  The numbers are a metric's values. */
enum selinux_layer {
	SELINUX_ABSENT,		/* not in this kernel, or switched off */
	SELINUX_UNCONFINED,	/* we are in somebody else's domain */
	SELINUX_PERMISSIVE,	/* our domain, but the kernel only logs */
	SELINUX_ENFORCED,
	SELINUX_LAYER_END
};

/* For a process that should be in that domain. */
enum selinux_layer	selinux_layer(const char *type);
/* The layer's word in the log: "unconfined". */
const char		*selinux_layer_name(enum selinux_layer);

/*
 * False where only one of the two is in its domain: a transition that did not
 * happen leaves a process in the domain of its parent and says nothing.
 */
bool	selinux_peer_belongs(int fd, const char *own, const char *peer);
/* The same about a process that has changed since it made its socket. */
bool	selinux_process_belongs(pid_t, const char *own, const char *process);

/*
 * This thread, the only one of its process, is in the domain `from` and goes
 * to `to`, for good.  1: done; 0: it is in neither of ours, and nothing was
 * done; -1 with errno, EPERM where it is in one of ours that is not `from`.
 * Needs /proc, so it comes before Landlock and seccomp.
 */
int	selinux_enter(const char *from, const char *to);

#endif
