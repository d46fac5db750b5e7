/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  `sluice show`: the next request of this host, as bytes or
 * one line a point.  The lines come from the walk that the encoders use, so
 * that they are the same points in the same order.
 */
#include "sluice.h"

#include "decimal.h"
#include "otlp.h"
#include "snapshot.h"
#include "walk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
print_quoted(const void *text, size_t len)
{
	const char *s = text;

	putchar('"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			putchar('\\');
		putchar(s[i]);
	}
	putchar('"');
}

static void
print_resource(const struct shipconf *c)
{
	fputs("# resource {", stdout);
	for (size_t i = 0; i < c->nattrs; i++) {
		printf("%s%s=", i == 0 ? "" : ",", c->attr[i].key);
		print_quoted(c->attr[i].value, strlen(c->attr[i].value));
	}
	fputs("}\n", stdout);
}

static void
print_request(const struct snapshot *s)
{
	fputs("# POST ", stdout);
	print_url(&s->ship.endpoint[0]);
	printf("\n# Content-Type: %s\n", otlp_content_type(s->ship.protocol));
	printf("# Content-Length: %zu\n", s->body_len);
}

/* It is text for people already. */
static void
print_report(const struct snapshot *s)
{
	print_request(s);
	printf("# %llu numbers; the first report after a start, which has no"
	    " network_stats\n", (unsigned long long)s->points);
	fwrite(s->body, 1, s->body_len, stdout);
	putchar('\n');
}

static void
print_head(const struct snapshot *s)
{
	size_t bytes = 0;

	for (size_t i = 0; i < s->n; i++)
		bytes += s->batch->record[s->first + i].len;
	print_request(s);
	printf("# %llu points of %zu records in %zu bytes\n",
	    (unsigned long long)s->points, s->n, bytes);
	puts("# without the agent's own metrics, which only the daemons know");
	print_resource(&s->ship);
}

static void
print_value(int64_t value, enum scale scale)
{
	char text[64];
	struct writer w = writer_of(text, sizeof(text));
	ptrdiff_t len;

	decimal_write(&w, value, scale);
	len = writer_finish(&w);
	if (len > 0)
		fwrite(text, 1, (size_t)len, stdout);
}

static void
print_point(const struct metric_row *m, const struct walk_point *p)
{
	struct walk_attr attr[WALK_ATTRS_MAX];
	const size_t n = walk_attrs(p, attr);

	fputs(m->name, stdout);
	for (size_t i = 0; i < n; i++) {
		printf("%s%s=", i == 0 ? "{" : ",", attr[i].key);
		print_quoted(attr[i].value, attr[i].len);
	}
	fputs(n > 0 ? "} " : " ", stdout);
	print_value(p->value, m->scale);
	printf(" %s\n", m->unit);
}

static void
print_points(const struct snapshot *s)
{
	static struct walk walk;	/* too large for a stack */
	const struct metric_row *m;
	struct walk_point p;

	if (walk_open(&walk, &s->ship.declared, s->batch->record + s->first,
	    s->n) < 0)
		return;
	while ((m = walk_metric(&walk)) != NULL)
		while (walk_point(&walk, &p))
			print_point(m, &p);
}

int
show_run(const struct arguments *a, const struct config *c)
{
	static struct snapshot s;
	bool first = true;

	if (a->raw && c->protocol == PROTOCOL_HTTP_PROTOBUF &&
	    isatty(STDOUT_FILENO)) {
		fputs("sluice: protobuf is no text for a terminal: use a pipe"
		    " or a file\n", stderr);
		return EXIT_USAGE;
	}
	snapshot_take(&s, c, a->cycles);
	for (; snapshot_next(&s); first = false) {
		if (a->raw) {
			/* between them alone: each is its exact bytes */
			if (!first && c->protocol == PROTOCOL_HTTP_JSON)
				putchar('\n');
			fwrite(s.body, 1, s.body_len, stdout);
			continue;
		}
		if (c->protocol == PROTOCOL_DEVICE_DEFENDER) {
			print_report(&s);
			continue;
		}
		if (!first)
			putchar('\n');
		print_head(&s);
		print_points(&s);
	}
	if (first)
		fputs("sluice: nothing could be read: no request\n", stderr);
	return first ? EXIT_WRONG : EXIT_GOOD;
}
