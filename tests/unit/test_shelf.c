/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "shelf.h"
#include "test.h"

enum { CAP = 64 };

static uint8_t space[CAP];
static struct shelf shelf;

static void
put(unsigned slot, const char *s)
{
	CHECK(shelf_resize(&shelf, slot, strlen(s)));
	memcpy(shelf_at(&shelf, slot), s, strlen(s));
}

static void
all_is(const char *want)
{
	CHECK_INT(shelf.used, strlen(want));
	CHECK_MEM(space, want, strlen(want));
}

static void
begin(void)
{
	shelf_init(&shelf, space, CAP);
	put(SOURCE_MEMORY, "memory");
	put(SOURCE_CPU, "cpu");
	put(SOURCE_OPERATOR, "operator");
	put(SOURCE_DISK, "disk");
	all_is("cpumemorydiskoperator");
}

TEST(what_grows_or_shrinks_moves_only_what_is_behind_it)
{
	begin();
	put(SOURCE_MEMORY, "remember");
	all_is("cpurememberdiskoperator");
	put(SOURCE_CPU, "");
	all_is("rememberdiskoperator");
	CHECK(shelf_resize(&shelf, SOURCE_MEMORY, 3));
	CHECK(shelf_resize(&shelf, SOURCE_OPERATOR, 2));
	all_is("remdiskop");
	CHECK(shelf_at(&shelf, SOURCE_OPERATOR) == space + 7);
}

TEST(what_is_not_wanted_leaves_no_hole)
{
	size_t n[SHELF_SLOTS] = { [SOURCE_MEMORY] = 1, [SOURCE_LOAD] = 2,
		[SOURCE_OPERATOR] = 3 };

	begin();
	shelf_keep(&shelf, n);
	all_is("memoryoperator");
	put(SOURCE_CPU, "cpu");
	all_is("cpumemoryoperator");
	memset(n, 0, sizeof(n));
	shelf_keep(&shelf, n);
	all_is("");
}

TEST(what_does_not_fit_leaves_all_as_it_was)
{
	begin();
	CHECK(!shelf_resize(&shelf, SOURCE_CPU, CAP - 21 + 3 + 1));
	all_is("cpumemorydiskoperator");
	CHECK(!shelf_resize(&shelf, SOURCE_EDAC, SIZE_MAX));
	all_is("cpumemorydiskoperator");
	CHECK(shelf_resize(&shelf, SOURCE_CPU, CAP - 21 + 3));
	CHECK_INT(shelf.used, CAP);
	CHECK(!shelf_resize(&shelf, SOURCE_EDAC, 1));
}
