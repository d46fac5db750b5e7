/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Files that are read before the sources ask for them. */
#include "cycle_world.h"
#include "shaken_calls.h"

enum { IN_TURN = 64 };

static const uint64_t *const late[] = {
	&self.failures[SOURCE_LOAD][FAILURE_TIMEOUT],
	&self.failures[SOURCE_MEMORY][FAILURE_TIMEOUT],
};

/* Two sources of a file each; after two steps both are read ahead. */
static void
begin_two(void)
{
	shaken = (struct shaken){ .clock_ns = UINT64_C(5000000000000) };
	begin(SOURCE_BIT(SOURCE_LOAD) | SOURCE_BIT(SOURCE_MEMORY), 10000);
	step();
	CHECK_INT(host.ahead, 0);
	step();
	CHECK(host.ahead > 0);
	CHECK_INT(host.nheld, 2);
	CHECK_INT(strcmp(host.held[0].path, "loadavg"), 0);
}

static void
check_said(bool load, bool memory)
{
	shaken.clock_ns += UINT64_C(1000000000);
	step();
	CHECK((said[SOURCE_LOAD].points > 0) == load);
	CHECK((said[SOURCE_MEMORY].points > 0) == memory);
}

TEST(of_files_read_ahead_the_slow_one_alone_costs_its_source)
{
	begin_two();
	shaken.slow_fd = host.held[0].fd;
	shaken.slow_ns = UINT64_C(600000000);
	check_said(false, true);
	CHECK_INT(*late[0], 1);
	CHECK_INT(*late[1], 0);
	CHECK_INT(host.ahead, 0);
	end();
}

TEST(after_a_slow_one_sources_read_for_themselves_for_a_while)
{
	begin_two();
	shaken.slow_fd = host.held[0].fd;
	shaken.slow_ns = UINT64_C(600000000);
	check_said(false, true);
	/* once a step, not twice */
	for (uint64_t i = 1; i <= IN_TURN; i++) {
		const uint64_t before = shaken.clock_ns;

		check_said(false, true);
		CHECK(shaken.clock_ns - before < UINT64_C(1700000000));
		CHECK_INT(*late[0], 1 + i);
	}
	shaken.slow_fd = 0;
	check_said(true, true);
	CHECK(host.ahead > 0);
	CHECK_INT(*late[1], 0);
	end();
}

TEST(what_takes_as_long_as_a_source_may_is_not_read_again)
{
	begin_two();
	shaken.slow_fd = host.held[0].fd;
	shaken.slow_ns = UINT64_C(400000000);
	for (int i = 0; i < 5; i++)
		check_said(true, true);
	CHECK(host.ahead > 0);
	CHECK_INT(*late[0] + *late[1], 0);
	end();
}
