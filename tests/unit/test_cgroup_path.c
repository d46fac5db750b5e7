/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/cgroup_path.h"
#include "test.h"

#include <stdio.h>

#define ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define UUID "1f2e3d4c-aaaa-4bbb-8ccc-123456789abc"
#define UUID_ "1f2e3d4c_aaaa_4bbb_8ccc_123456789abc"
#define MANAGER "user.slice/user-1000.slice/user@1000.service/"

static size_t
add(char *out, size_t at, const char *word, struct text t)
{
	if (t.len == 0)
		return at;
	return at + (size_t)sprintf(out + at, "%s%s=%.*s", at > 0 ? " " : "",
	    word, (int)t.len, t.p);
}

/* Class and attributes in one line; "" for what is not read. */
static const char *
named(const char *path)
{
	static const char *const classes[] = { "system", "container", "user" };
	static char out[1024];
	const struct cgroup_name n = cgroup_name_of(text_of(path,
	    strlen(path)));
	size_t at;

	if (n.class == CGROUP_OTHER)
		return "";
	at = (size_t)sprintf(out, "%s", classes[n.class]);
	at = add(out, at, "unit", n.unit);
	at = add(out, at, "slice", n.slice);
	at = add(out, at, "uid", n.uid);
	at = add(out, at, "id", n.container);
	if (n.runtime != NULL)
		at = add(out, at, "runtime", text_of(n.runtime,
		    strlen(n.runtime)));
	add(out, at, "pod", text_of(n.pod, n.pod_len));
	return out;
}

TEST(a_unit_is_named_with_its_slice_unless_that_is_the_usual_one)
{
	CHECK_STR(named("system.slice/sshd.service"),
	    "system unit=sshd.service");
	CHECK_STR(named("init.scope"), "system unit=init.scope slice=-.slice");
	CHECK_STR(named("system.slice/system-getty.slice/getty@tty1.service"),
	    "system unit=getty@tty1.service slice=system-getty.slice");
	CHECK_STR(named("user.slice/user-1000.slice/session-3.scope"),
	    "system unit=session-3.scope slice=user-1000.slice");
	CHECK_STR(named("user.slice/user-1000.slice/user@1000.service"),
	    "system unit=user@1000.service slice=user-1000.slice");
}

TEST(only_slices_of_the_first_level_are_read)
{
	CHECK_STR(named("system.slice"), "system slice=system.slice");
	CHECK_STR(named("a.slice"), "system slice=a.slice");
	CHECK_STR(named("system.slice/system-getty.slice"), "");
	CHECK_STR(named(MANAGER "app.slice"), "");
}

TEST(what_systemd_would_not_have_put_there_is_no_unit)
{
	static const char *const paths[] = { "", "/", "a", "a/b.service",
		"b.slice/a-b.slice/x.service", "a-b.slice/x.service",
		"a.slice/b.slice/x.service", "a.slice/a-.slice/x.service",
		"a.slice/a-b-c.slice/x.service", ".slice", ".service",
		"system.slice/a.service/b.service", "-.slice/x.service",
		"system.slice/a.mount", "system.slice/a.service/",
		"machine.slice/systemd-nspawn@a.service/payload/b.service" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		CHECK_STR(named(paths[i]), "");
}

TEST(a_users_units_carry_the_users_number)
{
	CHECK_STR(named(MANAGER "app.slice/app-gnome.slice/dbus.service"),
	    "user unit=dbus.service slice=app-gnome.slice uid=1000");
	CHECK_STR(named(MANAGER "init.scope"),
	    "user unit=init.scope slice=-.slice uid=1000");
	CHECK_STR(named(MANAGER "system.slice/sshd.service"),
	    "user unit=sshd.service slice=system.slice uid=1000");
	CHECK_STR(named("user.slice/user-0.slice/user@0.service/a.service"),
	    "user unit=a.service slice=-.slice uid=0");
}

TEST(a_users_manager_is_only_one_in_its_own_slice)
{
	static const char *const paths[] = {
		"user.slice/user-1001.slice/user@1000.service/a.service",
		"system.slice/user@1000.service/a.service",
		"user.slice/user-01.slice/user@01.service/a.service",
		"user.slice/user-x.slice/user@x.service/a.service",
		"user.slice/user-.slice/user@.service/a.service",
		"user.slice/user-10000000000.slice/user@10000000000.service/"
		    "a.service",
		MANAGER "user.slice/user-5.slice/user@5.service/a.service" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		CHECK_STR(named(paths[i]), "");
}

TEST(containers_are_found_whatever_their_runtime_and_driver)
{
	static const struct {
		const char *path, *named;
	} rows[] = {
		{ "system.slice/docker-" ID ".scope",
		    "container id=" ID " runtime=docker" },
		{ "docker/" ID, "container id=" ID " runtime=docker" },
		{ "default/" ID, "container id=" ID },
		{ "system.slice/nerdctl-" ID ".scope",
		    "container id=" ID " runtime=containerd" },
		{ "machine.slice/libpod-" ID ".scope",
		    "container id=" ID " runtime=podman" },
		{ "libpod_parent/libpod-" ID,
		    "container id=" ID " runtime=podman" },
		{ "system.slice/web.service/libpod-payload-" ID,
		    "container unit=web.service id=" ID " runtime=podman" },
		{ MANAGER "user.slice/libpod-" ID ".scope",
		    "user uid=1000 id=" ID " runtime=podman" },
		{ MANAGER "app.slice/a.service/libpod-payload-" ID,
		    "user unit=a.service uid=1000 id=" ID " runtime=podman" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(named(rows[i].path), rows[i].named);
}

TEST(a_pods_number_is_found_whatever_the_driver)
{
	static const struct {
		const char *path, *named;
	} rows[] = {
		{ "kubepods.slice/kubepods-burstable.slice/"
		    "kubepods-burstable-pod" UUID_ ".slice/cri-containerd-" ID
		    ".scope", "container id=" ID " runtime=containerd pod="
		    UUID },
		{ "kubepods.slice/kubepods-pod" UUID_ ".slice/crio-" ID
		    ".scope", "container id=" ID " runtime=cri-o pod=" UUID },
		{ "kubepods/besteffort/pod" UUID "/" ID,
		    "container id=" ID " pod=" UUID },
		{ "kubepods/pod0123456789abcdef0123456789abcdef/crio-" ID,
		    "container id=" ID " runtime=cri-o"
		    " pod=0123456789abcdef0123456789abcdef" },
		{ "system.slice/containerd.service/kubepods-pod" UUID_
		    ".slice:cri-containerd:" ID, "container unit="
		    "containerd.service id=" ID " runtime=containerd pod="
		    UUID },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(named(rows[i].path), rows[i].named);
}

TEST(a_unit_in_a_pods_slice_is_no_container_of_the_pod)
{
	CHECK_STR(named("kubepods.slice/kubepods-pod" UUID_ ".slice/"
	    "x.service"), "system unit=x.service slice=kubepods-pod" UUID_
	    ".slice");
}

TEST(nothing_inside_a_container_is_read)
{
	const struct cgroup_name n = cgroup_name_of(text_of(
	    "docker/" ID "/a", strlen("docker/" ID "/a")));

	CHECK(n.in_container);
	CHECK_INT(n.class, CGROUP_OTHER);
	CHECK_STR(named("docker/" ID "/system.slice/a.service"), "");
	CHECK_STR(named("docker/" ID "/docker/" ID), "");
	CHECK_STR(named("machine.slice/libpod-" ID ".scope/container"), "");
}

TEST(what_only_looks_like_a_container_is_none)
{
	CHECK_STR(named("docker/" ID "0"), "");
	CHECK_STR(named("docker/0" ID), "");
	CHECK_STR(named("docker/A0112233445566778899aabbccddeeff0011223344556"
	    "6778899aabbccddeeff"), "");
	CHECK_STR(named("machine.slice/libpod-conmon-" ID ".scope"), "");
	CHECK_STR(named("kubepods.slice/crio-conmon-" ID ".scope"), "");
	CHECK_STR(named("a.slice/other-" ID ".scope"),
	    "system unit=other-" ID ".scope slice=a.slice");
	CHECK_STR(named("a.slice/" ID ".scope"),
	    "system unit=" ID ".scope slice=a.slice");
	CHECK_STR(named("kubepods/pod1f2e3d4c-aaaa-4bbb-8ccc-12345678/" ID),
	    "container id=" ID);
}

TEST(a_name_that_another_may_have_made_is_never_the_original)
{
	char original[256];

	strcpy(original, named("system.slice/docker-" ID ".scope"));
	CHECK(strcmp(original, named(MANAGER "docker-" ID ".scope")) != 0);
	CHECK(strcmp(original, named("system.slice/a.service/docker-" ID
	    ".scope")) != 0);
	strcpy(original, named("system.slice/sshd.service"));
	CHECK(strcmp(original, named(MANAGER "sshd.service")) != 0);
	CHECK(strcmp(original, named(MANAGER "system.slice/sshd.service"))
	    != 0);
}
