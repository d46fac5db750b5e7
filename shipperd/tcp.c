/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See tcp.h; lockdown.c allows exactly these calls. */
#include "tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t
socket_address(struct sockaddr_storage *ss, const struct dns_addr *a,
    uint32_t scope, uint16_t port)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (a->family == 4) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(port);
		memcpy(&in4->sin_addr, a->addr, sizeof(in4->sin_addr));
		return sizeof(*in4);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	in6->sin6_scope_id = scope;
	memcpy(&in6->sin6_addr, a->addr, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

int
tcp_connect(const struct dns_addr *a, uint32_t scope, uint16_t port)
{
	struct sockaddr_storage ss;
	const socklen_t len = socket_address(&ss, a, scope, port);
	const int fd = socket(ss.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&ss, len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	saved = errno;
	close(fd);
	return -saved;
}

int
tcp_result(int fd)
{
	int error;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

void
tcp_keep(int fd, uint32_t timeout_ms)
{
	const int on = 1;

	/* each only makes it quicker: without them all still works */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
	    sizeof(timeout_ms));
}
