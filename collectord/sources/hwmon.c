/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See hwmon.h. */
#include "sources/hwmon.h"

#include "sources/class_walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHIPS "class/hwmon/"

enum {
	CHIPS_MAX = 64, SENSORS_MAX = 512,
	NAME_MAX_LEN = 48, LABEL_MAX = 48,
	/* between these a limit of temperature is one, in 1/1000 degrees */
	COLDEST = -273000, HOTTEST = 1000000,
};

static const struct {
	const char *stem, *end;
	enum hwmon_kind kind;
	bool average;
} files[] = {
	{ "temp", "_input", HWMON_TEMPERATURE },
	{ "fan", "_input", HWMON_FAN },
	{ "in", "_input", HWMON_VOLTAGE },
	{ "curr", "_input", HWMON_CURRENT },
	{ "power", "_input", HWMON_POWER },
	{ "power", "_average", HWMON_POWER, true },
};

static const struct {
	const char *stem;
	unsigned point;
} kinds[HWMON_KINDS] = {
	[HWMON_TEMPERATURE] = { "temp", HW_TEMPERATURE_ALL },
	[HWMON_FAN] = { "fan", HW_FAN_SPEED_ALL },
	[HWMON_VOLTAGE] = { "in", HW_VOLTAGE_ALL },
	[HWMON_CURRENT] = { "curr", HWMON_CURRENT_ALL },
	[HWMON_POWER] = { "power", HWMON_POWER_ALL },
};

/* Ascending by point. */
static const struct {
	const char *end;
	unsigned point;
} limits[] = {
	{ "max", HW_TEMPERATURE_LIMIT_DEGRADED },
	{ "crit", HW_TEMPERATURE_LIMIT_CRITICAL },
};

enum { LIMITS = sizeof(limits) / sizeof(limits[0]) };

struct chip {
	unsigned number;
	bool nameless;			/* it could not be read */
	size_t len;
	char name[NAME_MAX_LEN];
};

struct sensor {
	struct hwmon_sensor is;
	size_t chip, len;
	bool nameless;			/* it could not be read */
	char label[LABEL_MAX];		/* where it is, if the driver knows */
	bool has_limit[LIMITS];
	int64_t limit[LIMITS];
};

static struct class_file file[SENSORS_MAX];
static struct class_walk walk = { .file = file, .max = SENSORS_MAX };
static struct sensor sensors[SENSORS_MAX];	/* file[].entry of each */
static struct chip chips[CHIPS_MAX];
static size_t nchips;

bool
hwmon_parse_name(const char *name, struct hwmon_sensor *s)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const size_t stem = strlen(files[i].stem);
		const char *end = strchr(name, '_');
		int64_t number;

		if (end == NULL || strcmp(end, files[i].end) != 0 ||
		    strncmp(name, files[i].stem, stem) != 0 ||
		    end < name + stem ||
		    !text_u63(text_of(name + stem,
			(size_t)(end - name) - stem), &number) ||
		    number > HWMON_NUMBER_MAX)
			continue;
		*s = (struct hwmon_sensor){ files[i].kind, (unsigned)number,
		    files[i].average };
		return true;
	}
	return false;
}

bool
hwmon_is_limit(int64_t millidegrees)
{
	return millidegrees > COLDEST && millidegrees < HOTTEST;
}

static void
look_limits(struct collect *c, const char *dir, struct sensor *s)
{
	char name[32];

	for (size_t i = 0; i < LIMITS; i++) {
		snprintf(name, sizeof(name), "temp%u_%s", s->is.number,
		    limits[i].end);
		s->has_limit[i] = s->is.kind == HWMON_TEMPERATURE &&
		    class_look_int(c, &walk, dir, name, &s->limit[i]) &&
		    hwmon_is_limit(s->limit[i]);
	}
}

static void
look_label(struct collect *c, const char *dir, struct sensor *s)
{
	char name[32];
	const unsigned failed = walk.failed;
	struct text t;

	snprintf(name, sizeof(name), "%s%u_label", kinds[s->is.kind].stem,
	    s->is.number);
	s->len = class_look(c, &walk, dir, name, s->label, sizeof(s->label),
	    &t) ? t.len : 0;
	s->nameless = walk.failed != failed;
}

struct chip_walk {
	struct collect *c;
	const char *dir;
};

/* Of two files of one sensor, what it measures now goes before an average. */
static bool
is_known(const struct chip_walk *w, const struct hwmon_sensor *s,
    const char *name)
{
	for (size_t i = 0; i < walk.n; i++) {
		if (sensors[i].chip != nchips ||
		    sensors[i].is.kind != s->kind ||
		    sensors[i].is.number != s->number)
			continue;
		if (sensors[i].is.average)
			snprintf(file[i].path, sizeof(file[i].path), "%s%s",
			    w->dir, name);
		sensors[i].is.average &= s->average;
		return true;
	}
	return false;
}

static bool
each_file(void *arg, const char *name)
{
	struct chip_walk *w = arg;
	struct hwmon_sensor is;
	const size_t n = walk.n;

	if (!hwmon_parse_name(name, &is) || is_known(w, &is, name))
		return true;
	class_add(w->c, &walk, (unsigned)n, 0, w->dir, name);
	if (walk.n == n)
		return false;
	sensors[n] = (struct sensor){ .is = is, .chip = nchips };
	look_label(w->c, w->dir, &sensors[n]);
	look_limits(w->c, w->dir, &sensors[n]);
	return !collect_late(w->c);
}

static bool
each_chip(void *arg, const char *name)
{
	struct collect *c = arg;
	struct chip *chip = &chips[nchips];
	char dir[sizeof(CHIPS) + 16];
	const unsigned failed = walk.failed;
	unsigned number;
	struct text t;

	if (!class_number_of(name, "hwmon", &number))
		return true;
	if (nchips == CHIPS_MAX) {
		class_walk_failed(c, &walk, CHIPS, -EFBIG);
		return false;
	}
	chip->number = number;
	snprintf(dir, sizeof(dir), CHIPS "%s/", name);
	chip->len = class_look(c, &walk, dir, "name", chip->name,
	    sizeof(chip->name), &t) ? t.len : 0;
	chip->nameless = walk.failed != failed;
	class_list(c, &walk, dir, each_file,
	    &(struct chip_walk){ .c = c, .dir = dir });
	nchips++;
	return !collect_late(c);
}

static void
say(struct build *b, const struct sensor *s, int64_t value)
{
	const struct chip *chip = &chips[s->chip];
	char id[32];
	const int len = snprintf(id, sizeof(id), "hwmon%u.%s%u", chip->number,
	    kinds[s->is.kind].stem, s->is.number);

	build_instance(b);
	build_attr(b, KEY_HW_ID, id, (size_t)len);
	if (chip->len > 0)
		build_attr(b, KEY_HW_NAME, chip->name, chip->len);
	if (s->len > 0)
		build_attr(b, KEY_HW_SENSOR_LOCATION, s->label, s->len);
	build_point(b, kinds[s->is.kind].point, value);
	for (size_t i = 0; i < LIMITS; i++)
		if (s->has_limit[i])
			build_point(b, limits[i].point, s->limit[i]);
}

static int
read_hwmon(struct collect *c)
{
	int64_t v;

	if (class_walk_due(&walk, c->host)) {
		nchips = 0;
		class_list(c, &walk, CHIPS, each_chip, c);
	}
	for (size_t i = 0; i < walk.n; i++) {
		if (collect_late(c)) {
			collect_failed(c, CHIPS, -ETIMEDOUT);
			break;
		}
		/* without its name it would be another */
		if (!sensors[i].nameless &&
		    !chips[sensors[i].chip].nameless &&
		    class_read_int(c, &walk, &file[i], &v))
			say(c->build, &sensors[i], v);
	}
	return 0;
}

const struct source source_hwmon = {
	.id = SOURCE_HWMON,
	.profile = PROFILE_FULL,
	.path = { { HOST_SYS, CHIPS } },
	.kernel = "3.14, CONFIG_HWMON",
	.capability = CAPABILITY_NONE,
	.series = { { 3, SENSORS_MAX } },
	.select = KEY_BIT(HW_ID) | KEY_BIT(HW_NAME) |
	    KEY_BIT(HW_SENSOR_LOCATION),
	.describes = KEY_BIT(HW_NAME) | KEY_BIT(HW_SENSOR_LOCATION),
	.read = read_hwmon,
};
