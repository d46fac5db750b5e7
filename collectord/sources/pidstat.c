/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See pidstat.h. */
#include "sources/pidstat.h"

#include <errno.h>
#include <string.h>

/* TASK_REPORT of the kernel's fs/proc/array.c: proc_pid_stat(5). */
static const struct {
	char letter;
	enum process_state state;
} letters[] = {
	{ 'S', PROCESS_SLEEPING },	/* waiting for an event */
	{ 'I', PROCESS_SLEEPING },	/* idle kernel thread */
	{ 'R', PROCESS_RUNNING },
	{ 'D', PROCESS_SLEEPING },	/* waiting, mostly for a disk */
	{ 'Z', PROCESS_DEFUNCT },
	{ 'T', PROCESS_STOPPED },
	{ 't', PROCESS_STOPPED },	/* by a tracer */
	{ 'X', PROCESS_DEFUNCT },	/* being taken down */
	{ 'P', PROCESS_SLEEPING },	/* parked kernel thread */
};

/* Numbers of proc_pid_stat(5), which counts fields from 1. */
enum {
	FIELD_AFTER_STATE = 4,
	FIELD_MINFLT = 10, FIELD_MAJFLT = 12, FIELD_UTIME = 14,
	FIELD_STIME = 15, FIELD_THREADS = 20, FIELD_START = 22,
	FIELD_RSS = 24,
};

/* Takes the name and the state off. */
static int
take_state(struct text *t, struct text *name, enum process_state *state)
{
	const char *end, *open, *stop = t->p + t->len;

	/* never NULL, which a sanitizer's build has to be told */
	if (t->p == NULL || t->len == 0)
		return -EBADMSG;
	/* a name can hold anything, even ")": the last one ends it */
	end = memrchr(t->p, ')', t->len);
	open = memchr(t->p, '(', t->len);
	if (end == NULL || stop - end < 3 || end[1] != ' ')
		return -EBADMSG;
	*name = open == NULL || open > end ? text_of(end, 0) :
	    text_of(open + 1, (size_t)(end - open) - 1);
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].letter == end[2]) {
			*state = letters[i].state;
			*t = text_of(end + 3, (size_t)(stop - end) - 3);
			return 0;
		}
	return -EBADMSG;
}

int
pidstat_parse(struct text t, struct pidstat *s)
{
	int64_t *const wanted[FIELD_RSS + 1] = {
		[FIELD_MINFLT] = &s->counter[PROCESS_MINOR_FAULTS],
		[FIELD_MAJFLT] = &s->counter[PROCESS_MAJOR_FAULTS],
		[FIELD_UTIME] = &s->counter[PROCESS_USER],
		[FIELD_STIME] = &s->counter[PROCESS_SYSTEM],
		[FIELD_THREADS] = &s->threads,
		[FIELD_START] = &s->start,
		[FIELD_RSS] = &s->rss,
	};
	struct text line, word;

	if (take_state(&t, &s->name, &s->state) < 0 || !text_line(&t, &line))
		return -EBADMSG;
	for (int i = FIELD_AFTER_STATE; i <= FIELD_RSS; i++)
		if (!text_word(&line, &word) ||
		    (wanted[i] != NULL && !text_u63(word, wanted[i])))
			return -EBADMSG;
	return 0;
}
