/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/hwmon.h"

#include <errno.h>
#include <unistd.h>

static struct ran ran;
static char where[32];

static void
enter(struct host *h)
{
	const char *which;

	strcpy(where, "/tmp/test_hwmon.XXXXXX");
	CHECK(mkdtemp(where) != NULL && chdir(where) == 0);
	CHECK_INT(system("mkdir -p class/hwmon"), 0);
	CHECK_INT(host_open(h, where, where, &which), 0);
}

static void
leave(struct host *h)
{
	char command[64];

	host_close(h);
	CHECK_INT(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -r %s", where);
	CHECK_INT(system(command), 0);
}

static void
put_chip(int number, const char *name, int temperature)
{
	char command[256];

	snprintf(command, sizeof(command), "cd class/hwmon && rm -rf hwmon%d "
	    "&& mkdir hwmon%d && cd hwmon%d && echo %s >name && "
	    "echo %d >temp1_input", number, number, number, name, temperature);
	CHECK_INT(system(command), 0);
}

TEST(what_takes_a_chip_s_place_is_never_said_under_its_name)
{
	struct host h;

	enter(&h);
	put_chip(0, "first", 1000);
	run_on_host(&ran, &source_hwmon, &h, NULL);
	/* as if it were the kernel's own: the file is kept open */
	h.real[HOST_SYS] = true;
	run_on_host(&ran, &source_hwmon, &h, NULL);
	CHECK_INT(said_of(&ran, HW_TEMPERATURE_ALL, "hwmon0.temp1"), 1000);
	put_chip(0, "second", 2000);
	run_on_host(&ran, &source_hwmon, &h, NULL);
	CHECK_INT(ran.n, 0);
	run_on_host(&ran, &source_hwmon, &h, NULL);
	CHECK_INT(said_of(&ran, HW_TEMPERATURE_ALL, "hwmon0.temp1"), 2000);
	CHECK_INT(ran.nfailures, 0);
	leave(&h);
}

TEST(chips_beyond_the_bound_are_said_to_be_left_out)
{
	struct host h;

	enter(&h);
	for (int i = 0; i < 64; i++)
		put_chip(i, "chip", i);
	run_on_host(&ran, &source_hwmon, &h, NULL);
	CHECK_INT(ran.n, 64);
	CHECK_INT(ran.nfailures, 0);
	put_chip(64, "chip", 64);
	run_on_host(&ran, &source_hwmon, &h, NULL);
	CHECK_INT(ran.n, 64);
	CHECK_INT(ran.nfailures, 1);
	CHECK_INT(ran.last_error, -EFBIG);
	leave(&h);
}

TEST(sensors_of_each_kind_are_said_in_their_own_unit)
{
	run_source(&ran, &source_hwmon, "linux-5.14-rhel9", NULL);
	CHECK_INT(said_of(&ran, HW_TEMPERATURE_ALL, "hwmon0.temp1"), 41000);
	CHECK_INT(said_of(&ran, HW_TEMPERATURE_LIMIT_DEGRADED,
	    "hwmon0.temp1"), 82000);
	CHECK_INT(said_of(&ran, HW_TEMPERATURE_LIMIT_CRITICAL,
	    "hwmon0.temp1"), 92000);
	CHECK_INT(said_of(&ran, HW_TEMPERATURE_ALL, "hwmon1.temp3"), -5000);
	CHECK_INT(said_of(&ran, HW_FAN_SPEED_ALL, "hwmon1.fan2"), 1180);
	CHECK_INT(said_of(&ran, HW_VOLTAGE_ALL, "hwmon1.in0"), 912);
	CHECK_INT(said_of(&ran, HWMON_CURRENT_ALL, "hwmon3.curr1"), 1250);
	CHECK_INT(said_of(&ran, HWMON_POWER_ALL, "hwmon3.power1"), 312000000);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_limit_that_is_not_set_and_a_file_that_is_no_sensor_are_not_said)
{
	run_source(&ran, &source_hwmon, "linux-5.14-rhel9", NULL);
	CHECK_INT(said_of(&ran, HW_TEMPERATURE_ALL, "hwmon2.temp1"), 38850);
	CHECK_INT(said_of(&ran, HW_TEMPERATURE_LIMIT_DEGRADED,
	    "hwmon2.temp1"), NOT_SAID);
	CHECK_INT(said_of(&ran, HWMON_POWER_ALL, "hwmon3.power2"), 7);
	CHECK_INT(ran.n, 3 + 2 + 1 + 1 + 2 + 1 + 2);
}

TEST(a_host_without_sensors_says_nothing_and_reports_nothing)
{
	run_source(&ran, &source_hwmon, "linux-6.18", NULL);
	CHECK_INT(ran.result, 0);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 0);
}

TEST(names_of_sensors_are_told_from_the_rest_of_the_directory)
{
	static const struct { const char *name; enum hwmon_kind kind;
		unsigned number; } good[] = {
		{ "temp1_input", HWMON_TEMPERATURE, 1 },
		{ "fan12_input", HWMON_FAN, 12 },
		{ "in0_input", HWMON_VOLTAGE, 0 },
		{ "curr3_input", HWMON_CURRENT, 3 },
		{ "power1_average", HWMON_POWER, 1 },
		{ "power999_input", HWMON_POWER, 999 },
	};
	static const char *const bad[] = { "", "_", "_input", "temp_input",
	    "temp1", "temp1_", "temp1_inputs", "temp1_label", "tempa_input",
	    "temp-1_input", "1_input", "temp1000_input", "intrusion0_input",
	    "fan1_average", "te_input", "temp99999999999999999999_input" };
	struct hwmon_sensor s;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(hwmon_parse_name(good[i].name, &s));
		CHECK_INT(s.kind, good[i].kind);
		CHECK_INT(s.number, good[i].number);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!hwmon_parse_name(bad[i], &s));
}

TEST(what_drivers_say_for_no_limit_is_none)
{
	CHECK(hwmon_is_limit(82000) && hwmon_is_limit(-40000));
	CHECK(!hwmon_is_limit(65261850) && !hwmon_is_limit(-273150));
}
