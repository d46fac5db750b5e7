/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See privilege.h. */
#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP_BIT(cap) (UINT64_C(1) << (cap))

static const struct __user_cap_header_struct header = {
	.version = _LINUX_CAPABILITY_VERSION_3 };

static uint64_t
joined(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

/* Capabilities above the kernel's last one read as EINVAL: not there. */
static void
read_bits(uint64_t *bounding, uint64_t *ambient)
{
	*bounding = *ambient = 0;
	for (int cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			*bounding |= CAP_BIT(cap);
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0,
		    0) == 1)
			*ambient |= CAP_BIT(cap);
	}
}

int
capabilities_get(struct capabilities *c)
{
	struct __user_cap_header_struct h = header;
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) < 0)
		return -1;
	c->effective = joined(d[0].effective, d[1].effective);
	c->permitted = joined(d[0].permitted, d[1].permitted);
	c->inheritable = joined(d[0].inheritable, d[1].inheritable);
	read_bits(&c->bounding, &c->ambient);
	return 0;
}

bool
capabilities_empty(const struct capabilities *c)
{
	return (c->effective | c->permitted | c->inheritable | c->bounding |
	    c->ambient) == 0;
}

bool
capabilities_can_split(void)
{
	const uint64_t needed = CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID) |
	    CAP_BIT(CAP_SETPCAP);
	struct capabilities c;

	return capabilities_get(&c) == 0 && (c.effective & needed) == needed;
}

static int
drop_bounding(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -1;
	return 0;
}

static int
lock_securebits(void)
{
	return prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
	    SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
	    SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
	    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED, 0, 0, 0);
}

/* Ambient capabilities live on through exec unless capset() ends them. */
static int
clear_sets(void)
{
	struct __user_cap_header_struct h = header;
	struct __user_cap_data_struct none[2];

	memset(none, 0, sizeof(none));
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_capset, &h, none);
}

static bool
has_setpcap(void)
{
	struct capabilities c;

	return capabilities_get(&c) == 0 &&
	    (c.effective & CAP_BIT(CAP_SETPCAP)) != 0;
}

int
capabilities_drop(void)
{
	struct capabilities left;
	const bool setpcap = has_setpcap();

	if (setpcap && (drop_bounding() < 0 || lock_securebits() < 0))
		return -1;
	if (clear_sets() < 0 || capabilities_get(&left) < 0)
		return -1;
	if (!setpcap)
		left.bounding = 0;
	if (capabilities_empty(&left))
		return 0;
	errno = EPERM;
	return -1;
}

/* The bounding set and the groups go while the capabilities are there. */
int
privilege_become(uid_t uid, gid_t gid)
{
	if (uid == 0 || gid == 0) {
		errno = EINVAL;
		return -1;
	}
	if (drop_bounding() < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -1;
	if (lock_securebits() < 0 || clear_sets() < 0)
		return -1;
	return privilege_no_new();
}

int
privilege_no_new(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

bool
privilege_is_root(void)
{
	uid_t r, e, s;

	return getresuid(&r, &e, &s) < 0 || r == 0 || e == 0 || s == 0;
}
