/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See socket.h. */
#include "sources/socket.h"

#include "source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct named_row rows[] = {
	NAMED_ROW(SOCKET_SOCKSTAT, "sockets:", "used", SOCKETS_USED_ALL),
	NAMED_ROW(SOCKET_SOCKSTAT, "TCP:", "inuse", SOCKETS_INUSE_TCP4),
	NAMED_ROW(SOCKET_SOCKSTAT, "UDP:", "inuse", SOCKETS_INUSE_UDP4),
	NAMED_ROW(SOCKET_SOCKSTAT6, "TCP6:", "inuse", SOCKETS_INUSE_TCP6),
	NAMED_ROW(SOCKET_SOCKSTAT6, "UDP6:", "inuse", SOCKETS_INUSE_UDP6),
	NAMED_ROW(SOCKET_SOCKSTAT, "TCP:", "orphan", TCP_SOCKETS_ORPHAN),
	NAMED_ROW(SOCKET_SOCKSTAT, "TCP:", "tw", TCP_SOCKETS_TIME_WAIT),
	NAMED_ROW(SOCKET_SOCKSTAT, "TCP:", "alloc", TCP_SOCKETS_ALLOCATED),
	NAMED_ROW(SOCKET_SOCKSTAT, "TCP:", "mem", SOCKET_MEMORY_TCP),
	NAMED_ROW(SOCKET_SOCKSTAT, "UDP:", "mem", SOCKET_MEMORY_UDP),
};

const struct named_table socket_table = {
	rows, sizeof(rows) / sizeof(rows[0])
};

int
socket_pages(struct named_sample *s, int64_t page_size)
{
	int error = 0;

	for (size_t i = 0; i < socket_table.n; i++)
		if (s->found[i] && strcmp(rows[i].name, "mem") == 0 &&
		    __builtin_mul_overflow(s->value[i], page_size,
			&s->value[i])) {
			s->found[i] = false;
			error = -EBADMSG;
		}
	return error;
}

static int
read_file(struct collect *c, int file, const char *path,
    struct named_sample *s)
{
	struct text t;
	int error = host_read(c->host, HOST_PROC, path, &t);

	if (error == 0)
		error = named_words(t, &socket_table, file, s);
	return error;
}

static int
read_sockets(struct collect *c)
{
	struct named_sample s;
	int error;

	memset(&s, 0, sizeof(s));
	error = read_file(c, SOCKET_SOCKSTAT, "net/sockstat", &s);
	if (error == 0)
		error = socket_pages(&s, sysconf(_SC_PAGESIZE));
	if (error < 0)
		collect_failed(c, "net/sockstat", error);
	error = read_file(c, SOCKET_SOCKSTAT6, "net/sockstat6", &s);
	/* a kernel may be without IPv6, and all is well */
	if (error < 0 && error != -ENOENT)
		collect_failed(c, "net/sockstat6", error);
	named_say(c->build, &socket_table, &s);
	return 0;
}

const struct source source_socket = {
	.id = SOURCE_SOCKET,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_PROC, "net/sockstat" },
	    { HOST_PROC, "net/sockstat6" } },
	.kernel = "2.6",
	.capability = CAPABILITY_NONE,
	.series = { { 10, 1 } },
	.read = read_sockets,
};
