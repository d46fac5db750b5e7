/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See named.h. */
#include "sources/named.h"

#include <errno.h>
#include <string.h>

/* Numbers nobody asked for may be anything: TCP's MaxConn is -1. */
static int
take(const struct named_table *table, int file, struct text group,
    struct text name, struct text number, struct named_sample *s)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct named_row *row = &table->row[i];

		if (row->file != file || !text_is(name, row->name) ||
		    !text_is(group, row->group))
			continue;
		s->found[i] = text_u63(number, &s->value[i]);
		return s->found[i] ? 0 : -EBADMSG;
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

	if (!text_word(&names, &group) || !text_word(&numbers, &again) ||
	    group.len != again.len ||
	    memcmp(group.p, again.p, group.len) != 0)
		return -EBADMSG;
	while (text_word(&names, &name))
		if (!text_word(&numbers, &number) ||
		    take(table, file, group, name, number, s) < 0)
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
	int error = 0;

	while (error == 0 && text_line(&t, &line))
		error = text_word(&line, &name) && text_word(&line, &number) ?
		    take(table, file, text_of("", 0), name, number, s) :
		    -EBADMSG;
	return end(table, file, s, error);
}

static int
take_words(struct text line, const struct named_table *table, int file,
    struct named_sample *s)
{
	struct text group, name, number;

	if (!text_word(&line, &group))
		return -EBADMSG;
	while (text_word(&line, &name))
		if (!text_word(&line, &number) ||
		    take(table, file, group, name, number, s) < 0)
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
