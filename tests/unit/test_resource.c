/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "resource.h"
#include "test.h"

#include <stdio.h>
#include <sys/utsname.h>

#define ID "0123456789abcdef0123456789abcdef"

static struct text
text(const char *s)
{
	return text_of(s, strlen(s));
}

static const char *
attr(const struct shipconf *c, const char *key)
{
	const char *value = NULL;

	for (size_t i = 0; i < c->nattrs; i++)
		if (strcmp(c->attr[i].key, key) == 0) {
			CHECK(value == NULL);	/* never twice */
			value = c->attr[i].value;
		}
	return value;
}

static void
add(struct config *c, const char *key, const char *value)
{
	strcpy(c->attr[c->nattrs].key, key);
	strcpy(c->attr[c->nattrs++].value, value);
}

static const struct host_facts facts = { .id = ID, .name = "h1",
	.arch = "amd64", .version = "9.4" };

TEST(a_machine_id_is_32_hexadecimal_digits_and_not_all_zero)
{
	static const char *const bad[] = { "", "\n", "uninitialized\n",
	    "0123456789abcdef0123456789abcde\n",
	    "0123456789abcdef0123456789abcdef0\n",
	    "0123456789ABCDEF0123456789ABCDEF\n",
	    "01234567-89ab-cdef-0123-456789ab\n",
	    "00000000000000000000000000000000\n", ID "\n\n", ID "\nx",
	    "\n" ID, " " ID };
	char out[FRAME_TEXT_MAX + 1] = "";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!resource_machine_id(text(bad[i]), out));
	CHECK_STR(out, "");
	CHECK(resource_machine_id(text(ID "\n"), out));
	CHECK_STR(out, ID);
	CHECK(resource_machine_id(text(ID), out));
}

TEST(the_version_of_the_system_is_read_as_a_shell_would)
{
	static const struct { const char *text, *version; } good[] = {
		{ "NAME=x\nVERSION_ID=12\nID=debian\n", "12" },
		{ "VERSION_ID=\"9.4\"", "9.4" },
		{ "VERSION_ID='9.4'\n", "9.4" },
		{ "VERSION_ID=\"a\\\"b\\$\\\\\"\n", "a\"b$\\" },
		{ "VERSION_ID='a\\b'\n", "a\\b" },
		{ "VERSION_ID=1\nVERSION_ID=2\n", "2" },
	};
	char out[FRAME_TEXT_MAX + 1];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(resource_os_version(text(good[i].text), out));
		CHECK_STR(out, good[i].version);
	}
}

TEST(a_version_that_is_absent_or_odd_is_left_out)
{
	static const char *const bad[] = { "", "VERSION_ID", "VERSION_ID=",
	    "VERSION_ID=\"\"", "#VERSION_ID=1", "VERSION_ID =1",
	    "XVERSION_ID=1", "VERSION_ID=\x01", "VERSION_ID=\xff",
	    "VERSION_ID=a\\", "VERSION_ID=1\nVERSION_ID=\"\"\n" };
	char out[FRAME_TEXT_MAX + 1], long_line[400];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!resource_os_version(text(bad[i]), out));
		CHECK_STR(out, "");
	}
	CHECK(!resource_os_version(text_of("VERSION_ID=1\0002", 14), out));
	snprintf(long_line, sizeof(long_line), "VERSION_ID=%0256d", 0);
	CHECK(!resource_os_version(text(long_line), out));
	snprintf(long_line, sizeof(long_line), "VERSION_ID=%0255d", 0);
	CHECK(resource_os_version(text(long_line), out));
}

TEST(architectures_have_the_names_that_opentelemetry_gives_them)
{
	CHECK_STR(resource_arch("x86_64"), "amd64");
	CHECK_STR(resource_arch("aarch64"), "arm64");
	CHECK_STR(resource_arch("armv7l"), "arm32");
	CHECK_STR(resource_arch("i686"), "x86");
	CHECK_STR(resource_arch("ppc64le"), "ppc64");
	CHECK_STR(resource_arch("ppc"), "ppc32");
	CHECK_STR(resource_arch("s390x"), "s390x");
	CHECK_STR(resource_arch("riscv64"), "riscv64");
}

TEST(the_seed_is_always_the_same_and_differs_between_hosts)
{
	unsigned bucket[8] = { 0 };

	CHECK(resource_seed("") == UINT64_C(0xf52a15e9a9b5e89b));
	CHECK(resource_seed(ID) == UINT64_C(0xd22b7c84089d8009));
	for (unsigned i = 0; i < 8000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "host%u", i);
		bucket[resource_seed(name) % 10000 / 1250]++;
	}
	for (unsigned i = 0; i < 8; i++)
		CHECK(bucket[i] > 900 && bucket[i] < 1100);
}

TEST(the_facts_come_as_the_conventions_name_them)
{
	static const struct config cfg;
	static struct shipconf c;

	c.nattrs = 5;
	resource_merge(&c, &facts, &cfg);
	CHECK_INT(c.nattrs, 8);
	CHECK_STR(attr(&c, "service.name"), "sluice");
	CHECK(attr(&c, "service.version")[0] >= '0');
	CHECK_STR(attr(&c, "service.instance.id"), ID);
	CHECK_STR(attr(&c, "host.id"), ID);
	CHECK_STR(attr(&c, "host.name"), "h1");
	CHECK_STR(attr(&c, "host.arch"), "amd64");
	CHECK_STR(attr(&c, "os.type"), "linux");
	CHECK_STR(attr(&c, "os.version"), "9.4");
	CHECK(c.seed == resource_seed(ID));
}

TEST(what_the_configuration_says_replaces_a_fact_in_its_place)
{
	static struct config cfg;
	static struct shipconf c;

	add(&cfg, "host.id", "i-0123");
	add(&cfg, "host.name", "h1.example.net");
	add(&cfg, "service.name", "edge");
	add(&cfg, "team", "blue");
	resource_merge(&c, &facts, &cfg);
	CHECK_INT(c.nattrs, 9);
	CHECK_STR(attr(&c, "host.id"), "i-0123");
	CHECK_STR(attr(&c, "host.name"), "h1.example.net");
	CHECK_STR(attr(&c, "service.name"), "edge");
	CHECK_STR(attr(&c, "service.instance.id"), "i-0123");
	CHECK_STR(attr(&c, "team"), "blue");
	CHECK(c.seed == resource_seed("i-0123"));
}

TEST(an_instance_that_the_configuration_names_is_kept)
{
	static struct config cfg;
	static struct shipconf c;

	add(&cfg, "service.instance.id", "mine");
	resource_merge(&c, &facts, &cfg);
	CHECK_STR(attr(&c, "service.instance.id"), "mine");
	CHECK(c.seed == resource_seed(ID));
}

TEST(without_a_machine_id_the_name_tells_hosts_apart)
{
	static const struct host_facts bare = { .name = "h1", .arch = "" };
	static const struct config cfg;
	static struct shipconf c;

	resource_merge(&c, &bare, &cfg);
	CHECK_INT(c.nattrs, 5);
	CHECK(attr(&c, "host.id") == NULL);
	CHECK(attr(&c, "host.arch") == NULL);
	CHECK_STR(attr(&c, "service.instance.id"), "h1");
	CHECK(c.seed == resource_seed("h1"));
}

TEST(all_facts_and_the_most_that_can_be_configured_have_room)
{
	static struct config cfg;
	static struct shipconf c;

	for (unsigned i = 0; i < RESOURCE_ATTRS_MAX - 8; i++) {
		char key[32];

		snprintf(key, sizeof(key), "a%u", i);
		add(&cfg, key, "x");
	}
	resource_merge(&c, &facts, &cfg);
	CHECK_INT(c.nattrs, RESOURCE_ATTRS_MAX);
	CHECK_STR(attr(&c, "service.instance.id"), ID);
}

TEST(this_host_is_described_by_its_own_kernel)
{
	static const struct config cfg;
	static struct shipconf c;
	struct utsname u;

	CHECK(uname(&u) == 0);
	resource_fill(&c, &cfg);
	CHECK_STR(attr(&c, "host.name"), u.nodename);
	CHECK_STR(attr(&c, "host.arch"), resource_arch(u.machine));
	CHECK(c.seed != 0);
}
