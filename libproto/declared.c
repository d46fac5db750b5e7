/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See declared.h. */
#include "declared.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static const struct {
	const char *word;
	enum scale scale;
} precisions[] = {
	{ "integer", SCALE_INT }, { "milli", SCALE_MILLI },
	{ "micro", SCALE_MICRO }, { "nano", SCALE_NANO },
};

enum { PRECISIONS = sizeof(precisions) / sizeof(precisions[0]) };

/* A letter, then letters, digits and '_': Prometheus' rule and OTLP's. */
static bool
name_ok(const char *s)
{
	return strlen(s) <= DECLARED_NAME_MAX && s[0] != '\0' &&
	    strchr(LETTERS, s[0]) != NULL &&
	    s[strspn(s, LETTERS DIGITS "_")] == '\0';
}

/* What a store makes of our own names: no file may pass for the agent. */
static bool
is_ours(const char *name)
{
	static const char *const first[] = { "system_", "linux_", "hw_",
		"otel_", "sluice_" };

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (strncmp(name, first[i], strlen(first[i])) == 0)
			return true;
	return false;
}

static bool
unit_ok(const char *s, size_t len)
{
	if (len == 0 || len > DECLARED_UNIT_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr(LETTERS DIGITS "{}_/.%", s[i]) == NULL)
			return false;
	return true;
}

/* Things that are counted have no fraction. */
static enum scale
usual_scale(const char *unit)
{
	return unit[0] == '{' || strcmp(unit, "By") == 0 ||
	    strcmp(unit, "bit") == 0 ? SCALE_INT : SCALE_MICRO;
}

static bool
set_precision(struct declared_metric *m, const char *word)
{
	for (size_t i = 0; i < PRECISIONS; i++)
		if (strcmp(precisions[i].word, word) == 0) {
			m->scale = precisions[i].scale;
			return true;
		}
	return false;
}

static const char *
set_how(struct declared_metric *m, const char *how)
{
	const size_t kind = strcspn(how, " ");
	const char *unit = how + kind + (how[kind] == ' ');
	const size_t len = strcspn(unit, " ");

	if (kind == 7 && strncmp(how, "counter", 7) == 0)
		m->instrument = COUNTER;
	else if (kind == 5 && strncmp(how, "gauge", 5) == 0)
		m->instrument = GAUGE;
	else
		return "is neither a counter nor a gauge";
	if (!unit_ok(unit, len))
		return "has no unit";
	memcpy(m->unit, unit, len);
	m->unit[len] = '\0';
	m->scale = usual_scale(m->unit);
	if (unit[len] == ' ' && !set_precision(m, unit + len + 1))
		return "has a precision that is not known";
	return NULL;
}

const char *
declared_add(struct declared *d, const char *name, const char *how)
{
	struct declared_metric *m = &d->metric[d->n];
	const char *wrong;

	if (d->n == DECLARED_MAX)
		return "is one too many";
	if (!name_ok(name))
		return "stands under a name that is not a metric's";
	if (is_ours(name))
		return "stands under a name that is Sluice's own";
	if (declared_named(d, name, strlen(name)) != NULL)
		return "stands there twice";
	memset(m, 0, sizeof(*m));
	if ((wrong = set_how(m, how)) != NULL)
		return wrong;
	strcpy(m->name, name);
	d->n++;
	return NULL;
}

const char *
declared_add_label(struct declared *d, const char *name)
{
	if (d->nlabels == DECLARED_LABELS_MAX)
		return "is one too many";
	if (!name_ok(name))
		return "is not a label's name";
	for (size_t i = 0; i < d->nlabels; i++)
		if (strcmp(d->label[i], name) == 0)
			return "stands there twice";
	strcpy(d->label[d->nlabels++], name);
	return NULL;
}

/* FNV-1a, 32 bits; a text ends with its NUL. */
static uint32_t
mix(uint32_t h, const char *s)
{
	do
		h = (h ^ (uint8_t)*s) * UINT32_C(0x01000193);
	while (*s++ != '\0');
	return h;
}

bool
declared_seal(struct declared *d)
{
	uint32_t labels = UINT32_C(0x811c9dc5);

	for (size_t i = 0; i < d->nlabels; i++)
		labels = mix(labels, d->label[i]);
	for (size_t i = 0; i < d->n; i++) {
		struct declared_metric *m = &d->metric[i];
		const uint32_t h = mix(mix(labels, m->name), m->unit);

		m->number = (h ^ (uint32_t)m->instrument ^
		    (uint32_t)m->scale << 1) * UINT32_C(0x01000193);
		for (size_t k = 0; k < i; k++)
			if (d->metric[k].number == m->number)
				return false;
	}
	return true;
}

const struct declared_metric *
declared_named(const struct declared *d, const char *name, size_t len)
{
	for (size_t i = 0; i < d->n; i++)
		if (strlen(d->metric[i].name) == len &&
		    memcmp(d->metric[i].name, name, len) == 0)
			return &d->metric[i];
	return NULL;
}

const struct declared_metric *
declared_numbered(const struct declared *d, uint64_t number)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->metric[i].number == number)
			return &d->metric[i];
	return NULL;
}

struct metric_row
declared_row(const struct declared_metric *m)
{
	static const char text[] = "Declared by the operator of the host.";

	return (struct metric_row){ .name = m->name, .unit = m->unit,
		.text = text, .name_len = (uint16_t)strlen(m->name),
		.unit_len = (uint16_t)strlen(m->unit),
		.text_len = sizeof(text) - 1,
		.source = SOURCE_OPERATOR, .instrument = m->instrument,
		.scale = m->scale };
}

static uint64_t
number_of(const struct attr *a)
{
	uint64_t v = 0;

	for (size_t i = 0; i < a->len; i++)
		v = v * 10 + (uint64_t)(a->value[i] - '0');
	return v;
}

size_t
declared_label(const struct attr *a, size_t which, const uint8_t **value)
{
	const uint8_t *at = a->value, *end = a->value + a->len, *comma;

	while ((comma = memchr(at, ',', (size_t)(end - at))) != NULL) {
		if (which-- == 0)
			break;
		at = comma + 1;
	}
	*value = at;
	if (comma == NULL && which > 0)
		return 0;
	return (size_t)((comma == NULL ? end : comma) - at);
}

static size_t
count_labels(const struct attr *a)
{
	size_t n = 1;

	for (size_t i = 0; i < a->len; i++)
		n += a->value[i] == ',';
	return n;
}

const struct declared_metric *
declared_sample(const struct declared *d, const struct instance *inst)
{
	struct instance copy = *inst;
	const struct declared_metric *m;
	struct point p;

	if (inst->nattrs == 0 || inst->attr[0].key != KEY_DECLARED ||
	    (inst->nattrs > 1 && count_labels(&inst->attr[1]) != d->nlabels) ||
	    inst->npoints != 1 || record_next_point(&copy, &p) != 1)
		return NULL;
	m = declared_numbered(d, number_of(&inst->attr[0]));
	if (m == NULL || p.id != (m->instrument == COUNTER ?
	    OPERATOR_COUNTER_ALL : OPERATOR_GAUGE_ALL))
		return NULL;
	return m;
}

void
declared_write(struct writer *w, const struct declared *d)
{
	write_u8(w, (uint8_t)d->nlabels);
	for (size_t i = 0; i < d->nlabels; i++)
		write_text(w, d->label[i], strlen(d->label[i]));
	write_u8(w, (uint8_t)d->n);
	for (size_t i = 0; i < d->n; i++) {
		const struct declared_metric *m = &d->metric[i];

		write_text(w, m->name, strlen(m->name));
		write_text(w, m->unit, strlen(m->unit));
		write_u8(w, (uint8_t)m->instrument);
		for (uint8_t k = 0; k < PRECISIONS; k++)
			if (precisions[k].scale == m->scale)
				write_u8(w, k);
	}
}

static void
read_word(struct reader *r, char *out, size_t most)
{
	size_t len;
	const uint8_t *s = read_text(r, 1, most, &len);

	out[0] = '\0';
	if (s == NULL || memchr(s, '\0', len) != NULL) {
		r->bad = true;
		return;
	}
	memcpy(out, s, len);
	out[len] = '\0';
}

/* Put together again, so that both ends judge it by the same rules. */
static void
read_metric(struct reader *r, struct declared *d)
{
	static const char *const kinds[] = { [COUNTER] = "counter ",
		[GAUGE] = "gauge " };
	char name[DECLARED_NAME_MAX + 1], unit[DECLARED_UNIT_MAX + 1];
	char how[DECLARED_UNIT_MAX + 20] = "";
	uint8_t kind, precision;

	read_word(r, name, DECLARED_NAME_MAX);
	read_word(r, unit, DECLARED_UNIT_MAX);
	kind = read_u8(r);
	precision = read_u8(r);
	if (kind != COUNTER && kind != GAUGE)
		r->bad = true;
	if (r->bad || precision >= PRECISIONS) {
		r->bad = true;
		return;
	}
	strcat(strcat(how, kinds[kind]), unit);
	strcat(strcat(how, " "), precisions[precision].word);
	if (declared_add(d, name, how) != NULL)
		r->bad = true;
}

void
declared_read(struct reader *r, struct declared *d)
{
	char label[DECLARED_NAME_MAX + 1];
	size_t n = read_u8(r);

	memset(d, 0, sizeof(*d));
	for (size_t i = 0; i < n && !r->bad; i++) {
		read_word(r, label, DECLARED_NAME_MAX);
		if (r->bad || declared_add_label(d, label) != NULL)
			r->bad = true;
	}
	n = read_u8(r);
	for (size_t i = 0; i < n && !r->bad; i++)
		read_metric(r, d);
	if (r->bad || !declared_seal(d))
		r->bad = true;
}
