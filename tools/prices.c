/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  `sluice prices`: what each metric costs in privilege, from
 * the tables that the daemons are compiled from.  docs/privileges.md is what
 * it prints.
 */
#include "prices.h"

#include "sluice.h"

#include <stdio.h>
#include <string.h>

static const char preface[] =
    "# What each metric costs in privilege\n\n"
    "<!-- Made by tools/gen-docs of what sluice prices prints: do not edit."
    " -->\n\n"
    "No source needs a capability once the collector is locked, and none can"
    " have one: its\nbounding set is empty by then. Files are opened for"
    " reading only. A kernel older than\nthe one named has less of it; what"
    " is missing is counted in `sluice.source.failures`,\nand the rest goes"
    " on.\n\n"
    "SELinux: the types are those of Fedora's and Debian's policies, the"
    " permissions `getattr open\nread`, of a directory also `search`; for"
    " statfs(2), `filesystem getattr`. A boolean that must\nbe on stands"
    " behind the type.\n\n";

/* The longest start that fits a path decides. */
static const struct price prices[] = {
	{ HOST_PROC, "", "proc_t" },
	{ HOST_PROC, "./", "every process's own domain; sluice_all_processes" },
	{ HOST_PROC, "self/", "sluice_collector_t" },
	{ HOST_PROC, "1/", "init_t" },
	{ HOST_PROC, "net/", "proc_net_t" },
	{ HOST_PROC, "mdstat", "proc_mdstat_t" },
	{ HOST_PROC, "pressure/", "proc_t or proc_psi_t" },
	{ HOST_PROC, "sys/crypto/", "sysctl_crypto_t" },
	{ HOST_PROC, "sys/fs/", "sysctl_fs_t" },
	{ HOST_PROC, "sys/kernel/", "sysctl_kernel_t" },
	{ HOST_PROC, "sys/net/", "sysctl_net_t" },
	{ HOST_PROC, "sys/user/", "sysctl_t" },
	{ HOST_PROC, "sys/vm/", "sysctl_vm_t" },
	{ HOST_SYS, "", "sysfs_t" },
	{ HOST_SYS, "firmware/efi/efivars/", "efivarfs_t" },
	{ HOST_SYS, "fs/cgroup/", "cgroup_t" },
	{ HOST_SYS, "fs/selinux/", "security_t" },
	{ HOST_SYS, "kernel/security/", "security_t" },
	{ HOST_OPERATOR, "", "sluice_metrics_t; sluice_operator_files" },
};

const char *
price_selinux(const struct source_path *p)
{
	const char *found = "";
	size_t longest = 0;

	for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++) {
		const size_t n = strlen(prices[i].start);

		if (prices[i].root == p->root && n >= longest &&
		    strncmp(prices[i].start, p->path, n) == 0) {
			longest = n;
			found = prices[i].selinux;
		}
	}
	return found;
}

static bool
is_said_before(const struct source *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(price_selinux(&s->path[k]),
		    price_selinux(&s->path[i])) == 0)
			return true;
	return false;
}

static void
print_paths(const struct source *s)
{
	static const char *const roots[] = { [HOST_PROC] = "/proc/",
		[HOST_SYS] = "/sys/",
		[HOST_OPERATOR] = "collect.sources.operator.directory/" };

	for (size_t i = 0; i < SOURCE_PATHS_MAX && s->path[i].path != NULL;
	    i++) {
		const char *path = s->path[i].path;

		printf("%s`%s%s`", i > 0 ? ", " : "",
		    roots[s->path[i].root], strcmp(path, "./") != 0 ? path :
		    s->path[i].root == HOST_PROC ? "PID/" : "");
	}
	if (s->path[0].path == NULL)
		printf("%s", registry_source(s->id)->reads);
}

static void
print_types(const struct source *s)
{
	for (size_t i = 0; i < SOURCE_PATHS_MAX && s->path[i].path != NULL;
	    i++)
		if (!is_said_before(s, i))
			printf("%s%s", i > 0 ? ", " : "",
			    price_selinux(&s->path[i]));
	if (s->path[0].path == NULL)
		printf("none");
}

/* From what it reads to the end of the row. */
static void
print_price(const struct source *s)
{
	static const char *const capabilities[] = {
		[CAPABILITY_UNDECLARED] = "not declared",
		[CAPABILITY_NONE] = "none",
	};

	print_paths(s);
	printf(" | %s | %s | %s | ", s->kernel, capabilities[s->capability],
	    s->group == NULL ? "none" : s->group);
	print_types(s);
	printf(" |\n");
}

static void
print_sources(void)
{
	static const char *const profiles[] = { "minimal", "standard",
		"full", [PROFILE_END] = "by name" };

	printf("## Sources\n\n| source | profile | reads | Linux | capability"
	    " | group | SELinux |\n|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < source_table_size; i++) {
		const struct source *s = source_table[i];

		printf("| %s | %s | ", registry_source(s->id)->name,
		    profiles[s->profile]);
		print_price(s);
	}
	printf("\nWhat the agent says of itself (`sluice.*`) is in its own"
	    " memory and in `/proc/PID/status`\nand `/proc/PID/stat` of its"
	    " two processes, which it opens before the lock.\n\n");
}

static void
print_metrics(void)
{
	printf("## Metrics\n\n| metric | source | reads | Linux | capability"
	    " | group | SELinux |\n|---|---|---|---|---|---|---|\n");
	for (unsigned m = 1; m < METRIC_END; m++) {
		const struct metric_row *row = registry_metric(m);
		const struct source *s = row == NULL ? NULL :
		    source_of(row->source);

		if (row == NULL)
			continue;
		printf("| `%s` | %s | ", row->name,
		    registry_source(row->source)->name);
		if (s == NULL)
			printf("the agent itself | any | none | none | own"
			    " processes |\n");
		else
			print_price(s);
	}
}

int
prices_run(const struct arguments *a, const struct config *c)
{
	(void)a;
	(void)c;
	fputs(preface, stdout);
	print_sources();
	print_metrics();
	return EXIT_GOOD;
}
