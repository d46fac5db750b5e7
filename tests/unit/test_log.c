/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  The log: one line an event, whatever is in it. */
#include "log.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 20 };

static char text[TEXT_MAX];
static int reader = -1, own_stderr = -1;

static void
stderr_is(int fd)
{
	if (own_stderr < 0)
		own_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	fflush(stderr);
	CHECK(dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	close(fd);
}

/* Standard error becomes a pipe, which heard() reads. */
static void
listen_to_log(void)
{
	int fd[2];

	close(reader);
	CHECK_INT(pipe2(fd, O_CLOEXEC), 0);
	CHECK_INT(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	reader = fd[0];
	stderr_is(fd[1]);
	log_open("tester");
}

/* What has been said since the last time; no more than that. */
static const char *
heard(void)
{
	ssize_t n = read(reader, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static size_t
lines_in(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

static void
say_bytes(const void *bytes, size_t len)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_INFO, "said");
	log_bytes(&l, "b", bytes, len);
	log_end(&l);
}

TEST(a_line_has_level_name_event_and_values_in_order)
{
	struct log_line l;

	listen_to_log();
	log_begin(&l, LOG_LEVEL_WARNING, "request_failed");
	log_word(&l, "how", "timeout");
	log_int(&l, "status", 503);
	log_text(&l, "host", "example.net");
	log_end(&l);
	CHECK_STR(heard(), "<4>tester: event=request_failed how=timeout"
	    " status=503 host=\"example.net\"\n");
}

TEST(each_level_is_the_number_of_syslog)
{
	listen_to_log();
	log_event(LOG_LEVEL_ERROR, "a");
	log_event(LOG_LEVEL_WARNING, "b");
	log_event(LOG_LEVEL_NOTICE, "c");
	log_event(LOG_LEVEL_INFO, "d");
	CHECK_STR(heard(), "<3>tester: event=a\n<4>tester: event=b\n"
	    "<5>tester: event=c\n<6>tester: event=d\n");
}

TEST(numbers_are_written_to_their_limits)
{
	listen_to_log();
	log_event_int(LOG_LEVEL_INFO, "n", "v", 0);
	CHECK_STR(heard(), "<6>tester: event=n v=0\n");
	log_event_int(LOG_LEVEL_INFO, "n", "v", -1);
	CHECK_STR(heard(), "<6>tester: event=n v=-1\n");
	log_event_int(LOG_LEVEL_INFO, "n", "v", INT64_MAX);
	CHECK_STR(heard(), "<6>tester: event=n v=9223372036854775807\n");
	log_event_int(LOG_LEVEL_INFO, "n", "v", INT64_MIN);
	CHECK_STR(heard(), "<6>tester: event=n v=-9223372036854775808\n");
}

TEST(an_error_has_its_name_and_its_words_and_none_where_there_is_none)
{
	listen_to_log();
	log_event_errno(LOG_LEVEL_ERROR, "fatal", "ring", ENOENT);
	CHECK_STR(heard(), "<3>tester: event=fatal what=\"ring\""
	    " error=\"ENOENT: No such file or directory\"\n");
	log_event_errno(LOG_LEVEL_ERROR, "fatal", "ring", 0);
	CHECK_STR(heard(), "<3>tester: event=fatal what=\"ring\"\n");
	log_event_errno(LOG_LEVEL_ERROR, "fatal", "ring", 4095);
	CHECK_STR(heard(), "<3>tester: event=fatal what=\"ring\""
	    " error=\"?: unknown error\"\n");
}

TEST(hostile_bytes_are_escaped_and_make_neither_a_line_nor_a_quote)
{
	static const char hostile[] = "a\n<3>x: event=fatal\r\t\033[31m\x7f"
	    "\"\\\xc3\xa9\xff\xc0\x80 b\0c";

	listen_to_log();
	say_bytes(hostile, sizeof(hostile) - 1);
	CHECK_STR(heard(), "<6>tester: event=said b=\"a\\x0a<3>x: event=fatal"
	    "\\x0d\\x09\\x1b[31m\\x7f\\x22\\x5c\\xc3\\xa9\\xff\\xc0\\x80 b"
	    "\\x00c\"\n");
}

TEST(each_byte_is_itself_where_it_is_visible_and_escaped_where_not)
{
	listen_to_log();
	for (int c = 0; c < 256; c++) {
		const uint8_t byte = (uint8_t)c;
		char want[64];
		bool plain = c >= ' ' && c < 127 && c != '"' && c != '\\';

		say_bytes(&byte, 1);
		snprintf(want, sizeof(want), plain ?
		    "<6>tester: event=said b=\"%c\"\n" :
		    "<6>tester: event=said b=\"\\x%02x\"\n", c);
		CHECK_STR(heard(), want);
	}
}

TEST(a_value_is_cut_at_256_bytes_and_says_so)
{
	static const char front[] = "<6>tester: event=said b=\"";
	char long_one[257];

	memset(long_one, 'x', sizeof(long_one));
	listen_to_log();
	say_bytes(long_one, 256);
	CHECK_INT(strlen(heard()), strlen(front) + 256 + 2);
	CHECK_STR(text + strlen(front) + 256, "\"\n");
	say_bytes(long_one, 257);
	CHECK_INT(strlen(heard()), strlen(front) + 256 + 5);
	CHECK_STR(text + strlen(front) + 256, "\"...\n");
	say_bytes(NULL, 0);
	CHECK_STR(heard(), "<6>tester: event=said b=\"\"\n");
}

TEST(a_line_of_any_length_ends_in_its_own_newline_within_the_bound)
{
	char values[1400];
	struct log_line l;

	memset(values, '\n', sizeof(values));
	listen_to_log();
	for (size_t n = 0; n < 256; n++) {
		log_begin(&l, LOG_LEVEL_INFO, "said");
		for (int i = 0; i < 5; i++)
			log_bytes(&l, "b", values, n);
		log_errno(&l, ENOENT);
		log_int(&l, "n", INT64_MIN);
		log_end(&l);
		heard();
		CHECK(strlen(text) <= LOG_LINE_MAX);
		CHECK_INT(lines_in(text), 1);
		CHECK_INT(text[strlen(text) - 1], '\n');
	}
	CHECK_INT(strlen(text), LOG_LINE_MAX);
}

TEST(errno_is_what_it_was)
{
	listen_to_log();
	errno = EXDEV;
	log_event_errno(LOG_LEVEL_ERROR, "fatal", "x", ENOENT);
	CHECK_INT(errno, EXDEV);
	/* also where the write fails */
	stderr_is(open("/dev/null", O_RDONLY));
	errno = EXDEV;
	log_event(LOG_LEVEL_INFO, "nobody");
	CHECK_INT(errno, EXDEV);
	listen_to_log();
	log_event(LOG_LEVEL_INFO, "again");
	CHECK(strstr(heard(), "event=again\n") != NULL);
}

/* Says a line until none fits; those that were lost are the rest of n. */
static void
say_more_than_fits(int n)
{
	alarm(10);	/* a log that waits ends the test */
	for (int i = 0; i < n; i++)
		log_event(LOG_LEVEL_INFO, "much");
	alarm(0);
}

TEST(a_full_pipe_costs_lines_and_never_a_wait_and_each_is_counted)
{
	size_t lines = 0;
	char want[96];

	listen_to_log();
	say_more_than_fits(10000);
	lines = lines_in(heard());
	CHECK(lines > 0 && lines < 10000);
	log_event(LOG_LEVEL_INFO, "after");
	snprintf(want, sizeof(want), "<4>tester: event=log_lines_lost lines=%d"
	    "\n<6>tester: event=after\n", (int)(10000 - lines));
	CHECK_STR(heard(), want);
	/* told once */
	log_event(LOG_LEVEL_INFO, "later");
	CHECK_STR(heard(), "<6>tester: event=later\n");
}

TEST(a_full_socket_costs_lines_too_as_under_systemd)
{
	size_t lines = 0;
	char want[96];
	int fd[2];

	listen_to_log();
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	close(reader);
	reader = fd[0];
	CHECK_INT(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	stderr_is(fd[1]);
	say_more_than_fits(10000);
	while (*heard() != '\0')
		lines += lines_in(text);
	CHECK(lines > 0 && lines < 10000);
	log_event(LOG_LEVEL_INFO, "after");
	snprintf(want, sizeof(want), "<4>tester: event=log_lines_lost lines=%d"
	    "\n<6>tester: event=after\n", (int)(10000 - lines));
	CHECK_STR(heard(), want);
}

/* A FIFO whose reader goes away and comes back. */
TEST(lines_that_nobody_was_there_to_read_are_counted)
{
	char directory[] = "/tmp/sluice-log-XXXXXX", path[64];

	CHECK(mkdtemp(directory) != NULL);
	snprintf(path, sizeof(path), "%s/fifo", directory);
	CHECK_INT(mkfifo(path, 0600), 0);
	signal(SIGPIPE, SIG_IGN);
	listen_to_log();
	close(reader);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	stderr_is(open(path, O_WRONLY | O_CLOEXEC));
	close(reader);
	log_event(LOG_LEVEL_INFO, "one");
	log_event(LOG_LEVEL_INFO, "two");
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	log_event(LOG_LEVEL_INFO, "three");
	unlink(path);
	rmdir(directory);
	CHECK_STR(heard(), "<4>tester: event=log_lines_lost lines=2\n"
	    "<6>tester: event=three\n");
}

TEST(fatal_says_why_and_ends_with_status_1)
{
	for (int i = 0; i < 2; i++) {
		pid_t pid;
		int status;

		listen_to_log();
		if ((pid = fork()) == 0) {
			if (i == 0)
				fatal("ring", ENOMEM);
			fatal_text("TLS", "no\nkey");
		}
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
		CHECK_STR(heard(), i == 0 ? "<3>tester: event=fatal"
		    " what=\"ring\" error=\"ENOMEM: Cannot allocate memory\"\n"
		    : "<3>tester: event=fatal what=\"TLS\""
		    " detail=\"no\\x0akey\"\n");
	}
	dup2(own_stderr, STDERR_FILENO);
}
