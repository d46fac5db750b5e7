/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See named.h. */
#include "sources/named.h"

#include <errno.h>
#include <string.h>

/* The rows that a line can have. */
struct wanted {
	const struct named_table *table;
	struct named_sample *sample;
	size_t n;
	uint8_t row[NAMED_MAX];
	size_t name_len[NAMED_MAX];
};

/* Most names of most lines are of none: those should cost little. */
static void
want(struct wanted *w, const struct named_table *table, int file,
    struct text group, struct named_sample *s)
{
	w->table = table;
	w->sample = s;
	w->n = 0;
	for (size_t i = 0; i < table->n; i++) {
		const struct named_row *row = &table->row[i];

		if (row->file != file || !text_is(group, row->group))
			continue;
		w->row[w->n] = (uint8_t)i;
		w->name_len[w->n++] = strlen(row->name);
	}
}

/* Numbers nobody asked for may be anything: TCP's MaxConn is -1. */
static int
take(struct wanted *w, struct text name, struct text number)
{
	for (size_t i = 0; i < w->n; i++) {
		const size_t at = w->row[i];
		struct named_sample *s = w->sample;

		if (name.len != w->name_len[i] ||
		    memcmp(name.p, w->table->row[at].name, name.len) != 0)
			continue;
		s->found[at] = text_u63(number, &s->value[at]);
		return s->found[at] ? 0 : -EBADMSG;
	}
	return 0;
}

/* A file without one of the rows is not the file that it is taken for. */
static int
end(const struct named_table *table, int file, struct named_sample *s,
    int error)
{
	bool any = false;

	for (size_t i = 0; i < table->n; i++)
		if (table->row[i].file == file) {
			s->found[i] = s->found[i] && error == 0;
			any = any || s->found[i];
		}
	return error == 0 && !any ? -EBADMSG : error;
}

/* Two lines that must have the same group and as many words each. */
static int
take_pair(struct text names, struct text numbers,
    const struct named_table *table, int file, struct named_sample *s)
{
	struct text group, again, name, number;
	struct wanted w;

	if (!text_word(&names, &group) || !text_word(&numbers, &again) ||
	    group.len != again.len ||
	    memcmp(group.p, again.p, group.len) != 0)
		return -EBADMSG;
	want(&w, table, file, group, s);
	if (w.n == 0)
		return 0;
	while (text_word(&names, &name))
		if (!text_word(&numbers, &number) ||
		    take(&w, name, number) < 0)
			return -EBADMSG;
	return text_word(&numbers, &number) ? -EBADMSG : 0;
}

int
named_pairs(struct text t, const struct named_table *table, int file,
    struct named_sample *s)
{
	struct text names, numbers;
	int error = 0;

	while (error == 0 && text_line(&t, &names))
		error = text_line(&t, &numbers) ?
		    take_pair(names, numbers, table, file, s) : -EBADMSG;
	return end(table, file, s, error);
}

int
named_lines(struct text t, const struct named_table *table, int file,
    struct named_sample *s)
{
	struct text line, name, number;
	struct wanted w;
	int error = 0;

	want(&w, table, file, text_of("", 0), s);
	while (error == 0 && text_line(&t, &line))
		error = text_word(&line, &name) && text_word(&line, &number) ?
		    take(&w, name, number) : -EBADMSG;
	return end(table, file, s, error);
}

static int
take_words(struct text line, const struct named_table *table, int file,
    struct named_sample *s)
{
	struct text group, name, number;
	struct wanted w;

	if (!text_word(&line, &group))
		return -EBADMSG;
	want(&w, table, file, group, s);
	while (text_word(&line, &name))
		if (!text_word(&line, &number) || take(&w, name, number) < 0)
			return -EBADMSG;
	return 0;
}

int
named_words(struct text t, const struct named_table *table, int file,
    struct named_sample *s)
{
	struct text line;
	int error = 0;

	while (error == 0 && text_line(&t, &line))
		error = take_words(line, table, file, s);
	return end(table, file, s, error);
}

void
named_say(struct build *b, const struct named_table *table,
    const struct named_sample *s)
{
	build_instance(b);
	for (size_t i = 0; i < table->n; i++)
		if (s->found[i])
			build_point(b, table->row[i].point, s->value[i]);
}
