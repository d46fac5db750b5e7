/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/process.h"
#include "test.h"

#include <errno.h>

static int
parse(const char *s, size_t len)
{
	enum process_state state = PROCESS_STATES;
	const int error = pidstat_state(text_of(s, len), &state);

	return error < 0 ? error : (int)state;
}

static int
of(const char *s)
{
	return parse(s, strlen(s));
}

TEST(each_letter_of_the_kernel_has_its_state)
{
	CHECK_INT(of("1 (a) R 0 1\n"), PROCESS_RUNNING);
	CHECK_INT(of("1 (a) S 0 1\n"), PROCESS_SLEEPING);
	CHECK_INT(of("1 (a) D 0 1\n"), PROCESS_SLEEPING);
	CHECK_INT(of("1 (a) I 0 1\n"), PROCESS_SLEEPING);
	CHECK_INT(of("1 (a) P 0 1\n"), PROCESS_SLEEPING);
	CHECK_INT(of("1 (a) T 0 1\n"), PROCESS_STOPPED);
	CHECK_INT(of("1 (a) t 0 1\n"), PROCESS_STOPPED);
	CHECK_INT(of("1 (a) Z 0 1\n"), PROCESS_DEFUNCT);
	CHECK_INT(of("1 (a) X 0 1\n"), PROCESS_DEFUNCT);
}

TEST(a_name_cannot_forge_the_state)
{
	CHECK_INT(of("7 (x) R 1 (y) S 1 7"), PROCESS_SLEEPING);
	CHECK_INT(of("7 (\n) R\n) Z 1 7"), PROCESS_DEFUNCT);
	CHECK_INT(of("7 () ) T 1 7"), PROCESS_STOPPED);
	CHECK_INT(of("7 () R 1 7"), PROCESS_RUNNING);
	CHECK_INT(of("7 (((( R) I 1 7"), PROCESS_SLEEPING);
	CHECK_INT(of("7 (\xff\xfe\x01) R 1 7"), PROCESS_RUNNING);
}

TEST(text_without_a_known_state_is_malformed)
{
	static const char *const bad[] = { "", "1", "1 (a", "1 (a)", "1 (a) ",
	    "1 (a)R", "1 (a) ? 0", "1 (a)  S 0", "1 (a) r 0", ")" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(of(bad[i]), -EBADMSG);
}

TEST(nothing_is_read_behind_the_end)
{
	CHECK_INT(parse("1 (a) R", 7), PROCESS_RUNNING);
	CHECK_INT(parse("1 (a) R", 6), -EBADMSG);
	CHECK_INT(parse("1 (a) R", 5), -EBADMSG);
	CHECK_INT(parse("1 (a) R", 0), -EBADMSG);
}

TEST(the_processes_of_a_captured_host_are_read)
{
	static const struct {
		const char *pid;
		enum process_state state;
	} process[] = {
		{ "1", PROCESS_SLEEPING }, { "3", PROCESS_SLEEPING },
		{ "1544", PROCESS_SLEEPING }, { "1600", PROCESS_STOPPED },
		{ "1601", PROCESS_STOPPED }, { "1700", PROCESS_DEFUNCT },
		{ "1702", PROCESS_RUNNING },
	};

	for (size_t i = 0; i < sizeof(process) / sizeof(process[0]); i++) {
		char path[128] = "tests/fixtures/linux-5.14-rhel9/proc/";
		size_t len;
		char *s;

		s = test_file(strcat(strcat(path, process[i].pid), "/stat"),
		    &len);
		CHECK_INT(parse(s, len), process[i].state);
	}
}
