/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  The Landlock rules that each process ships, and no other
 * layer; then the same code on kernels with less Landlock than this one.
 */
#include "ablate.h"
#include "attack.h"
#include "attack_scene.h"
#include "child.h"
#include "fake_landlock.h"
#include "landlock.h"
#include "privilege.h"
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DNS_PORT = 53, OTHER_PORT = 9 };

static void
need_abi(int abi)
{
	need_root();
	if (landlock_abi() < abi)
		test_skip("Landlock here has ABI %d, not %d",
		    landlock_abi(), abi);
	attack_prepare();
}

static void
lock_only(enum half half)
{
	ablate_become(half, LANDLOCK);
	ablate_lock(half, LANDLOCK);
}

static void
refuse(int result, const char *what)
{
	if (result >= 0 || errno != EACCES)
		child_fail(__FILE__, __LINE__, what);
}

static void
may_read(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, &byte, 1) < 0)
		child_fail(__FILE__, __LINE__, path);
	close(fd);
}

static void
may_list(const char *path)
{
	DIR *d = opendir(path);

	if (d == NULL || readdir(d) == NULL)
		child_fail(__FILE__, __LINE__, path);
	closedir(d);
}

/* What both processes may do to no file, wherever it is. */
static void
may_not_change(const char *file, const char *directory)
{
	char new[128];

	snprintf(new, sizeof(new), "%s/new", directory);
	refuse(open(file, O_WRONLY | O_CLOEXEC), file);
	refuse(open(file, O_RDWR | O_CLOEXEC), file);
	refuse(open(new, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), new);
	refuse(mkdir(new, 0700), new);
	refuse(symlink("x", new), new);
	refuse(mkfifo(new, 0600), new);
	refuse(unlink(file), file);
	if (landlock_abi() >= 3)
		refuse(truncate(file, 0), file);
}

static int
read_as_collector(void *unused)
{
	static const char *const file[] = { "/proc/stat", "/proc/1/stat",
		"/proc/self/status", "/proc/net/dev", "/proc/self/net/snmp",
		"/proc/sys/kernel/osrelease", "/sys/kernel/uevent_seqnum" };
	static const char *const directory[] = { "/proc", "/proc/self/fd",
		"/sys", "/sys/class/net", "/sys/devices/system/cpu" };

	(void)unused;
	lock_only(COLLECTOR);
	for (size_t i = 0; i < sizeof(file) / sizeof(file[0]); i++)
		may_read(file[i]);
	for (size_t i = 0; i < sizeof(directory) / sizeof(directory[0]); i++)
		may_list(directory[i]);
	return 0;
}

TEST(the_collector_reads_and_lists_below_proc_and_sys)
{
	need_abi(1);
	CHECK_EXIT(child_run(read_as_collector, NULL), 0);
}

static const char *const foreign[] = { "/etc/passwd", "/etc", "/", "/tmp",
	"/dev/null", "/dev", "/usr/lib", "/var", ".", "/proc/../etc/passwd",
	"/proc/self/root/etc/passwd", "/proc/self/root", "/proc/self/cwd",
	"/proc/self/exe" };

static int
read_elsewhere_as_collector(void *unused)
{
	(void)unused;
	lock_only(COLLECTOR);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		refuse(open(foreign[i], O_RDONLY | O_CLOEXEC), foreign[i]);
	refuse(open(scene.readable, O_RDONLY | O_CLOEXEC), scene.readable);
	return 0;
}

TEST(the_collector_reads_nothing_else_also_not_by_a_link_of_proc)
{
	need_abi(1);
	CHECK_EXIT(child_run(read_elsewhere_as_collector, NULL), 0);
}

static int
change_as_collector(void *unused)
{
	char *const none[] = { NULL };

	(void)unused;
	REQUIRE(access("/proc/self/comm", W_OK) == 0);
	lock_only(COLLECTOR);
	refuse(open("/proc/self/comm", O_WRONLY | O_CLOEXEC), "comm");
	refuse(open("/proc/self/comm", O_RDWR | O_CLOEXEC), "comm");
	refuse(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC), "oom");
	may_not_change(scene.writable, scene.directory);
	refuse(execve("/proc/self/exe", none, none), "execve");
	return 0;
}

TEST(the_collector_writes_creates_removes_and_executes_nothing)
{
	need_abi(1);
	CHECK_EXIT(child_run(change_as_collector, NULL), 0);
}

static int
read_configured(void *unused)
{
	(void)unused;
	ablate_procfs = scene.directory;
	lock_only(COLLECTOR);
	may_read(scene.readable);
	may_read("/sys/kernel/uevent_seqnum");
	refuse(open("/proc/stat", O_RDONLY | O_CLOEXEC), "/proc/stat");
	may_not_change(scene.writable, scene.directory);
	return 0;
}

TEST(configured_trees_stand_in_the_place_of_proc_and_sys)
{
	need_abi(1);
	CHECK_EXIT(child_run(read_configured, NULL), 0);
}

static int
open_as_shipper(void *unused)
{
	(void)unused;
	lock_only(SHIPPER);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		refuse(open(foreign[i], O_RDONLY | O_CLOEXEC), foreign[i]);
	refuse(open("/proc/self/status", O_RDONLY | O_CLOEXEC), "status");
	refuse(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "/proc");
	refuse(open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "/sys");
	refuse(open(scene.readable, O_RDONLY | O_CLOEXEC), scene.readable);
	may_not_change(scene.writable, scene.directory);
	return 0;
}

TEST(the_shipper_opens_nothing_and_lists_nothing)
{
	need_abi(1);
	CHECK_EXIT(child_run(open_as_shipper, NULL), 0);
}

/* 0 or errno.  Nobody listens there: what is not refused by us is by them. */
static int
try_port(int family, uint16_t port, bool binding)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port), .sin6_addr = in6addr_loopback };
	const bool is_v4 = family == AF_INET;
	const struct sockaddr *a = is_v4 ? (struct sockaddr *)&v4 :
	    (struct sockaddr *)&v6;
	const socklen_t len = is_v4 ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return errno;
	error = (binding ? bind(fd, a, len) : connect(fd, a, len)) == 0 ? 0 :
	    errno;
	close(fd);
	return error;
}

static void
connects(uint16_t port, bool allowed)
{
	static const int family[] = { AF_INET, AF_INET6 };

	for (int i = 0; i < 2; i++) {
		const int error = try_port(family[i], port, false);

		if (error != EAFNOSUPPORT && (error == EACCES) == allowed) {
			errno = error;
			child_fail(__FILE__, __LINE__, "connect");
		}
	}
}

/* Port 0, port 1, the last and all around those that are allowed. */
static const uint16_t other[] = { 0, 1, OTHER_PORT, DNS_PORT - 1,
	DNS_PORT + 1, 443, ALLOWED_PORT - 1, ALLOWED_PORT + 1, 65535 };

static int
connect_as_shipper(void *name)
{
	ablate_nameserver_port = name != NULL ? DNS_PORT : 0;
	lock_only(SHIPPER);
	connects(ALLOWED_PORT, true);
	connects(DNS_PORT, name != NULL);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		connects(other[i], false);
	return 0;
}

TEST(the_shipper_connects_to_the_port_of_its_endpoint_alone)
{
	need_abi(4);
	CHECK_EXIT(child_run(connect_as_shipper, NULL), 0);
}

TEST(the_shipper_connects_to_a_name_server_where_a_name_is_to_be_resolved)
{
	char name[] = "name";

	need_abi(4);
	CHECK_EXIT(child_run(connect_as_shipper, name), 0);
}

static int
connect_as_collector(void *unused)
{
	(void)unused;
	lock_only(COLLECTOR);
	connects(ALLOWED_PORT, false);
	connects(DNS_PORT, false);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		connects(other[i], false);
	return 0;
}

TEST(the_collector_connects_to_no_port_at_all)
{
	need_abi(4);
	CHECK_EXIT(child_run(connect_as_collector, NULL), 0);
}

static int
bind_as(void *half)
{
	lock_only(*(enum half *)half);
	REQUIRE(try_port(AF_INET, 0, true) == EACCES);
	REQUIRE(try_port(AF_INET, ALLOWED_PORT, true) == EACCES);
	REQUIRE(try_port(AF_INET6, 0, true) != 0);
	return 0;
}

TEST(neither_binds_a_port_also_not_the_one_it_may_connect_to)
{
	enum half half[] = { COLLECTOR, SHIPPER };

	need_abi(4);
	for (int i = 0; i < 2; i++)
		CHECK_EXIT(child_run(bind_as, &half[i]), 0);
}

/* As the kernel's documentation lists them: the rights of each ABI. */
static struct kernel {
	int abi;
	size_t size;
	uint64_t fs, net, scopes;
	bool truncate, connect, abstract;	/* still possible */
} kernels[] = {
	{ 1, 8, 0x1fff, 0, 0, true, true, true },
	{ 2, 8, 0x3fff, 0, 0, true, true, true },
	{ 3, 8, 0x7fff, 0, 0, false, true, true },
	{ 4, 16, 0x7fff, 3, 0, false, false, true },
	{ 5, 16, 0xffff, 3, 0, false, false, true },
	{ 6, 24, 0xffff, 3, 3, false, false, false },
	/* and those to come are asked for what we know of */
	{ 7, 24, 0xffff, 3, 3, false, false, false },
	{ 200, 24, 0xffff, 3, 3, false, false, false },
};

static int
restrict_on(void *arg)
{
	const struct landlock_policy nothing = { 0 };
	static struct fake_landlock fake;
	const struct kernel *k = arg;

	ablate_become(SHIPPER, LANDLOCK);
	fake.abi = k->abi;
	fake_landlock(&fake);
	REQUIRE(landlock_abi() == k->abi);
	REQUIRE(landlock_restrict(&nothing) == k->abi);
	REQUIRE(fake.size == k->size);
	REQUIRE(fake.attr[0] == k->fs);
	REQUIRE(fake.attr[1] == k->net);
	REQUIRE(fake.attr[2] == k->scopes);
	REQUIRE(open_a_file.run() == ATTACK_REFUSED);
	REQUIRE((truncate(scene.writable, 0) == 0) == k->truncate);
	REQUIRE(other_port.run() ==
	    (k->connect ? ATTACK_WORKED : ATTACK_REFUSED));
	REQUIRE(abstract_socket.run() ==
	    (k->abstract ? ATTACK_WORKED : ATTACK_REFUSED));
	return 0;
}

TEST(each_abi_is_asked_for_all_that_it_knows_and_for_no_more)
{
	const int here = landlock_abi() < 6 ? landlock_abi() : 200;

	need_abi(1);
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		const struct ended *e;

		if (kernels[i].abi > here)
			continue;
		e = child_run(restrict_on, &kernels[i]);
		if (!child_exited(e, 0))
			test_fail(__FILE__, __LINE__, "ABI %d: %s",
			    kernels[i].abi, child_story(e));
	}
}

static int
restrict_without(void *error)
{
	const struct landlock_policy nothing = { 0 };
	static struct fake_landlock fake;

	ablate_become(SHIPPER, LANDLOCK);
	fake.version_error = *(int *)error;
	fake_landlock(&fake);
	REQUIRE(landlock_abi() == 0);
	REQUIRE(landlock_restrict(&nothing) == 0);
	REQUIRE(open_a_file.run() == ATTACK_WORKED);
	return 0;
}

TEST(a_kernel_without_landlock_and_one_with_it_switched_off_say_absent)
{
	int error[] = { ENOSYS, EOPNOTSUPP };

	need_abi(0);
	for (int i = 0; i < 2; i++)
		CHECK_EXIT(child_run(restrict_without, &error[i]), 0);
}

static int
fail_to_create(void *error)
{
	const struct landlock_policy nothing = { 0 };
	static struct fake_landlock fake;

	ablate_become(SHIPPER, LANDLOCK);
	fake.create_error = *(int *)error;
	fake_landlock(&fake);
	errno = 0;
	REQUIRE(landlock_restrict(&nothing) == -1);
	REQUIRE(errno == fake.create_error);
	return 0;
}

TEST(a_ruleset_that_cannot_be_made_is_an_error_and_never_absent)
{
	int error[] = { ENOMEM, EINVAL, EMFILE, ENOSYS };

	need_abi(1);
	for (int i = 0; i < 4; i++)
		CHECK_EXIT(child_run(fail_to_create, &error[i]), 0);
}

static int
restrict_wrongly(void *unused)
{
	const int bad = -1;
	const struct landlock_policy nothing = { 0 };
	const struct landlock_policy wrong = { .read_dirs = &bad,
		.nread_dirs = 1 };
	const int before = open_descriptors();

	(void)unused;
	become(UID_A);
	/* no_new_privs is not set yet */
	REQUIRE(landlock_restrict(&nothing) == -1 && errno == EPERM);
	REQUIRE(privilege_no_new() == 0);
	REQUIRE(landlock_restrict(&wrong) == -1 && errno == EBADF);
	REQUIRE(open_descriptors() == before);
	REQUIRE(open_a_file.run() == ATTACK_WORKED);
	return 0;
}

TEST(a_rule_or_a_restriction_that_fails_is_an_error_and_leaves_nothing_open)
{
	need_abi(1);
	CHECK_EXIT(child_run(restrict_wrongly, NULL), 0);
}

static int
count_after(void *unused)
{
	const int dir = open("/proc", O_PATH | O_CLOEXEC);
	const struct landlock_policy proc = { .read_dirs = &dir,
		.nread_dirs = 1 };
	const int before = open_descriptors();

	(void)unused;
	REQUIRE(privilege_no_new() == 0);
	REQUIRE(landlock_restrict(&proc) > 0);
	REQUIRE(open_descriptors() == before);
	return 0;
}

TEST(the_ruleset_itself_does_not_stay_open)
{
	need_abi(1);
	CHECK_EXIT(child_run(count_after, NULL), 0);
}
