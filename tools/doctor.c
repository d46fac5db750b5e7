/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: sluice.  See doctor.h. */
#include "doctor.h"

#include "sluice.h"
#include "sources/mountinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLOOR_MAJOR = 5, FLOOR_MINOR = 14, TEXT_MAX = 200, GROUPS_MAX = 256 };

void
doctor_say(struct doctor *d, enum finding f, const char *topic,
    const char *found, const char *costs, const char *remedy)
{
	static const char *const words[] = {
		[FINDING_OK] = "ok", [FINDING_NOTE] = "note",
		[FINDING_MISSING] = "missing",
	};

	d->missing = d->missing || f == FINDING_MISSING;
	printf("%s: %s: %s", words[f], topic, found);
	if (costs[0] != '\0')
		printf("; costs %s", costs);
	if (remedy[0] != '\0')
		printf("; %s", remedy);
	putchar('\n');
}

int
doctor_line(struct doctor *d, enum host_root root, const char *path,
    char *buf, size_t cap)
{
	struct text t, line;
	const int error = host_read_once(d->host, root, path, &t);

	buf[0] = '\0';
	if (error == 0 && text_line(&t, &line))
		snprintf(buf, cap, "%.*s", (int)line.len, line.p);
	/* what a file holds is not what a terminal obeys */
	for (char *p = buf; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return error;
}

bool
doctor_wants(const struct doctor *d, enum source_id id)
{
	return (d->config->sources.enabled & SOURCE_BIT(id)) != 0;
}

static void
look_at_kernel(struct doctor *d)
{
	char release[TEXT_MAX];
	unsigned long major, minor;
	char *end;

	if (doctor_line(d, HOST_PROC, "sys/kernel/osrelease", release,
	    sizeof(release)) < 0) {
		doctor_say(d, FINDING_NOTE, "kernel", "version unknown", "",
		    "");
		return;
	}
	major = strtoul(release, &end, 10);
	minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	if (major > FLOOR_MAJOR ||
	    (major == FLOOR_MAJOR && minor >= FLOOR_MINOR))
		doctor_say(d, FINDING_OK, "kernel", release, "", "");
	else
		doctor_say(d, FINDING_NOTE, "kernel", release, "what this"
		    " version was tested with: Linux 5.14 and later",
		    "sluice prices says what each source needs");
}

static void
look_at_pressure(struct doctor *d)
{
	char line[TEXT_MAX];
	const int error = doctor_line(d, HOST_PROC, "pressure/cpu", line,
	    sizeof(line));

	if (error == 0)
		doctor_say(d, FINDING_OK, "psi", "/proc/pressure", "", "");
	else
		doctor_say(d, doctor_wants(d, SOURCE_PRESSURE) ?
		    FINDING_MISSING : FINDING_NOTE, "psi",
		    error == -EOPNOTSUPP ? "switched off" : strerror(-error),
		    "linux.psi.*, of the host and of each cgroup",
		    "boot with psi=1, the default of RHEL is 0; or switch the"
		    " source pressure off");
}

static bool
has_file(struct doctor *d, const char *path)
{
	char line[TEXT_MAX];

	return doctor_line(d, HOST_SYS, path, line, sizeof(line)) == 0;
}

static bool
stop(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return false;
}

static bool
has_dir(struct doctor *d, const char *path)
{
	return host_list(d->host, HOST_SYS, path, stop, NULL) == 0;
}

static void
look_at_cgroups(struct doctor *d)
{
	const bool wanted = doctor_wants(d, SOURCE_CGROUP);

	if (has_file(d, "fs/cgroup/cgroup.controllers"))
		doctor_say(d, FINDING_OK, "cgroup", "version 2", "", "");
	else if (has_dir(d, "fs/cgroup/memory/") ||
	    has_dir(d, "fs/cgroup/cpuacct/") ||
	    has_dir(d, "fs/cgroup/cpu,cpuacct/"))
		doctor_say(d, FINDING_NOTE, "cgroup",
		    has_dir(d, "fs/cgroup/unified/") ? "hybrid, read as"
		    " version 1" : "version 1", "PSI of each service and"
		    " container", "boot with"
		    " systemd.unified_cgroup_hierarchy=1");
	else
		doctor_say(d, wanted ? FINDING_MISSING : FINDING_NOTE,
		    "cgroup", "no hierarchy below /sys/fs/cgroup",
		    "linux.cgroup.*, services and containers",
		    wanted ? "mount it, or switch the source cgroup off" : "");
}

/* "gid=4" of "rw,hidepid=invisible,gid=4"; -1: no such option. */
static int64_t
option_number(struct text options, const char *name)
{
	struct text one, key;
	int64_t v;

	while (options.len > 0) {
		if (!text_until(&options, ',', &one)) {
			one = options;
			options = text_of(options.p, 0);
		}
		if (text_until(&one, '=', &key) && text_is(key, name))
			return text_u63(one, &v) ? v : INT64_MAX;
	}
	return -1;
}

static bool
has_group(int64_t gid)
{
	gid_t group[GROUPS_MAX];
	const int n = getgroups(GROUPS_MAX, group);

	for (int i = 0; i < n; i++)
		if (group[i] == (gid_t)gid)
			return true;
	return getegid() == (gid_t)gid;
}

/* The options of the mount that procfs is; false: not found. */
static bool
proc_options(struct doctor *d, struct text *options)
{
	struct text t, line, before, word;
	const size_t len = strlen(d->config->procfs);
	bool found = false;

	if (host_read_once(d->host, HOST_PROC, "self/mountinfo", &t) < 0)
		return false;
	while (text_line(&t, &line)) {
		before = line;
		if (!text_skip(&before, 4) || !text_word(&before, &word) ||
		    word.len != len ||
		    memcmp(word.p, d->config->procfs, len) != 0)
			continue;
		/* the last of several hides the others */
		while (text_word(&before, &word))
			*options = word;
		found = true;
	}
	return found;
}

static void
look_at_hidepid(struct doctor *d)
{
	static const char costs[] = "processes by state, and each process";
	static const char remedy[] = "mount /proc with hidepid=2,gid=GROUP, and"
	    " give the unit SupplementaryGroups=GROUP";
	struct text options;
	int64_t gid;
	char found[TEXT_MAX];

	if (!proc_options(d, &options) ||
	    option_number(options, "hidepid") < 0) {
		doctor_say(d, FINDING_OK, "hidepid", "off", "", "");
		return;
	}
	gid = option_number(options, "gid");
	if (gid >= 0 && gid < UINT32_MAX && has_group(gid)) {
		doctor_say(d, FINDING_OK, "hidepid",
		    "on, and this user is in its group", "", "");
		return;
	}
	snprintf(found, sizeof(found), gid < 0 ? "on, without a group" :
	    "on for all outside of group %lld", (long long)gid);
	doctor_say(d, doctor_wants(d, SOURCE_PROCESS) ? FINDING_MISSING :
	    FINDING_NOTE, "hidepid", found, costs, remedy);
}

static int
try_path(struct doctor *d, const struct source_path *p)
{
	struct text t;

	if (p->path[strlen(p->path) - 1] == '/')
		return host_list(d->host, p->root, p->path, stop, NULL);
	return host_read_once(d->host, p->root, p->path, &t);
}

static void
look_at_path(struct doctor *d, const struct source *s,
    const struct source_path *p)
{
	const int error = try_path(d, p);
	char topic[TEXT_MAX], found[2 * PATH_MAX], remedy[TEXT_MAX];
	const char *name = registry_source(s->id)->name;
	const bool absent = failure_of(error) == FAILURE_MISSING;

	if (error == 0)
		return;
	snprintf(topic, sizeof(topic), "source %s", name);
	snprintf(found, sizeof(found), "%s/%s: %s", p->root == HOST_PROC ?
	    d->config->procfs : d->config->sysfs, p->path, strerror(-error));
	if (absent)
		snprintf(remedy, sizeof(remedy), "needs Linux %s, and the"
		    " device or driver it is about", s->kernel);
	else
		snprintf(remedy, sizeof(remedy), "no capability is needed for"
		    " it: look at its mode, mount and SELinux type");
	doctor_say(d, absent ? FINDING_NOTE : FINDING_MISSING, topic, found,
	    "what comes from it", remedy);
}

/* The one directory that is not the kernel's; it may be absent. */
static void
look_at_operator(struct doctor *d)
{
	const char *path = d->config->operator_directory;
	char found[2 * PATH_MAX];

	if (!doctor_wants(d, SOURCE_OPERATOR) ||
	    host_open_operator(d->host, path) == 0)
		return;
	snprintf(found, sizeof(found), "%s: %s", path, strerror(errno));
	doctor_say(d, FINDING_MISSING, "source operator", found,
	    "the start: nothing runs without it", "make the directory, owned"
	    " by root, or switch the source off");
}

static void
look_at_sources(struct doctor *d)
{
	for (size_t i = 0; i < source_table_size; i++) {
		const struct source *s = source_table[i];

		for (size_t k = 0; s->id != SOURCE_OPERATOR &&
		    doctor_wants(d, s->id) &&
		    k < SOURCE_PATHS_MAX && s->path[k].path != NULL; k++)
			look_at_path(d, s, &s->path[k]);
	}
}

/* A host may be asked before anything is configured. */
static void
read_config(struct doctor *d, struct config *c, const char *file)
{
	static const char least[] = "{\"ship\":{\"endpoints\":"
	    "[\"https://localhost\"],\"ca\":\"/\",\"cert\":\"/\","
	    "\"key\":\"/\"}}";
	struct config_error error;
	const int wrong = config_read(c, file, &error);

	d->config = c;
	if (wrong == 0)
		return;
	if (config_parse(c, "built-in", least, sizeof(least) - 1,
	    &(struct config_error){ .text = "" }) < 0)
		abort();
	doctor_say(d, access(file, F_OK) < 0 ? FINDING_NOTE : FINDING_MISSING,
	    "configuration", error.text, "", "looked at with the defaults");
}

int
doctor_run(const struct arguments *a, const struct config *unused)
{
	static struct config config;
	static struct host host;
	struct doctor d = { .host = &host };
	const char *which;

	(void)unused;
	read_config(&d, &config, a->config);
	if (host_open(&host, config.procfs, config.sysfs, &which) < 0) {
		doctor_say(&d, FINDING_MISSING, which, strerror(errno),
		    "everything", "");
		return EXIT_WRONG;
	}
	look_at_kernel(&d);
	look_at_pressure(&d);
	look_at_cgroups(&d);
	look_at_hidepid(&d);
	look_at_operator(&d);
	look_at_sources(&d);
	doctor_layers(&d);
	host_close(&host);
	return d.missing ? EXIT_WRONG : EXIT_GOOD;
}
