/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See link.h. */
#include "link.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/* The creator of P must be our parent: the kernel's word, not the peer's. */
static void
find_collector(struct link *l)
{
	enum channel_fault fault;

	if (fcntl(l->p, F_GETFD) < 0 ||
	    channel_creator(l->p, &l->collector) < 0)
		fatal_text("shipperd is started by collectord alone",
		    "there is no channel on descriptor 3");
	if (l->collector.pid != getppid() || l->collector.uid == 0)
		channel_refuse("the collector's pair", CHANNEL_WRONG_PEER);
	fault = channel_judge(l->p, &l->collector);
	if (fault != CHANNEL_OK)
		channel_refuse("the collector's pair", fault);
	if (!selinux_peer_belongs(l->p, SELINUX_SHIPPER_INIT,
	    SELINUX_COLLECTOR))
		channel_refuse("the collector's pair", CHANNEL_WRONG_LABEL);
	if (fcntl(l->p, F_SETFD, FD_CLOEXEC) < 0)
		fatal("descriptor 3", errno);
}

static void
say_hello(struct link *l, uint8_t message[1 + NONCE_SIZE])
{
	enum channel_fault fault;
	int pair[2];

	message[0] = FRAME_HELLO;
	if (getrandom(message + 1, NONCE_SIZE, 0) != NONCE_SIZE)
		fatal("getrandom", errno);
	if (channel_pair(pair) < 0)
		fatal("socketpair", errno);
	l->q = pair[0];
	/* before anyone has the other end: nothing ever comes this way */
	if (channel_only_send(l->q) < 0)
		fatal("shutdown", errno);
	fault = channel_send(l->p, message, 1 + NONCE_SIZE, pair[1]);
	if (fault != CHANNEL_OK)
		channel_refuse("HELLO", fault);
	close(pair[1]);
}

/* Waits for one message of the handshake. */
static struct frame
await(struct link *l, uint8_t buf[FRAME_MAX], int *passed)
{
	enum channel_fault fault;
	struct frame f;
	size_t len;

	if (channel_wait(l->p, HANDSHAKE_TIMEOUT_MS) < 0)
		fatal("waiting for the collector", errno);
	fault = channel_receive(l->p, &l->collector, buf, FRAME_MAX, &len,
	    passed);
	if (fault == CHANNEL_CLOSED)
		fatal_text("handshake", "the collector is gone");
	if (fault != CHANNEL_OK)
		channel_refuse("handshake", fault);
	if (frame_take(&f, buf, len, *passed >= 0, FROM_COLLECTOR,
	    &l->stage) < 0)
		fatal_text("handshake", "a frame that does not belong here");
	return f;
}

void
link_open(struct link *l)
{
	uint8_t hello[1 + NONCE_SIZE], buf[FRAME_MAX];
	struct frame welcome;
	int none;

	memset(l, 0, sizeof(*l));
	l->p = LINK_CHANNEL_FD;
	l->stage = STAGE_WELCOME;
	find_collector(l);
	say_hello(l, hello);
	welcome = await(l, buf, &none);
	if (memcmp(welcome.payload, hello + 1, NONCE_SIZE) != 0)
		fatal_text("WELCOME", "it answers another HELLO");
	memcpy(l->nonce, welcome.payload + NONCE_SIZE, NONCE_SIZE);
}

static void
take_secret(const struct frame *f, int passed, int secret_fd[SECRET_END])
{
	const uint8_t kind = f->payload[0];

	if (kind >= SECRET_END || secret_fd[kind] >= 0)
		fatal_text("SECRET", "of an unknown kind, or given twice");
	secret_fd[kind] = passed;
}

static bool
is_expected(const struct shipconf *conf, enum secret kind)
{
	if (kind == SECRET_SIGN)
		return conf->sign == SIGN_OWN;
	if (kind == SECRET_PROXY_CA)
		return conf->proxy.kind == PROXY_TLS;
	if (kind == SECRET_PROXY_LOGIN)
		return conf->proxy.login;
	return kind != SECRET_CRL || (conf->flags & SHIPCONF_CRL) != 0;
}

/* What the configuration claims must be what the kernel says. */
static void
judge_split(const struct link *l, const struct shipconf *conf)
{
	const bool told = (conf->flags & SHIPCONF_SPLIT) != 0;

	if (told != (l->collector.uid != getuid()))
		fatal_text("CONFIG", "split does not agree with the users");
}

void
link_configure(struct link *l, struct shipconf *conf,
    int secret_fd[SECRET_END])
{
	uint8_t buf[FRAME_MAX];
	struct frame f;
	int passed;

	for (int i = 0; i < SECRET_END; i++)
		secret_fd[i] = -1;
	f = await(l, buf, &passed);
	if (shipconf_decode(conf, f.payload, f.len) < 0)
		fatal_text("CONFIG", "malformed");
	judge_split(l, conf);
	while ((f = await(l, buf, &passed)).type == FRAME_SECRET)
		take_secret(&f, passed, secret_fd);
	for (int i = 0; i < SECRET_END; i++)
		if (i != SECRET_TOKEN &&
		    (secret_fd[i] >= 0) != is_expected(conf, (enum secret)i))
			fatal_text("SECRET", "one is missing, or one too many");
	if (channel_only_receive(l->p) < 0)
		fatal("shutdown", errno);
}

void
link_locked(struct link *l, const struct layers *layers)
{
	uint8_t message[1 + NONCE_SIZE + 3] = { FRAME_LOCKED };
	enum channel_fault fault;

	memcpy(message + 1, l->nonce, NONCE_SIZE);
	message[1 + NONCE_SIZE] = layers->landlock_abi;
	message[1 + NONCE_SIZE + 1] = layers->mdwe;
	message[1 + NONCE_SIZE + 2] = layers->selinux;
	fault = channel_send(l->q, message, sizeof(message), -1);
	if (fault != CHANNEL_OK)
		channel_refuse("LOCKED", fault);
}

int
link_receive(struct link *l, const uint8_t **payload, size_t *len)
{
	static uint8_t buf[FRAME_MAX];
	enum channel_fault fault;
	struct frame f;
	size_t got;

	fault = channel_receive(l->p, &l->collector, buf, sizeof(buf), &got,
	    NULL);
	if (fault == CHANNEL_AGAIN)
		return 0;
	if (fault == CHANNEL_CLOSED)
		return -1;
	if (fault != CHANNEL_OK)
		channel_refuse("a message from the collector", fault);
	if (frame_take(&f, buf, got, 0, FROM_COLLECTOR, &l->stage) < 0)
		fatal_text("a frame from the collector", "not allowed here");
	*payload = f.payload;
	*len = f.len;
	return 1;
}

static int
send_up(struct link *l, const uint8_t *message, size_t len)
{
	const enum channel_fault fault = channel_send(l->q, message, len, -1);

	if (fault == CHANNEL_AGAIN)
		return 0;
	if (fault == CHANNEL_CLOSED)
		return -1;
	if (fault != CHANNEL_OK)
		channel_refuse("a message to the collector", fault);
	return 1;
}

int
link_ack(struct link *l, uint64_t seq, enum ack what)
{
	uint8_t message[1 + sizeof(seq) + 1] = { FRAME_ACK };
	struct writer w = writer_of(message + 1, sizeof(message) - 1);

	write_u64(&w, seq);
	write_u8(&w, (uint8_t)what);
	return send_up(l, message, sizeof(message));
}

int
link_state(struct link *l, const struct shipstate *s)
{
	uint8_t message[1 + SHIPSTATE_SIZE] = { FRAME_STATE };

	shipstate_encode(s, message + 1);
	return send_up(l, message, sizeof(message));
}
