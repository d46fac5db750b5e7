/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See gap.h. */
#include "gap.h"

const char *
loss_name(enum loss l)
{
	static const char *const name[LOST_END] = {
		[LOST_QUEUE_FULL] = "queue_full",
		[LOST_REJECTED] = "rejected",
		[LOST_OVERSIZE] = "oversize",
		[LOST_UNREADABLE] = "unreadable",
	};

	return name[l];
}
