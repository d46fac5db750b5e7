/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/hwmon.h"

#include <errno.h>

static struct ran ran;

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
