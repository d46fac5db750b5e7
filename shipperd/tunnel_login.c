/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See tunnel.h: before the lock. */
#include "tunnel.h"

#include <string.h>
#include <unistd.h>

enum { LINE_MAX_READ = LOGIN_MAX + 2 };	/* its end, and one too many */

/* RFC 4648, section 4. */
static void
base64(char *out, const uint8_t *in, size_t len)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		const size_t left = len - i;
		const uint32_t bits = (uint32_t)in[i] << 16 |
		    (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
		    (left > 2 ? (uint32_t)in[i + 2] : 0);

		*out++ = alphabet[bits >> 18];
		*out++ = alphabet[bits >> 12 & 63];
		*out++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? alphabet[bits & 63] : '=';
	}
	*out = '\0';
}

/* RFC 7617, section 2: a user without colon, no control byte. */
static const char *
judge(const uint8_t *line, size_t len)
{
	const uint8_t *colon = memchr(line, ':', len);

	if (len > LOGIN_MAX)
		return "longer than 255 bytes";
	if (colon == NULL || colon == line)
		return "not one line USER:PASSWORD";
	for (size_t i = 0; i < len; i++)
		if (line[i] < ' ' || line[i] == 0x7f)
			return "a control byte, or more than one line";
	return NULL;
}

const char *
tunnel_login_read(struct tunnel_login *login, int fd)
{
	uint8_t line[LINE_MAX_READ];
	const char *wrong = NULL;
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, line + len, sizeof(line) - len)) > 0)
		len += (size_t)got;
	close(fd);
	if (len > 0 && line[len - 1] == '\n')
		len--;
	wrong = got < 0 ? "cannot be read" : judge(line, len);
	if (wrong == NULL) {
		memcpy(login->credentials, "Basic ", 6);
		base64(login->credentials + 6, line, len);
	}
	explicit_bzero(line, sizeof(line));
	return wrong;
}
