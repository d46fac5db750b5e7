/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd, and `sluice show`.  One AWS IoT Device Defender report of
 * the records of many steps: what grew since the report before, and of the
 * rest what was read last.  Bounded, no allocation, no clock; the same records
 * give the same bytes.
 *
 *	defender_take() for each record, then defender_write(), and when it was
 *	accepted defender_done()
 *
 * docs/device-defender.md says what each field is made of, and why the others
 * are not there.
 */
#ifndef SLUICE_DEFENDER_H
#define SLUICE_DEFENDER_H

#include "record.h"
#include "shipconf.h"

enum {
	DEFENDER_INTERFACES_MAX = 256,
	/* the collector lists half of it */
	DEFENDER_PORTS_MAX = 512,
	DEFENDER_REPORT_MAX = 126 * 1024,	/* the broker takes 128 */
	DEFENDER_INTERFACE_TEXT = 31,
};

enum defender_counter {
	DEFENDER_BYTES_IN, DEFENDER_BYTES_OUT,
	DEFENDER_PACKETS_IN, DEFENDER_PACKETS_OUT,
	DEFENDER_COUNTERS
};

/* What was read of one interface last. */
struct defender_interface {
	char name[DEFENDER_INTERFACE_TEXT + 1];
	bool known[DEFENDER_COUNTERS];
	uint64_t at[DEFENDER_COUNTERS];
};

struct defender_port {
	uint16_t port;
	char interface[DEFENDER_INTERFACE_TEXT + 1];	/* or "" */
};

/* Each port and interface once, in the order in which they came. */
struct defender_ports {
	bool more;		/* than could be kept */
	size_t n;
	struct defender_port port[DEFENDER_PORTS_MAX];
};

/* Of the last step that has them. */
struct defender_sockets {
	uint64_t wall_ns;
	bool whole;		/* nothing failed while they were read */
	bool left_out;		/* the collector had more than it lists */
	uint64_t established;
	struct defender_ports tcp, udp;
};

/* One custom metric, of the last step that has it. */
struct defender_value {
	uint64_t wall_ns;
	bool broken;		/* outside what a report can hold */
	enum scale scale;
	size_t n;		/* of them; the list is a sample */
	int64_t sum, max, min;
	int64_t list[DEFENDER_LIST_MAX];
};

struct defender {
	const struct shipconf *conf;
	uint64_t last_seq, wall_ns;
	bool fresh;		/* something was taken since defender_done() */
	bool whole;		/* the last record ended its step */
	uint64_t report_id;
	bool reported;		/* what grew has a report to grow from */
	bool grew[DEFENDER_COUNTERS];	/* read twice, of any interface */
	bool too_many;		/* interfaces: no sum would be true */
	size_t ninterfaces;
	struct defender_interface interface[DEFENDER_INTERFACES_MAX];
	uint64_t grown[DEFENDER_COUNTERS];
	struct defender_sockets sockets;
	/* what each custom metric is made of: a number, or a declared one */
	unsigned metric[DEFENDER_CUSTOM_MAX];
	const struct declared_metric *declared[DEFENDER_CUSTOM_MAX];
	struct defender_value value[DEFENDER_CUSTOM_MAX];
};

/* Borrows the configuration for good. */
void	defender_init(struct defender *, const struct shipconf *);

/* 0, or -EBADMSG: a record that was never judged. */
int	defender_take(struct defender *, const void *record, size_t len);

/*
 * Bytes written; -ENODATA: there is nothing that may be said yet; -ENOBUFS;
 * -EBADMSG: it is not what AWS takes, and was not to be sent.  *points: the
 * numbers in it.
 */
ptrdiff_t	defender_write(struct defender *, uint8_t *, size_t cap,
		    uint64_t *points);

/*
 * The next one begins.  accepted: what grew so far is said, or there was
 * nothing to say; else it will be in the next one, too.
 */
void	defender_done(struct defender *, bool accepted);

/* There are records of whole steps that no report was made of. */
static inline bool
defender_ready(const struct defender *d)
{
	return d->fresh && d->whole;
}

/*
 * defender_check.c: by the written rules alone: 0, or -EBADMSG.  Blanks are
 * not taken, because we write none.
 */
int	defender_check(const void *, size_t, bool short_names);

#endif
