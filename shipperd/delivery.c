/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See delivery.h. */
#include "delivery.h"

#include "build_config.h"
#include "log.h"
#include "otlp.h"
#include "otlp_reply.h"
#include "retry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TARGET_MIN = 16384 };
enum { NS_PER_MS = 1000000 };

void
delivery_init(struct delivery *d, const struct shipconf *conf,
    struct intake *in, struct conn *conn, uint64_t now_ns)
{
	memset(d, 0, sizeof(*d));
	d->conf = conf;
	d->intake = in;
	d->conn = conn;
	d->target = REQUEST_TARGET;
	d->not_before_ns = now_ns + NS_PER_MS *
	    (uint64_t)retry_phase_ms(conf->seed, conf->interval_ms);
	if ((d->body = malloc(REQUEST_MAX)) == NULL)
		fatal("memory for a request", ENOMEM);
}

/* The step's last request also carries what the shipper says of itself. */
static bool
ends_step(const struct batch_record *last)
{
	struct record_reader rr;

	return record_open(&rr, last->bytes, last->len) == 0 &&
	    (rr.head.flags & RECORD_LAST) != 0;
}

static ptrdiff_t
encode(struct delivery *d, const struct batch *b)
{
	static struct batch_record records[BATCH_RECORDS_MAX + 1];
	static uint8_t own[EXPORT_RECORD_MAX];
	struct otlp_request request = { .conf = d->conf,
		.version = SLUICE_VERSION, .record = records,
		.nrecords = d->n };

	memcpy(records, b->record + d->first, d->n * sizeof(records[0]));
	if (d->first + d->n == b->nrecords && ends_step(&records[d->n - 1])) {
		d->count.connections = conn_connections(d->conn);
		records[d->n] = (struct batch_record){ own,
			export_record(own, &d->count, d->conf->start_ns,
			b->wall_ns) };
		request.nrecords++;
	}
	return otlp_encode(d->conf->protocol, &request, d->body, REQUEST_MAX,
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

/* All that was encoded is done with; the last part releases the batch. */
static void
finish_part(struct delivery *d)
{
	struct batch *b = intake_ready(d->intake);

	d->first += d->n;
	d->n = 0;
	d->body_len = 0;
	if (d->first < b->nrecords)
		return;
	d->first = 0;
	d->ack = b->last_seq;
	intake_release(d->intake);
}

/* One record alone is larger than any request may be. */
static void
drop_record(struct delivery *d, const struct batch_record *record)
{
	const uint64_t points = count_points(record);

	log_event_int(LOG_LEVEL_WARNING, "record_oversize", "points",
	    (int64_t)points);
	d->count.oversize += points;
	finish_part(d);
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
	if (len < 0)
		finish_part(d);
	else
		d->body_len = (size_t)len;
}

static void
say_trouble(struct delivery *d, const char *event, const char *reason,
    const char *detail, size_t detail_len, uint32_t wait_ms)
{
	struct log_line l;

	if (d->trouble != NULL && strcmp(d->trouble, reason) == 0)
		return;
	d->trouble = reason;
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
	if (d->trouble != NULL)
		log_event_int(LOG_LEVEL_NOTICE, "delivery_restored",
		    "failures", d->failures);
	else if (!d->ever)
		log_event_int(LOG_LEVEL_INFO, "first_delivery", "points",
		    (int64_t)d->points);
	d->trouble = NULL;
	d->ever = true;
}

/* The same bytes again, later; the next endpoint in turn where one failed. */
static void
wait_and_retry(struct delivery *d, uint64_t now_ns, uint32_t at_least_ms,
    bool other_endpoint, const char *reason, const char *detail, size_t len)
{
	uint32_t wait_ms;

	d->failures++;
	d->count.requests_retried++;
	wait_ms = retry_backoff_ms(d->failures, tls_random64());
	if (wait_ms < at_least_ms)
		wait_ms = at_least_ms;
	d->not_before_ns = now_ns + (uint64_t)wait_ms * NS_PER_MS;
	say_trouble(d, "delivery_failed", reason, detail, len, wait_ms);
	if (other_endpoint)
		d->endpoint = (d->endpoint + 1) % d->conf->nendpoints;
}

static void
delivered(struct delivery *d, const struct otlp_verdict *v)
{
	uint64_t rejected = v->rejected < d->points ? v->rejected : d->points;

	d->count.delivered += d->points - rejected;
	d->count.rejected += rejected;
	d->count.requests_delivered++;
	d->count.bytes += d->body_len;
	if (rejected > 0)
		say_trouble(d, "points_rejected", "partial_success",
		    v->message, v->message_len, 0);
	else if (v->odd_body)
		say_trouble(d, "answer_not_understood", v->reason, v->message,
		    v->message_len, 0);
	else
		say_well(d);
	d->failures = 0;
	finish_part(d);
}

static void
dropped(struct delivery *d, const struct otlp_verdict *v)
{
	/* smaller bodies lose nothing, as long as there is a smaller one */
	if (v->too_large && d->n > 1 && d->body_len > TARGET_MIN) {
		d->target = d->body_len / 2 > TARGET_MIN ? d->body_len / 2 :
		    TARGET_MIN;
		say_trouble(d, "request_too_large", v->reason, v->message,
		    v->message_len, 0);
		d->n = 0;
		d->body_len = 0;
		return;
	}
	d->count.refused += d->points;
	d->count.requests_dropped++;
	say_trouble(d, "batch_dropped", v->reason, v->message,
	    v->message_len, 0);
	d->failures = 0;
	finish_part(d);
}

static void
answered(struct delivery *d, uint64_t now_ns)
{
	const struct http_reply *reply = conn_reply(d->conn);
	struct otlp_verdict v;
	uint32_t asked_ms = 0;

	otlp_judge(&v, reply, d->conf->protocol);
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
		wait_and_retry(d, now_ns, asked_ms, false, v.reason,
		    v.message, v.message_len);
		break;
	case VERDICT_REFUSED:
		wait_and_retry(d, now_ns, RETRY_REFUSED_MS, true, v.reason,
		    v.message, v.message_len);
		break;
	}
}

static void
outcome(struct delivery *d, uint64_t now_ns)
{
	const char *detail = conn_detail(d->conn);
	const size_t len = detail == NULL ? 0 : strlen(detail);

	switch (conn_take(d->conn)) {
	case CONN_ANSWERED:
		answered(d, now_ns);
		break;
	case CONN_UNREACHABLE:
	case CONN_TIMED_OUT:
	case CONN_BAD_REPLY:
		wait_and_retry(d, now_ns, 0, true, conn_reason(d->conn),
		    detail, len);
		break;
	case CONN_SERVER_REFUSED:
	case CONN_CLIENT_REFUSED:
		wait_and_retry(d, now_ns, RETRY_REFUSED_MS, true,
		    conn_reason(d->conn), detail, len);
		break;
	}
}

void
delivery_step(struct delivery *d, uint64_t now_ns)
{
	if (conn_state(d->conn) == CONN_ENDED)
		outcome(d, now_ns);
	if (conn_state(d->conn) != CONN_IDLE || now_ns < d->not_before_ns)
		return;
	/* one number at a time is owed: the collector must take it first */
	while (d->body_len == 0 && d->ack == 0 &&
	    intake_ready(d->intake) != NULL)
		encode_next(d);
	if (d->body_len > 0)
		conn_post(d->conn, d->endpoint,
		    otlp_content_type(d->conf->protocol), d->body,
		    d->body_len, now_ns);
}

uint64_t
delivery_deadline(const struct delivery *d)
{
	const struct intake *in = d->intake;
	const bool waiting = in->ready->nrecords > 0 || in->filling->closed;

	if (conn_state(d->conn) != CONN_IDLE)
		return UINT64_MAX;
	return d->body_len > 0 || (waiting && d->ack == 0) ?
	    d->not_before_ns : UINT64_MAX;
}
