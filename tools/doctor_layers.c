/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  What protects the agent on this host: Landlock, seccomp,
 * SELinux and its policy, FIPS, and the version of systemd.  Asked without
 * privilege, and without starting or asking another program.
 */
#include "doctor.h"

#include "build_config.h"
#include "landlock.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	TEXT_MAX = 200,
	LANDLOCK_PORTS = 4,	/* the first ABI with rules for TCP ports */
	SYSTEMD_FLOOR = 252,
	SYSTEMD_PRESERVES = 254,
};

static enum finding
needed(const struct doctor *d, enum require layer)
{
	return (d->config->require & layer) != 0 ? FINDING_MISSING :
	    FINDING_NOTE;
}

static void
look_at_landlock(struct doctor *d)
{
	const int abi = landlock_abi();
	char found[TEXT_MAX];

	snprintf(found, sizeof(found), "ABI %d", abi);
	if (abi <= 0)
		doctor_say(d, needed(d, REQUIRE_LANDLOCK), "landlock",
		    "not there", "one of the layers that keep the collector to"
		    " /proc and /sys", "boot with lsm=landlock,... on a kernel"
		    " with CONFIG_SECURITY_LANDLOCK");
	else if (abi < LANDLOCK_PORTS)
		doctor_say(d, FINDING_NOTE, "landlock", found, "rules for"
		    " ports: SELinux and the unit alone hold the shipper to"
		    " its receivers", "Linux 6.7 has them");
	else
		doctor_say(d, FINDING_OK, "landlock", found, "", "");
}

static void
look_at_seccomp(struct doctor *d)
{
	char actions[TEXT_MAX];

	if (doctor_line(d, HOST_PROC, "sys/kernel/seccomp/actions_avail",
	    actions, sizeof(actions)) == 0 &&
	    strstr(actions, "kill_process") != NULL)
		doctor_say(d, FINDING_OK, "seccomp", "kill_process", "", "");
	else if (host_is_real(d->host, HOST_PROC))
		doctor_say(d, FINDING_MISSING, "seccomp", "not there",
		    "everything: nothing starts without it",
		    "a kernel with CONFIG_SECCOMP_FILTER");
}

/* "system_u:object_r:sluice_collector_exec_t:s0", without its end. */
static bool
has_label(const char *path, const char *type)
{
	char label[TEXT_MAX] = "", want[TEXT_MAX];
	const ssize_t n = getxattr(path, "security.selinux", label,
	    sizeof(label) - 1);

	snprintf(want, sizeof(want), ":%s:", type);
	return n > 0 && strstr(label, want) != NULL;
}

static void
look_at_boolean(struct doctor *d, const char *name, bool wanted,
    const char *costs)
{
	char path[TEXT_MAX], value[TEXT_MAX], remedy[TEXT_MAX];

	snprintf(path, sizeof(path), "fs/selinux/booleans/%s", name);
	/* one that this policy does not have */
	if (!wanted || doctor_line(d, HOST_SYS, path, value,
	    sizeof(value)) < 0 || value[0] == '1')
		return;
	snprintf(remedy, sizeof(remedy), "setsebool -P %s on", name);
	doctor_say(d, FINDING_NOTE, name, "off", costs, remedy);
}

static bool
has_other_port(const struct config *c)
{
	for (size_t i = 0; i < c->nendpoints; i++)
		if (c->endpoint[i].port != 443 && c->endpoint[i].port != 4318)
			return true;
	return false;
}

static void
look_at_policy(struct doctor *d)
{
	if (access(COLLECTORD_PATH, F_OK) < 0)
		doctor_say(d, FINDING_NOTE, "policy", COLLECTORD_PATH
		    " is not there", "", "asked before the installation?");
	else if (has_label(COLLECTORD_PATH, "sluice_collector_exec_t") &&
	    has_label(SHIPPERD_PATH, "sluice_shipper_exec_t"))
		doctor_say(d, FINDING_OK, "policy", "both programs have their"
		    " types", "", "");
	else
		doctor_say(d, needed(d, REQUIRE_SELINUX), "policy",
		    "the programs have not got its types", "the domains of"
		    " both processes", "install the package with the policy,"
		    " then restorecon -v " COLLECTORD_PATH " "
		    SHIPPERD_PATH);
	look_at_boolean(d, "sluice_all_processes",
	    doctor_wants(d, SOURCE_PROCESS), "processes by state, and each"
	    " process");
	look_at_boolean(d, "sluice_operator_files",
	    doctor_wants(d, SOURCE_OPERATOR), "the operator's own metrics");
	look_at_boolean(d, "sluice_sockets", doctor_wants(d, SOURCE_SOCKDIAG),
	    "sockets by state, and listening ports");
	look_at_boolean(d, "sluice_other_ports", has_other_port(d->config),
	    "an endpoint on a port that is neither 443 nor 4318");
}

static void
look_at_selinux(struct doctor *d)
{
	char mode[TEXT_MAX];

	if (doctor_line(d, HOST_SYS, "fs/selinux/enforce", mode,
	    sizeof(mode)) < 0) {
		doctor_say(d, needed(d, REQUIRE_SELINUX), "selinux",
		    "not there", "one of the layers around both processes",
		    "a distribution that has it");
		return;
	}
	if (mode[0] == '1')
		doctor_say(d, FINDING_OK, "selinux", "enforcing", "", "");
	else
		doctor_say(d, needed(d, REQUIRE_SELINUX), "selinux",
		    "permissive", "one of the layers around both processes",
		    "setenforce 1, and SELINUX=enforcing in"
		    " /etc/selinux/config");
	look_at_policy(d);
}

static void
look_at_fips(struct doctor *d)
{
	char line[TEXT_MAX];

	doctor_line(d, HOST_PROC, "sys/crypto/fips_enabled", line,
	    sizeof(line));
	doctor_say(d, FINDING_OK, "fips", line[0] == '1' ? "on" : "off", "",
	    "");
}

/* The number in libsystemd-shared-252.so, or of 252.4-1.el9. */
static int
version_in(const char *folder)
{
	static const char start[] = "libsystemd-shared-";
	DIR *dir = opendir(folder);
	int found = 0;

	if (dir == NULL)
		return 0;
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		if (strncmp(e->d_name, start, sizeof(start) - 1) == 0)
			found = (int)strtol(e->d_name + sizeof(start) - 1,
			    NULL, 10);
	closedir(dir);
	return found;
}

static int
systemd_version(void)
{
	static const char *const folders[] = { "/usr/lib/systemd",
		"/usr/lib64/systemd", "/lib/systemd",
		"/usr/lib/x86_64-linux-gnu/systemd",
		"/usr/lib/aarch64-linux-gnu/systemd" };
	int found = 0;

	for (size_t i = 0; found == 0 && i < sizeof(folders) /
	    sizeof(folders[0]); i++)
		found = version_in(folders[i]);
	return found;
}

static void
look_at_systemd(struct doctor *d)
{
	static const char keeps[] = "what waits in the ring when the service"
	    " is stopped and started (a restart, a crash or an upgrade keeps"
	    " it)";
	const int version = systemd_version();
	char found[TEXT_MAX];

	snprintf(found, sizeof(found), "version %d", version);
	if (version == 0 || access("/run/systemd/system", F_OK) < 0)
		doctor_say(d, FINDING_NOTE, "systemd", "not running here",
		    "what waits in the ring whenever the collector ends", "");
	else if (version < SYSTEMD_FLOOR)
		doctor_say(d, FINDING_MISSING, "systemd", found, "what this"
		    " version was tested with: 252 and later", "");
	else if (version < SYSTEMD_PRESERVES)
		doctor_say(d, FINDING_NOTE, "systemd", found, keeps,
		    "restart, and do not stop and start");
	else
		doctor_say(d, FINDING_OK, "systemd", found, "", "");
}

void
doctor_layers(struct doctor *d)
{
	look_at_seccomp(d);
	look_at_landlock(d);
	look_at_selinux(d);
	look_at_fips(d);
	look_at_systemd(d);
}
