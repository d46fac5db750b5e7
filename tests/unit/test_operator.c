/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/operator.h"
#include "sources/operator_text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ran ran;

TEST(a_number_is_what_its_digits_say_in_each_scale)
{
	static const struct {
		const char *text;
		enum scale scale;
		int64_t value;
	} row[] = {
		{ "0", SCALE_INT, 0 }, { "-0", SCALE_INT, 0 },
		{ "12", SCALE_INT, 12 }, { "+12", SCALE_INT, 12 },
		{ "12.0", SCALE_INT, 12 }, { "1.5e1", SCALE_INT, 15 },
		{ "9223372036854775807", SCALE_INT, 9223372036854775807 },
		{ "1e18", SCALE_INT, 1000000000000000000 },
		{ "1.7321e+09", SCALE_INT, 1732100000 },
		{ "1.7e+09", SCALE_MICRO, 1700000000000000 },
		{ "0.000001", SCALE_MICRO, 1 }, { "5e-7", SCALE_MICRO, 1 },
		{ "4.9e-7", SCALE_MICRO, 0 }, { ".5", SCALE_MILLI, 500 },
		{ "1.", SCALE_MILLI, 1000 }, { "-1.0005", SCALE_MILLI, -1001 },
		{ "1e-9999", SCALE_NANO, 0 }, { "0e99", SCALE_NANO, 0 },
		{ "0.1234567894", SCALE_NANO, 123456789 },
		{ "00000000000000000000001", SCALE_INT, 1 },
		{ "0.95", SCALE_MICRO, 950000 },
		{ "0.9999999", SCALE_MICRO, 1000000 },
	};
	int64_t v;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		CHECK_INT(prom_value(text_of(row[i].text,
		    strlen(row[i].text)), row[i].scale, &v), 0);
		CHECK_INT(v, row[i].value);
	}
}

TEST(what_is_no_number_or_has_no_room_is_refused_with_its_reason)
{
	static const char *const bad[] = { "", "-", "+", ".", "e5", "1e",
		"1e+", "0x10", "1 ", "1,5", "1.2.3", "1e5.0", "--1", "Inf1",
		"infinity", "1_000" };
	static const char *const range[] = { "NaN", "nan", "+Inf", "-Inf",
		"Inf", "9223372036854775808", "1e19", "1e9999", "1.5", "1e-3" };
	int64_t v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(prom_value(text_of(bad[i], strlen(bad[i])),
		    SCALE_INT, &v), -EBADMSG);
	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++)
		CHECK_INT(prom_value(text_of(range[i], strlen(range[i])),
		    SCALE_INT, &v), -ERANGE);
}

TEST(lines_of_the_format_are_taken_one_by_one)
{
	struct prom p = { .rest = TEXT("# HELP a It's {all} \"text\".\n"
	    "# TYPE a counter\n\n  # anything\n"
	    "a 1\n"
	    "a{x=\"1\",y=\"q\\\"}\\\\\"} 2\n"
	    "\ta { x = \"1\" , } 3\n"
	    "a{}4\n"
	    ":b:c_9 5e3\n") };
	static const char *const value[] = { "1", "2", "3", "4", "5e3" };
	struct prom_line l;

	CHECK_INT(prom_next(&p, &l), 1);
	CHECK_INT(l.kind, PROM_TYPE);
	CHECK(text_is(l.name, "a") && text_is(l.value, "counter"));
	for (size_t i = 0; i < 5; i++) {
		CHECK_INT(prom_next(&p, &l), 1);
		CHECK_INT(l.kind, PROM_SAMPLE);
		CHECK(text_is(l.value, value[i]));
		CHECK_INT(l.nlabels, i == 1 ? 2 : i == 2);
		if (i == 1)
			CHECK(text_is(l.label[1].value, "q\\\"}\\\\"));
	}
	CHECK(text_is(l.name, ":b:c_9"));
	CHECK_INT(p.line, 9);
	CHECK_INT(prom_next(&p, &l), 0);
}

TEST(a_line_that_is_not_of_the_format_is_refused)
{
	static const char *const bad[] = { "a\n", "a 1", "1a 1\n", "a 1 2\n",
		"a 1 1700000000000\n", "a{ 1\n", "a{x} 1\n", "a{x=1} 1\n",
		"a{x=\"1} 2\n", "a{x=\"1\" y=\"2\"} 3\n", "a{,} 1\n",
		"a{x=\"\\\"} 1\n", "a{1x=\"\"} 1\n", "a-b 1\n", "{} 1\n",
		"a{x=\"1\"}\n", "# TYPE a\n", "# TYPE a counter b\n",
		"# TYPE 1 counter\n", "a{a=\"\",b=\"\",c=\"\",d=\"\",e=\"\","
		"f=\"\",g=\"\",h=\"\",i=\"\",j=\"\",k=\"\",l=\"\",m=\"\","
		"n=\"\",o=\"\",p=\"\",q=\"\"} 1\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct prom p = { .rest = text_of(bad[i], strlen(bad[i])) };
		struct prom_line l;

		CHECK_INT(prom_next(&p, &l), -EBADMSG);
	}
}

TEST(only_plain_names_with_the_ending_are_files)
{
	CHECK(operator_is_file("a.prom"));
	CHECK(operator_is_file("node-1_2.x.prom"));
	CHECK(!operator_is_file(".prom") && !operator_is_file(".a.prom"));
	CHECK(!operator_is_file("a.prom.tmp") && !operator_is_file("a.txt"));
	CHECK(!operator_is_file("a b.prom") && !operator_is_file("a\n.prom"));
	CHECK(!operator_is_file("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaa.prom"));
}

/* ---- a directory of the test's own */

static char top[64];
static struct source_options o;

static void
put(const char *file, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", top, file);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) ==
	    (ssize_t)strlen(text));
	close(fd);
}

static void
directory(struct host *h)
{
	const char *which;

	snprintf(top, sizeof(top), "/tmp/sluice-operator-XXXXXX");
	CHECK(mkdtemp(top) != NULL && chmod(top, 0755) == 0);
	memset(&o, 0, sizeof(o));
	o.operator_max_age_ms = 3600000;
	CHECK(declared_add_label(&o.declared, "job") == NULL);
	CHECK(declared_add_label(&o.declared, "le") == NULL);
	CHECK(declared_add(&o.declared, "sent", "counter By") == NULL);
	CHECK(declared_add(&o.declared, "age", "gauge s") == NULL);
	CHECK(declared_add(&o.declared, "t_bucket", "counter {x}") == NULL);
	CHECK(declared_seal(&o.declared));
	CHECK_INT(host_open(h, "/proc", "/sys", &which), 0);
	CHECK_INT(host_open_operator(h, top), 0);
}

#define NEED_ROOT() do { \
	if (geteuid() != 0) \
		return;		/* no file of the test's would be root's */ \
} while (0)

static int64_t
refused(unsigned cause)
{
	return said(&ran, OPERATOR_REFUSED_UNDECLARED + cause);
}

static int64_t
sample_of(unsigned which, unsigned id)
{
	char number[16];

	snprintf(number, sizeof(number), "%u",
	    (unsigned)o.declared.metric[which].number);
	return said_of(&ran, id, number);
}

TEST(declared_metrics_of_all_files_are_sent)
{
	struct host h;

	NEED_ROOT();
	directory(&h);
	put("b.prom", "# TYPE age gauge\nage 1.5\n");
	put("a.prom", "# TYPE sent counter\nsent{job=\"x\"} 1e3\n");
	put("c.txt", "sent 9\n");
	run_on_host(&ran, &source_operator, &h, &o);
	CHECK_INT(ran.nfailures, 0);
	CHECK_INT(sample_of(0, OPERATOR_COUNTER_ALL), 1000);
	CHECK_INT(sample_of(1, OPERATOR_GAUGE_ALL), 1500000);
	CHECK_INT(said(&ran, OPERATOR_FILES_READ), 2);
	CHECK_INT(ran.n, 2 + 3 + 6);
	host_close(&h);
}

TEST(what_is_not_declared_is_refused_and_counted_by_cause)
{
	struct host h;

	NEED_ROOT();
	directory(&h);
	put("a.prom", "other 1\nother 2\n"
	    "# TYPE sent gauge\nsent 3\n"
	    "age{who=\"x\"} 4\n" "age{job=\"not a word\"} 4\n"
	    "age{job=\"x\",job=\"y\"} 4\n"
	    "age NaN\n" "t_bucket{le=\"1\"} -1\n" "t_bucket{le=\"2\"} 1.5\n"
	    "age{job=\"\"} 5\n" "age 6\n"
	    "# TYPE t histogram\nt_bucket{le=\"3\"} 7\n");
	run_on_host(&ran, &source_operator, &h, &o);
	CHECK_INT(refused(0), 2);
	CHECK_INT(refused(1), 1);
	CHECK_INT(refused(2), 3);
	CHECK_INT(refused(3), 3);
	CHECK_INT(refused(4), 1);
	CHECK_INT(refused(5), 0);
	CHECK_INT(sample_of(0, OPERATOR_COUNTER_ALL), NOT_SAID);
	CHECK_INT(sample_of(1, OPERATOR_GAUGE_ALL), 5000000);
	CHECK_INT(sample_of(2, OPERATOR_COUNTER_ALL), 7);
	CHECK_INT(ran.nfailures, 1);
	CHECK_STR(ran.last_path, "a.prom:1");
	CHECK_INT(ran.last_error, -EPERM);
	host_close(&h);
}

TEST(no_more_series_are_sent_than_the_bound)
{
	static char text[OPERATOR_SERIES_MAX * 32];
	struct host h;
	size_t n = 0;

	NEED_ROOT();
	directory(&h);
	for (unsigned i = 0; i < OPERATOR_SERIES_MAX + 9; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "age{job=\"%u\"} 1\n", i);
	put("a.prom", text);
	run_on_host(&ran, &source_operator, &h, &o);
	CHECK_INT(refused(5), 9);
	CHECK_INT(ran.n, OPERATOR_SERIES_MAX + 3 + 6);
	CHECK_INT(ran.last_error, -EFBIG);
	host_close(&h);
}

static void
check_refused(struct host *h, int error)
{
	run_on_host(&ran, &source_operator, h, &o);
	CHECK_INT(said(&ran, OPERATOR_FILES_READ), 0);
	CHECK_INT(ran.nfailures, 1);
	CHECK_INT(ran.last_error, error);
	CHECK_INT(ran.n, 3 + 6);
}

TEST(files_that_others_could_have_made_are_not_read)
{
	char path[256], link[256];
	struct host h;

	NEED_ROOT();
	directory(&h);
	snprintf(path, sizeof(path), "%s/a.prom", top);
	put("a.prom", "age 1\n");
	CHECK(chmod(path, 0664) == 0);
	check_refused(&h, -EPERM);
	CHECK(chmod(path, 0646) == 0);
	check_refused(&h, -EPERM);
	CHECK(chmod(path, 0644) == 0 && chown(path, 61001, 0) == 0);
	check_refused(&h, -EPERM);
	snprintf(link, sizeof(link), "%s/plain", top);
	CHECK(chown(path, 0, 0) == 0 && rename(path, link) == 0);
	CHECK(symlink("plain", path) == 0);
	check_refused(&h, -EINVAL);
	CHECK(unlink(path) == 0 && mkfifo(path, 0644) == 0);
	check_refused(&h, -EINVAL);
	CHECK(unlink(path) == 0 && mkdir(path, 0755) == 0);
	check_refused(&h, -EINVAL);
	host_close(&h);
}

TEST(files_that_are_old_long_or_cut_are_not_read)
{
	static char text[OPERATOR_FILE_MAX + 2];
	const struct timespec past[2] = { { .tv_sec = 1000 },
		{ .tv_sec = 1000 } };
	char path[256];
	struct host h;

	NEED_ROOT();
	directory(&h);
	put("a.prom", "age 1");
	check_refused(&h, -EBADMSG);
	CHECK_STR(ran.last_path, "a.prom:1");
	put("a.prom", "age 1\nsent x\n");
	check_refused(&h, -EBADMSG);
	CHECK_STR(ran.last_path, "a.prom:2");
	memset(text, '\n', OPERATOR_FILE_MAX + 1);
	put("a.prom", text);
	check_refused(&h, -EFBIG);
	put("a.prom", "age 1\n");
	snprintf(path, sizeof(path), "%s/a.prom", top);
	CHECK(utimensat(AT_FDCWD, path, past, 0) == 0);
	check_refused(&h, -ESTALE);
	CHECK_INT(said(&ran, OPERATOR_FILES_STALE), 1);
	host_close(&h);
}

TEST(a_directory_that_others_may_write_or_that_is_gone_is_not_read)
{
	struct host h;

	NEED_ROOT();
	directory(&h);
	CHECK(chmod(top, 0775) == 0);
	check_refused(&h, -EPERM);
	CHECK_INT(host_open_operator(&h, top), -1);
	CHECK_INT(errno, EPERM);
	CHECK(chmod(top, 0755) == 0 && rmdir(top) == 0);
	check_refused(&h, -ENOENT);
	CHECK_INT(host_open_operator(&h, top), -1);
	host_close(&h);
}

TEST(too_many_files_are_said_and_the_bound_is_read)
{
	char name[16];
	struct host h;

	NEED_ROOT();
	directory(&h);
	for (int i = 0; i < OPERATOR_FILES_MAX + 3; i++) {
		snprintf(name, sizeof(name), "%03d.prom", i);
		put(name, "");
	}
	run_on_host(&ran, &source_operator, &h, &o);
	CHECK_INT(said(&ran, OPERATOR_FILES_READ), OPERATOR_FILES_MAX);
	CHECK_INT(ran.nfailures, 1);
	CHECK_STR(ran.last_path, "[directory]");
	host_close(&h);
}

TEST(a_declaration_is_judged)
{
	struct declared d = { .n = 0 };

	CHECK(declared_add(&d, "a", "counter By") == NULL);
	CHECK(declared_add(&d, "b", "gauge s nano") == NULL);
	CHECK(declared_add(&d, "c", "gauge 1 integer") == NULL);
	CHECK_INT(d.metric[0].scale, SCALE_INT);
	CHECK_INT(d.metric[1].scale, SCALE_NANO);
	CHECK_INT(d.metric[2].scale, SCALE_INT);
	CHECK(declared_add(&d, "a", "gauge s") != NULL);
	CHECK(declared_add(&d, "e", "updown s") != NULL);
	CHECK(declared_add(&d, "e", "gauge") != NULL);
	CHECK(declared_add(&d, "e", "gauge s pico") != NULL);
	CHECK(declared_add(&d, "e", "gauge s  nano") != NULL);
	CHECK(declared_add(&d, "e", "gauge \"s\"") != NULL);
	CHECK(declared_add(&d, "sluice_e", "gauge s") != NULL);
	CHECK(declared_add(&d, "a:b", "gauge s") != NULL);
	CHECK_INT(d.n, 3);
}

TEST(a_number_stands_for_all_that_was_declared_of_a_metric)
{
	static const char *const how[] = { "counter s", "gauge s", "gauge By",
		"gauge s milli" };
	uint32_t number[6];
	struct declared d;

	for (size_t i = 0; i < 6; i++) {
		memset(&d, 0, sizeof(d));
		CHECK(declared_add(&d, i == 4 ? "b" : "a", how[i % 4]) ==
		    NULL);
		CHECK(i < 5 || declared_add_label(&d, "x") == NULL);
		CHECK(declared_seal(&d));
		number[i] = d.metric[0].number;
		for (size_t k = 0; k < i; k++)
			CHECK(number[k] != number[i]);
	}
}
