/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  What the shipper is told, once, before it locks
 * itself: the payload of CONFIG.  No secret and no path is in it.
 */
#ifndef SLUICE_SHIPCONF_H
#define SLUICE_SHIPCONF_H

#include "bounds.h"
#include "declared.h"
#include "defender_conf.h"
#include "url.h"

#include <netinet/in.h>

enum protocol {
	PROTOCOL_HTTP_PROTOBUF,
	PROTOCOL_HTTP_JSON,
	PROTOCOL_OTLP_END,
	PROTOCOL_DEVICE_DEFENDER = PROTOCOL_OTLP_END,
	PROTOCOL_END
};

enum shipconf_flag {
	SHIPCONF_REQUIRE_LANDLOCK = 1,
	SHIPCONF_SPLIT = 2,		/* two users: what the start achieved */
	SHIPCONF_REQUIRE_SELINUX = 4,
	SHIPCONF_REQUIRE_FIPS = 8,
	SHIPCONF_CRL = 16,		/* a SECRET_CRL comes */
	SHIPCONF_PINS_REPORT = 32,	/* a chain without a pin is said only */
	SHIPCONF_GZIP = 64,		/* bodies are compressed */
	SHIPCONF_FRESH = 128,		/* nothing was ever collected before */
	SHIPCONF_FLAGS = 255
};

/* Whose key signs each request. */
enum ship_sign {
	SIGN_OFF,
	SIGN_CLIENT,			/* that of the client certificate */
	SIGN_OWN,			/* a SECRET_SIGN comes */
	SIGN_END
};

enum proxy_kind {
	PROXY_NONE,
	PROXY_PLAIN,			/* the way to it is in clear */
	PROXY_TLS,			/* a SECRET_PROXY_CA comes */
	PROXY_END
};

/* Asked to CONNECT (RFC 9110, section 9.3.6); then nothing else is reached. */
struct proxy {
	enum proxy_kind kind;
	bool login;			/* a SECRET_PROXY_LOGIN comes */
	struct url url;
};

struct nameserver {
	uint8_t family;			/* 4 or 6 */
	uint8_t addr[16];		/* network order; 4 or 16 bytes used */
	uint32_t scope;			/* interface index of fe80::/10 */
	uint16_t port;			/* 53 unless a test says otherwise */
};

struct resource_attr {
	char key[FRAME_TEXT_MAX + 1];
	char value[FRAME_TEXT_MAX + 1];	/* UTF-8 */
};

struct shipconf {
	uint64_t seed;			/* spreads the fleet: from host.id */
	uint32_t interval_ms;
	uint32_t timeout_ms;		/* of one whole exchange */
	uint32_t batch;			/* bytes of records */
	uint32_t egress_limit;		/* bytes of bodies in any hour */
	struct declared declared;	/* metrics of source OPERATOR */
	uint8_t flags;
	enum protocol protocol;
	size_t nendpoints;		/* 1 to ENDPOINTS_MAX, in order */
	struct url endpoint[ENDPOINTS_MAX];
	size_t nservers;
	struct nameserver server[NAMESERVERS_MAX];
	size_t nattrs;
	struct resource_attr attr[RESOURCE_ATTRS_MAX];
	size_t npins;			/* 0, or PINS_MIN to PINS_MAX */
	uint8_t pin[PINS_MAX][PIN_SIZE];
	enum ship_sign sign;
	uint8_t ring[RING_ID];		/* whose records come: ring-<hex> */
	struct proxy proxy;
	struct defender_conf defender;	/* of that protocol alone */
};

/* Bytes written, or -ENOBUFS. */
ptrdiff_t	shipconf_encode(const struct shipconf *, void *, size_t);
/* 0 or -EBADMSG; every bound of bounds.h is checked again here. */
int		shipconf_decode(struct shipconf *, const void *, size_t);

#endif
