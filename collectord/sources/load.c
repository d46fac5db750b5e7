/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See load.h. */
#include "sources/load.h"

#include <errno.h>

int
load_parse(struct text t, struct load_sample *s)
{
	struct text line, word, runnable;

	if (!text_line(&t, &line))
		return -EBADMSG;
	for (int i = 0; i < 3; i++)
		if (!text_word(&line, &word) ||
		    !text_centi(word, &s->average[i]))
			return -EBADMSG;
	/* runnable/existing */
	if (!text_word(&line, &word) || !text_until(&word, '/', &runnable) ||
	    !text_u63(word, &s->threads))
		return -EBADMSG;
	return 0;
}

static int
read_load(struct collect *c)
{
	struct load_sample s;
	struct text t;

	if (!collect_read(c, HOST_PROC, "loadavg", &t))
		return 0;
	if (load_parse(t, &s) < 0)
		return -EBADMSG;
	build_instance(c->build);
	build_point(c->build, LOAD_1M_ALL, s.average[0]);
	build_point(c->build, LOAD_5M_ALL, s.average[1]);
	build_point(c->build, LOAD_15M_ALL, s.average[2]);
	build_point(c->build, THREAD_COUNT_ALL, s.threads);
	return 0;
}

const struct source source_load = {
	.id = SOURCE_LOAD,
	.profile = PROFILE_MINIMAL,
	.path = { { HOST_PROC, "loadavg" } },
	.kernel = "2.6",
	.capability = CAPABILITY_NONE,
	.series = { { 4, 1 } },
	.read = read_load,
};
