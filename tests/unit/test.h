/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Test anything protocol in a page:
 *
 *	TEST(a_sentence_that_says_what_is_shown) { CHECK(1 + 1 == 2); }
 *
 * Each TEST is one result.  The first CHECK that fails ends it, with the
 * place and the words.  test.c has main().
 */
#ifndef SLUICE_TEST_H
#define SLUICE_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

void	test_register(const char *name, void (*)(void));
_Noreturn void test_fail(const char *file, int line, const char *format, ...)
	    __attribute__((format(printf, 3, 4)));
/* This test cannot run here; the reason is shown and it counts as skipped. */
_Noreturn void test_skip(const char *format, ...)
	    __attribute__((format(printf, 1, 2)));
/*
 * Reads a file below the source tree; the test fails where it cannot.  Not to
 * be freed.
 */
char	*test_file(const char *path, size_t *len);

#define TEST(name) \
	static void name(void); \
	__attribute__((constructor)) static void register_##name(void) \
	{ test_register(#name, name); } \
	static void name(void)

#define CHECK(what) do { if (!(what)) \
	test_fail(__FILE__, __LINE__, "%s", #what); } while (0)
#define CHECK_INT(got, want) do { \
	long long got_ = (long long)(got), want_ = (long long)(want); \
	if (got_ != want_) test_fail(__FILE__, __LINE__, \
	    "%s is %lld, not %lld", #got, got_, want_); } while (0)
#define CHECK_STR(got, want) do { const char *got_ = (got), *want_ = (want); \
	if (got_ == NULL || strcmp(got_, want_) != 0) \
	test_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #got, \
	    got_ == NULL ? "(null)" : got_, want_); } while (0)
#define CHECK_MEM(got, want, len) do { \
	if (memcmp((got), (want), (len)) != 0) test_fail(__FILE__, __LINE__, \
	    "%s differs from %s", #got, #want); } while (0)

#endif
