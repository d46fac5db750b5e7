/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Configurations that are right; ` stands for ". */
#include "config.h"
#include "config_set.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHIP "`ship`:{`endpoints`:[`https://a.example`],`ca`:`/ca`," \
	"`cert`:`/crt`,`key`:`/key`}"

static char *
quoted(const char *text)
{
	char *s = strdup(text);

	for (char *p = s; *p != '\0'; p++)
		if (*p == '`')
			*p = '"';
	return s;
}

static void
parse(struct config *c, const char *text)
{
	struct config_error e;
	char *s = quoted(text);
	int result = config_parse(c, "f", s, strlen(s), &e);

	free(s);
	if (result != 0)
		test_fail(__FILE__, __LINE__, "%s", e.text);
	CHECK_STR(e.text, "");
}

TEST(what_is_left_out_has_the_documented_value)
{
	struct config c;

	memset(&c, 0xff, sizeof(c));
	parse(&c, "{" SHIP "}");
	CHECK_INT(c.interval_ms, 10000);
	CHECK_STR(c.procfs, "/proc");
	CHECK_STR(c.sysfs, "/sys");
	CHECK(!c.sources.cpu_per_cpu);
	CHECK(c.sources.enabled == source_profile(PROFILE_STANDARD));
	CHECK(!c.sources.all_mountpoints);
	CHECK_INT(c.sources.top_count, 10);
	CHECK_INT(c.sources.top_names, TOP_NAMES_OFF);
	CHECK_INT(c.sources.redact.key[KEY_PROCESS_NAME], REDACT_NOT);
	CHECK_INT(c.sources.nexclude_types, 0);
	CHECK_INT(c.ring_size, 16 << 20);
	CHECK_INT(c.protocol, PROTOCOL_HTTP_PROTOBUF);
	CHECK_INT(c.timeout_ms, 10000);
	CHECK_INT(c.batch, 256 << 10);
	CHECK_INT(c.nattrs, 0);
	CHECK_INT(c.require, 0);
}

TEST(each_key_goes_to_its_own_place)
{
	struct config c;

	parse(&c, "{`collect`:{`interval`:`1m`,`profile`:`standard`,"
	    "`procfs`:`/p`,`sysfs`:`/s`,`sources`:{`cpu`:{`per_cpu`:true},"
	    "`filesystem`:{`exclude_types`:[`nfs4`,`fuse.sshfs`],"
	    "`mountpoints`:`all`},`process`:{`enabled`:false}}},"
	    "`ring`:{`size`:`2MiB`},`ship`:{`protocol`:`http/json`,"
	    "`endpoints`:[`https://A.example:1/x?y`,`https://[::1]`],"
	    "`ca`:`/ca`,`cert`:`/crt`,`key`:`/key`,`timeout`:`750ms`,"
	    "`batch`:`32KiB`},`resource`:{`a.b_1`:`\xc3\xa4 /`,`c`:`d`},"
	    "`require`:[`landlock`,`split`]}");
	CHECK_INT(c.interval_ms, 60000);
	CHECK_STR(c.procfs, "/p");
	CHECK_STR(c.sysfs, "/s");
	CHECK(c.sources.cpu_per_cpu);
	CHECK(c.sources.enabled == (source_profile(PROFILE_STANDARD) &
	    ~SOURCE_BIT(SOURCE_PROCESS)));
	CHECK(c.sources.all_mountpoints);
	CHECK_INT(c.sources.nexclude_types, 2);
	CHECK_STR(c.sources.exclude_types[1], "fuse.sshfs");
	CHECK_INT(c.ring_size, 2 << 20);
	CHECK_INT(c.protocol, PROTOCOL_HTTP_JSON);
	CHECK_INT(c.nendpoints, 2);
	CHECK_STR(c.endpoint[0].host, "a.example");
	CHECK_STR(c.endpoint[0].path, "/x?y");
	CHECK_INT(c.endpoint[1].port, 4318);
	CHECK_STR(c.ca, "/ca");
	CHECK_STR(c.cert, "/crt");
	CHECK_STR(c.key, "/key");
	CHECK_INT(c.timeout_ms, 750);
	CHECK_INT(c.batch, 32 << 10);
	CHECK_INT(c.nattrs, 2);
	CHECK_STR(c.attr[0].key, "a.b_1");
	CHECK_STR(c.attr[0].value, "\xc3\xa4 /");
	CHECK_INT(c.require, REQUIRE_SPLIT | REQUIRE_LANDLOCK);
}

TEST(the_least_and_the_most_of_each_quantity_are_taken)
{
	struct config c;

	parse(&c, "{" SHIP ",`collect`:{`interval`:`1s`},"
	    "`ring`:{`size`:`1MiB`}}");
	CHECK_INT(c.interval_ms, INTERVAL_MIN_MS);
	CHECK_INT(c.ring_size, RING_MIN);
	parse(&c, "{" SHIP ",`collect`:{`interval`:`1h`},"
	    "`ring`:{`size`:`1GiB`}}");
	CHECK_INT(c.interval_ms, INTERVAL_MAX_MS);
	CHECK_INT(c.ring_size, RING_MAX);
}

TEST(comments_of_both_kinds_may_stand_between_any_tokens)
{
	struct config c;

	parse(&c, "// { \"\n/* } ' \" \n */ {/**/" SHIP "/***/, // https://\n"
	    "`resource`/**/:/*/ */{`a`:`// /* b */`}}\r\n\t //");
	CHECK_STR(c.attr[0].value, "// /* b */");
}

TEST(escapes_in_values_are_what_json_says)
{
	struct config c;

	parse(&c, "{" SHIP ",`resource`:{`a`:`\\u00e4\\/\\\\\\``}}");
	CHECK_STR(c.attr[0].value, "\xc3\xa4/\\\"");
}

TEST(the_same_key_may_stand_in_two_objects)
{
	struct config c;

	parse(&c, "{" SHIP ",`resource`:{`ca`:`x`,`ship`:`y`,`resource`:`z`}}");
	CHECK_INT(c.nattrs, 3);
}

TEST(a_credential_is_a_file_of_its_directory)
{
	struct config c;

	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x.service", 1);
	parse(&c, "{`ship`:{`endpoints`:[`https://a`],`ca`:`credential:ca_1.p`,"
	    "`cert`:`credential:.C-9`,`key`:`credential:...`}}");
	CHECK_STR(c.ca, "/run/credentials/x.service/ca_1.p");
	CHECK_STR(c.cert, "/run/credentials/x.service/.C-9");
	CHECK_STR(c.key, "/run/credentials/x.service/...");
	unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(a_credentials_directory_that_makes_too_long_a_path_is_refused)
{
	static const char text[] = "{\"ship\":{\"ca\":\"credential:ca\"}}";
	char folder[PATH_MAX];
	struct config_error e;
	struct config c;

	memset(folder, '/', sizeof(folder) - 1);
	folder[sizeof(folder) - 1] = '\0';
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	CHECK_INT(config_parse(&c, "f", text, sizeof(text) - 1, &e), -1);
	CHECK(strstr(e.text, "is longer than a path can be") != NULL);
	setenv("CREDENTIALS_DIRECTORY", "relative", 1);
	CHECK_INT(config_parse(&c, "f", text, sizeof(text) - 1, &e), -1);
	CHECK(strstr(e.text, "needs $CREDENTIALS_DIRECTORY") != NULL);
	unsetenv("CREDENTIALS_DIRECTORY");
}

/* n attributes, the last with a value of that many bytes. */
static int
parse_attrs(struct config *c, unsigned n, unsigned longest)
{
	char *text = NULL, *s;
	struct config_error e;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int result;

	fprintf(f, "{" SHIP ",`resource`:{");
	for (unsigned i = 1; i < n; i++)
		fprintf(f, "`a%u`:`x`,", i);
	fprintf(f, "`b`:`%0*d`}}", (int)longest, 0);
	fclose(f);
	s = quoted(text);
	free(text);
	result = config_parse(c, "f", s, strlen(s), &e);
	free(s);
	return result;
}

TEST(attributes_are_taken_up_to_their_number_and_length)
{
	struct config c;

	CHECK_INT(parse_attrs(&c, 24, 255), 0);
	CHECK_INT(c.nattrs, 24);
	CHECK_INT(strlen(c.attr[23].value), 255);
	CHECK_INT(parse_attrs(&c, 25, 1), -1);
	CHECK_INT(parse_attrs(&c, 1, 256), -1);
	/* more than the scanner has room for */
	CHECK_INT(parse_attrs(&c, 200, 1), -1);
}

/* An endpoint whose path has that many bytes. */
static int
parse_endpoint(struct config *c, unsigned path)
{
	char text[1024], *s;
	struct config_error e;
	int result;

	snprintf(text, sizeof(text), "{`ship`:{`endpoints`:[`https://h/%0*d`],"
	    "`ca`:`/a`,`cert`:`/b`,`key`:`/c`}}", (int)path - 1, 0);
	s = quoted(text);
	result = config_parse(c, "f", s, strlen(s), &e);
	free(s);
	return result;
}

TEST(an_endpoint_that_is_taken_also_fits_what_the_shipper_is_told)
{
	static uint8_t frame[FRAME_MAX];
	static struct shipconf sent, got;
	static struct config c;
	unsigned taken = 0;

	for (unsigned path = 200; path < 300; path++) {
		if (parse_endpoint(&c, path) != 0)
			continue;
		taken = path;
		memset(&sent, 0, sizeof(sent));
		sent.interval_ms = c.interval_ms;
		sent.timeout_ms = c.timeout_ms;
		sent.batch = c.batch;
		sent.egress_limit = EGRESS_MIN;
		sent.nendpoints = 1;
		sent.endpoint[0] = c.endpoint[0];
		ptrdiff_t len = shipconf_encode(&sent, frame, sizeof(frame));

		CHECK(len > 0);
		CHECK_INT(shipconf_decode(&got, frame, (size_t)len), 0);
	}
	CHECK_INT(taken, 255 - 16 - 1);
}

static const char *
read_as(const char *path)
{
	static struct config_error e;
	static struct config c;

	return config_read(&c, path, &e) == 0 ? "good" : e.text;
}

/* A file of that text, followed by blanks up to size; returns its name. */
static const char *
make_file(const char *text, size_t size)
{
	static char path[64];
	char *s = quoted(text);
	int fd;

	strcpy(path, "/tmp/sluice-config-XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	CHECK(write(fd, s, strlen(s)) == (ssize_t)strlen(s));
	for (size_t n = strlen(s); n < size; n++)
		CHECK(write(fd, " ", 1) == 1);
	close(fd);
	free(s);
	return path;
}

TEST(a_file_is_read_whole_and_no_longer_than_its_limit)
{
	const char *path = make_file("{" SHIP "}", CONFIG_FILE_MAX);
	char want[128];

	CHECK_STR(read_as(path), "good");
	CHECK(truncate(path, CONFIG_FILE_MAX + 1) == 0);
	snprintf(want, sizeof(want), "%s: longer than 1MiB", path);
	CHECK_STR(read_as(path), want);
	unlink(path);
}

TEST(what_is_no_regular_file_is_refused_without_waiting)
{
	const char *path = make_file("", 0);

	unlink(path);
	CHECK(mkfifo(path, 0600) == 0);
	CHECK(strstr(read_as(path), ": not a regular file") != NULL);
	unlink(path);
	CHECK_STR(read_as("/"), "/: not a regular file");
	CHECK_STR(read_as("/dev/null"), "/dev/null: not a regular file");
	CHECK_STR(read_as("/nowhere"), "/nowhere: No such file or directory");
}

TEST(a_message_is_cut_and_never_longer_than_its_place)
{
	char *name = malloc(5000);
	struct config_error e;
	struct config c;

	memset(name, 'n', 4999);
	name[4999] = '\0';
	CHECK_INT(config_parse(&c, name, "", 0, &e), -1);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
	free(name);
}

TEST(each_row_of_the_table_says_what_would_be_right)
{
	for (const struct config_key *k = config_keys; k->path != NULL; k++) {
		CHECK(k->right != NULL);
		CHECK((k->set == NULL) == (k->type == CONFIG_SECTION));
		/* a file that need not be there has no default, nor has
		 * what is worked out at the start */
		CHECK(k->type != CONFIG_STRING || k->required ||
		    k->preset != NULL || k->set == config_set_secret ||
		    k->set == config_set_proxy || k->set == config_set_thing ||
		    strcmp(k->path, "ship.egress_limit") == 0);
		CHECK(config_find(k->path) == k);
	}
}

TEST(each_preset_is_taken_by_its_own_row)
{
	static struct config c;

	for (const struct config_key *k = config_keys; k->path != NULL; k++)
		if (k->preset != NULL)
			CHECK(k->set(&c, k, NULL, k->preset) == NULL);
}

TEST(the_example_configuration_is_good)
{
	static struct config c;
	struct config_error e;
	size_t len;
	char *text = test_file("docs/sluice.conf.example", &len);
	int result;

	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x", 1);
	result = config_parse(&c, "example", text, len, &e);
	unsetenv("CREDENTIALS_DIRECTORY");
	CHECK_STR(e.text, "");
	CHECK_INT(result, 0);
}

static uint64_t
enabled(const char *text)
{
	struct config c;

	parse(&c, text);
	return c.sources.enabled;
}

TEST(each_profile_holds_the_smaller_ones)
{
	uint64_t smaller = 0;

	for (enum profile p = PROFILE_MINIMAL; p < PROFILE_END; p++) {
		const uint64_t bits = source_profile(p);

		CHECK((smaller & ~bits) == 0);
		CHECK(smaller != bits);
		smaller = bits;
	}
}

TEST(a_source_that_is_named_is_as_said_whatever_the_profile_and_the_order)
{
	const uint64_t clock = SOURCE_BIT(SOURCE_CLOCK);
	const uint64_t minimal = source_profile(PROFILE_MINIMAL);

	CHECK((minimal & clock) == 0);
	CHECK(enabled("{`collect`:{`profile`:`minimal`}," SHIP "}") ==
	    minimal);
	CHECK(enabled("{`collect`:{`sources`:{`clock`:{`enabled`:true},"
	    "`cpu`:{`enabled`:false}},`profile`:`minimal`}," SHIP "}") ==
	    ((minimal | clock) & ~SOURCE_BIT(SOURCE_CPU)));
	CHECK(enabled("{`collect`:{`profile`:`full`,`sources`:{`clock`:"
	    "{`enabled`:false}}}," SHIP "}") ==
	    (source_profile(PROFILE_FULL) & ~clock));
}

TEST(patterns_numbers_and_redactions_go_to_their_places)
{
	struct config c;
	const struct select_texts *t = &c.sources.select;

	parse(&c, "{" SHIP ",`collect`:{`max_series`:5000,"
	    "`redact`:{`system.device`:`hash`,"
	    "`system.filesystem.type`:`drop`},"
	    "`redact_key`:`/etc/key`,"
	    "`sources`:{`disk`:{`include`:[`sd*`,`nvme*`],"
	    "`exclude`:[`sdz`],`max_series`:44},"
	    "`network`:{`exclude`:[`veth*`]}}}}");
	CHECK_INT(c.sources.max_series, 5000);
	CHECK_INT(c.sources.most[SOURCE_DISK], 44);
	CHECK_INT(c.sources.most[SOURCE_NETWORK], 0);
	CHECK_INT(t->n, 4);
	CHECK(t->text[0].source == SOURCE_DISK && !t->text[0].exclude);
	CHECK(t->text[2].source == SOURCE_DISK && t->text[2].exclude);
	CHECK(t->text[3].source == SOURCE_NETWORK && t->text[3].exclude);
	CHECK_STR(t->text[1].pattern, "nvme*");
	CHECK_INT(c.sources.redact.key[KEY_DEVICE], REDACT_HASH);
	CHECK_INT(c.sources.redact.key[KEY_FS_TYPE], REDACT_DROP);
	CHECK_STR(c.redact_key, "/etc/key");
}
