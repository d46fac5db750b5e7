/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See delivery.h. */
#include "delivery.h"

#include "build_config.h"
#include "log.h"
#include "otlp_reply.h"
#include "pace.h"
#include "reason.h"
#include "retry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TARGET_MIN = 16384 };
enum { NS_PER_MS = 1000000 };

/* AWS may throttle who reports more often, whenever it was started. */
static void
await_report(struct delivery *d, uint64_t now_ns)
{
	const uint32_t ms = d->conf->defender.interval_ms;

	d->not_before_ns = now_ns + NS_PER_MS * ((uint64_t)ms +
	    retry_phase_ms(d->seed ^ now_ns, ms / 10));
}

/* When the first request may go. */
static void
await_first(struct delivery *d, uint64_t now_ns)
{
	/* who upgrades a fleet starts it in one second; who installs it sees */
	d->not_before_ns = now_ns;
	if ((d->conf->flags & SHIPCONF_FRESH) != 0)
		return;
	if (d->defender != NULL)
		await_report(d, now_ns);
	else
		d->not_before_ns += NS_PER_MS * (uint64_t)retry_phase_ms(
		    d->seed, d->conf->interval_ms);
}

void
delivery_init(struct delivery *d, const struct shipconf *conf,
    struct intake *in, struct conn *conn, uint64_t now_ns)
{
	const struct otlp_request fixed = { .conf = conf,
		.version = SLUICE_VERSION };

	memset(d, 0, sizeof(*d));
	d->conf = conf;
	d->intake = in;
	d->conn = conn;
	d->seed = conf->seed;
	d->target = REQUEST_TARGET;
	egress_init(&d->egress, conf->egress_limit,
	    (conf->flags & SHIPCONF_FRESH) != 0 ? EGRESS_FRESH_MS :
	    EGRESS_PAUSE_MS, now_ns);
	/* a fleet in trouble asks hardly more often than when all is well */
	for (size_t i = 0; i < conf->nendpoints; i++)
		d->breaker[i].first_ms = conf->interval_ms / 2;
	d->body.content_type = otlp_content_type(conf->protocol);
	d->body.gzip = (conf->flags & SHIPCONF_GZIP) != 0;
	d->plain = malloc(REQUEST_MAX);
	d->packed = malloc(REQUEST_MAX);
	if (d->plain == NULL || d->packed == NULL)
		fatal("memory for a request", ENOMEM);
	layout_init(&d->layout, &fixed, d->plain, d->packed);
	if (d->body.gzip)
		d->packer = packer_new();
	if (conf->protocol == PROTOCOL_DEVICE_DEFENDER) {
		if ((d->defender = malloc(sizeof(*d->defender))) == NULL)
			fatal("memory for a report", ENOMEM);
		defender_init(d->defender, conf);
	}
	await_first(d, now_ns);
}

static ptrdiff_t
encode(struct delivery *d, const struct batch *b)
{
	const struct otlp_request request = { .conf = d->conf,
		.version = SLUICE_VERSION, .record = b->record + d->first,
		.nrecords = d->n,
		.terse = !otlp_describes(d->conf, b->wall_ns) };

	return layout_encode(&d->layout, d->conf->protocol, &request,
	    &d->points);
}

static uint64_t
count_points(const struct batch_record *record)
{
	struct record_reader rr;
	struct instance inst;
	uint64_t points = 0;

	if (record_open(&rr, record->bytes, record->len) == 0)
		while (record_next_instance(&rr, &inst) == 1)
			points += inst.npoints;
	return points;
}

static uint64_t
seq_of(const struct batch_record *record)
{
	struct record_reader rr;

	return record_open(&rr, record->bytes, record->len) == 0 ?
	    rr.head.seq : 0;
}

/* All that was encoded is done with; the last part releases the batch. */
static void
finish_part(struct delivery *d, enum ack what)
{
	struct batch *b = intake_ready(d->intake);
	const struct batch_record *last = &b->record[d->first + d->n - 1];

	d->answer = (struct answer){ seq_of(last), what };
	d->first += d->n;
	d->n = 0;
	d->plain_len = 0;
	if (d->first < b->nrecords)
		return;
	/* not by the record's own word: who never ends a step has no pace */
	if (!b->cut)
		pace_keep(d);
	d->first = 0;
	intake_release(d->intake);
}

/* One record alone is larger than any request may be. */
static void
drop_record(struct delivery *d, const struct batch_record *record)
{
	const uint64_t points = count_points(record);

	log_event_int(LOG_LEVEL_WARNING, "record_oversize", "points",
	    (int64_t)points);
	d->state.count.oversize += points;
	finish_part(d, ACK_OVERSIZE);
}

/* False: it grew by that beyond what may be sent. */
static bool
pack(struct delivery *d)
{
	ptrdiff_t len = (ptrdiff_t)d->plain_len;

	if (d->body.gzip)
		len = packer_pack(d->packer, &d->layout, d->plain_len,
		    d->packed, REQUEST_MAX);
	d->body.bytes = d->body.gzip ? d->packed : d->layout.body;
	d->body.len = len < 0 ? 0 : (size_t)len;
	return len >= 0;
}

/* Halves the run of records until its body is small enough. */
static void
encode_next(struct delivery *d)
{
	struct batch *b = intake_ready(d->intake);
	ptrdiff_t len;

	if (b == NULL)
		return;
	d->n = b->nrecords - d->first;
	while ((len = encode(d, b)) == -ENOBUFS ||
	    (len > (ptrdiff_t)d->target && d->n > 1)) {
		if (d->n == 1) {
			drop_record(d, &b->record[d->first]);
			return;
		}
		d->n = (d->n + 1) / 2;
	}
	d->plain_len = len < 0 ? 0 : (size_t)len;
	if (len < 0 || !pack(d))
		drop_record(d, &b->record[d->first]);
	else
		pace_pay(d);
}

/* All that has come; none of it is answered for before its report is. */
static void
gather(struct delivery *d)
{
	struct batch *b;

	while (d->plain_len == 0 && (b = intake_ready(d->intake)) != NULL) {
		for (size_t i = 0; i < b->nrecords; i++)
			if (defender_take(d->defender, b->record[i].bytes,
			    b->record[i].len) < 0)
				fatal_text("RECORDS", "malformed");
		intake_release(d->intake);
	}
}

static void
finish_report(struct delivery *d, enum ack what)
{
	d->answer = (struct answer){ d->defender->last_seq, what };
	d->plain_len = 0;
	defender_done(d->defender, what == ACK_DELIVERED);
	await_report(d, d->now_ns);
}

static void
make_report(struct delivery *d)
{
	ptrdiff_t len;

	if (!defender_ready(d->defender))
		return;
	len = defender_write(d->defender, d->plain, REQUEST_MAX, &d->points);
	d->body.bytes = d->plain;
	d->body.len = d->plain_len = len < 0 ? 0 : (size_t)len;
	if (len == -ENODATA) {
		/* what grows has a beginning now */
		defender_done(d->defender, true);
		await_report(d, d->now_ns);
	} else if (len < 0) {
		log_event_int(LOG_LEVEL_WARNING, "report_invalid", "points",
		    (int64_t)d->points);
		d->state.count.refused += d->points;
		finish_report(d, ACK_REJECTED);
	} else {
		pace_pay(d);
	}
}

static void
say_trouble(struct delivery *d, const char *event, const char *reason,
    const char *detail, size_t detail_len, uint32_t wait_ms)
{
	const char **trouble = &d->trouble[d->endpoint];
	struct log_line l;

	d->state.reason = reason_number(reason);
	if (*trouble != NULL && strcmp(*trouble, reason) == 0)
		return;
	*trouble = reason;
	log_begin(&l, LOG_LEVEL_WARNING, event);
	log_word(&l, "reason", reason);
	log_text(&l, "endpoint", d->conf->endpoint[d->endpoint].host);
	if (detail_len > 0)
		log_bytes(&l, "detail", detail, detail_len);
	if (wait_ms > 0)
		log_int(&l, "retry_in_ms", wait_ms);
	log_end(&l);
}

static void
say_well(struct delivery *d)
{
	struct log_line l;

	d->state.reason = REASON_NONE;
	if (d->trouble[d->endpoint] != NULL) {
		log_begin(&l, LOG_LEVEL_NOTICE, "delivery_restored");
		log_text(&l, "endpoint", d->conf->endpoint[d->endpoint].host);
		log_int(&l, "failures", d->breaker[d->endpoint].failures);
		log_end(&l);
	} else if (!d->ever) {
		log_event_int(LOG_LEVEL_INFO, "first_delivery", "points",
		    (int64_t)d->points);
	}
	d->trouble[d->endpoint] = NULL;
	d->ever = true;
}

/* The same bytes again: at another endpoint at once, or here later. */
static void
wait_and_retry(struct delivery *d, uint32_t at_least_ms, const char *reason,
    const char *detail, size_t len)
{
	const uint32_t wait_ms = breaker_failed(&d->breaker[d->endpoint],
	    d->now_ns, at_least_ms, tls_random64());

	d->state.count.requests_retried++;
	d->state.phase = SHIP_FAILING;
	say_trouble(d, "delivery_failed", reason, detail, len, wait_ms);
}

/* The request has its answer, whatever that is. */
static void
settle(struct delivery *d, enum ack what)
{
	breaker_worked(&d->breaker[d->endpoint]);
	d->state.phase = SHIP_WELL;
	if (d->defender != NULL)
		finish_report(d, what);
	else
		finish_part(d, what);
}

static void
delivered(struct delivery *d, const struct otlp_verdict *v)
{
	uint64_t rejected = v->rejected < d->points ? v->rejected : d->points;
	struct export_count *c = &d->state.count;

	c->delivered += d->points - rejected;
	c->rejected += rejected;
	c->requests_delivered++;
	c->bytes += d->body.len;
	if (rejected > 0)
		say_trouble(d, "points_rejected", "partial_success",
		    v->message, v->message_len, 0);
	else if (v->odd_body)
		say_trouble(d, "answer_not_understood", v->reason, v->message,
		    v->message_len, 0);
	else
		say_well(d);
	settle(d, ACK_DELIVERED);
}

static void
dropped(struct delivery *d, const struct otlp_verdict *v)
{
	/* smaller bodies lose nothing, as long as there is a smaller one */
	if (v->too_large && d->n > 1 && d->plain_len > TARGET_MIN) {
		d->target = d->plain_len / 2 > TARGET_MIN ? d->plain_len / 2 :
		    TARGET_MIN;
		say_trouble(d, "request_too_large", v->reason, v->message,
		    v->message_len, 0);
		d->n = 0;
		d->plain_len = 0;
		return;
	}
	d->state.count.refused += d->points;
	d->state.count.requests_dropped++;
	say_trouble(d, "batch_dropped", v->reason, v->message,
	    v->message_len, 0);
	settle(d, ACK_REJECTED);
}

static void
answered(struct delivery *d)
{
	const struct http_reply *reply = conn_reply(d->conn);
	struct otlp_verdict v;
	uint32_t asked_ms = 0;

	if (d->defender != NULL)
		defender_judge(&v, reply);
	else
		otlp_judge(&v, reply, d->conf->protocol);
	d->state.http_status = reply->status;
	if (reply->has_retry_after &&
	    !retry_after_ms(reply->retry_after, reply->date, &asked_ms))
		asked_ms = 0;
	switch (v.verdict) {
	case VERDICT_DELIVERED:
		delivered(d, &v);
		break;
	case VERDICT_DROP:
		dropped(d, &v);
		break;
	case VERDICT_RETRY:
		wait_and_retry(d, asked_ms, v.reason, v.message,
		    v.message_len);
		break;
	case VERDICT_REFUSED:
		wait_and_retry(d, RETRY_REFUSED_MS, v.reason, v.message,
		    v.message_len);
		break;
	}
}

static void
outcome(struct delivery *d)
{
	const char *detail = conn_detail(d->conn);
	const size_t len = detail == NULL ? 0 : strlen(detail);

	d->state.endpoint = (uint8_t)d->endpoint;
	d->state.count.connections = conn_connections(d->conn);
	switch (conn_take(d->conn)) {
	case CONN_ANSWERED:
		answered(d);
		break;
	case CONN_UNREACHABLE:
	case CONN_TIMED_OUT:
	case CONN_BAD_REPLY:
		wait_and_retry(d, 0, conn_reason(d->conn), detail, len);
		break;
	case CONN_SERVER_REFUSED:
	case CONN_CLIENT_REFUSED:
	case CONN_PROXY_REFUSED:
		wait_and_retry(d, RETRY_REFUSED_MS, conn_reason(d->conn),
		    detail, len);
		break;
	}
}

/*
 * For each try anew: its endpoint is signed, too, and a receiver that wants a
 * recent signature would take none that is as old as its own absence.
 */
static void
sign(struct delivery *d, size_t endpoint)
{
	const struct batch *b = intake_ready(d->intake);
	struct sign_what what = {
		.url = &d->conf->endpoint[endpoint],
		.content_type = d->body.content_type, .gzip = d->body.gzip,
		.first = seq_of(&b->record[d->first]),
		.last = seq_of(&b->record[d->first + d->n - 1]),
		.count = d->n, .created = (uint64_t)time(NULL) };
	const char *wrong;

	memcpy(what.ring, d->conf->ring, sizeof(what.ring));
	wrong = sign_request(d->signer, &what, d->body.bytes, d->body.len,
	    d->lines);
	/* never without: a receiver that asks for one would drop it */
	if (wrong != NULL)
		fatal_text("signature", wrong);
	d->body.lines = d->lines;
}

/* When something may be sent, and to whom. */
static uint64_t
choose(const struct delivery *d, uint64_t now_ns, size_t *endpoint)
{
	uint64_t when_ns;

	*endpoint = breaker_choose(d->breaker, d->conf->nendpoints, now_ns,
	    &when_ns);
	return when_ns > d->not_before_ns ? when_ns : d->not_before_ns;
}

void
delivery_step(struct delivery *d, uint64_t now_ns)
{
	size_t endpoint;

	d->now_ns = now_ns;
	if (conn_state(d->conn) == CONN_ENDED)
		outcome(d);
	if (d->defender != NULL)
		gather(d);
	if (conn_state(d->conn) != CONN_IDLE ||
	    choose(d, now_ns, &endpoint) > now_ns)
		return;
	/* one answer at a time is owed: the collector must take it first */
	if (d->defender != NULL && d->plain_len == 0 && d->answer.seq == 0)
		make_report(d);
	while (d->plain_len == 0 && d->answer.seq == 0 &&
	    intake_ready(d->intake) != NULL)
		encode_next(d);
	if (d->plain_len == 0 || d->not_before_ns > now_ns)
		return;
	d->endpoint = endpoint;
	if (d->signer != NULL)
		sign(d, endpoint);
	conn_post(d->conn, endpoint, &d->body, now_ns);
}

uint64_t
delivery_deadline(const struct delivery *d)
{
	const struct intake *in = d->intake;
	const bool waiting = d->defender != NULL ?
	    defender_ready(d->defender) :
	    in->ready->nrecords > 0 || in->filling->closed;
	size_t endpoint;

	if (conn_state(d->conn) != CONN_IDLE ||
	    (d->plain_len == 0 && (!waiting || d->answer.seq != 0)))
		return UINT64_MAX;
	return choose(d, d->now_ns, &endpoint);
}
