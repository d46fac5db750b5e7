/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See edac.h. */
#include "sources/edac.h"

#include "sources/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CONTROLLERS "devices/system/edac/mc/"

enum { NAME_MAX_LEN = 16 };

bool
edac_is_controller(const char *name)
{
	const size_t len = strlen(name);
	int64_t number;

	return len <= NAME_MAX_LEN && strncmp(name, "mc", 2) == 0 &&
	    text_u63(text_of(name + 2, len - 2), &number);
}

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
}

static bool
each_name(void *arg, const char *name)
{
	struct collect *c = arg;

	if (!edac_is_controller(name))
		return true;
	if (collect_late(c)) {
		collect_failed(c, CONTROLLERS, -ETIMEDOUT);
		return false;
	}
	build_instance(c->build);
	build_attr(c->build, KEY_HW_ID, name, strlen(name));
	read_count(c, name, "ce_count", HW_ERRORS_CORRECTED);
	read_count(c, name, "ue_count", HW_ERRORS_UNCORRECTED);
	return true;
}

static int
read_edac(struct collect *c)
{
	const int error = host_list(c->host, HOST_SYS, CONTROLLERS, each_name,
	    c);

	if (error < 0)
		collect_failed(c, CONTROLLERS, error);
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
