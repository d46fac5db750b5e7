/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See nvme.h. */
#include "sources/nvme.h"

#include "sources/class_walk.h"

#include <errno.h>
#include <stdio.h>

#define CONTROLLERS "class/nvme/"

enum { CONTROLLERS_MAX = 256 };

static const struct {
	const char *state;
	unsigned point;
} states[] = {
	{ "live", HW_STATUS_OK },
	{ "new", HW_STATUS_DEGRADED },
	{ "resetting", HW_STATUS_DEGRADED },
	{ "connecting", HW_STATUS_DEGRADED },
	{ "deleting", HW_STATUS_FAILED },
	{ "deleting (no IO)", HW_STATUS_FAILED },
	{ "dead", HW_STATUS_FAILED },
};

static struct class_file file[CONTROLLERS_MAX];
static struct class_walk walk = { .file = file, .max = CONTROLLERS_MAX };

unsigned
nvme_status(struct text state)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (text_is(state, states[i].state))
			return states[i].point;
	return 0;
}

static bool
each_controller(void *arg, const char *name)
{
	struct collect *c = arg;
	char dir[sizeof(CONTROLLERS) + 16];
	unsigned number;

	if (class_number_of(name, "nvme", &number)) {
		snprintf(dir, sizeof(dir), CONTROLLERS "%s/", name);
		class_add(c, &walk, number, 0, dir, "state");
	}
	return !collect_late(c);
}

static void
say(struct build *b, unsigned number, unsigned status)
{
	char id[16];
	const int len = snprintf(id, sizeof(id), "nvme%u", number);

	build_instance(b);
	build_attr(b, KEY_HW_ID, id, (size_t)len);
	for (unsigned p = HW_STATUS_OK; p <= HW_STATUS_FAILED; p++)
		build_point(b, p, p == status);
}

static int
read_nvme(struct collect *c)
{
	struct text t, line;
	unsigned status;

	if (class_walk_due(&walk, c->host))
		class_list(c, &walk, CONTROLLERS, each_controller, c);
	for (size_t i = 0; i < walk.n; i++) {
		if (collect_late(c))
			return -ETIMEDOUT;
		if (!class_read(c, &walk, &file[i], &t))
			continue;
		status = text_line(&t, &line) ? nvme_status(line) : 0;
		if (status != 0)
			say(c->build, file[i].entry, status);
		else
			collect_failed(c, file[i].path, -EBADMSG);
	}
	return 0;
}

const struct source source_nvme = {
	.id = SOURCE_NVME,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_SYS, CONTROLLERS } },
	.kernel = "4.15, CONFIG_BLK_DEV_NVME",
	.capability = CAPABILITY_NONE,
	.series = { { 3, CONTROLLERS_MAX, { HOST_SYS, CONTROLLERS } } },
	.select = KEY_BIT(HW_ID),
	.read = read_nvme,
};
