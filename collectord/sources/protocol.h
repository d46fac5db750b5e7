/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  /proc/net/snmp, snmp6 and netstat: the counters of
 * IP, TCP and UDP; the kernel's Documentation/networking/snmp_counter.rst.
 */
#ifndef SLUICE_SOURCES_PROTOCOL_H
#define SLUICE_SOURCES_PROTOCOL_H

#include "sources/named.h"

enum protocol_file { PROTOCOL_SNMP, PROTOCOL_SNMP6, PROTOCOL_NETSTAT };

extern const struct named_table protocol_table;

struct source;
extern const struct source source_protocol;

#endif
