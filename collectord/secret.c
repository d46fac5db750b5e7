/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See secret.h. */
#include "secret.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* What is not named here is private. */
static bool
is_public(enum secret kind)
{
	return kind == SECRET_CA || kind == SECRET_CERT ||
	    kind == SECRET_CRL || kind == SECRET_PROXY_CA;
}

const char *
secret_judge(const struct stat *st, bool is_private, uid_t us, gid_t our_group)
{
	const bool own_group = st->st_gid == 0 || st->st_gid == our_group;
	mode_t wrong = S_IWGRP | S_IWOTH;

	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_uid != 0 && st->st_uid != us)
		return "it belongs to a user who could change it; right would"
		    " be root or the collector's user as its owner";
	if (is_private)
		wrong |= S_IROTH | (own_group ? 0 : S_IRGRP);
	if ((st->st_mode & wrong & (S_IWGRP | S_IWOTH)) != 0)
		return "others than its owner can write it; right would be"
		    " mode 0400";
	if ((st->st_mode & wrong) != 0)
		return "others than the collector can read it; right would be"
		    " mode 0400 of the collector's user, or 0440 of root and"
		    " the collector's group";
	return NULL;
}

static int
open_judged(bool is_private, const char *key, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY);
	const char *wrong = NULL;
	struct log_line line;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && (wrong = secret_judge(&st,
	    is_private, getuid(), getgid())) == NULL)
		return fd;
	log_begin(&line, LOG_LEVEL_ERROR, "fatal");
	log_text(&line, "what", key);
	log_text(&line, "path", path);
	if (wrong != NULL)
		log_text(&line, "error", wrong);
	else
		log_errno(&line, errno);
	log_end(&line);
	exit(1);
}

int
secret_open(enum secret kind, const char *key, const char *path)
{
	return open_judged(!is_public(kind), key, path);
}

int
secret_open_own(const char *key, const char *path)
{
	return open_judged(true, key, path);
}
