/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What holds on any machine; tests/vm has the kernel's. */
#include "selinux.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PARSE(l, literal) selinux_parse(l, literal, sizeof(literal) - 1)

TEST(a_label_has_a_type_with_or_without_a_range)
{
	struct selinux_label l;

	CHECK_INT(PARSE(&l, "system_u:system_r:sluice_shipper_t:s0"), 0);
	CHECK(selinux_type_is(&l, SELINUX_SHIPPER));
	CHECK_INT(PARSE(&l, "user_u:role_r:some_t"), 0);
	CHECK(selinux_type_is(&l, "some_t"));
	CHECK_STR(l.text, "user_u:role_r:some_t");
	CHECK_INT(PARSE(&l, "a:b:c:s0-s15:c0.c1023"), 0);
	CHECK(selinux_type_is(&l, "c"));
}

TEST(the_kernel_may_end_it_with_a_zero_byte_or_a_newline_but_one)
{
	struct selinux_label l;

	CHECK_INT(selinux_parse(&l, "a:b:c:s0", 9), 0);
	CHECK_INT(l.len, 8);
	CHECK_INT(PARSE(&l, "a:b:c:s0\n"), 0);
	CHECK_STR(l.text, "a:b:c:s0");
	CHECK_INT(PARSE(&l, "a:b:c:s0\n\n"), -EBADMSG);
	CHECK_INT(selinux_parse(&l, "a:b:c:s0\0", 10), -EBADMSG);
}

TEST(what_is_not_selinux_has_no_type)
{
	static const char *const others[] = { "", "\n", ":", "::", ":::",
		"kernel", "unconfined\n", "docker-default (enforce)\n",
		"/usr/bin/man (enforce)", "a:b", "a:b:", "a::c", ":b:c",
		"a:b::s0", "a:b:c:", "a:b:c d", "a:b:c\xc3\xa9", "_",
		"snap.a:b:c (complain)" };
	struct selinux_label l;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK_INT(selinux_parse(&l, others[i], strlen(others[i])),
		    -EBADMSG);
	CHECK_INT(selinux_parse(&l, "a:b\0:c", 6), -EBADMSG);
	CHECK_INT(selinux_parse(&l, NULL, 0), -EBADMSG);
}

TEST(a_type_is_whole_or_it_is_another)
{
	struct selinux_label l;

	CHECK_INT(PARSE(&l, "u:r:sluice_shipper_init_t:s0"), 0);
	CHECK(selinux_type_is(&l, SELINUX_SHIPPER_INIT));
	CHECK(!selinux_type_is(&l, SELINUX_SHIPPER));
	CHECK(!selinux_type_is(&l, "sluice_shipper_init"));
	CHECK(!selinux_type_is(&l, "sluice_shipper_init_t:s0"));
	CHECK(!selinux_type_is(&l, ""));
	/* neither a user nor a role of that name */
	CHECK_INT(PARSE(&l, "sluice_shipper_t:sluice_shipper_t:x_t"), 0);
	CHECK(!selinux_type_is(&l, SELINUX_SHIPPER));
}

TEST(a_label_of_255_bytes_is_taken_and_one_of_256_is_not)
{
	char text[SELINUX_LABEL_MAX + 1];
	struct selinux_label l;

	memset(text, 'x', sizeof(text));
	memcpy(text, "u:r:", 4);
	CHECK_INT(selinux_parse(&l, text, SELINUX_LABEL_MAX - 1), 0);
	CHECK_INT(l.len, SELINUX_LABEL_MAX - 1);
	CHECK_INT(l.text[SELINUX_LABEL_MAX - 1], 0);
	CHECK_INT(selinux_parse(&l, text, SELINUX_LABEL_MAX), -EBADMSG);
	text[SELINUX_LABEL_MAX] = '\0';
	CHECK_INT(selinux_parse(&l, text, SELINUX_LABEL_MAX + 1), -EBADMSG);
}

TEST(another_type_leaves_user_role_and_range)
{
	struct selinux_label l;

	CHECK_INT(PARSE(&l, "system_u:system_r:sluice_shipper_init_t:s0:c1,c2"),
	    0);
	CHECK_INT(selinux_retype(&l, SELINUX_SHIPPER), 0);
	CHECK_STR(l.text, "system_u:system_r:sluice_shipper_t:s0:c1,c2");
	CHECK_INT(l.len, strlen(l.text));
	CHECK(selinux_type_is(&l, SELINUX_SHIPPER));
	CHECK_INT(selinux_retype(&l, "much_longer_than_it_was_before_t"), 0);
	CHECK_STR(l.text,
	    "system_u:system_r:much_longer_than_it_was_before_t:s0:c1,c2");
	CHECK_INT(PARSE(&l, "u:r:t"), 0);
	CHECK_INT(selinux_retype(&l, "v"), 0);
	CHECK_STR(l.text, "u:r:v");
}

TEST(a_type_that_makes_the_label_too_long_is_refused_and_nothing_changed)
{
	char text[SELINUX_LABEL_MAX];
	struct selinux_label l;

	memset(text, 'x', sizeof(text));
	memcpy(text, "u:r:t:", 6);
	CHECK_INT(selinux_parse(&l, text, SELINUX_LABEL_MAX - 1), 0);
	CHECK_INT(selinux_retype(&l, "tt"), -EBADMSG);
	CHECK(selinux_type_is(&l, "t"));
	CHECK_INT(selinux_retype(&l, "v"), 0);
	CHECK_INT(l.len, SELINUX_LABEL_MAX - 1);
}

TEST(each_layer_has_its_word)
{
	for (int i = 0; i < SELINUX_LAYER_END; i++)
		for (int k = 0; k < i; k++)
			CHECK(strcmp(selinux_layer_name(i),
			    selinux_layer_name(k)) != 0);
	CHECK_STR(selinux_layer_name(SELINUX_ENFORCED), "enforced");
	CHECK_STR(selinux_layer_name(SELINUX_LAYER_END), "?");
}

/* No test runs in a domain of ours. */
TEST(a_process_outside_our_domains_enters_none_and_says_so)
{
	struct selinux_label before, after;
	const bool labelled = selinux_own(&before) == 0;

	CHECK_INT(selinux_enter(SELINUX_SHIPPER_INIT, SELINUX_SHIPPER), 0);
	CHECK(labelled == (selinux_own(&after) == 0));
	if (labelled)
		CHECK_STR(after.text, before.text);
	CHECK(selinux_layer(SELINUX_SHIPPER) < SELINUX_PERMISSIVE);
}

TEST(two_that_are_both_outside_belong_together)
{
	struct selinux_label l;
	int pair[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	CHECK(selinux_peer_belongs(pair[0], SELINUX_COLLECTOR,
	    SELINUX_SHIPPER_INIT));
	CHECK(selinux_process_belongs(getpid(), SELINUX_COLLECTOR,
	    SELINUX_SHIPPER));
	/* on a host with SELinux, all that is known of the maker */
	if (selinux_peer(pair[1], &l) == 0) {
		struct selinux_label own;

		CHECK_INT(selinux_own(&own), 0);
		CHECK_STR(l.text, own.text);
		CHECK(!selinux_peer_belongs(pair[0], SELINUX_COLLECTOR,
		    strtok(l.text + l.type, ":")));
	}
	close(pair[0]);
	close(pair[1]);
}

TEST(what_is_no_socket_and_no_process_has_no_label)
{
	struct selinux_label l;

	CHECK_INT(selinux_peer(STDERR_FILENO, &l), -1);
	CHECK_INT(selinux_of(-1, &l), -1);
	CHECK_INT(errno, ENOENT);
}
