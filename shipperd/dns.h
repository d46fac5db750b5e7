/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  DNS messages (RFC 1035, RFC 7766 for the two length
 * bytes over TCP).  Pure; every offset is checked, compression pointers only
 * go backwards, and the number of steps is bounded.
 */
#ifndef SLUICE_DNS_H
#define SLUICE_DNS_H

#include <stddef.h>
#include <stdint.h>

enum { DNS_MESSAGE_MAX = 4096, DNS_ADDRS_MAX = 16, DNS_NAME_MAX = 255,
	DNS_FAMILY_MAX = DNS_ADDRS_MAX / 2, DNS_CNAMES_MAX = 8 };
enum dns_type { DNS_A = 1, DNS_AAAA = 28 };

struct dns_addr {
	uint8_t family;			/* 4 or 6 */
	uint8_t addr[16];
};

struct dns_answer {
	size_t naddrs;
	struct dns_addr addr[DNS_ADDRS_MAX];
	uint32_t ttl;			/* seconds, the least of all */
};

enum dns_result {
	DNS_OK,				/* naddrs may be 0: no such data */
	DNS_NO_NAME,			/* NXDOMAIN */
	DNS_SERVER_FAILURE,		/* SERVFAIL, REFUSED …: ask another */
	DNS_MALFORMED,			/* not an answer to our question */
};

/* A query with its two length bytes; bytes written, -ENOBUFS or -EINVAL. */
ptrdiff_t	dns_query(uint8_t *, size_t cap, const char *name,
		    enum dns_type, uint16_t id);
/*
 * Judges one message (without length bytes): our id, our question, response
 * bit, owner names followed from the question through CNAMEs (in any order)
 * to the addresses, every record well-formed to the last byte.  Adds up to
 * DNS_FAMILY_MAX addresses to *answer, so that A and AAAA go into one; it is
 * zeroed by the caller, and only DNS_OK changes it.
 */
enum dns_result	dns_parse(struct dns_answer *, const uint8_t *, size_t,
		    const char *name, enum dns_type, uint16_t id);

#endif
