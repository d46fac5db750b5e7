/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  The only file that includes libseccomp. */
#include "seccomp_table.h"

#include <errno.h>
#include <seccomp.h>

/*
 * A sanitizer's runtime makes calls that no table of ours shall ever allow;
 * its builds log them and are for tests only (docs/architecture.md).
 */
#define DEFAULT_ACTION (SLUICE_SANITIZED ? SCMP_ACT_LOG : \
	SCMP_ACT_KILL_PROCESS)

static struct scmp_arg_cmp
compare(const struct arg_check *c)
{
	/* the kernel looks at 32 bits of an int; what is above is noise */
	const uint64_t seen = c->wide ? UINT64_MAX : UINT32_MAX;
	struct scmp_arg_cmp cmp = { .arg = c->arg };

	switch (c->test) {
	case ARG_IS:
		cmp.op = SCMP_CMP_MASKED_EQ;
		cmp.datum_a = seen;
		cmp.datum_b = c->value & seen;
		break;
	case ARG_ONLY_BITS:
		cmp.op = SCMP_CMP_MASKED_EQ;
		cmp.datum_a = seen & ~c->value;
		cmp.datum_b = 0;
		break;
	case ARG_AT_MOST:
		cmp.op = SCMP_CMP_LE;
		cmp.datum_a = c->value;
		break;
	case ARG_ANY:
		break;
	}
	return cmp;
}

static int
add_row(scmp_filter_ctx ctx, const struct syscall_row *row)
{
	struct scmp_arg_cmp cmp[SYSCALL_CHECKS_MAX];
	int number = seccomp_syscall_resolve_name(row->name);
	unsigned n = 0;

	if (number == __NR_SCMP_ERROR)
		return -ENOSYS;
	while (n < SYSCALL_CHECKS_MAX && row->check[n].test != ARG_ANY) {
		cmp[n] = compare(&row->check[n]);
		n++;
	}
	/* exact: a rule that had to be widened is an error */
	return seccomp_rule_add_exact_array(ctx, SCMP_ACT_ALLOW, number, n,
	    cmp);
}

int
seccomp_load_table(const struct syscall_row *row, size_t n)
{
	scmp_filter_ctx ctx = seccomp_init(DEFAULT_ACTION);
	int error = ctx == NULL ? -ENOMEM : 0;

	if (error == 0)
		error = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
		    SCMP_ACT_KILL_PROCESS);
	if (error == 0)
		error = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 1);
	if (error == 0)
		error = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_LOG, 1);
	for (size_t i = 0; error == 0 && i < n; i++)
		error = add_row(ctx, &row[i]);
	if (error == 0)
		error = seccomp_load(ctx);
	if (ctx != NULL)
		seccomp_release(ctx);
	if (error == 0)
		return 0;
	errno = -error;
	return -1;
}
