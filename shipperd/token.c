/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See token.h. */
#include "token.h"

#include "log.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool
is_b64token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~+/", c));
}

int
token_parse(struct token *t, const char *bytes, size_t len)
{
	size_t n = 0, end = len;

	explicit_bzero(t, sizeof(*t));
	/* as editors and echo(1) end a file */
	if (end > 0 && bytes[end - 1] == '\n')
		end--;
	if (end < len && end > 0 && bytes[end - 1] == '\r')
		end--;
	while (n < end && is_b64token(bytes[n]))
		n++;
	if (n == 0 || end > TOKEN_MAX)
		return -EBADMSG;
	while (n < end && bytes[n] == '=')
		n++;
	if (n < end)
		return -EBADMSG;
	memcpy(t->text, bytes, end);
	return 0;
}

/* All of the file, or what shows that it is too long.  -1: errno. */
static ssize_t
read_whole(int fd, char *buf, size_t cap)
{
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, buf + len, cap - len)) > 0)
		len += (size_t)got;
	return got < 0 ? -1 : (ssize_t)len;
}

void
token_take(struct token *t, int fd)
{
	char buf[TOKEN_MAX + sizeof("\r\n")];
	ssize_t len;
	int result;

	if (fd < 0)
		return;
	/* it may be refused: then it is as the rest of this process */
	(void)mlock(t, sizeof(*t));
	if ((len = read_whole(fd, buf, sizeof(buf))) < 0)
		fatal("ship.token cannot be read", errno);
	close(fd);
	result = token_parse(t, buf, (size_t)len);
	explicit_bzero(buf, sizeof(buf));
	if (result < 0)
		fatal_text("ship.token", "not a token: right would be one line"
		    " of 1 to 4096 letters, digits and -._~+/ with any = at"
		    " its end (RFC 6750, section 2.1)");
}
