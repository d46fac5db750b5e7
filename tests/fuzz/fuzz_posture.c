/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/posture_parse.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What a parser takes is within what its metric documents. */
static void
within(int result, int64_t v, int64_t least, int64_t most)
{
	if (result == 0 && (v < least || v > most))
		abort();
}

/* Each parser gets every input. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct text t = text_of((const char *)data, len);
	int64_t v = 0, sum[AVC_COLUMNS];
	enum crypto_policy policy = CRYPTO_POLICIES;
	int result;

	result = posture_enforce(t, &v);
	within(result, v, 1, 2);
	result = posture_lockdown(t, &v);
	within(result, v, 0, 2);
	result = posture_efi(t, &v);
	within(result, v, 0, 1);
	result = posture_hidepid(t, &v);
	within(result, v, 0, 4);
	result = posture_vulnerability(t, &v);
	within(result, v, VULNERABILITY_NOT_AFFECTED, VULNERABILITY_UNKNOWN);
	result = posture_avc_entries(t, &v);
	within(result, v, 0, INT64_MAX);
	result = posture_signed(t, &v);
	within(result, v, INT64_MIN, INT64_MAX);
	result = posture_crypto(t, &policy, &v);
	within(result, policy, 0, CRYPTO_POLICY_OTHER_SET);
	if (posture_avc(t, sum) == 0)
		for (int i = 0; i < AVC_COLUMNS; i++)
			within(0, sum[i], 0, INT64_MAX);
	return 0;
}
