/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The files that only the shipper reads, and the key of
 * redaction, which stays here: opened before anything is given away, and
 * judged by their owner and mode.
 */
#ifndef SLUICE_SECRET_H
#define SLUICE_SECRET_H

#include "frame.h"

#include <stdbool.h>
#include <sys/stat.h>

/*
 * What is wrong with such a file, or NULL.  It belongs to root or to us, and
 * nobody else may write it.  One that is private is read by nobody else; its
 * group may where that is root's or our own, which is how a file of root's is
 * given to us, and how systemd's list of access looks (acl(5): the mask).
 */
const char	*secret_judge(const struct stat *, bool is_private, uid_t us,
		    gid_t our_group);

/* Opened, never read.  Fatal with the path, and with what would be right. */
int		secret_open(enum secret, const char *key, const char *path);
/* The same of one that is private and that we read ourselves. */
int		secret_open_own(const char *key, const char *path);

#endif
