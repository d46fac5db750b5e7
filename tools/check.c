/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  `sluice check`: the configuration has been read; here are
 * the files that it names.  They belong to the collector's user, so that what
 * the operator may not see is said, and is no error.
 */
#include "sluice.h"

#include "ceiling.h"
#include "config_value.h"
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct named_file {
	const char *key, *path;
	bool secret;
};

static const struct arguments *args;

static int
wrong(const struct named_file *f, const char *what, const char *right)
{
	fprintf(stderr, "%s: %s: %s %s; right would be %s\n", args->config,
	    f->key, f->path, what, right);
	return EXIT_WRONG;
}

static int
unknown(const struct named_file *f, const char *why)
{
	printf("note: %s: %s not judged: %s\n", f->key, f->path, why);
	return EXIT_GOOD;
}

static bool
is_units_own(const struct named_file *f)
{
	return args->assumed && strncmp(f->path, UNIT_CREDENTIALS "/",
	    sizeof(UNIT_CREDENTIALS)) == 0;
}

static int
judge_failure(const struct named_file *f, int error)
{
	char what[128];

	if (is_units_own(f))
		return unknown(f, "only the running service sees it");
	if ((error == EACCES || error == EPERM) && geteuid() != args->collector)
		return unknown(f, "this user may not read it;"
		    " the collector's must");
	snprintf(what, sizeof(what), "cannot be opened (%s)",
	    strerror(error));
	return wrong(f, what, "a file that the collector's user can read");
}

/* Those that secret_judge() lets read, whoever asks here. */
static bool
may_read(gid_t group)
{
	return group == 0 || group == args->group || group == getegid();
}

static int
judge_open(const struct named_file *f, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return judge_failure(f, errno);
	if (!S_ISREG(st.st_mode))
		return wrong(f, "is not a regular file", "one in PEM");
	if (st.st_size == 0)
		return wrong(f, "is empty", "a file in PEM");
	if (st.st_uid != 0 && st.st_uid != args->collector &&
	    st.st_uid != geteuid())
		return wrong(f, "belongs to a user who could change it",
		    "root or the collector's user as its owner");
	if (f->secret && (st.st_mode & S_IROTH) != 0)
		return wrong(f, "can be read by everyone", "mode 0400, owned"
		    " by the collector's user");
	if (f->secret && (st.st_mode & S_IRGRP) != 0 && !may_read(st.st_gid))
		return wrong(f, "can be read by a group", "mode 0400, or 0440"
		    " of root and the collector's group");
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return wrong(f, "can be written by others than its owner",
		    f->secret ? "mode 0400" : "mode 0444");
	return EXIT_GOOD;
}

static int
open_named(const struct named_file *f)
{
	return open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* What is in it is not read: the key is the shipper's alone. */
static int
judge(const struct named_file *f)
{
	const int fd = open_named(f);
	int status;

	if (fd < 0)
		return judge_failure(f, errno);
	status = judge_open(f, fd);
	close(fd);
	return status;
}

/* Its bytes too, which the collector reads; the shipper never sees it. */
static int
judge_redact_key(const struct config *c)
{
	const struct named_file f = { "collect.redact_key", c->redact_key,
		true };
	struct redact copy = { .key = { 0 } };
	int fd, status, error;

	if (f.path[0] == '\0')
		return EXIT_GOOD;
	if ((fd = open_named(&f)) < 0)
		return judge_failure(&f, errno);
	status = judge_open(&f, fd);
	error = redact_read(&copy, fd);
	close(fd);
	explicit_bzero(&copy, sizeof(copy));
	if (status == EXIT_GOOD && error < 0)
		return wrong(&f, "is not a secret",
		    "32 digits 0-9 a-f, as openssl rand -hex 16 makes");
	return status;
}

/* With the collector's own call. */
static int
judge_roots(const struct config *c)
{
	struct named_file f = { .key = "collect.procfs" };
	char what[128], text[CEILING_TEXT_MAX];
	struct host host;

	if (host_open(&host, c->procfs, c->sysfs, &f.path) == 0) {
		const bool fits = ceiling_check(&host, &c->sources, text);

		host_close(&host);
		if (!fits)
			fprintf(stderr, "%s: %s\n", args->config, text);
		return fits ? EXIT_GOOD : EXIT_WRONG;
	}
	snprintf(what, sizeof(what), "cannot be opened (%s)", strerror(errno));
	if (f.path == c->sysfs)
		f.key = "collect.sysfs";
	return wrong(&f, what, "a directory that the collector's user can"
	    " read");
}

/* It is the file system's, but whose it is counts as of a secret. */
static int
judge_operator(const struct config *c)
{
	const struct named_file f = {
		.key = "collect.sources.operator.directory",
		.path = c->operator_directory };
	struct host host = { .root = { -1, -1, -1 } };
	char what[128];

	if ((c->sources.enabled & SOURCE_BIT(SOURCE_OPERATOR)) == 0)
		return EXIT_GOOD;
	if (host_open_operator(&host, f.path) == 0) {
		host_close(&host);
		return EXIT_GOOD;
	}
	snprintf(what, sizeof(what), "cannot be used (%s)", strerror(errno));
	return wrong(&f, what, "a directory of root's that nobody else may"
	    " write and the collector's user can read");
}

static void
print_summary(const struct config *c)
{
	static const char *const protocols[PROTOCOL_END] = {
		[PROTOCOL_HTTP_PROTOBUF] = "http/protobuf",
		[PROTOCOL_HTTP_JSON] = "http/json",
		[PROTOCOL_DEVICE_DEFENDER] = "device-defender",
	};
	char value[VALUE_TEXT_MAX];

	printf("%s: good\n", args->config);
	printf("collects every %s from %s and %s\n",
	    value_print(value, value_time, c->interval_ms), c->procfs,
	    c->sysfs);
	printf("keeps at most %s in memory\n",
	    value_print(value, value_bytes, c->ring_size));
	for (size_t i = 0; i < c->nendpoints; i++) {
		printf(i == 0 ? "sends %s to " : "or %s to ",
		    protocols[c->protocol]);
		print_url(&c->endpoint[i]);
		putchar('\n');
	}
	if (c->npins > 0)
		printf("%s servers without one of %zu pins\n",
		    c->pins_report ? "reports" : "refuses", c->npins);
	printf("requires seccomp%s%s%s%s\n",
	    (c->require & REQUIRE_SPLIT) != 0 ? ", split" : "",
	    (c->require & REQUIRE_LANDLOCK) != 0 ? ", landlock" : "",
	    (c->require & REQUIRE_SELINUX) != 0 ? ", selinux" : "",
	    (c->require & REQUIRE_FIPS) != 0 ? ", fips" : "");
}

int
check_run(const struct arguments *a, const struct config *c)
{
	const struct named_file files[] = {
		{ "ship.ca", c->ca, false },
		{ "ship.cert", c->cert, false },
		{ "ship.key", c->key, true },
		{ "ship.crl", c->crl, false },
		{ "ship.sign_key", c->sign_key, true },
		{ "ship.token", c->token, true },
		{ "ship.proxy_ca", c->proxy_ca, false },
		{ "ship.proxy_login", c->proxy_login, true },
	};
	int status;

	args = a;
	status = judge_roots(c);
	if (judge_operator(c) != EXIT_GOOD)
		status = EXIT_WRONG;
	if (judge_redact_key(c) != EXIT_GOOD)
		status = EXIT_WRONG;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i].path[0] != '\0' && judge(&files[i]) != EXIT_GOOD)
			status = EXIT_WRONG;
	if (status == EXIT_GOOD)
		print_summary(c);
	return status;
}
