/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  One header line of an answer, whole, without its line
 * end and terminated: the inside of http_reply.c.
 */
#ifndef SLUICE_HTTP_HEADER_H
#define SLUICE_HTTP_HEADER_H

#include "http_reply.h"

/*
 * Cuts r->line into a name and a value without the white space around it
 * (RFC 9112, section 5), both terminated.  NULL, or the fault.
 */
const char	*http_header_split(struct http_reply *r, char **name,
		    char **value);
/* The same, and notes what Sluice goes by.  NULL, or the fault. */
const char	*http_header_take(struct http_reply *);

#endif
