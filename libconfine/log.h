/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  One line an event on standard error:
 *
 *	<4>shipperd: event=request_failed status=503 retry_in_ms=1200
 *
 * The number is syslog's level (sd-daemon(3)); the events are the closed list
 * of docs/operations.md.  Values come through typed calls; bytes that a peer
 * or a file had a hand in are escaped and cut, never printed raw.  No
 * allocation, no stdio after the lock, one write(2) a line; errno is kept.  A
 * log that nobody reads costs its lines, which are counted, and never a wait.
 */
#ifndef SLUICE_LOG_H
#define SLUICE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
};

enum { LOG_LINE_MAX = 1024 };

struct log_line {
	char text[LOG_LINE_MAX];
	size_t len;
};

/* The name in front of each line; a constant.  Called first in main(). */
void	log_open(const char *process);

/* log_begin(&l, …, "event"); then any of the others; then log_end(&l). */
void	log_begin(struct log_line *, enum log_level, const char *event);
void	log_word(struct log_line *, const char *key, const char *constant);
void	log_int(struct log_line *, const char *key, int64_t);
/* Quoted; everything but visible ASCII as \xNN, cut at 256 bytes. */
void	log_bytes(struct log_line *, const char *key, const void *, size_t);
void	log_text(struct log_line *, const char *key, const char *);
/* errno's name and text: error="ENOENT: No such file or directory". */
void	log_errno(struct log_line *, int error);
void	log_end(struct log_line *);

/* The short forms, for an event with no or one value. */
void	log_event(enum log_level, const char *event);
void	log_event_int(enum log_level, const char *event, const char *key,
	    int64_t);
void	log_event_errno(enum log_level, const char *event, const char *what,
	    int error);

/*
 * A broken contract or a failed start: says event=fatal, what and why, then
 * exits with status 1.  error 0: no errno to name.
 */
_Noreturn void	fatal(const char *what, int error);
_Noreturn void	fatal_text(const char *what, const char *detail);

#endif
