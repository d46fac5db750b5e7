/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  Every source, in order of id. */
#include "sources/clock.h"
#include "sources/cpu.h"
#include "sources/edac.h"
#include "sources/kernel.h"
#include "sources/load.h"
#include "sources/memory.h"
#include "sources/paging.h"
#include "sources/pressure.h"

const struct source *const source_table[] = {
	&source_cpu,
	&source_load,
	&source_memory,
	&source_paging,
	&source_pressure,
	&source_kernel,
	&source_clock,
	&source_edac,
};
const size_t source_table_size =
    sizeof(source_table) / sizeof(source_table[0]);
