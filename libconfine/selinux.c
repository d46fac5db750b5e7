/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See selinux.h. */
#include "selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OWN_LABEL "/proc/thread-self/attr/current"
#define ENFORCE "/sys/fs/selinux/enforce"
#define OUR_TYPES "sluice_"

/* AppArmor's have a space before their mode: "NAME (enforce)". */
static bool
is_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return len > 0;
}

/* The word from *at to the next ':' or the end; *at goes behind it. */
static bool
next_word(const struct selinux_label *l, size_t *at, size_t *start,
    size_t *len)
{
	const char *colon;

	if (*at > l->len)
		return false;
	*start = *at;
	colon = memchr(l->text + *at, ':', l->len - *at);
	*len = colon == NULL ? l->len - *at :
	    (size_t)(colon - (l->text + *at));
	*at += *len + 1;
	return *len > 0;
}

int
selinux_parse(struct selinux_label *l, const void *bytes, size_t len)
{
	const char *s = bytes;
	size_t at = 0, start, n;

	memset(l, 0, sizeof(*l));
	if (len > 0 && (s[len - 1] == '\0' || s[len - 1] == '\n'))
		len--;
	if (len >= sizeof(l->text) || !is_plain(s, len))
		return -EBADMSG;
	memcpy(l->text, s, len);
	l->len = len;
	if (!next_word(l, &at, &start, &n) || !next_word(l, &at, &start, &n) ||
	    !next_word(l, &at, &l->type, &l->type_len))
		return -EBADMSG;
	/* a range may hold colons itself, but is not empty */
	if (at <= l->len && !next_word(l, &at, &start, &n))
		return -EBADMSG;
	return 0;
}

bool
selinux_type_is(const struct selinux_label *l, const char *type)
{
	return l->type_len == strlen(type) &&
	    memcmp(l->text + l->type, type, l->type_len) == 0;
}

int
selinux_retype(struct selinux_label *l, const char *type)
{
	const size_t after = l->type + l->type_len, n = strlen(type);
	const struct selinux_label old = *l;

	if (l->type + n + (l->len - after) >= sizeof(l->text))
		return -EBADMSG;
	memset(l->text + l->type, 0, sizeof(l->text) - l->type);
	memcpy(l->text + l->type, type, n);
	memcpy(l->text + l->type + n, old.text + after, old.len - after);
	l->len = l->type + n + (old.len - after);
	l->type_len = n;
	return 0;
}

static int
read_label(int fd, struct selinux_label *l)
{
	char buf[SELINUX_LABEL_MAX + 1];
	/* not read(2): the kernel takes a write at offset 0 alone */
	const ssize_t n = pread(fd, buf, sizeof(buf), 0);

	if (n < 0)
		return -1;
	if (selinux_parse(l, buf, (size_t)n) == 0)
		return 0;
	errno = EBADMSG;
	return -1;
}

static int
label_at(const char *path, struct selinux_label *l)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result, error;

	if (fd < 0)
		return -1;
	result = read_label(fd, l);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

int
selinux_own(struct selinux_label *l)
{
	return label_at(OWN_LABEL, l);
}

int
selinux_of(pid_t pid, struct selinux_label *l)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/attr/current", (int)pid);
	return label_at(path, l);
}

int
selinux_peer(int fd, struct selinux_label *l)
{
	char buf[SELINUX_LABEL_MAX + 1];
	socklen_t len = sizeof(buf);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERSEC, buf, &len) < 0)
		return -1;
	if (selinux_parse(l, buf, len) == 0)
		return 0;
	errno = EBADMSG;
	return -1;
}

/* 1 or 0 as the kernel's file says; -1 where there is none. */
static int
enforcing(void)
{
	const int fd = open(ENFORCE, O_RDONLY | O_CLOEXEC);
	char c = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, &c, 1);
	close(fd);
	return n == 1 && c == '1';
}

enum selinux_layer
selinux_layer(const char *type)
{
	struct selinux_label l;
	int mode;

	if (selinux_own(&l) < 0)
		return SELINUX_ABSENT;
	if (!selinux_type_is(&l, type))
		return SELINUX_UNCONFINED;
	mode = enforcing();
	return mode == 1 ? SELINUX_ENFORCED : SELINUX_PERMISSIVE;
}

const char *
selinux_layer_name(enum selinux_layer layer)
{
	static const char *const names[SELINUX_LAYER_END] = {
		[SELINUX_ABSENT] = "absent",
		[SELINUX_UNCONFINED] = "unconfined",
		[SELINUX_PERMISSIVE] = "permissive",
		[SELINUX_ENFORCED] = "enforced",
	};

	return layer < SELINUX_LAYER_END ? names[layer] : "?";
}

static bool
agree(const char *own, bool has_label, const struct selinux_label *other,
    const char *type)
{
	struct selinux_label l;
	const bool here = selinux_own(&l) == 0 && selinux_type_is(&l, own);

	return here == (has_label && selinux_type_is(other, type));
}

bool
selinux_peer_belongs(int fd, const char *own, const char *peer)
{
	struct selinux_label l;
	const bool has = selinux_peer(fd, &l) == 0;

	return agree(own, has, &l, peer);
}

bool
selinux_process_belongs(pid_t pid, const char *own, const char *process)
{
	struct selinux_label l;
	const bool has = selinux_of(pid, &l) == 0;

	return agree(own, has, &l, process);
}

static bool
is_ours(const struct selinux_label *l)
{
	return l->type_len > strlen(OUR_TYPES) &&
	    memcmp(l->text + l->type, OUR_TYPES, strlen(OUR_TYPES)) == 0;
}

/* By one write(2) of the whole label, as setcon(3) does it. */
static int
change_label(int fd, const char *from, const char *to)
{
	struct selinux_label l;

	if (read_label(fd, &l) < 0)
		return errno == EINVAL || errno == EBADMSG ? 0 : -1;
	if (!is_ours(&l))
		return 0;
	if (!selinux_type_is(&l, from) || selinux_retype(&l, to) < 0) {
		errno = EPERM;
		return -1;
	}
	return write(fd, l.text, l.len + 1) == (ssize_t)(l.len + 1) ? 1 : -1;
}

int
selinux_enter(const char *from, const char *to)
{
	const int fd = open(OWN_LABEL, O_RDWR | O_CLOEXEC);
	int result, error;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	result = change_label(fd, from, to);
	error = errno;
	close(fd);
	errno = error;
	return result;
}
