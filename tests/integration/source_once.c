/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Reads one source once and prints its points as lines,
 *
 *	name{key="value",key="value"} number
 *
 * and what failed as "failed PATH REASON".  -t adds the microseconds it took.
 * With -w each reading but the first waits for a line, and each has one at its
 * end, "read".
 */
#include "now.h"
#include "source.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUDGET_US = 500000 };

struct once {
	const char *procfs, *sysfs, *operator_files;
	struct source_options options;
	unsigned times, budget_us;
	bool timed, waits;
};

static const struct source_options *options;

static void
report(void *arg, const struct source *source, const char *path, int error)
{
	(void)arg;
	(void)source;
	printf("failed %s %s\n", path, failure_name(failure_of(error)));
}

static void
print_value(int64_t value, enum scale scale)
{
	int digits = 0;

	if (scale == SCALE_INT) {
		printf("%lld\n", (long long)value);
		return;
	}
	for (int s = scale; s > 1; s /= 10)
		digits++;
	printf("%s%lld.%0*lld\n", value < 0 ? "-" : "",
	    llabs((long long)value / scale), digits,
	    llabs((long long)value % scale));
}

static void
print_attr(const char **sep, const char *key, const void *value, size_t len)
{
	printf("%s%s=\"%.*s\"", *sep, key, (int)len, (const char *)value);
	*sep = ",";
}

static void
print_labels(const char **sep, const struct attr *a)
{
	const uint8_t *value;

	for (size_t i = 0; i < options->declared.nlabels; i++) {
		const size_t len = declared_label(a, i, &value);

		if (len > 0)
			print_attr(sep, options->declared.label[i], value,
			    len);
	}
}

static void
print_point(const struct instance *inst, const struct point *p)
{
	const struct metric_row *metric = registry_metric(point_metric(p->id));
	const struct point_row *row = registry_point(p->id);
	const char *sep = "";
	const struct declared_metric *sample =
	    inst->nattrs > 0 && inst->attr[0].key == KEY_DECLARED ?
	    declared_sample(&options->declared, inst) : NULL;
	struct metric_row declared;

	if (sample != NULL) {
		declared = declared_row(sample);
		metric = &declared;
	}
	printf("%s{", metric->name);
	for (size_t i = sample != NULL; i < inst->nattrs; i++)
		if (inst->attr[i].key == KEY_LABELS)
			print_labels(&sep, &inst->attr[i]);
		else
			print_attr(&sep, registry_key(inst->attr[i].key)->name,
			    inst->attr[i].value, inst->attr[i].len);
	for (int i = 0; i < 2 && row->attr[i].key != NULL; i++)
		print_attr(&sep, row->attr[i].key, row->attr[i].value,
		    strlen(row->attr[i].value));
	printf("} ");
	print_value(p->value, metric->scale);
}

static void
print_record(const uint8_t *record, size_t len)
{
	struct record_reader rr;
	struct instance inst;
	struct point p;

	if (record_check(record, len) < 0 ||
	    record_open(&rr, record, len) < 0)
		errx(1, "the record is malformed");
	while (record_next_instance(&rr, &inst) == 1) {
		const struct instance whole = inst;

		while (record_next_point(&inst, &p) == 1)
			print_point(&whole, &p);
	}
}

static const struct source *
find_source(const char *name)
{
	for (size_t i = 0; i < source_table_size; i++)
		if (strcmp(registry_source(source_table[i]->id)->name,
			name) == 0)
			return source_table[i];
	errx(2, "no source is called %s", name);
}

static void
read_once(const struct once *o, struct host *host, struct series *series,
    const struct source *source)
{
	static uint8_t space[BUILD_SPACE];
	const uint64_t began = now_ns(CLOCK_MONOTONIC);
	const struct record_head head = {
		.wall_ns = now_ns(CLOCK_REALTIME),
		.start_ns = 1,
		.source = source->id,
	};
	struct build build;
	struct collect c = {
		.host = host, .build = &build, .options = &o->options,
		.source = source, .report = report,
		.deadline_ns = now_ns(CLOCK_BOOTTIME) +
		    o->budget_us * UINT64_C(1000),
	};
	uint8_t *record = NULL;
	size_t len;
	int error;

	series_cycle(series, head.wall_ns);
	build_start(&build, &head, series, space);
	error = source->read(&c);
	if (error == 0)
		error = build_finish(&build);
	if (error < 0)
		report(NULL, source, registry_source(source->id)->reads,
		    error);
	while (error > 0 && build_next(&build, &record, &len))
		print_record(record, len);
	printf("lost %llu\n", (unsigned long long)build.lost);
	if (o->timed)
		printf("microseconds %llu\n", (unsigned long long)
		    (now_ns(CLOCK_MONOTONIC) - began) / 1000);
}

/* False where there is none to come. */
static bool
await_line(void)
{
	int c;

	puts("read");
	fflush(stdout);
	while ((c = getchar()) != '\n')
		if (c == EOF)
			return false;
	return true;
}

static void
exclude(struct source_options *o, const char *type)
{
	if (o->nexclude_types == EXCLUDES_MAX)
		errx(2, "too many types");
	snprintf(o->exclude_types[o->nexclude_types++],
	    sizeof(o->exclude_types[0]), "%s", type);
}

/* NAME=HOW, as the configuration has it; without "=", a label. */
static void
declare(struct source_options *o, char *text)
{
	char *how = strchr(text, '=');
	const char *wrong;

	if (how != NULL)
		*how++ = '\0';
	wrong = how == NULL ? declared_add_label(&o->declared, text) :
	    declared_add(&o->declared, text, how);
	if (wrong != NULL || !declared_seal(&o->declared))
		errx(2, "%s %s", text, wrong);
}

static const char *
parse(struct once *o, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "p:s:n:x:k:b:actNwo:m:A:")) != -1) {
		if (c == 'p')
			o->procfs = optarg;
		else if (c == 's')
			o->sysfs = optarg;
		else if (c == 'n')
			o->times = (unsigned)atoi(optarg);
		else if (c == 'x')
			exclude(&o->options, optarg);
		else if (c == 'o')
			o->operator_files = optarg;
		else if (c == 'm')
			declare(&o->options, optarg);
		else if (c == 'A')
			o->options.operator_max_age_ms =
			    (uint32_t)atoi(optarg) * 1000;
		else if (c == 'a')
			o->options.all_mountpoints = true;
		else if (c == 'c')
			o->options.cpu_per_cpu =
			    o->options.interrupts_detail = true;
		else if (c == 'k')
			o->options.top_count = (uint32_t)atoi(optarg);
		else if (c == 'b')
			o->budget_us = (unsigned)atoi(optarg);
		else if (c == 'N')
			o->options.top_names = TOP_NAMES_CLEAR;
		else if (c == 't')
			o->timed = true;
		else if (c == 'w')
			o->waits = true;
		else
			exit(2);
	}
	if (optind + 1 != argc)
		errx(2, "usage: source_once [-actNw] [-p PROC] [-s SYS] "
		    "[-n TIMES] [-x TYPE] [-k COUNT] [-b MICROSECONDS] SOURCE");
	return argv[optind];
}

int
main(int argc, char **argv)
{
	struct once o = { .procfs = "/proc", .sysfs = "/sys", .times = 1,
		.budget_us = BUDGET_US, .options.top_count = 10 };
	const struct source *source = find_source(parse(&o, argc, argv));
	struct series *series = series_new(1);
	struct host host;
	const char *which;

	if (series == NULL)
		err(1, "memory");
	if (host_open(&host, o.procfs, o.sysfs, &which) < 0)
		err(1, "%s", which);
	options = &o.options;
	if (o.operator_files != NULL &&
	    host_open_operator(&host, o.operator_files) < 0)
		err(1, "%s", o.operator_files);
	if (source->start != NULL)
		source->start(&host);
	while (o.times-- > 0) {
		read_once(&o, &host, series, source);
		if (o.waits && !await_line())
			break;
	}
	host_close(&host);
	series_free(series);
	return 0;
}
