/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests, in a booted machine with SELinux.  A captured daemon: goes
 * the pair's way through its three domains, as root, with neither seccomp nor
 * Landlock, and tries in each what the policy alone must stop.  It is started
 * with the labels of the daemons' own programs; argument 1: itself, labelled
 * as the shipper's.  Says what came of each attempt; intruder.py judges.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LABEL "/proc/thread-self/attr/current"
/* Of any machine. */
enum { PAGE = 65536 };

enum { COLLECTOR = 1, INIT = 2, SHIPPER = 4, ALL = 7 };

static int label_fd = -1;
static char old_label[256], new_label[256];

static int
opened(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC, 0600);
}

static int
try_tcp(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int
try_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

static int
try_raw(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int
try_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static int
try_vsock(void)
{
	return socket(AF_VSOCK, SOCK_STREAM, 0);
}

static int
try_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static int
try_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int
try_bus(void)
{
	const struct sockaddr_un bus = { .sun_family = AF_UNIX,
		.sun_path = "/run/dbus/system_bus_socket" };

	return connect(socket(AF_UNIX, SOCK_STREAM, 0),
	    (const struct sockaddr *)&bus, sizeof(bus));
}

static struct sockaddr_in
loopback(in_port_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static int
try_bind(void)
{
	const struct sockaddr_in to = loopback(0);

	return bind(try_tcp(), (const struct sockaddr *)&to, sizeof(to));
}

static int
try_listen(void)
{
	return listen(try_tcp(), 1);
}

static int
try_ssh(void)
{
	const struct sockaddr_in to = loopback(22);

	return connect(try_tcp(), (const struct sockaddr *)&to, sizeof(to));
}

static int
try_create(void)
{
	return opened("/var/tmp/intruder", O_WRONLY | O_CREAT);
}

static int
try_shadow(void)
{
	return opened("/etc/shadow", O_RDONLY);
}

static int
try_own_config(void)
{
	return opened("/etc/sluice/client.crt", O_WRONLY);
}

static int
try_disk(void)
{
	return opened(getenv("INTRUDER_DISK"), O_RDONLY);
}

static int
try_list(void)
{
	return opened("/root", O_RDONLY | O_DIRECTORY);
}

static int
try_shell(void)
{
	char name[] = "sh";
	char *const argv[] = { name, NULL };

	return execv("/bin/sh", argv);
}

static int
try_fork(void)
{
	const pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static int
try_signal(void)
{
	return kill(1, SIGCONT);
}

static int
try_trace(void)
{
	return (int)ptrace(PTRACE_SEIZE, 1, NULL, NULL);
}

static int
try_user_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

/* In user-mode Linux all memory may be executed: nothing is asked there. */
static int
try_execute_memory(void)
{
	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int
try_execute_changed_file(void)
{
	const int fd = opened("/proc/self/exe", O_RDONLY);
	char *code;

	if (fd < 0)
		return -1;
	code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (code == MAP_FAILED)
		return -1;
	code[0] = 0;
	return mprotect(code, PAGE, PROT_READ | PROT_EXEC);
}

static int
try_way_back(void)
{
	return (int)write(label_fd, old_label, strlen(old_label) + 1);
}

static const struct attempt {
	const char *name;
	int (*make)(void);
	int from;
} attempts[] = {
	{ "tcp", try_tcp, COLLECTOR | INIT },
	{ "udp", try_udp, ALL },
	{ "raw", try_raw, ALL },
	{ "packet", try_packet, ALL },
	{ "vsock", try_vsock, ALL },
	{ "netlink", try_netlink, ALL },
	{ "unix", try_unix, SHIPPER },
	{ "bus", try_bus, COLLECTOR | INIT },
	{ "bind", try_bind, SHIPPER },
	{ "listen", try_listen, SHIPPER },
	{ "ssh", try_ssh, SHIPPER },
	{ "create", try_create, ALL },
	{ "shadow", try_shadow, ALL },
	{ "own_config", try_own_config, ALL },
	{ "disk", try_disk, ALL },
	{ "list", try_list, ALL },
	{ "shell", try_shell, ALL },
	{ "fork", try_fork, INIT | SHIPPER },
	{ "signal", try_signal, ALL },
	{ "trace", try_trace, ALL },
	{ "user_namespace", try_user_namespace, ALL },
	{ "execmem", try_execute_memory, ALL },
	{ "execmod", try_execute_changed_file, ALL },
	{ "way_back", try_way_back, SHIPPER },
};

static void
attack(const char *domain, int from)
{
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int result;

		if ((attempts[i].from & from) == 0)
			continue;
		errno = 0;
		result = attempts[i].make();
		dprintf(STDERR_FILENO, "%s %s %d\n", domain, attempts[i].name,
		    result < 0 ? errno : 0);
	}
}

/* As shipperd does it; the descriptor stays, to try the way back. */
static int
step_into_network(void)
{
	static const char from[] = "sluice_shipper_init_t";
	const char *type;
	ssize_t n;

	label_fd = open(LABEL, O_RDWR | O_CLOEXEC);
	n = pread(label_fd, old_label, sizeof(old_label) - 1, 0);
	if (n < 0 || (type = strstr(old_label, from)) == NULL)
		return -1;
	snprintf(new_label, sizeof(new_label), "%.*ssluice_shipper_t%s",
	    (int)(type - old_label), old_label, type + strlen(from));
	return write(label_fd, new_label, strlen(new_label) + 1) < 0 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	if (argc > 1) {
		attack("collector", COLLECTOR);
		execl(argv[1], argv[1], (char *)NULL);
		dprintf(STDERR_FILENO, "collector exec %d\n", errno);
		return 1;
	}
	attack("shipper_init", INIT);
	if (step_into_network() < 0) {
		dprintf(STDERR_FILENO, "shipper_init step %d\n", errno);
		return 1;
	}
	attack("shipper", SHIPPER);
	return 0;
}
