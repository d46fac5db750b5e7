/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See named.h. */
#include "sources/named.h"

#include "sieve.h"
#include "sources/columns.h"

#include <errno.h>
#include <string.h>

/* The rows that a line can have. */
struct wanted {
	const struct named_table *table;
	size_t n;
	uint8_t row[NAMED_MAX];
};

static void
want(struct wanted *w, const struct named_table *table, int file,
    struct text group)
{
	w->table = table;
	w->n = 0;
	for (size_t i = 0; i < table->n; i++) {
		const struct named_row *row = &table->row[i];

		if (row->file != file ||
		    !text_same(group, row->group, row->group_len))
			continue;
		w->row[w->n++] = (uint8_t)i;
	}
}

/* The row of a name, or -1. */
static int
find(const struct wanted *w, struct text name)
{
	for (size_t i = 0; i < w->n; i++)
		if (named_is(&w->table->row[w->row[i]], name))
			return w->row[i];
	return -1;
}

/* Numbers nobody asked for may be anything: TCP's MaxConn is -1. */
static bool
take(int row, struct text *numbers, struct named_sample *s)
{
	if (row < 0)
		return text_skip(numbers, 1);
	s->found[row] = text_next_u63(numbers, &s->value[row]);
	return s->found[row];
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

static const struct columns_line *
learn(struct columns *c, const struct wanted *w, int file, struct text line,
    struct text names)
{
	const struct columns_line *l = columns_keep(c, file, line);
	struct text name;

	while (l != NULL && text_word(&names, &name))
		if (!columns_add(c, find(w, name)))
			l = NULL;
	return l;
}

/* Nothing may follow the last. */
static int
take_known(const struct columns *c, const struct columns_line *l,
    struct text numbers, struct named_sample *s)
{
	const struct column *wanted = &c->wanted[l->first];
	size_t at = 0;

	for (size_t i = 0; i < l->nwanted; i++) {
		if (!text_skip(&numbers, wanted[i].at - at) ||
		    !take(wanted[i].row, &numbers, s))
			return -EBADMSG;
		at = wanted[i].at + 1U;
	}
	return text_words(numbers) == l->n - at ? 0 : -EBADMSG;
}

/* The same for a line that is not known. */
static int
take_named(const struct wanted *w, struct text names, struct text numbers,
    struct named_sample *s)
{
	struct text name;

	while (text_word(&names, &name))
		if (!take(find(w, name), &numbers, s))
			return -EBADMSG;
	return text_more(numbers) ? -EBADMSG : 0;
}

/* Two lines that must have the same group and as many words each. */
static int
take_pair(struct text line, struct text numbers,
    const struct named_table *table, int file, struct columns *c,
    struct named_sample *s)
{
	const struct columns_line *l;
	struct text names = line, group, again;
	struct wanted w;

	if (!text_word(&names, &group) || !text_word(&numbers, &again) ||
	    !text_same(again, group.p, group.len))
		return -EBADMSG;
	if (c != NULL && (l = columns_find(c, file, line)) != NULL)
		return take_known(c, l, numbers, s);
	want(&w, table, file, group);
	if (w.n == 0)
		return 0;
	l = c == NULL ? NULL : learn(c, &w, file, line, names);
	return l != NULL ? take_known(c, l, numbers, s) :
	    take_named(&w, names, numbers, s);
}

int
named_pairs(struct text t, const struct named_table *table, int file,
    struct columns *c, struct named_sample *s)
{
	struct text names, numbers;
	int error = 0;

	while (error == 0 && text_line(&t, &names))
		error = text_line(&t, &numbers) ?
		    take_pair(names, numbers, table, file, c, s) : -EBADMSG;
	return end(table, file, s, error);
}

static int
take_line(const struct wanted *w, const struct sieve *sieve, struct text line,
    struct named_sample *s)
{
	struct text name;
	int row;

	if (!text_has_two(line))
		return -EBADMSG;
	/* what has blanks before its name has it elsewhere */
	if (!sieve_passes(sieve, line) && !text_blank(line.p[0]))
		return 0;
	text_word(&line, &name);
	row = find(w, name);
	return row < 0 || take(row, &line, s) ? 0 : -EBADMSG;
}

int
named_lines(struct text t, const struct named_table *table, int file,
    struct named_sample *s)
{
	struct sieve sieve = { 0 };
	struct text line;
	struct wanted w;
	int error = 0;

	want(&w, table, file, text_of("", 0));
	for (size_t i = 0; i < w.n; i++)
		sieve_add(&sieve, table->row[w.row[i]].name,
		    table->row[w.row[i]].name_len);
	while (error == 0 && text_line(&t, &line))
		error = take_line(&w, &sieve, line, s);
	return end(table, file, s, error);
}

static int
take_words(struct text line, const struct named_table *table, int file,
    struct named_sample *s)
{
	struct text group, name;
	struct wanted w;

	if (!text_word(&line, &group))
		return -EBADMSG;
	want(&w, table, file, group);
	while (text_word(&line, &name))
		if (!take(find(&w, name), &line, s))
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
