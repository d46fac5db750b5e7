/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The parsers of posture.c, pure: each takes one file
 * whole.  0, -EBADMSG, or -ENOENT where the file says nothing of it.
 */
#ifndef SLUICE_SOURCES_POSTURE_PARSE_H
#define SLUICE_SOURCES_POSTURE_PARSE_H

#include "text.h"

/* /sys/fs/selinux/enforce: 2 enforcing, 1 permissive. */
int	posture_enforce(struct text, int64_t *);
/* A number that may be below zero. */
int	posture_signed(struct text, int64_t *);
/* "[none] integrity confidentiality": 0, 1, 2. */
int	posture_lockdown(struct text, int64_t *);
/* A variable of efivarfs with one byte, 0 or 1, behind its attributes. */
int	posture_efi(struct text, int64_t *);
/* proc(5), hidepid, of the last mount on /proc in mountinfo: 0, 1, 2, 4. */
int	posture_hidepid(struct text, int64_t *);

/* What a file of devices/system/cpu/vulnerabilities comes to. */
enum vulnerability {
	VULNERABILITY_NOT_AFFECTED,
	VULNERABILITY_MITIGATED,
	VULNERABILITY_PARTLY,	/* mitigated, but for what it then names */
	VULNERABILITY_OPEN,
	VULNERABILITY_UNKNOWN,	/* to the kernel itself */
};

int	posture_vulnerability(struct text, int64_t *);

/* In the order of avc/cache_stats, whose lines are CPUs: their sum. */
enum avc_column {
	AVC_LOOKUPS, AVC_HITS, AVC_MISSES, AVC_ALLOCATIONS, AVC_RECLAIMS,
	AVC_FREES, AVC_COLUMNS
};

int	posture_avc(struct text, int64_t [AVC_COLUMNS]);
/* avc/hash_stats: entries. */
int	posture_avc_entries(struct text, int64_t *);

/* In the order of the points CRYPTO_POLICY_*. */
enum crypto_policy {
	CRYPTO_POLICY_LEGACY_SET, CRYPTO_POLICY_DEFAULT_SET,
	CRYPTO_POLICY_FUTURE_SET, CRYPTO_POLICY_FIPS_SET,
	CRYPTO_POLICY_OTHER_SET, CRYPTO_POLICIES
};

/* "DEFAULT:SHA1:NO-CBC": which, and how many modules change it. */
int	posture_crypto(struct text, enum crypto_policy *, int64_t *modules);

#endif
