/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  Every source, in order of id. */
#include "sources/bonding.h"
#include "sources/cgroup.h"
#include "sources/clock.h"
#include "sources/conntrack.h"
#include "sources/cpu.h"
#include "sources/cpufreq.h"
#include "sources/disk.h"
#include "sources/edac.h"
#include "sources/filesystem.h"
#include "sources/hwmon.h"
#include "sources/interrupts.h"
#include "sources/inventory.h"
#include "sources/kernel.h"
#include "sources/load.h"
#include "sources/mdraid.h"
#include "sources/memory.h"
#include "sources/network.h"
#include "sources/operator.h"
#include "sources/nfs.h"
#include "sources/numa.h"
#include "sources/nvme.h"
#include "sources/paging.h"
#include "sources/posture.h"
#include "sources/pressure.h"
#include "sources/process.h"
#include "sources/protocol.h"
#include "sources/sockdiag.h"
#include "sources/socket.h"
#include "sources/storage.h"
#include "sources/top.h"

const struct source *const source_table[] = {
	&source_cpu,
	&source_load,
	&source_memory,
	&source_paging,
	&source_disk,
	&source_filesystem,
	&source_network,
	&source_protocol,
	&source_socket,
	&source_pressure,
	&source_process,
	&source_kernel,
	&source_clock,
	&source_edac,
	&source_cgroup,
	&source_top,
	&source_sockdiag,
	&source_hwmon,
	&source_cpufreq,
	&source_numa,
	&source_interrupts,
	&source_conntrack,
	&source_mdraid,
	&source_nvme,
	&source_nfs,
	&source_bonding,
	&source_storage,
	&source_inventory,
	&source_posture,
	&source_operator,
};
const size_t source_table_size =
    sizeof(source_table) / sizeof(source_table[0]);
