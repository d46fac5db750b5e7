/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See pressure.h. */
#include "sources/pressure.h"

#include <errno.h>

/* The number of "total=12345", wherever it stands in the line. */
static bool
total(struct text line, int64_t *v)
{
	static const char key[] = "total=";
	const size_t len = sizeof(key) - 1;
	struct text word;

	while (text_word(&line, &word))
		if (text_starts(word, key))
			return text_u63(text_of(word.p + len, word.len - len),
			    v);
	return false;
}

int
pressure_parse(struct text t, struct pressure_sample *s)
{
	struct text line, kind;

	*s = (struct pressure_sample){ -1, -1 };
	while (text_line(&t, &line)) {
		int64_t *v;

		if (!text_word(&line, &kind))
			continue;
		v = text_is(kind, "some") ? &s->some :
		    text_is(kind, "full") ? &s->full : NULL;
		if (v != NULL && !total(line, v))
			return -EBADMSG;
	}
	return s->some < 0 && s->full < 0 ? -EBADMSG : 0;
}

/* some is 0 for a resource that has no such time. */
static void
read_resource(struct collect *c, const char *path, unsigned some,
    unsigned full)
{
	struct pressure_sample s;
	struct text t;

	if (!collect_read(c, HOST_PROC, path, &t))
		return;
	if (pressure_parse(t, &s) < 0) {
		collect_failed(c, path, -EBADMSG);
		return;
	}
	if (some != 0)
		collect_say(c, some, s.some);
	collect_say(c, full, s.full);
}

static int
read_pressure(struct collect *c)
{
	build_instance(c->build);
	read_resource(c, "pressure/cpu", PSI_STALL_CPU_SOME,
	    PSI_STALL_CPU_FULL);
	read_resource(c, "pressure/memory", PSI_STALL_MEMORY_SOME,
	    PSI_STALL_MEMORY_FULL);
	read_resource(c, "pressure/io", PSI_STALL_IO_SOME, PSI_STALL_IO_FULL);
	read_resource(c, "pressure/irq", 0, PSI_STALL_IRQ_FULL);
	return 0;
}

const struct source source_pressure = {
	.id = SOURCE_PRESSURE,
	.profile = PROFILE_MINIMAL,
	.path = { { HOST_PROC, "pressure/cpu" },
	    { HOST_PROC, "pressure/memory" }, { HOST_PROC, "pressure/io" },
	    { HOST_PROC, "pressure/irq" } },
	.kernel = "6.1, CONFIG_PSI; without irq 4.20",
	.capability = CAPABILITY_NONE,
	.series = { { 7, 1 } },
	.read = read_pressure,
};
