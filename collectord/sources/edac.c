/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See edac.h. */
#include "sources/edac.h"

#include "sources/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CONTROLLERS "devices/system/edac/mc/"

enum {
	NAME_MAX_LEN = 16,
	CONTROLLERS_MAX = 64,
	LOOK_AGAIN = 16,	/* cycles */
};

bool
edac_is_controller(const char *name)
{
	const size_t len = strlen(name);
	int64_t number;

	return len <= NAME_MAX_LEN && strncmp(name, "mc", 2) == 0 &&
	    text_u63(text_of(name + 2, len - 2), &number);
}

/* Controllers come with a driver: looked for now and then. */
static struct controllers {
	unsigned age;			/* cycles; 0: look */
	size_t n;
	char name[CONTROLLERS_MAX][NAME_MAX_LEN + 1];
} known;

static void
read_count(struct collect *c, const char *controller, const char *file,
    unsigned id)
{
	char path[sizeof(CONTROLLERS) + NAME_MAX_LEN + 16];
	struct text t;
	int64_t v;
	int error;

	snprintf(path, sizeof(path), CONTROLLERS "%s/%s", controller, file);
	error = host_read_once(c->host, HOST_SYS, path, &t);
	if (error == 0)
		error = number_parse(t, &v);
	if (error < 0)
		collect_failed(c, path, error);
	else
		build_point(c->build, id, v);
	/* it went with its driver: look at once */
	if (error < 0)
		known.age = 0;
}

static bool
each_name(void *arg, const char *name)
{
	struct collect *c = arg;

	if (!edac_is_controller(name))
		return true;
	if (known.n == CONTROLLERS_MAX) {
		collect_failed(c, CONTROLLERS, -EFBIG);
		return false;
	}
	stpcpy(known.name[known.n++], name);
	return true;
}

static void
read_controller(struct collect *c, const char *name)
{
	build_instance(c->build);
	build_attr(c->build, KEY_HW_ID, name, strlen(name));
	read_count(c, name, "ce_count", HW_ERRORS_CORRECTED);
	read_count(c, name, "ue_count", HW_ERRORS_UNCORRECTED);
}

static int
look(struct collect *c)
{
	known.n = 0;
	return host_list(c->host, HOST_SYS, CONTROLLERS, each_name, c);
}

static int
read_edac(struct collect *c)
{
	static int error;

	if (known.age == 0 || !host_is_real(c->host, HOST_SYS))
		error = look(c);
	known.age = failure_may_pass(error) ? 0 : (known.age + 1) % LOOK_AGAIN;
	if (error < 0)
		collect_failed(c, CONTROLLERS, error);
	for (size_t i = 0; i < known.n; i++) {
		if (collect_late(c)) {
			collect_failed(c, CONTROLLERS, -ETIMEDOUT);
			break;
		}
		read_controller(c, known.name[i]);
	}
	return 0;
}

const struct source source_edac = {
	.id = SOURCE_EDAC,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_SYS, CONTROLLERS } },
	.kernel = "2.6.18, CONFIG_EDAC",
	.capability = CAPABILITY_NONE,
	.series = { { 2, 256, { HOST_SYS, CONTROLLERS } } },
	.select = KEY_BIT(HW_ID),
	.read = read_edac,
};
