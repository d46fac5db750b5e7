/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See posture.h. */
#include "sources/posture.h"

#include "log.h"
#include "read_file.h"
#include "sources/kernel.h"
#include "sources/posture_parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SELINUX "fs/selinux/"
#define CPU "devices/system/cpu/"
#define WEAKNESSES CPU "vulnerabilities/"
#define EFI "firmware/efi/efivars/"
#define EFI_GLOBAL "-8be4df61-93ca-11d2-aa0d-00e098032b8c"

enum how {
	BY_TURN,
	SELDOM,
	EACH_TIME,
	/* the firmware is slow, and cannot change this without a boot */
	ONCE,
};

/* In the order of the registry. */
static const struct fact {
	unsigned point;
	enum host_root root;
	const char *path;
	int (*parse)(struct text, int64_t *);
	enum how how;
	bool moves;		/* by itself: no event */
} facts[] = {
	{ SELINUX_MODE_ALL, HOST_SYS, SELINUX "enforce", posture_enforce,
	    EACH_TIME, false },
	{ SELINUX_POLICY_VERSION_ALL, HOST_SYS, SELINUX "policyvers",
	    number_parse, BY_TURN, false },
	{ SELINUX_DENY_UNKNOWN_ALL, HOST_SYS, SELINUX "deny_unknown",
	    number_parse, BY_TURN, false },
	{ SELINUX_AVC_ENTRIES_ALL, HOST_SYS, SELINUX "avc/hash_stats",
	    posture_avc_entries, BY_TURN, true },
	{ LOCKDOWN_ALL, HOST_SYS, "kernel/security/lockdown",
	    posture_lockdown, BY_TURN, false },
	{ SECURE_BOOT_ALL, HOST_SYS, EFI "SecureBoot" EFI_GLOBAL, posture_efi,
	    ONCE, false },
	{ SETUP_MODE_ALL, HOST_SYS, EFI "SetupMode" EFI_GLOBAL, posture_efi,
	    ONCE, false },
	{ FIPS_ALL, HOST_PROC, "sys/crypto/fips_enabled", number_parse,
	    BY_TURN, false },
	{ TAINT_ALL, HOST_PROC, "sys/kernel/tainted", number_parse,
	    EACH_TIME, false },
	{ MODULES_LOCKED_ALL, HOST_PROC, "sys/kernel/modules_disabled",
	    number_parse, BY_TURN, false },
	{ KEXEC_LOCKED_ALL, HOST_PROC, "sys/kernel/kexec_load_disabled",
	    number_parse, BY_TURN, false },
	{ ASLR_ALL, HOST_PROC, "sys/kernel/randomize_va_space",
	    number_parse, BY_TURN, false },
	{ PTRACE_SCOPE_ALL, HOST_PROC, "sys/kernel/yama/ptrace_scope",
	    number_parse, BY_TURN, false },
	{ BPF_UNPRIVILEGED_ALL, HOST_PROC,
	    "sys/kernel/unprivileged_bpf_disabled", number_parse, BY_TURN,
	    false },
	{ USERNS_LIMIT_ALL, HOST_PROC, "sys/user/max_user_namespaces",
	    number_parse, BY_TURN, false },
	{ USERNS_UNPRIVILEGED_ALL, HOST_PROC,
	    "sys/kernel/unprivileged_userns_clone", number_parse, BY_TURN,
	    false },
	{ USERNS_APPARMOR_ALL, HOST_PROC,
	    "sys/kernel/apparmor_restrict_unprivileged_userns", number_parse,
	    BY_TURN, false },
	{ KPTR_RESTRICT_ALL, HOST_PROC, "sys/kernel/kptr_restrict",
	    number_parse, BY_TURN, false },
	{ DMESG_RESTRICT_ALL, HOST_PROC, "sys/kernel/dmesg_restrict",
	    number_parse, BY_TURN, false },
	{ PERF_PARANOID_ALL, HOST_PROC, "sys/kernel/perf_event_paranoid",
	    posture_signed, BY_TURN, false },
	{ IO_URING_ALL, HOST_PROC, "sys/kernel/io_uring_disabled",
	    number_parse, BY_TURN, false },
	{ SMT_ALL, HOST_SYS, CPU "smt/active", number_parse, BY_TURN, false },
	{ HIDEPID_ALL, HOST_PROC, "self/mountinfo", posture_hidepid, BY_TURN,
	    false },
};

enum { FACTS = sizeof(facts) / sizeof(facts[0]) };

/* What was last found out. */
struct found {
	bool known;
	int64_t value;
	int error;		/* other than that it is not there, or 0 */
};

struct weakness {
	char name[VULNERABILITY_NAME_MAX + 1];
	bool asked;		/* found says something */
	struct found found;
};

static struct {
	uint64_t cycle;
	struct found fact[FACTS];
	struct weakness weakness[VULNERABILITIES_MAX];
	size_t nweaknesses;
	int list_error;
	enum crypto_policy crypto;
	int64_t crypto_modules;	/* -1: there is no such policy */
	int64_t changes;
} state;

/* Where the tools of crypto-policies(7) keep what is in force. */
static void
read_crypto(void)
{
	char buf[256];
	struct text t;

	if (read_file_if_any("/etc/crypto-policies/state/current", buf,
	    sizeof(buf), &t) == 0 && posture_crypto(t, &state.crypto,
	    &state.crypto_modules) < 0)
		state.crypto_modules = -1;
}

static void
start_posture(const struct host *host)
{
	memset(&state, 0, sizeof(state));
	state.crypto_modules = -1;
	/* a copy of another host has no /etc */
	if (host_is_real(host, HOST_PROC))
		read_crypto();
}

static void
log_value(struct log_line *l, const char *key, const struct found *f)
{
	if (f->known)
		log_int(l, key, f->value);
	else
		log_word(l, key, "none");
}

static void
say_change(const char *what, const char *which, const struct found *before,
    const struct found *now)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_WARNING, "posture_changed");
	log_word(&l, "what", what);
	if (which != NULL)
		log_text(&l, "which", which);
	log_value(&l, "from", before);
	log_value(&l, "to", now);
	log_end(&l);
	state.changes++;
}

static bool
is_news(const struct found *before, const struct found *now)
{
	/* what cannot be read tells nothing */
	return state.cycle > 0 && now->error == 0 && before->error == 0 &&
	    (before->known != now->known || before->value != now->value);
}

static struct found
look(struct collect *c, const struct fact *f)
{
	struct found now = { .known = true };
	struct text t;
	int error = f->how == EACH_TIME ?
	    host_read(c->host, f->root, f->path, &t) :
	    host_read_once(c->host, f->root, f->path, &t);

	if (error == 0)
		error = f->parse(t, &now.value);
	if (error < 0)
		now = (struct found){ .error =
		    failure_of(error) == FAILURE_MISSING ? 0 : error };
	/* no such file system: no SELinux */
	if (f->point == SELINUX_MODE_ALL && !now.known && now.error == 0)
		now.known = true;
	return now;
}

static void
learn_fact(struct collect *c, size_t i)
{
	const struct found now = look(c, &facts[i]);

	if (!facts[i].moves && is_news(&state.fact[i], &now))
		say_change(registry_metric(point_metric(facts[i].point))->name,
		    NULL, &state.fact[i], &now);
	state.fact[i] = now;
}

static bool
is_turn(const struct host *h, size_t i, unsigned turns)
{
	return h->cycle != HOST_CYCLE_BRIEF && i % turns == state.cycle % turns;
}

static bool
is_due(const struct host *h, enum how how, const struct found *last, size_t i)
{
	const unsigned turns = how == SELDOM && last->known ? WEAKNESS_TURNS :
	    POSTURE_TURNS;

	return state.cycle == 0 || how == EACH_TIME ||
	    failure_may_pass(last->error) ||
	    ((how != ONCE || !last->known) && is_turn(h, i, turns));
}

static void
learn_facts(struct collect *c)
{
	for (size_t i = 0; i < FACTS; i++) {
		if (is_due(c->host, facts[i].how, &state.fact[i], i))
			learn_fact(c, i);
		if (state.fact[i].error < 0)
			collect_failed(c, facts[i].path, state.fact[i].error);
	}
}

/* That there is no SELinux says nothing where there is nothing at all. */
static bool
is_empty(void)
{
	for (size_t i = 1; i < FACTS; i++)
		if (state.fact[i].known)
			return false;
	return state.nweaknesses == 0;
}

static void
say_facts(struct build *b)
{
	build_instance(b);
	for (size_t i = 0; i < FACTS; i++)
		if (state.fact[i].known)
			build_point(b, facts[i].point, state.fact[i].value);
}

/* Counted on each CPU by itself; a sum of all of them. */
static void
read_avc(struct collect *c)
{
	int64_t sum[AVC_COLUMNS];
	struct text t;

	if (state.fact[0].value == 0 || !collect_read(c, HOST_SYS,
	    SELINUX "avc/cache_stats", &t))
		return;
	if (posture_avc(t, sum) < 0) {
		collect_failed(c, SELINUX "avc/cache_stats", -EBADMSG);
		return;
	}
	build_instance(c->build);
	for (unsigned i = 0; i < AVC_COLUMNS; i++)
		build_point(c->build, SELINUX_AVC_LOOKUP + i, sum[i]);
}

static struct weakness *
find_weakness(const char *name)
{
	for (size_t i = 0; i < state.nweaknesses; i++)
		if (strcmp(state.weakness[i].name, name) == 0)
			return &state.weakness[i];
	return NULL;
}

static bool
each_name(void *arg, const char *name)
{
	struct weakness *w = find_weakness(name);

	(void)arg;
	if (w == NULL && state.nweaknesses == VULNERABILITIES_MAX)
		return false;
	if (w == NULL && strlen(name) <= VULNERABILITY_NAME_MAX) {
		w = &state.weakness[state.nweaknesses++];
		memset(w, 0, sizeof(*w));
		strcpy(w->name, name);
	}
	return true;
}

static void
learn_weakness(struct collect *c, struct weakness *w, const char *path)
{
	const struct fact f = { .root = HOST_SYS, .path = path,
		.parse = posture_vulnerability };
	const struct found now = look(c, &f);

	/* the first list may have failed: one that it lacked is no news */
	if (w->asked && is_news(&w->found, &now))
		say_change(registry_metric(METRIC_VULNERABILITY)->name,
		    w->name, &w->found, &now);
	w->asked = true;
	w->found = now;
}

static void
read_weakness(struct collect *c, struct weakness *w, size_t i)
{
	char path[sizeof(WEAKNESSES) + VULNERABILITY_NAME_MAX];
	const bool due = is_due(c->host, SELDOM, &w->found, i);

	/* two dozen names a cycle, of which one is looked at */
	if (due || w->found.error < 0)
		snprintf(path, sizeof(path), WEAKNESSES "%s", w->name);
	if (due)
		learn_weakness(c, w, path);
	if (w->found.error < 0)
		collect_failed(c, path, w->found.error);
	if (!w->found.known)
		return;
	build_instance(c->build);
	build_attr(c->build, KEY_VULNERABILITY, w->name, strlen(w->name));
	build_point(c->build, VULNERABILITY_ALL, w->found.value);
}

static void
list_weaknesses(struct collect *c)
{
	if (is_turn(c->host, 0, POSTURE_TURNS) ||
	    failure_may_pass(state.list_error)) {
		state.list_error = host_list(c->host, HOST_SYS, WEAKNESSES,
		    each_name, NULL);
		if (failure_of(state.list_error) == FAILURE_MISSING)
			state.list_error = 0;
	}
	if (state.list_error < 0)
		collect_failed(c, WEAKNESSES, state.list_error);
}

static void
read_weaknesses(struct collect *c)
{
	for (size_t i = 0; i < state.nweaknesses; i++)
		read_weakness(c, &state.weakness[i], i);
}

static void
say_crypto(struct build *b)
{
	if (state.crypto_modules < 0)
		return;
	build_instance(b);
	for (unsigned i = 0; i < CRYPTO_POLICIES; i++)
		build_point(b, CRYPTO_POLICY_LEGACY + i, state.crypto == i);
	build_point(b, CRYPTO_MODULES_ALL, state.crypto_modules);
}

static int
read_posture(struct collect *c)
{
	learn_facts(c);
	list_weaknesses(c);
	if (is_empty())
		return 0;
	say_facts(c->build);
	read_avc(c);
	say_crypto(c->build);
	read_weaknesses(c);
	build_instance(c->build);
	build_point(c->build, POSTURE_CHANGES_ALL, state.changes);
	state.cycle += c->host->cycle != HOST_CYCLE_BRIEF;
	return 0;
}

const struct source source_posture = {
	.id = SOURCE_POSTURE,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_PROC, "sys/kernel/" }, { HOST_PROC, "sys/crypto/" },
	    { HOST_PROC, "sys/user/" }, { HOST_PROC, "self/mountinfo" },
	    { HOST_SYS, SELINUX }, { HOST_SYS, "kernel/security/" },
	    { HOST_SYS, EFI }, { HOST_SYS, CPU } },
	.kernel = "2.6.12; each switch when its file came",
	.capability = CAPABILITY_NONE,
	.series = { { 36, 1, { HOST_PROC, NULL } },
	    { 1, VULNERABILITIES_MAX, { HOST_SYS, WEAKNESSES } } },
	.select = KEY_BIT(VULNERABILITY),
	.start = start_posture,
	.read = read_posture,
};
