/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See fake_landlock.h. */
#include "fake_landlock.h"

#include "child.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CREATE_RULESET = 444, ASK_VERSION = 1 };	/* of every architecture */

static int listener;

/* The caller is another thread of this process: its pointers are ours. */
static void
answer(struct fake_landlock *f, const struct seccomp_data *call,
    struct seccomp_notif_resp *r)
{
	if (call->args[2] == ASK_VERSION) {
		r->val = f->abi;
		r->error = -f->version_error;
		if (f->abi == 0 && f->version_error == 0)
			r->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		return;
	}
	f->size = (size_t)call->args[1];
	REQUIRE(f->size <= sizeof(f->attr));
	memset(f->attr, 0, sizeof(f->attr));
	memcpy(f->attr, (const void *)(uintptr_t)call->args[0], f->size);
	r->error = -f->create_error;
	if (f->create_error == 0)
		r->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
}

static void *
supervise(void *arg)
{
	struct seccomp_notif n;
	struct seccomp_notif_resp r;

	for (;;) {
		memset(&n, 0, sizeof(n));
		memset(&r, 0, sizeof(r));
		REQUIRE(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) == 0);
		answer(arg, &n.data, &r);
		r.id = n.id;
		REQUIRE(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r) == 0);
	}
	return NULL;
}

void
fake_landlock(struct fake_landlock *f)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CREATE_RULESET, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { 4, code };
	pthread_t thread;

	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	REQUIRE(listener >= 0);
	REQUIRE(pthread_create(&thread, NULL, supervise, f) == 0);
}
