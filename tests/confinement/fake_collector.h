/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A collector that starts link.c in a child, as shipperd's
 * main() runs it, and then says what a test wants it to say.
 */
#ifndef SLUICE_TEST_FAKE_COLLECTOR_H
#define SLUICE_TEST_FAKE_COLLECTOR_H

#include "child.h"
#include "frame.h"

#include <stdbool.h>
#include <stddef.h>

/* What the shipper finds in the place of its channel. */
enum place {
	PLACE_PAIR,		/* as it should be */
	PLACE_GRANDPARENTS,	/* a pair that its parent did not make */
	PLACE_ROOTS,		/* a pair that root made */
	PLACE_STREAM,
	PLACE_NO_PASSCRED,
	PLACE_FILE,
	PLACE_NOTHING,
};

/*
 * Starts as user A with the three capabilities, the shipper as user B; then
 * act(arg) in the collector.  Ends as the shipper ended.
 */
const struct ended	*collector_run(enum place, void (*act)(void *),
			    void *arg);
/* Without capabilities: one user. */
const struct ended	*collector_run_unsplit(void (*act)(void *), void *arg);

/* In act(): takes HELLO, and says all that comes before the stage. */
void	collector_reach(enum frame_stage);
/* One frame; its first byte is the type.  REQUIREs that it left. */
void	collector_send(const void *message, size_t len, int fd);
/* The same, of the type and so many bytes of payload, all zero. */
void	collector_send_zeroes(unsigned type, size_t payload, int fd);
/* False where the kernel or the shipper has refused it. */
bool	collector_try(const void *message, size_t len, int fd);
/* WELCOME that answers this start's HELLO; CONFIG that is good. */
size_t	collector_welcome(uint8_t message[FRAME_MAX]);
size_t	collector_config(uint8_t message[FRAME_MAX], uint8_t flags);
void	collector_secret(uint8_t kind);
/* Starts another shipper for the same collector; forgets the first. */
void	collector_restart(void);
/* Waits for LOCKED and requires it to be right. */
void	collector_await_lock(void);
void	collector_await_ack(uint64_t seq);
/* Waits until the shipper has ended by itself. */
void	collector_await_end(void);
/* Both ends go, as when the collector dies. */
void	collector_hang_up(void);

#endif
