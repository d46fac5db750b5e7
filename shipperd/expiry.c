/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See expiry.h. */
#include "expiry.h"

#include "log.h"

enum { SOON_MAX_S = 30 * 86400, SOON_PART = 5 };

enum expiry_phase
expiry_phase(const struct tls_term *t, int64_t now_s)
{
	int64_t soon = (t->until - t->from) / SOON_PART;

	if (t->until == 0)
		return EXPIRY_FAR;
	if (now_s >= t->until)
		return EXPIRY_PAST;
	if (soon > SOON_MAX_S)
		soon = SOON_MAX_S;
	return t->until - now_s <= soon ? EXPIRY_SOON : EXPIRY_FAR;
}

static void
say(enum tls_thing thing, enum expiry_phase phase, int64_t left_s)
{
	static const char *const names[TLS_THINGS] = { "client_certificate",
		"server_certificate", "crl" };
	struct log_line line;

	log_begin(&line, LOG_LEVEL_WARNING,
	    phase == EXPIRY_PAST ? "expired" : "expires_soon");
	log_word(&line, "what", names[thing]);
	log_int(&line, "left_s", left_s);
	log_end(&line);
}

void
expiry_step(struct expiry *e, const struct tls_term term[TLS_THINGS],
    int64_t now_s, struct export_expiry *out)
{
	for (int i = 0; i < TLS_THINGS; i++) {
		const enum expiry_phase phase = expiry_phase(&term[i], now_s);

		if (phase != e->said[i] && phase != EXPIRY_FAR)
			say((enum tls_thing)i, phase, term[i].until - now_s);
		e->said[i] = phase;
	}
	*out = (struct export_expiry){
		.client = (uint64_t)term[TLS_CLIENT_CHAIN].until,
		.server = (uint64_t)term[TLS_SERVER_CHAIN].until,
		.crl = (uint64_t)term[TLS_CRL].until };
}
