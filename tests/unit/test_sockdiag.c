/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Answers of sock_diag(7), good and hostile. */
#include "sources/sockdiag_parse.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <string.h>

enum { SEQ = 5 };

static struct sockdiag s;
static struct {
	size_t len;
	uint8_t bytes[65536];
} answer;

static void
begin(void)
{
	memset(&s, 0, sizeof(s));
	answer.len = 0;
}

static void
add(uint16_t type, uint16_t flags, const void *body, size_t len)
{
	const struct nlmsghdr h = {
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + len),
		.nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = SEQ };

	memcpy(answer.bytes + answer.len, &h, sizeof(h));
	memcpy(answer.bytes + answer.len + NLMSG_HDRLEN, body, len);
	answer.len += NLMSG_ALIGN(NLMSG_HDRLEN + len);
}

static void
add_number(uint16_t type, int32_t number)
{
	add(type, NLM_F_MULTI, &number, sizeof(number));
}

static void
add_socket(uint8_t family, uint8_t state, const char *address, uint16_t port)
{
	struct inet_diag_msg m = { .idiag_family = family,
		.idiag_state = state, .idiag_rqueue = 3, .idiag_wqueue = 128,
		.id.idiag_sport = htons(port) };

	CHECK_INT(inet_pton(family, address, m.id.idiag_src), 1);
	add(SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, &m, sizeof(m));
}

static bool
take(enum sockdiag_dump d, int *error)
{
	*error = 0;
	return sockdiag_take(&s, d, SEQ, answer.bytes, answer.len, error);
}

/* The whole answer was good, and more is to come. */
static void
take_good(enum sockdiag_dump d)
{
	int error;

	CHECK(!take(d, &error));
	CHECK_INT(error, 0);
}

static int
error_of(enum sockdiag_dump d)
{
	int error;

	take(d, &error);
	return error;
}

TEST(each_state_of_the_kernel_has_its_count)
{
	begin();
	for (uint8_t state = TCP_ESTABLISHED; state <= 13; state++)
		add_socket(AF_INET, state, "127.0.0.1", 80);
	take_good(SOCKDIAG_TCP4);
	for (int i = 0; i < SOCKDIAG_STATES; i++)
		CHECK_INT(s.tcp[0][i], i == TCP_SYN_RECV - 1 ||
		    i == TCP_CLOSE - 1 ? 2 : 1);
	CHECK_INT(s.tcp[1][0], 0);
	CHECK_INT(s.nlistening, 1);
}

TEST(ports_are_listed_once_with_their_sockets_and_queues)
{
	begin();
	add_socket(AF_INET, TCP_LISTEN, "0.0.0.0", 443);
	add_socket(AF_INET, TCP_LISTEN, "0.0.0.0", 443);
	add_socket(AF_INET, TCP_LISTEN, "127.0.0.1", 443);
	add_socket(AF_INET, TCP_LISTEN, "0.0.0.0", 22);
	take_good(SOCKDIAG_TCP4);
	CHECK_INT(s.nlistening, 3);
	CHECK_INT(s.listening[0].port, 22);
	CHECK_INT(s.listening[1].port, 443);
	CHECK_INT(s.listening[1].class, ADDRESS_ANY);
	CHECK_INT(s.listening[1].tcp, 2);
	CHECK_INT(s.listening[1].queue, 6);
	CHECK_INT(s.listening[1].limit, 256);
	CHECK_INT(s.listening[2].class, ADDRESS_LOOPBACK);
}

TEST(both_transports_of_a_port_share_its_place)
{
	begin();
	add_socket(AF_INET, TCP_LISTEN, "0.0.0.0", 53);
	take_good(SOCKDIAG_TCP4);
	answer.len = 0;
	add_socket(AF_INET, TCP_CLOSE, "0.0.0.0", 53);
	add_socket(AF_INET, TCP_ESTABLISHED, "10.0.0.1", 54);
	take_good(SOCKDIAG_UDP4);
	CHECK_INT(s.nlistening, 1);
	CHECK_INT(s.listening[0].tcp, 1);
	CHECK_INT(s.listening[0].udp, 1);
	CHECK_INT(s.listening[0].queue, 3);
	CHECK_INT(s.udp[0][SOCKDIAG_CONNECTED], 1);
	CHECK_INT(s.udp[0][SOCKDIAG_UNCONNECTED], 1);
}

TEST(a_datagram_socket_on_a_client_s_port_is_counted_and_not_listed)
{
	begin();
	add_socket(AF_INET6, TCP_CLOSE, "::", 32768);
	add_socket(AF_INET6, TCP_CLOSE, "::", 32767);
	add_socket(AF_INET6, TCP_CLOSE, "::", 0);
	take_good(SOCKDIAG_UDP6);
	CHECK_INT(s.udp[1][SOCKDIAG_UNCONNECTED], 3);
	CHECK_INT(s.nlistening, 1);
	CHECK(s.listening[0].ipv6);
}

TEST(of_too_many_ports_the_lowest_are_kept_and_the_others_counted)
{
	begin();
	for (int i = 0; i < 400; i++)
		add_socket(AF_INET, TCP_LISTEN, "0.0.0.0",
		    (uint16_t)(1000 + i * 7 % 400));
	take_good(SOCKDIAG_TCP4);
	CHECK_INT(s.nlistening, SOCKDIAG_LISTEN_MAX);
	CHECK_INT(s.left_out, 400 - SOCKDIAG_LISTEN_MAX);
	for (int i = 0; i < SOCKDIAG_LISTEN_MAX; i++) {
		CHECK_INT(s.listening[i].port, 1000 + i);
		CHECK_INT(s.listening[i].tcp, 1);
	}
	CHECK_INT(s.tcp[0][TCP_LISTEN - 1], 400);
}

TEST(addresses_are_told_by_their_class_alone)
{
	static const struct {
		const char *address;
		enum address_class class;
	} row[] = {
		{ "0.0.0.0", ADDRESS_ANY }, { "127.255.0.1", ADDRESS_LOOPBACK },
		{ "169.254.1.1", ADDRESS_LINK_LOCAL },
		{ "169.253.1.1", ADDRESS_GLOBAL },
		{ "10.9.8.7", ADDRESS_PRIVATE },
		{ "172.16.0.1", ADDRESS_PRIVATE },
		{ "172.31.0.1", ADDRESS_PRIVATE },
		{ "172.32.0.1", ADDRESS_GLOBAL },
		{ "192.168.1.1", ADDRESS_PRIVATE },
		{ "192.167.1.1", ADDRESS_GLOBAL },
		{ "100.64.0.1", ADDRESS_PRIVATE },
		{ "100.128.0.1", ADDRESS_GLOBAL },
		{ "224.0.0.1", ADDRESS_MULTICAST },
		{ "239.1.2.3", ADDRESS_MULTICAST },
		{ "8.8.8.8", ADDRESS_GLOBAL },
		{ "::", ADDRESS_ANY }, { "::1", ADDRESS_LOOPBACK },
		{ "::2", ADDRESS_GLOBAL }, { "fe80::1", ADDRESS_LINK_LOCAL },
		{ "febf::1", ADDRESS_LINK_LOCAL },
		{ "fec0::1", ADDRESS_GLOBAL }, { "fd00::1", ADDRESS_PRIVATE },
		{ "ff02::1", ADDRESS_MULTICAST },
		{ "2001:db8::1", ADDRESS_GLOBAL },
		{ "::ffff:127.0.0.1", ADDRESS_LOOPBACK },
		{ "::ffff:0.0.0.0", ADDRESS_ANY },
		{ "::ffff:10.0.0.1", ADDRESS_PRIVATE },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const bool ipv6 = strchr(row[i].address, ':') != NULL;
		uint8_t a[16];

		CHECK_INT(inet_pton(ipv6 ? AF_INET6 : AF_INET,
		    row[i].address, a), 1);
		CHECK_STR(sockdiag_class_name(sockdiag_class(ipv6, a)),
		    sockdiag_class_name(row[i].class));
	}
}

TEST(unix_sockets_are_counted_by_state)
{
	static const uint8_t states[] = { TCP_ESTABLISHED, TCP_LISTEN,
	    TCP_CLOSE, TCP_CLOSE, TCP_CLOSE_WAIT };
	struct unix_diag_msg m = { .udiag_family = AF_UNIX };

	begin();
	for (size_t i = 0; i < sizeof(states); i++) {
		m.udiag_state = states[i];
		add(SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, &m, sizeof(m));
	}
	take_good(SOCKDIAG_UNIX);
	CHECK_INT(s.unix_sockets[SOCKDIAG_CONNECTED], 1);
	CHECK_INT(s.unix_sockets[SOCKDIAG_LISTENING], 1);
	CHECK_INT(s.unix_sockets[SOCKDIAG_UNCONNECTED], 3);
}

TEST(the_last_message_ends_it_and_nothing_behind_it_is_read)
{
	int error;

	begin();
	add_socket(AF_INET, TCP_ESTABLISHED, "127.0.0.1", 1);
	add_number(NLMSG_DONE, 0);
	add_socket(AF_INET, TCP_ESTABLISHED, "127.0.0.1", 1);
	CHECK(take(SOCKDIAG_TCP4, &error));
	CHECK_INT(error, 0);
	CHECK_INT(s.tcp[0][0], 1);
}

TEST(what_the_kernel_refuses_is_said_by_its_own_number)
{
	int error;

	begin();
	add_number(NLMSG_ERROR, -ENOENT);
	CHECK(take(SOCKDIAG_TCP4, &error));
	CHECK_INT(error, -ENOENT);
	begin();
	add_number(NLMSG_DONE, -ENOMEM);
	CHECK(take(SOCKDIAG_TCP4, &error));
	CHECK_INT(error, -ENOMEM);
}

TEST(an_acknowledgement_or_an_absurd_number_is_malformed)
{
	static const int32_t bad[] = { 0, 1, -4096, INT32_MIN };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin();
		add_number(NLMSG_ERROR, bad[i]);
		CHECK_INT(error_of(SOCKDIAG_TCP4), -EBADMSG);
	}
}

TEST(a_list_that_changed_while_it_was_made_is_an_error_to_its_end)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
		.idiag_state = TCP_ESTABLISHED };
	int error;

	begin();
	add(SOCK_DIAG_BY_FAMILY, NLM_F_MULTI | NLM_F_DUMP_INTR, &m,
	    sizeof(m));
	CHECK(!take(SOCKDIAG_TCP4, &error));
	CHECK_INT(error, -EINTR);
	begin();
	add(NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, "\0\0\0\0", 4);
	CHECK(take(SOCKDIAG_TCP4, &error));
	CHECK_INT(error, -EINTR);
}

TEST(messages_of_another_question_are_passed_over)
{
	int error = 0;

	begin();
	add_socket(AF_INET, TCP_ESTABLISHED, "127.0.0.1", 1);
	add_number(NLMSG_DONE, 0);
	CHECK(!sockdiag_take(&s, SOCKDIAG_TCP4, SEQ + 1, answer.bytes,
	    answer.len, &error));
	CHECK_INT(error, 0);
	CHECK_INT(s.tcp[0][0], 0);
}

TEST(the_first_error_stands)
{
	int error = -EINTR;

	begin();
	add_number(NLMSG_ERROR, -EPERM);
	CHECK(sockdiag_take(&s, SOCKDIAG_TCP4, SEQ, answer.bytes, answer.len,
	    &error));
	CHECK_INT(error, -EINTR);
}

TEST(wrong_families_states_types_and_sizes_are_malformed)
{
	static const uint8_t zeros[200];

	begin();
	add_socket(AF_INET6, TCP_ESTABLISHED, "::1", 1);
	CHECK_INT(error_of(SOCKDIAG_TCP4), -EBADMSG);
	begin();
	add_socket(AF_INET, 0, "127.0.0.1", 1);
	CHECK_INT(error_of(SOCKDIAG_TCP4), -EBADMSG);
	begin();
	add_socket(AF_INET, 14, "127.0.0.1", 1);
	CHECK_INT(error_of(SOCKDIAG_TCP4), -EBADMSG);
	begin();
	add_socket(AF_INET, TCP_LISTEN, "127.0.0.1", 1);
	CHECK_INT(error_of(SOCKDIAG_UDP4), -EBADMSG);
	CHECK_INT(error_of(SOCKDIAG_UNIX), -EBADMSG);
	begin();
	add(SOCK_DIAG_BY_FAMILY, 0, zeros, sizeof(struct inet_diag_msg) - 1);
	CHECK_INT(error_of(SOCKDIAG_TCP4), -EBADMSG);
	begin();
	add(17, 0, zeros, sizeof(zeros));
	CHECK_INT(error_of(SOCKDIAG_TCP4), -EBADMSG);
	CHECK_INT(s.tcp[0][0], 0);
	CHECK_INT(s.nlistening, 0);
}

TEST(no_length_leads_behind_the_end)
{
	static const uint32_t bad[] = { 0, 1, 15, 89, 4096, UINT32_MAX };
	int error;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin();
		add_socket(AF_INET, TCP_ESTABLISHED, "127.0.0.1", 1);
		memcpy(answer.bytes, &bad[i], sizeof(bad[i]));
		CHECK(!take(SOCKDIAG_TCP4, &error));
		CHECK_INT(error, -EBADMSG);
	}
	begin();
	add_socket(AF_INET, TCP_ESTABLISHED, "127.0.0.1", 1);
	for (size_t cut = 1; cut < 16; cut++) {
		error = 0;
		sockdiag_take(&s, SOCKDIAG_TCP4, SEQ, answer.bytes, cut,
		    &error);
		CHECK_INT(error, -EBADMSG);
	}
}

TEST(each_question_names_family_transport_and_all_states)
{
	uint8_t buf[SOCKDIAG_REQUEST_MAX];
	struct inet_diag_req_v2 r;
	struct nlmsghdr h;

	CHECK_INT(sockdiag_request(SOCKDIAG_UDP6, 9, buf), NLMSG_HDRLEN +
	    sizeof(r));
	memcpy(&h, buf, sizeof(h));
	memcpy(&r, buf + NLMSG_HDRLEN, sizeof(r));
	CHECK_INT(h.nlmsg_len, NLMSG_HDRLEN + sizeof(r));
	CHECK_INT(h.nlmsg_type, SOCK_DIAG_BY_FAMILY);
	CHECK_INT(h.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	CHECK_INT(h.nlmsg_seq, 9);
	CHECK_INT(h.nlmsg_pid, 0);
	CHECK_INT(r.sdiag_family, AF_INET6);
	CHECK_INT(r.sdiag_protocol, IPPROTO_UDP);
	CHECK_INT(r.idiag_states, UINT32_MAX);
	CHECK_INT(r.idiag_ext, 0);
}
