/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "now.h"
#include "run_source.h"
#include "sources/posture.h"
#include "sources/posture_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ran ran;

TEST(a_hardened_host_is_what_its_files_say)
{
	run_source(&ran, &source_posture, "linux-5.14-rhel9", NULL);
	CHECK_INT(ran.nfailures, 0);
	CHECK_INT(said(&ran, SELINUX_MODE_ALL), 2);
	CHECK_INT(said(&ran, SELINUX_POLICY_VERSION_ALL), 33);
	CHECK_INT(said(&ran, SELINUX_DENY_UNKNOWN_ALL), 0);
	CHECK_INT(said(&ran, SELINUX_AVC_ENTRIES_ALL), 503);
	CHECK_INT(said(&ran, LOCKDOWN_ALL), 1);
	CHECK_INT(said(&ran, SECURE_BOOT_ALL), 1);
	CHECK_INT(said(&ran, SETUP_MODE_ALL), 0);
	CHECK_INT(said(&ran, FIPS_ALL), 1);
	CHECK_INT(said(&ran, TAINT_ALL), 0);
	CHECK_INT(said(&ran, KEXEC_LOCKED_ALL), 0);
	CHECK_INT(said(&ran, SMT_ALL), 1);
	CHECK_INT(said(&ran, USERNS_UNPRIVILEGED_ALL), NOT_SAID);
}

TEST(the_access_vector_cache_is_the_sum_of_all_cpus)
{
	run_source(&ran, &source_posture, "linux-5.14-rhel9", NULL);
	CHECK_INT(said(&ran, SELINUX_AVC_LOOKUP), 1481923 + 4294967295);
	CHECK_INT(said(&ran, SELINUX_AVC_HIT), 1478130 + 4294960011);
	CHECK_INT(said(&ran, SELINUX_AVC_MISS), 3793 + 7284);
	CHECK_INT(said(&ran, SELINUX_AVC_ALLOCATION), 3799 + 7290);
	CHECK_INT(said(&ran, SELINUX_AVC_RECLAIM), 3328 + 6512);
	CHECK_INT(said(&ran, SELINUX_AVC_FREE), 3327 + 6511);
}

TEST(a_soft_host_is_what_its_files_say)
{
	run_source(&ran, &source_posture, "linux-6.12-rhel10", NULL);
	CHECK_INT(ran.nfailures, 0);
	CHECK_INT(said(&ran, SELINUX_MODE_ALL), 1);
	CHECK_INT(said(&ran, SELINUX_DENY_UNKNOWN_ALL), 1);
	CHECK_INT(said(&ran, LOCKDOWN_ALL), 0);
	CHECK_INT(said(&ran, SECURE_BOOT_ALL), NOT_SAID);
	CHECK_INT(said(&ran, TAINT_ALL), 4096);
	CHECK_INT(said(&ran, KEXEC_LOCKED_ALL), 1);
	CHECK_INT(said(&ran, ASLR_ALL), 1);
	CHECK_INT(said(&ran, USERNS_LIMIT_ALL), 0);
	CHECK_INT(said(&ran, KPTR_RESTRICT_ALL), 2);
	CHECK_INT(said(&ran, PERF_PARANOID_ALL), -1);
	CHECK_INT(said(&ran, IO_URING_ALL), 1);
}

TEST(without_selinux_that_is_said_and_nothing_of_its_cache)
{
	run_source(&ran, &source_posture, "linux-6.1-debian12", NULL);
	CHECK_INT(ran.nfailures, 0);
	CHECK_INT(said(&ran, SELINUX_MODE_ALL), 0);
	CHECK_INT(said(&ran, SELINUX_AVC_LOOKUP), NOT_SAID);
	CHECK_INT(said(&ran, SELINUX_POLICY_VERSION_ALL), NOT_SAID);
	CHECK_INT(said(&ran, LOCKDOWN_ALL), 2);
	CHECK_INT(said(&ran, SECURE_BOOT_ALL), 0);
	CHECK_INT(said(&ran, MODULES_LOCKED_ALL), 1);
	CHECK_INT(said(&ran, USERNS_UNPRIVILEGED_ALL), 1);
	CHECK_INT(said(&ran, SMT_ALL), 0);
}

TEST(each_weakness_of_the_cpu_is_said_by_its_name)
{
	static const struct { const char *name; int64_t value; } row[] = {
		{ "itlb_multihit", VULNERABILITY_MITIGATED },
		{ "l1tf", VULNERABILITY_PARTLY },
		{ "mds", VULNERABILITY_OPEN },
		{ "meltdown", VULNERABILITY_MITIGATED },
		{ "mmio_stale_data", VULNERABILITY_UNKNOWN },
		{ "spectre_v2", VULNERABILITY_MITIGATED },
		{ "srbds", VULNERABILITY_NOT_AFFECTED },
		{ "tsx_async_abort", VULNERABILITY_OPEN },
	};

	run_source(&ran, &source_posture, "linux-5.14-rhel9", NULL);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		CHECK_INT(said_of(&ran, VULNERABILITY_ALL, row[i].name),
		    row[i].value);
}

TEST(hidepid_is_that_of_the_last_mount_on_proc)
{
	static const struct { const char *text; int64_t value; } row[] = {
		{ "1 0 0:5 / /proc rw - proc proc rw\n", 0 },
		{ "1 0 0:5 / /proc rw - proc proc rw,hidepid=2\n", 2 },
		{ "1 0 0:5 / /proc rw - proc proc rw,gid=9,hidepid=2\n", 2 },
		{ "1 0 0:5 / /proc rw - proc proc rw,hidepid=noaccess,gid=9\n",
		    1 },
		{ "1 0 0:5 / /proc rw - proc proc rw,hidepid=invisible\n", 2 },
		{ "1 0 0:5 / /proc rw - proc proc rw,hidepid=ptraceable\n",
		    4 },
		{ "1 0 0:5 / /proc rw - proc proc rw,hidepid=2\n"
		    "2 0 0:6 / /other rw - proc proc rw\n", 2 },
		{ "1 0 0:5 / /proc rw - proc proc rw,hidepid=2\n"
		    "2 0 0:6 / /proc rw - proc proc rw\n", 0 },
		{ "1 0 0:5 / /proc rw shared:3 - proc none rw\n"
		    "2 1 0:7 / /proc/x rw - tmpfs hidepid=1 rw,hidepid=1\n",
		    0 },
	};
	int64_t v;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		CHECK_INT(posture_hidepid(text_of(row[i].text,
		    strlen(row[i].text)), &v), 0);
		CHECK_INT(v, row[i].value);
	}
	CHECK_INT(posture_hidepid(TEXT("1 0 8:1 / / rw - xfs a rw\n"), &v),
	    -ENOENT);
	CHECK_INT(posture_hidepid(TEXT("1 0 0:5 / /proc rw - proc proc rw,"
	    "hidepid=7\n"), &v), -EBADMSG);
	CHECK_INT(posture_hidepid(TEXT("x\n"), &v), -EBADMSG);
}

TEST(a_weakness_is_judged_by_the_kernel_s_own_words)
{
	static const struct { const char *text; int64_t value; } row[] = {
		{ "Not affected\n", VULNERABILITY_NOT_AFFECTED },
		{ "Mitigation: PTI\n", VULNERABILITY_MITIGATED },
		{ "Mitigation: CSV2, but not BHB\n",
		    VULNERABILITY_MITIGATED },
		{ "Mitigation: Clear CPU buffers; SMT vulnerable\n",
		    VULNERABILITY_PARTLY },
		{ "Mitigation: Retpolines; BHI: Vulnerable\n",
		    VULNERABILITY_PARTLY },
		{ "Vulnerable\n", VULNERABILITY_OPEN },
		{ "KVM: Vulnerable\n", VULNERABILITY_OPEN },
		{ "Unknown: Dependent on hypervisor status\n",
		    VULNERABILITY_UNKNOWN },
	};
	static const char *const bad[] = { "", "\n", "KVM: \n",
		"not affected\n", " Vulnerable\n", "1\n", "Mitigated\n" };
	int64_t v;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		CHECK_INT(posture_vulnerability(text_of(row[i].text,
		    strlen(row[i].text)), &v), 0);
		CHECK_INT(v, row[i].value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(posture_vulnerability(text_of(bad[i],
		    strlen(bad[i])), &v), -EBADMSG);
}

TEST(small_files_that_say_something_else_are_refused)
{
	static const char cache[] =
	    "lookups hits misses allocations reclaims frees\n1 2 3 4 5 6\n";
	int64_t v, sum[AVC_COLUMNS];

	CHECK_INT(posture_enforce(TEXT("2"), &v), -EBADMSG);
	CHECK_INT(posture_enforce(TEXT(""), &v), -EBADMSG);
	CHECK_INT(posture_signed(TEXT("-1\n"), &v), 0);
	CHECK_INT(v, -1);
	CHECK_INT(posture_signed(TEXT("1 2\n"), &v), -EBADMSG);
	CHECK_INT(posture_lockdown(TEXT("none integrity\n"), &v), -EBADMSG);
	CHECK_INT(posture_lockdown(TEXT("[other] none\n"), &v), -EBADMSG);
	CHECK_INT(posture_efi(TEXT("\6\0\0\0\1"), &v), 0);
	CHECK_INT(v, 1);
	CHECK_INT(posture_efi(TEXT("\6\0\0\0\2"), &v), -EBADMSG);
	CHECK_INT(posture_efi(TEXT("\6\0\0\0"), &v), -EBADMSG);
	CHECK_INT(posture_efi(TEXT("\6\0\0\0\0\0"), &v), -EBADMSG);
	CHECK_INT(posture_avc_entries(TEXT("entries: 5\n"), &v), 0);
	CHECK_INT(v, 5);
	CHECK_INT(posture_avc_entries(TEXT("buckets: 5\n"), &v), -EBADMSG);
	CHECK_INT(posture_avc(TEXT(cache), sum), 0);
	CHECK_INT(sum[AVC_FREES], 6);
	CHECK_INT(posture_avc(TEXT("lookups hits\n1 2\n"), sum), -EBADMSG);
	CHECK_INT(posture_avc(text_of(cache, sizeof(cache) - 4), sum),
	    -EBADMSG);
}

TEST(a_crypto_policy_is_one_of_five_and_its_modules_are_counted)
{
	enum crypto_policy p;
	int64_t n;

	CHECK_INT(posture_crypto(TEXT("DEFAULT\n"), &p, &n), 0);
	CHECK_INT(p, CRYPTO_POLICY_DEFAULT_SET);
	CHECK_INT(n, 0);
	CHECK_INT(posture_crypto(TEXT("FIPS:OSPP:NO-SHA1"), &p, &n), 0);
	CHECK_INT(p, CRYPTO_POLICY_FIPS_SET);
	CHECK_INT(n, 2);
	CHECK_INT(posture_crypto(TEXT("LEGACY:AD-SUPPORT\n"), &p, &n), 0);
	CHECK_INT(p, CRYPTO_POLICY_LEGACY_SET);
	CHECK_INT(posture_crypto(TEXT("FUTURE\n"), &p, &n), 0);
	CHECK_INT(p, CRYPTO_POLICY_FUTURE_SET);
	CHECK_INT(posture_crypto(TEXT("Acme Inc\n"), &p, &n), 0);
	CHECK_INT(p, CRYPTO_POLICY_OTHER_SET);
	CHECK_INT(posture_crypto(TEXT("\n"), &p, &n), -EBADMSG);
}

/* A host of the test's own, read again and again without a new start. */
static char top[64];

static void
put(const char *file, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", top, file);
	for (char *p = path + strlen(top) + 1; *p != '\0'; p++)
		if (*p == '/') {
			*p = '\0';
			mkdir(path, 0755);
			*p = '/';
		}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) ==
	    (ssize_t)strlen(text));
	close(fd);
}

static void
again(struct host *h, int cycles)
{
	struct source without = source_posture;

	without.start = NULL;
	while (cycles-- > 0)
		run_on_host(&ran, &without, h, NULL);
}

static void
small_host(struct host *h)
{
	const char *which;

	snprintf(top, sizeof(top), "/tmp/sluice-posture-XXXXXX");
	CHECK(mkdtemp(top) != NULL);
	put("sys/kernel/tainted", "0\n");
	put("sys/kernel/yama/ptrace_scope", "1\n");
	put("devices/system/cpu/vulnerabilities/meltdown",
	    "Mitigation: PTI\n");
	CHECK_INT(host_open(h, top, top, &which), 0);
	run_on_host(&ran, &source_posture, h, NULL);
	CHECK_INT(said(&ran, POSTURE_CHANGES_ALL), 0);
}

TEST(a_change_is_counted_once_and_the_new_value_said)
{
	struct host h;

	small_host(&h);
	put("sys/kernel/tainted", "4096\n");
	again(&h, 1);
	CHECK_INT(said(&ran, TAINT_ALL), 4096);
	CHECK_INT(said(&ran, POSTURE_CHANGES_ALL), 1);
	again(&h, 2 * WEAKNESS_TURNS);
	CHECK_INT(said(&ran, POSTURE_CHANGES_ALL), 1);
	put("sys/kernel/yama/ptrace_scope", "0\n");
	put("devices/system/cpu/vulnerabilities/meltdown", "Vulnerable\n");
	again(&h, POSTURE_TURNS);
	CHECK_INT(said(&ran, PTRACE_SCOPE_ALL), 0);
	CHECK_INT(said(&ran, POSTURE_CHANGES_ALL), 2);
	again(&h, WEAKNESS_TURNS - POSTURE_TURNS);
	CHECK_INT(said_of(&ran, VULNERABILITY_ALL, "meltdown"),
	    VULNERABILITY_OPEN);
	CHECK_INT(said(&ran, POSTURE_CHANGES_ALL), 3);
	host_close(&h);
}

TEST(in_brief_cycles_only_what_is_read_each_time_is)
{
	struct host h;

	small_host(&h);
	h.cycle = HOST_CYCLE_BRIEF;
	put("sys/kernel/yama/ptrace_scope", "0\n");
	put("sys/kernel/tainted", "4096\n");
	again(&h, 1);
	CHECK_INT(said(&ran, TAINT_ALL), 4096);
	again(&h, 2 * POSTURE_TURNS);
	CHECK_INT(said(&ran, PTRACE_SCOPE_ALL), 1);
	CHECK_INT(said(&ran, POSTURE_CHANGES_ALL), 1);
	for (int i = 0; i < POSTURE_TURNS; i++) {
		h.cycle = HOST_CYCLE;
		again(&h, 1);
		h.cycle = HOST_CYCLE_BRIEF;
		again(&h, 3);
	}
	CHECK_INT(said(&ran, PTRACE_SCOPE_ALL), 0);
	CHECK_INT(said(&ran, POSTURE_CHANGES_ALL), 2);
	host_close(&h);
}

TEST(what_comes_and_goes_is_a_change_and_what_cannot_be_read_is_none)
{
	struct host h;

	small_host(&h);
	put("fs/selinux/enforce", "1");
	put("fs/selinux/avc/cache_stats",
	    "lookups hits misses allocations reclaims frees\n");
	again(&h, 1);
	CHECK_INT(said(&ran, SELINUX_MODE_ALL), 2);
	CHECK_INT(said(&ran, POSTURE_CHANGES_ALL), 1);
	put("sys/kernel/tainted", "?\n");
	again(&h, 1);
	CHECK_INT(ran.nfailures, 1);
	CHECK_STR(ran.last_path, "sys/kernel/tainted");
	CHECK_INT(said(&ran, TAINT_ALL), NOT_SAID);
	put("sys/kernel/tainted", "0\n");
	again(&h, 1);
	CHECK_INT(ran.nfailures, 0);
	CHECK_INT(said(&ran, POSTURE_CHANGES_ALL), 1);
	put("sys/kernel/yama/ptrace_scope", "\n");
	again(&h, POSTURE_TURNS);
	/* said in each collection, not only in that which read it */
	again(&h, 2);
	CHECK_INT(ran.nfailures, 1);
	CHECK_STR(ran.last_path, "sys/kernel/yama/ptrace_scope");
	host_close(&h);
}

TEST(this_host_is_read_and_nothing_of_it_is_unreadable_to_root)
{
	const char *which;
	struct host h;

	CHECK_INT(host_open(&h, "/proc", "/sys", &which), 0);
	run_on_host(&ran, &source_posture, &h, NULL);
	CHECK(said(&ran, SELINUX_MODE_ALL) != NOT_SAID);
	CHECK(said(&ran, TAINT_ALL) >= 0);
	CHECK(geteuid() != 0 || ran.nfailures == 0);
	host_close(&h);
}
