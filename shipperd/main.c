/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  Process 2: speaks TLS, has no file system.  Read this
 * file from top to bottom: it is the order in which the process gives
 * everything away, and then all that it does for the rest of its life.
 */
#include "conn.h"
#include "delivery.h"
#include "expiry.h"
#include "intake.h"
#include "link.h"
#include "lockdown.h"
#include "log.h"
#include "otlp_reply.h"
#include "privilege.h"
#include "tls.h"
#include "token.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { POLL_COLLECTOR, POLL_ACK, POLL_NETWORK,
	POLL_END = POLL_NETWORK + CONN_POLL_MAX };

enum { NS_PER_S = 1000000000 };

/*
 * After the last time: how it goes is said soon, but not all the time; numbers
 * go along with an answer, so that hardly a turn is made for them alone.
 */
enum { TELL_NEWS_MS = 250, TELL_ALONG_MS = SHIP_STATE_MS / 10 * 7 };

#define NS_PER_MS UINT64_C(1000000)

/* What the collector was last told of the delivery. */
struct teller {
	struct shipstate told;
	uint64_t last_ns;
	struct expiry expiry;
	const struct tls_context *tls;
};

static uint64_t
monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* The terminal's Ctrl-C is the collector's: we end when the channel does. */
static void
ignore_signals(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

/* A certificate check would open /etc/localtime once the lock is on. */
static void
fix_time_zone(void)
{
	if (setenv("TZ", "UTC0", 1) < 0)
		fatal("setenv", errno);
	tzset();
}

static struct timespec
time_until(uint64_t deadline_ns, uint64_t now_ns)
{
	uint64_t left = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

	return (struct timespec){ .tv_sec = (time_t)(left / NS_PER_S),
		.tv_nsec = (long)(left % NS_PER_S) };
}

/* True: said now.  What could not be said is said in a later turn. */
static bool
answer(struct delivery *d, struct link *l)
{
	int sent;

	if (d->answer.seq == 0)
		return false;
	sent = link_ack(l, d->answer.seq, d->answer.what);
	if (sent < 0)
		_exit(0);
	if (sent > 0)
		d->answer.seq = 0;
	return sent > 0;
}

static bool
is_news(const struct shipstate *a, const struct shipstate *b)
{
	return a->phase != b->phase || a->reason != b->reason ||
	    a->endpoint != b->endpoint || a->http_status != b->http_status;
}

static uint64_t
tell_deadline(const struct teller *t, const struct delivery *d, bool along)
{
	uint64_t ms = along ? TELL_ALONG_MS : SHIP_STATE_MS;

	if (is_news(&t->told, &d->state))
		ms = TELL_NEWS_MS;
	return t->last_ns + ms * NS_PER_MS;
}

static void
tell(struct teller *t, struct delivery *d, struct link *l, bool along,
    uint64_t now)
{
	if (now < tell_deadline(t, d, along))
		return;
	d->state.count.pin_mismatches = tls_pin_mismatches(t->tls);
	expiry_step(&t->expiry, tls_terms(t->tls), time(NULL),
	    &d->state.expiry);
	if (link_state(l, &d->state) < 0)
		_exit(0);
	t->told = d->state;
	t->last_ns = now;
}

static uint64_t
earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Both pairs end with the collector, so one of them tells: the other one is
 * watched only for what is to be moved through it.
 */
static void
watch_collector(struct pollfd *pfd, const struct link *l,
    const struct intake *in, const struct delivery *d)
{
	const bool room = intake_has_room(in), owed = d->answer.seq != 0;

	pfd[POLL_COLLECTOR] = (struct pollfd){ .fd = room ? l->p : -1,
		.events = POLLIN };
	pfd[POLL_ACK] = (struct pollfd){ .fd = room && !owed ? -1 : l->q,
		.events = owed ? POLLOUT : 0 };
}

static bool
collector_is_gone(const struct pollfd *pfd, struct intake *in)
{
	const short revents = pfd[POLL_COLLECTOR].revents;

	return ((revents | pfd[POLL_ACK].revents) & (POLLERR | POLLHUP)) != 0 ||
	    (revents != 0 && intake_read(in) < 0);
}

/*
 * One turn: wait for something, then do all that can be done at once.  Takes
 * and returns the time at which that began: a wait that is longer by what was
 * done meanwhile is no matter.
 */
static uint64_t
turn(struct link *l, struct intake *in, struct delivery *d, struct teller *t,
    uint64_t now)
{
	struct pollfd pfd[POLL_END] = { 0 };
	uint64_t deadline;
	size_t n = conn_poll(d->conn, pfd + POLL_NETWORK, &deadline);
	struct timespec left;
	bool answered;

	watch_collector(pfd, l, in, d);
	deadline = earliest(deadline, delivery_deadline(d));
	deadline = earliest(deadline, tell_deadline(t, d, false));
	left = time_until(deadline, now);
	if (ppoll(pfd, POLL_NETWORK + n, &left, NULL) < 0) {
		if (errno != EINTR)
			fatal("ppoll", errno);
		return monotonic_ns();
	}
	if (collector_is_gone(pfd, in)) {
		log_event(LOG_LEVEL_NOTICE, "collector_gone");
		_exit(0);
	}
	now = monotonic_ns();
	conn_step(d->conn, pfd + POLL_NETWORK, n, now);
	delivery_step(d, now);
	answered = answer(d, l);
	tell(t, d, l, answered, now);
	return now;
}

static void
take_login(struct tunnel_login *login, int *fd)
{
	const char *wrong = *fd < 0 ? NULL : tunnel_login_read(login, *fd);

	*fd = -1;
	if (wrong != NULL)
		fatal_text("ship.proxy_login", wrong);
}

int
main(int argc, char **argv)
{
	static struct link channel;
	static struct shipconf conf;
	static struct intake in;
	static struct delivery d;
	static struct teller t;
	static struct tunnel_login login;
	static struct token token;
	int secret_fd[SECRET_END];
	struct tls_context *tls;
	struct tls_error error;
	struct layers layers;
	struct conn *conn;
	uint64_t now;

	(void)argc;
	(void)argv;
	log_open("shipperd");
	if (privilege_is_root())
		fatal_text("shipperd does not run as root",
		    "it is started by collectord alone");
	ignore_signals();
	fix_time_zone();
	link_open(&channel);
	link_configure(&channel, &conf, secret_fd);
	if (!tls_memory_init())
		fatal_text("TLS", "memory that is wiped");
	take_login(&login, &secret_fd[SECRET_PROXY_LOGIN]);
	token_take(&token, secret_fd[SECRET_TOKEN]);
	secret_fd[SECRET_TOKEN] = -1;
	if ((tls = tls_context_new(&conf, secret_fd, &error)) == NULL)
		fatal_text("TLS", error.text);
	t.tls = tls;
	otlp_reply_warm();
	if ((conn = conn_new(&conf, tls)) == NULL)
		fatal("memory for a connection", ENOMEM);
	if (conf.proxy.login)
		conn_use_login(conn, &login);
	intake_init(&in, &channel, conf.batch);
	delivery_init(&d, &conf, &in, conn, monotonic_ns());
	d.signer = tls_signer(tls);
	d.body.token = token.text;
	shipper_lock(&conf, &layers);
	link_locked(&channel, &layers);
	for (now = monotonic_ns();;)
		now = turn(&channel, &in, &d, &t, now);
}
