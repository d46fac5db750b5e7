/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  link.c, as shipperd runs it, against collectors that are
 * wrong in one way each: the shipper ends, non-zero and by name.
 */
#include "fake_collector.h"
#include "shipconf.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define FRAME_FAULT "detail=\"a frame that does not belong here\""
#define LATER_FAULT "what=\"a frame from the collector\" detail=\"not allowed"

static void
check_refused(const struct ended *e, const char *answer)
{
	CHECK_EXIT(e, 1);
	CHECK_SAID(e, "<3>shipperd: event=");
	CHECK_SAID(e, answer);
}

/* One TEST: what the collector does, and what the shipper says to it. */
#define REFUSED(sentence, act, answer) \
	TEST(sentence) { need_root(); \
	check_refused(collector_run(PLACE_PAIR, act, NULL), answer); }

#define REFUSED_PLACE(sentence, place, answer) \
	TEST(sentence) { need_root(); \
	check_refused(collector_run(place, NULL, NULL), answer); }

static void
behave(void *unused)
{
	(void)unused;
	collector_reach(STAGE_RECORD);
	collector_await_lock();
	collector_send_zeroes(FRAME_RECORDS, RECORD_HEAD_SIZE + 2, -1);
	collector_send_zeroes(FRAME_RECORDS, FRAME_MAX - 1, -1);
	/* this shipper answers with the record's length */
	collector_await_ack(RECORD_HEAD_SIZE + 2);
	collector_await_ack(FRAME_MAX - 1);
	collector_hang_up();
}

TEST(a_collector_that_keeps_to_the_protocol_is_served_to_its_end)
{
	char want[64];

	need_root();
	snprintf(want, sizeof(want), "[record %d][record %d][end]",
	    RECORD_HEAD_SIZE + 2, FRAME_MAX - 1);
	CHECK_EXIT(collector_run(PLACE_PAIR, behave, NULL), 0);
	CHECK_STR(collector_run(PLACE_PAIR, behave, NULL)->text, want);
	CHECK_STR(collector_run_unsplit(behave, NULL)->text, want);
}

REFUSED_PLACE(a_pair_that_the_parent_did_not_make_is_refused,
    PLACE_GRANDPARENTS, "fault=wrong_peer")
REFUSED_PLACE(a_pair_that_root_made_is_refused, PLACE_ROOTS,
    "fault=wrong_peer")
REFUSED_PLACE(a_stream_pair_is_refused, PLACE_STREAM, "fault=not_seqpacket")
REFUSED_PLACE(a_pair_that_carries_no_credentials_is_refused,
    PLACE_NO_PASSCRED, "fault=no_passcred")
REFUSED_PLACE(a_file_in_place_of_a_pair_is_refused, PLACE_FILE,
    "shipperd is started by collectord alone")
REFUSED_PLACE(a_start_by_hand_is_refused, PLACE_NOTHING,
    "shipperd is started by collectord alone")

static void
answer_another_hello(void *unused)
{
	uint8_t message[FRAME_MAX];
	size_t len;

	(void)unused;
	collector_reach(STAGE_WELCOME);
	len = collector_welcome(message);
	message[1] ^= 1;
	collector_send(message, len, -1);
}
REFUSED(welcome_that_answers_another_hello_is_refused, answer_another_hello,
    "it answers another HELLO")

/* A whole good start, then the same bytes again to the next shipper. */
static void
replay(void *unused)
{
	uint8_t message[FRAME_MAX];
	size_t len;

	(void)unused;
	collector_reach(STAGE_RECORD);
	collector_await_lock();
	len = collector_welcome(message);
	collector_restart();
	collector_reach(STAGE_WELCOME);
	collector_send(message, len, -1);
}
REFUSED(a_start_that_is_replayed_is_refused, replay,
    "it answers another HELLO")

static void
send_by_a_fork(void *stage)
{
	uint8_t message[FRAME_MAX];

	collector_reach(*(enum frame_stage *)stage);
	if (fork() != 0)
		return;
	if (*(enum frame_stage *)stage == STAGE_WELCOME)
		collector_send(message, collector_welcome(message), -1);
	else
		collector_send_zeroes(FRAME_RECORDS, FRAME_MAX - 1, -1);
	_exit(0);
}

TEST(a_frame_from_a_fork_of_the_collector_is_refused)
{
	static const enum frame_stage stages[] = { STAGE_WELCOME,
	    STAGE_RECORD };

	need_root();
	for (int i = 0; i < 2; i++) {
		enum frame_stage stage = stages[i];

		check_refused(collector_run(PLACE_PAIR, send_by_a_fork,
		    &stage), "fault=wrong_sender");
	}
}

static void
malformed_config(void *unused)
{
	(void)unused;
	collector_reach(STAGE_CONFIG);
	collector_send_zeroes(FRAME_CONFIG, 100, -1);
}
REFUSED(a_configuration_that_is_malformed_is_refused, malformed_config,
    "what=\"CONFIG\" detail=\"malformed\"")

static void
config_with_a_byte_more(void *unused)
{
	uint8_t message[FRAME_MAX] = { 0 };
	size_t len;

	(void)unused;
	collector_reach(STAGE_CONFIG);
	len = collector_config(message, SHIPCONF_SPLIT);
	collector_send(message, len + 1, -1);
}
REFUSED(a_configuration_with_a_byte_left_over_is_refused,
    config_with_a_byte_more, "what=\"CONFIG\" detail=\"malformed\"")

static void
claim(void *flags)
{
	uint8_t message[FRAME_MAX] = { 0 };

	collector_reach(STAGE_CONFIG);
	collector_send(message, collector_config(message,
	    *(uint8_t *)flags), -1);
}

TEST(a_claim_of_two_users_or_of_one_is_held_against_the_kernels_word)
{
	uint8_t one = 0, two = SHIPCONF_SPLIT;
	const char *answer = "split does not agree with the users";

	need_root();
	check_refused(collector_run(PLACE_PAIR, claim, &one), answer);
	check_refused(collector_run_unsplit(claim, &two), answer);
}

/* Kinds of secrets, one a byte; then START. */
static void
give_secrets(void *kinds)
{
	const char *k = kinds;

	collector_reach(STAGE_SECRET);
	for (; *k != '\0'; k++)
		collector_secret((uint8_t)(*k - '0'));
	/* the shipper may be gone before it */
	(void)collector_try((const uint8_t[]){ FRAME_START }, 1, -1);
}

TEST(each_secret_comes_exactly_once)
{
	static const struct { const char *kinds, *answer; } wrong[] = {
		{ "00", "of an unknown kind, or given twice" },
		{ "0120", "of an unknown kind, or given twice" },
		{ "8", "of an unknown kind, or given twice" },
		{ "01266", "of an unknown kind, or given twice" },
		{ "", "one is missing" },
		{ "01", "one is missing" },
		{ "12", "one is missing" },
		{ "20", "one is missing" },
		/* what CONFIG has said there is not: of all but a token */
		{ "0123", "one too many" },
		{ "0124", "one too many" },
		{ "0125", "one too many" },
		{ "0127", "one too many" },
	};
	char kinds[8];

	static_assert(SECRET_TOKEN == 6 && SECRET_END == 8, "the rows");
	need_root();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		strcpy(kinds, wrong[i].kinds);
		check_refused(collector_run(PLACE_PAIR, give_secrets, kinds),
		    wrong[i].answer);
	}
}

struct misfit {
	enum frame_stage stage;
	unsigned type;
	size_t payload;
	int fd;
	bool wait;		/* until the shipper has locked itself */
};

static void
send_misfit(void *arg)
{
	static uint8_t message[2 * FRAME_MAX];
	const struct misfit *m = arg;

	collector_reach(m->stage);
	if (m->wait)
		collector_await_lock();
	message[0] = (uint8_t)m->type;
	if (collector_try(message, 1 + m->payload, m->fd))
		collector_await_end();
	else	/* by SO_PASSRIGHTS, where the kernel has it */
		dprintf(STDERR_FILENO, "[%s]", strerrorname_np(errno));
	collector_hang_up();
}

static const enum frame_stage stages[] = { STAGE_WELCOME, STAGE_CONFIG,
	STAGE_SECRET, STAGE_RECORD };
enum { STAGES = sizeof(stages) / sizeof(stages[0]), TYPES = 256 };

static void
check_misfit(struct misfit m)
{
	const struct ended *e = collector_run(PLACE_PAIR, send_misfit, &m);

	if (child_exited(e, 1) && (strstr(e->text, FRAME_FAULT) != NULL ||
	    strstr(e->text, LATER_FAULT) != NULL ||
	    strstr(e->text, "fault=truncated") != NULL ||
	    strstr(e->text, "fault=stray_descriptor") != NULL))
		return;
	/* without the descriptor nothing went: an end like any other */
	if (child_exited(e, 0) && strcmp(e->text, "[EPERM][end]") == 0)
		return;
	test_fail(__FILE__, __LINE__, "stage %d type %u payload %zu fd %d:"
	    " %s", m.stage, m.type, m.payload, m.fd, child_story(e));
}

TEST(a_frame_of_another_stage_or_sender_or_of_no_type_is_refused_in_each)
{
	need_root();
	for (int s = 0; s < STAGES; s++)
		for (unsigned type = 0; type < TYPES; type++) {
			const struct frame_row *row = frame_row(type);

			if (type > FRAME_END && type < 255)
				continue;
			if (row != NULL && row->path == FROM_COLLECTOR &&
			    row->stage == stages[s])
				continue;
			check_misfit((struct misfit){ stages[s], type,
			    row == NULL ? 0 : row->smallest,
			    row != NULL && row->nfds == 1 &&
			    stages[s] != STAGE_RECORD ? 0 : -1, false });
		}
}

TEST(a_frame_one_byte_short_or_long_is_refused)
{
	need_root();
	for (unsigned type = 0; type < FRAME_END; type++) {
		const struct frame_row *row = frame_row(type);

		if (row == NULL || row->path != FROM_COLLECTOR)
			continue;
		if (row->smallest > 0)
			check_misfit((struct misfit){ row->stage, type,
			    row->smallest - 1, row->nfds - 1, false });
		check_misfit((struct misfit){ row->stage, type,
		    row->largest + 1, row->nfds - 1, false });
	}
}

TEST(a_frame_with_a_descriptor_too_many_or_too_few_is_refused)
{
	need_root();
	for (unsigned type = 0; type < FRAME_END; type++) {
		const struct frame_row *row = frame_row(type);

		if (row == NULL || row->path != FROM_COLLECTOR)
			continue;
		check_misfit((struct misfit){ row->stage, type,
		    row->smallest, row->nfds == 0 ? 0 : -1, false });
	}
	check_misfit((struct misfit){ STAGE_RECORD, FRAME_RECORDS,
	    RECORD_HEAD_SIZE + 2, 0, true });
}

static void
go_away(void *stage)
{
	collector_reach(*(enum frame_stage *)stage);
	collector_hang_up();
}

TEST(a_collector_that_goes_away_during_the_start_is_the_end)
{
	need_root();
	for (int s = 0; s < STAGES; s++) {
		enum frame_stage stage = stages[s];
		const struct ended *e = collector_run(PLACE_PAIR, go_away,
		    &stage);

		if (stage != STAGE_RECORD)
			check_refused(e, "the collector is gone");
	}
}

static void
stay_silent(void *unused)
{
	(void)unused;
	collector_reach(STAGE_WELCOME);
}
REFUSED(a_silent_collector_is_not_waited_for_forever, stay_silent,
    "what=\"waiting for the collector\" error=\"ETIMEDOUT")
