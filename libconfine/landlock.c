/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See landlock.h. */
#include "landlock.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel's ABI (Documentation/userspace-api/landlock.rst), written out
 * because the floor's headers may have none of it or only its first version.
 */
enum {
	CALL_CREATE_RULESET = 444,	/* the same number everywhere */
	CALL_ADD_RULE = 445,
	CALL_RESTRICT_SELF = 446,
	CREATE_VERSION = 1,
	RULE_PATH = 1,
	RULE_NET_PORT = 2,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	NET_BIND_TCP = 1 << 0,
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_UNIX = 1 << 0,
	SCOPE_SIGNAL = 1 << 1,
};

struct ruleset_attr {
	uint64_t handled_fs;
	uint64_t handled_net;		/* ABI 4 */
	uint64_t scoped;		/* ABI 6 */
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed;
	uint64_t port;
};

/* What each ABI brought; a later kernel is used as the last row says. */
static const struct {
	int abi;
	struct ruleset_attr handled;
	size_t size;
} versions[] = {
	{ 1, { 0x1fff, 0, 0 }, 8 },
	{ 2, { 0x3fff, 0, 0 }, 8 },			/* refer */
	{ 3, { 0x7fff, 0, 0 }, 8 },			/* truncate */
	{ 4, { 0x7fff, NET_BIND_TCP | NET_CONNECT_TCP, 0 }, 16 },
	{ 5, { 0xffff, NET_BIND_TCP | NET_CONNECT_TCP, 0 }, 16 }, /* ioctl */
	{ 6, { 0xffff, NET_BIND_TCP | NET_CONNECT_TCP,
	    SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL }, 24 },
};

int
landlock_abi(void)
{
	long abi = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

static int
add_rules(int ruleset, const struct landlock_policy *p, bool net)
{
	for (size_t i = 0; i < p->nread_dirs; i++) {
		const struct path_rule rule = { FS_READ_FILE | FS_READ_DIR,
			p->read_dirs[i] };

		if (syscall(CALL_ADD_RULE, ruleset, RULE_PATH, &rule, 0) < 0)
			return -1;
	}
	for (size_t i = 0; net && i < p->nconnect_ports; i++) {
		const struct port_rule rule = { NET_CONNECT_TCP,
			p->connect_ports[i] };

		if (syscall(CALL_ADD_RULE, ruleset, RULE_NET_PORT, &rule,
		    0) < 0)
			return -1;
	}
	return 0;
}

int
landlock_restrict(const struct landlock_policy *p)
{
	const int abi = landlock_abi();
	size_t v = sizeof(versions) / sizeof(versions[0]);
	long ruleset;
	int result = -1, error;

	if (abi == 0)
		return 0;
	while (v > 1 && versions[v - 1].abi > abi)
		v--;
	ruleset = syscall(CALL_CREATE_RULESET, &versions[v - 1].handled,
	    versions[v - 1].size, 0);
	if (ruleset < 0)
		return -1;
	if (add_rules((int)ruleset, p,
	    versions[v - 1].handled.handled_net != 0) == 0 &&
	    syscall(CALL_RESTRICT_SELF, (int)ruleset, 0) == 0)
		result = abi;
	error = errno;
	close((int)ruleset);
	errno = error;
	return result;
}
