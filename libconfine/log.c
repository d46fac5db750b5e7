/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See log.h. */
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { BYTES_SHOWN_MAX = 256 };

_Static_assert(LOG_LINE_MAX <= PIPE_BUF, "a line never blocks half way");

static const char *process_name = "sluice";
static int64_t lines_lost;

void
log_open(const char *process)
{
	process_name = process;
}

/* The last byte is kept for the newline. */
static void
put(struct log_line *l, const char *s, size_t n)
{
	size_t room = sizeof(l->text) - 1 - l->len;

	if (n > room)
		n = room;
	memcpy(l->text + l->len, s, n);
	l->len += n;
}

static void
put_string(struct log_line *l, const char *s)
{
	put(l, s, strlen(s));
}

static void
put_key(struct log_line *l, const char *key)
{
	put_string(l, " ");
	put_string(l, key);
	put_string(l, "=");
}

void
log_begin(struct log_line *l, enum log_level level, const char *event)
{
	const char mark[] = { '<', (char)('0' + level), '>' };

	l->len = 0;
	put(l, mark, sizeof(mark));
	put_string(l, process_name);
	put_string(l, ": event=");
	put_string(l, event);
}

void
log_word(struct log_line *l, const char *key, const char *constant)
{
	put_key(l, key);
	put_string(l, constant);
}

void
log_int(struct log_line *l, const char *key, int64_t value)
{
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[20];
	size_t n = sizeof(digits);

	do
		digits[--n] = (char)('0' + left % 10);
	while ((left /= 10) != 0);
	put_key(l, key);
	if (value < 0)
		put_string(l, "-");
	put(l, digits + n, sizeof(digits) - n);
}

static void
put_escaped(struct log_line *l, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";
	const char plain = (char)c;
	const char escaped[] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

	if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
		put(l, &plain, 1);
	else
		put(l, escaped, sizeof(escaped));
}

void
log_bytes(struct log_line *l, const char *key, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	put_key(l, key);
	put_string(l, "\"");
	for (size_t i = 0; i < len && i < BYTES_SHOWN_MAX; i++)
		put_escaped(l, b[i]);
	put_string(l, len > BYTES_SHOWN_MAX ? "\"..." : "\"");
}

void
log_text(struct log_line *l, const char *key, const char *s)
{
	log_bytes(l, key, s, strlen(s));
}

/* strerrordesc_np() and strerrorname_np() are constants: no locale, no file. */
void
log_errno(struct log_line *l, int error)
{
	const char *name = strerrorname_np(error);
	const char *text = strerrordesc_np(error);

	put_string(l, " error=\"");
	put_string(l, name == NULL ? "?" : name);
	put_string(l, ": ");
	put_string(l, text == NULL ? "unknown error" : text);
	put_string(l, "\"");
}

/*
 * A log that nobody reads must not stop the metrics.  A pipe that is ready
 * has room for PIPE_BUF bytes, which no line reaches.  A kernel that cannot
 * say so costs no line: it may be the last one.
 */
static bool
log_has_room(void)
{
	const struct timespec at_once = { 0, 0 };
	struct pollfd pfd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return ppoll(&pfd, 1, &at_once, NULL) != 0;
}

/* Only what is no pipe takes a part of a line. */
static bool
write_line(const struct log_line *l)
{
	size_t written = 0;

	while (written < l->len) {
		const ssize_t n = write(STDERR_FILENO, l->text + written,
		    l->len - written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || ((written += (size_t)n) < l->len &&
		    !log_has_room()))
			return false;
	}
	return true;
}

/* The first line that gets through again tells how many did not. */
static void
say_lost(void)
{
	static struct log_line lost;

	log_begin(&lost, LOG_LEVEL_WARNING, "log_lines_lost");
	log_int(&lost, "lines", lines_lost);
	lost.text[lost.len++] = '\n';
	if (write_line(&lost))
		lines_lost = 0;
}

void
log_end(struct log_line *l)
{
	const int kept = errno;

	l->text[l->len++] = '\n';
	if (lines_lost > 0 && log_has_room())
		say_lost();
	if (!log_has_room() || !write_line(l))
		lines_lost++;
	errno = kept;
}

void
log_event(enum log_level level, const char *event)
{
	struct log_line l;

	log_begin(&l, level, event);
	log_end(&l);
}

void
log_event_int(enum log_level level, const char *event, const char *key,
    int64_t value)
{
	struct log_line l;

	log_begin(&l, level, event);
	log_int(&l, key, value);
	log_end(&l);
}

void
log_event_errno(enum log_level level, const char *event, const char *what,
    int error)
{
	struct log_line l;

	log_begin(&l, level, event);
	log_text(&l, "what", what);
	if (error != 0)
		log_errno(&l, error);
	log_end(&l);
}

_Noreturn void
fatal(const char *what, int error)
{
	log_event_errno(LOG_LEVEL_ERROR, "fatal", what, error);
	_exit(1);
}

_Noreturn void
fatal_text(const char *what, const char *detail)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_ERROR, "fatal");
	log_text(&l, "what", what);
	log_text(&l, "detail", detail);
	log_end(&l);
	_exit(1);
}
