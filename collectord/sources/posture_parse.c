/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See posture_parse.h. */
#include "sources/posture_parse.h"

#include "sources/kernel.h"
#include "sources/mountinfo.h"

#include <errno.h>
#include <string.h>

int
posture_enforce(struct text t, int64_t *v)
{
	if (number_parse(t, v) < 0 || *v > 1)
		return -EBADMSG;
	++*v;
	return 0;
}

int
posture_signed(struct text t, int64_t *v)
{
	struct text line, word, rest;

	return text_line(&t, &line) && text_word(&line, &word) &&
	    text_int(word, v) && !text_word(&line, &rest) ? 0 : -EBADMSG;
}

int
posture_lockdown(struct text t, int64_t *v)
{
	static const char *const levels[] = { "[none]", "[integrity]",
	    "[confidentiality]" };
	struct text line, word;

	if (!text_line(&t, &line))
		return -EBADMSG;
	while (text_word(&line, &word))
		for (*v = 0; *v < 3; ++*v)
			if (text_is(word, levels[*v]))
				return 0;
	return -EBADMSG;
}

int
posture_efi(struct text t, int64_t *v)
{
	enum { ATTRIBUTES = 4 };

	if (t.len != ATTRIBUTES + 1 || (uint8_t)t.p[ATTRIBUTES] > 1)
		return -EBADMSG;
	*v = t.p[ATTRIBUTES];
	return 0;
}

static int
hidepid_value(struct text option, int64_t *v)
{
	/* names since Linux 5.8, numbers before */
	static const struct { const char *text; int value; } row[] = {
		{ "hidepid=off", 0 }, { "hidepid=0", 0 },
		{ "hidepid=noaccess", 1 }, { "hidepid=1", 1 },
		{ "hidepid=invisible", 2 }, { "hidepid=2", 2 },
		{ "hidepid=ptraceable", 4 }, { "hidepid=4", 4 },
	};

	if (!text_starts(option, "hidepid="))
		return 0;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (text_is(option, row[i].text)) {
			*v = row[i].value;
			return 0;
		}
	return -EBADMSG;
}

/* Options of the file system: the word behind its source. */
static int
hidepid_of(const struct mount *m, const char *end, int64_t *v)
{
	const char *from = m->source.p + m->source.len;
	struct text rest = text_of(from, (size_t)(end - from));
	struct text line, options, option;
	int error = 0;

	*v = 0;
	if (!text_line(&rest, &line) || !text_word(&line, &options))
		return 0;
	while (error == 0 && text_until(&options, ',', &option))
		error = hidepid_value(option, v);
	return error < 0 ? error : hidepid_value(options, v);
}

int
posture_hidepid(struct text t, int64_t *v)
{
	int more, error = -ENOENT;
	struct mount m;

	while ((more = mountinfo_next(&t, &m)) == 1)
		if (text_is(m.type, "proc") && text_is(m.point, "/proc") &&
		    (error = hidepid_of(&m, t.p, v)) < 0)
			return error;
	return more < 0 ? more : error;
}

static bool
says_vulnerable(struct text t)
{
	return memmem(t.p, t.len, "ulnerable", 9) != NULL;
}

int
posture_vulnerability(struct text t, int64_t *v)
{
	struct text line, rest;

	if (!text_line(&t, &line))
		return -EBADMSG;
	rest = line;
	/* itlb_multihit is about guests alone */
	if (text_starts(line, "KVM: "))
		rest = text_of(line.p + 5, line.len - 5);
	if (text_starts(rest, "Not affected"))
		*v = VULNERABILITY_NOT_AFFECTED;
	else if (text_starts(rest, "Mitigation"))
		*v = says_vulnerable(rest) ? VULNERABILITY_PARTLY :
		    VULNERABILITY_MITIGATED;
	else if (text_starts(rest, "Vulnerable") ||
	    text_starts(rest, "Processor vulnerable"))
		*v = VULNERABILITY_OPEN;
	else if (text_starts(rest, "Unknown"))
		*v = VULNERABILITY_UNKNOWN;
	else
		return -EBADMSG;
	return 0;
}

int
posture_avc(struct text t, int64_t sum[AVC_COLUMNS])
{
	struct text line;
	int64_t n;

	memset(sum, 0, AVC_COLUMNS * sizeof(*sum));
	if (!text_line(&t, &line) || !text_starts(line, "lookups hits misses "
	    "allocations reclaims frees"))
		return -EBADMSG;
	while (text_line(&t, &line))
		for (int i = 0; i < AVC_COLUMNS; i++)
			if (!text_next_u63(&line, &n) ||
			    __builtin_add_overflow(sum[i], n, &sum[i]))
				return -EBADMSG;
	return 0;
}

int
posture_avc_entries(struct text t, int64_t *v)
{
	struct text line, word;

	return text_line(&t, &line) && text_word(&line, &word) &&
	    text_is(word, "entries:") && text_next_u63(&line, v) ?
	    0 : -EBADMSG;
}

int
posture_crypto(struct text t, enum crypto_policy *policy, int64_t *modules)
{
	static const char *const names[CRYPTO_POLICY_OTHER_SET] = {
	    "LEGACY", "DEFAULT", "FUTURE", "FIPS" };
	struct text line, name;

	if (!text_line(&t, &line) || line.len == 0)
		return -EBADMSG;
	*modules = 0;
	for (size_t i = 0; i < line.len; i++)
		*modules += line.p[i] == ':';
	if (!text_until(&line, ':', &name))
		name = line;
	for (unsigned i = 0; i < CRYPTO_POLICY_OTHER_SET; i++)
		if (text_is(name, names[i])) {
			*policy = (enum crypto_policy)i;
			return 0;
		}
	*policy = CRYPTO_POLICY_OTHER_SET;
	return 0;
}
