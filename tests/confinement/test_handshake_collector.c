/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  launch.c, as collectord runs it, against every shipper of
 * fake_shipper.c: each fault ends the collector, non-zero and by name.
 */
#include "child.h"
#include "fake_shipper.h"
#include "launch.h"
#include "log.h"
#include "privilege.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct start {
	const char *path;
	const char *user;
	void (*become)(uid_t);
};

/* collectord's main(), as far as the shipper is concerned. */
static int
collect(void *arg)
{
	const struct start *s = arg;
	int secret_fd[SECRET_END];
	static struct link l;
	struct frame f;

	log_open("collectord");
	s->become(UID_A);
	launch_shipper(&l, &(struct launch_options){ s->path, s->user });
	for (int i = 0; i < SECRET_END; i++)
		secret_fd[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	launch_handshake(&l);
	launch_configure(&l, "configuration", 13, secret_fd);
	launch_await_lock(&l);
	REQUIRE(l.layers.landlock_abi == 7 && l.layers.mdwe == 0);
	while (channel_wait(l.q, 30000) == 0 && link_receive(&l, &f) == 1) {
		REQUIRE(f.type == FRAME_ACK && f.len == 9);
		REQUIRE(f.payload[0] == 7);
		dprintf(STDERR_FILENO, "split=%d uid=%u", l.split,
		    (unsigned)l.shipper.uid);
		return 0;
	}
	return 96;
}

static char directory[] = "/tmp/sluice-handshake-XXXXXX";

/* The test program itself, by another name. */
static const char *
link_to_self(const char *name)
{
	static char path[256];

	if (strstr(directory, "XXXXXX") != NULL) {
		CHECK(mkdtemp(directory) != NULL);
		CHECK_INT(chmod(directory, 0755), 0);
	}
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	CHECK_INT(symlink("/proc/self/exe", path), 0);
	return path;
}

__attribute__((destructor)) static void
clean_up(void)
{
	rmdir(directory);
}

static const struct ended *
run_against(const char *name, const char *as_user, void (*how)(uid_t))
{
	struct start s = { link_to_self(name), as_user, how };
	const struct ended *e = child_run(collect, &s);

	unlink(s.path);
	return e;
}

static const struct misbehaviour *
find(const char *name)
{
	for (size_t i = 0; i < nmisbehaviours; i++)
		if (strcmp(misbehaviours[i].name, name) == 0)
			return &misbehaviours[i];
	test_fail(__FILE__, __LINE__, "no misbehaviour %s", name);
}

static void
check_refused(const char *name)
{
	const struct misbehaviour *m = find(name);
	const struct ended *e = run_against(name, "61002", become_starter);

	if (!child_exited(e, 1) || strstr(e->text, m->answer) == NULL ||
	    strstr(e->text, "<3>collectord: event=") == NULL)
		test_fail(__FILE__, __LINE__, "%s: no \"%s\" but %s", name,
		    m->answer, child_story(e));
}

#define REFUSED(sentence, name) \
	TEST(sentence) { need_root(); check_refused(#name); }

TEST(a_shipper_that_keeps_to_the_protocol_is_taken_under_its_own_user)
{
	const struct ended *e;

	need_root();
	e = run_against("behave", "61002", become_starter);
	CHECK_EXIT(e, 0);
	CHECK_STR(e->text, "split=1 uid=61002");
}

TEST(without_capabilities_both_are_one_user)
{
	const struct ended *e;

	need_root();
	e = run_against("behave", "61002", become);
	CHECK_EXIT(e, 0);
	CHECK_STR(e->text, "split=0 uid=61001");
}

TEST(a_user_that_is_no_second_user_is_refused)
{
	static const char *const users[] = { "0", "61001", "no-such-user",
	    "4294967295", "4294967296", "-1", "61002x", "" };

	need_root();
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		const struct ended *e =
		    run_against("behave", users[i], become_starter);

		CHECK_EXIT(e, 1);
		CHECK_SAID(e, "event=fatal what=\"the shipper");
	}
}

TEST(a_program_that_is_not_there_ends_the_start)
{
	struct start s = { "/nonexistent/shipperd", "61002", become_starter };
	const struct ended *e;

	need_root();
	e = child_run(collect, &s);
	CHECK_EXIT(e, 1);
	CHECK_SAID(e, "what=\"/nonexistent/shipperd\" error=\"ENOENT");
	CHECK_SAID(e, "the shipper ended before it was ready");
}

REFUSED(a_shipper_that_ends_at_once_is_the_end, end_at_once)
REFUSED(a_shipper_that_ends_before_its_lock_is_the_end, end_before_lock)
REFUSED(a_stream_pair_is_refused, hello_stream)
REFUSED(a_datagram_pair_is_refused, hello_dgram)
REFUSED(a_file_in_place_of_a_pair_is_refused, hello_file)
REFUSED(our_own_pair_handed_back_is_refused, hello_same_pair)
REFUSED(a_pair_made_by_a_third_process_is_refused, hello_foreign_pair)
REFUSED(a_pair_that_carries_no_credentials_is_refused, hello_no_passcred)
REFUSED(hello_without_a_descriptor_is_refused, hello_alone)
REFUSED(hello_one_byte_short_is_refused, hello_short)
REFUSED(hello_one_byte_long_is_refused, hello_long)
REFUSED(hello_larger_than_any_frame_is_refused, hello_huge)
REFUSED(a_first_hello_with_a_wrong_pair_is_not_mended_by_a_second, hello_twice)
REFUSED(a_second_hello_is_refused, hello_again)
REFUSED(hello_from_a_fork_of_the_shipper_is_refused, hello_by_a_fork)
REFUSED(an_empty_message_is_no_frame, say_nothing)
REFUSED(a_frame_of_unknown_type_is_refused, unknown_on_p)
REFUSED(a_frame_of_type_zero_is_refused, type_zero_on_p)
REFUSED(a_record_from_the_shipper_is_refused, record_on_p)
REFUSED(locked_on_the_wrong_pair_is_refused, locked_on_p)
REFUSED(locked_with_a_wrong_nonce_is_refused, wrong_nonce)
REFUSED(locked_of_an_earlier_start_is_refused, replayed_lock)
REFUSED(locked_before_the_nonce_was_seen_is_refused, lock_before_welcome)
REFUSED(an_acknowledgement_before_the_lock_is_refused, ack_before_lock)
REFUSED(locked_one_byte_short_is_refused, lock_short)
REFUSED(locked_one_byte_long_is_refused, lock_long)
REFUSED(locked_from_a_fork_of_the_shipper_is_refused, lock_by_a_fork)
REFUSED(locked_with_a_descriptor_is_refused, lock_with_descriptor)
REFUSED(locked_twice_is_refused, lock_twice)
REFUSED(an_acknowledgement_one_byte_short_is_refused, ack_short)
REFUSED(an_acknowledgement_one_byte_long_is_refused, ack_long)
REFUSED(hello_after_the_lock_is_refused, hello_on_q)
REFUSED(a_frame_that_only_we_may_send_is_refused, start_on_q)
REFUSED(a_message_larger_than_any_frame_is_refused, huge_on_q)
REFUSED(an_acknowledgement_from_a_fork_is_refused, ack_by_a_fork)

TEST(a_silent_shipper_is_not_waited_for_forever)
{
	static const char *const names[2] = { "silence",
	    "silence_before_lock" };
	static char path[2][256];
	struct start s[2];
	struct child c[2];

	need_root();
	/* both at once: they wait 10 and 30 seconds */
	for (int i = 0; i < 2; i++) {
		strcpy(path[i], link_to_self(names[i]));
		s[i] = (struct start){ path[i], "61002", become_starter };
		c[i] = child_start(collect, &s[i]);
	}
	for (int i = 0; i < 2; i++) {
		const struct ended *e = child_end(c[i], 60);

		unlink(path[i]);
		CHECK_EXIT(e, 1);
		CHECK_SAID(e, "waiting for the shipper");
		CHECK_SAID(e, "ETIMEDOUT");
	}
}
