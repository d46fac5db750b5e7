/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord, at its start.  See resource.h. */
#include "resource.h"

#include "build_config.h"
#include "mix.h"
#include "read_file.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

enum { MACHINE_ID_LEN = 32, SMALL_FILE_MAX = 16384 };

bool
resource_machine_id(struct text t, char out[FRAME_TEXT_MAX + 1])
{
	struct text line;
	bool zero = true;

	if (!text_line(&t, &line) || line.len != MACHINE_ID_LEN || t.len != 0)
		return false;
	for (size_t i = 0; i < line.len; i++) {
		const char c = line.p[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			return false;
		zero = zero && c == '0';
	}
	if (zero)
		return false;
	memcpy(out, line.p, line.len);
	out[line.len] = '\0';
	return true;
}

/* Text that may stand in an attribute. */
static bool
printable(const char *s)
{
	const size_t len = strlen(s);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return false;
	return len > 0 && utf8_valid((const uint8_t *)s, len);
}

/* A shell's assignment: bare, or in quotes of one kind. */
static bool
unquote(struct text t, char out[FRAME_TEXT_MAX + 1])
{
	const char quote = t.len >= 2 && (t.p[0] == '"' || t.p[0] == '\'') &&
	    t.p[t.len - 1] == t.p[0] ? t.p[0] : '\0';
	size_t n = 0;

	if (quote != '\0')
		t = text_of(t.p + 1, t.len - 2);
	for (size_t i = 0; i < t.len; i++) {
		if (t.p[i] == '\\' && quote != '\'' && ++i == t.len)
			return false;
		if (n == FRAME_TEXT_MAX || t.p[i] == '\0')
			return false;
		out[n++] = t.p[i];
	}
	out[n] = '\0';
	return printable(out);
}

/* The last assignment counts, as in a shell. */
bool
resource_os_version(struct text t, char out[FRAME_TEXT_MAX + 1])
{
	struct text line, name;
	bool found = false;

	out[0] = '\0';
	while (text_line(&t, &line))
		if (text_until(&line, '=', &name) &&
		    text_is(name, "VERSION_ID"))
			found = unquote(line, out);
	if (!found)
		out[0] = '\0';
	return found;
}

const char *
resource_arch(const char *machine)
{
	static const struct {
		const char *start, *arch;
	} known[] = {
		{ "x86_64", "amd64" },
		{ "aarch64", "arm64" },
		{ "ppc64", "ppc64" },	/* and ppc64le */
		{ "ppc", "ppc32" },
		{ "arm", "arm32" },	/* armv7l ... */
		{ "i386", "x86" },
		{ "i486", "x86" },
		{ "i586", "x86" },
		{ "i686", "x86" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(machine, known[i].start,
		    strlen(known[i].start)) == 0)
			return known[i].arch;
	return machine;
}

/* FNV-1a, then mixed: its low bits are poor */
uint64_t
resource_seed(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
	return mix64(h);
}

static struct resource_attr *
find(struct shipconf *c, const char *key)
{
	for (size_t i = 0; i < c->nattrs; i++)
		if (strcmp(c->attr[i].key, key) == 0)
			return &c->attr[i];
	return NULL;
}

/* There is room: the configuration leaves it (config_set.h). */
static void
set(struct shipconf *c, const char *key, const char *value)
{
	struct resource_attr *a = find(c, key);

	if (value[0] == '\0')
		return;
	if (a == NULL)
		a = &c->attr[c->nattrs++];
	snprintf(a->key, sizeof(a->key), "%s", key);
	snprintf(a->value, sizeof(a->value), "%s", value);
}

static const char *
identity(struct shipconf *c)
{
	const struct resource_attr *a = find(c, "host.id");

	if (a == NULL)
		a = find(c, "host.name");
	return a == NULL ? "" : a->value;
}

void
resource_merge(struct shipconf *c, const struct host_facts *f,
    const struct config *cfg)
{
	c->nattrs = 0;
	set(c, "service.name", "sluice");
	set(c, "service.version", SLUICE_VERSION);
	set(c, "host.id", f->id);
	set(c, "host.name", f->name);
	set(c, "host.arch", f->arch);
	set(c, "os.type", "linux");
	set(c, "os.version", f->version);
	for (size_t i = 0; i < cfg->nattrs; i++)
		set(c, cfg->attr[i].key, cfg->attr[i].value);
	c->seed = resource_seed(identity(c));
	if (find(c, "service.instance.id") == NULL)
		set(c, "service.instance.id", identity(c));
}

static void
read_facts(struct host_facts *f, struct utsname *u)
{
	static char buf[SMALL_FILE_MAX];
	struct text t;

	if (uname(u) == 0) {
		f->arch = resource_arch(u->machine);
		if (printable(u->nodename))
			snprintf(f->name, sizeof(f->name), "%s", u->nodename);
	}
	if (read_file_if_any("/etc/machine-id", buf, sizeof(buf), &t) == 0)
		resource_machine_id(t, f->id);
	/* os-release(5): the second is what the first usually links to */
	if (read_file_if_any("/etc/os-release", buf, sizeof(buf), &t) == 0 ||
	    read_file_if_any("/usr/lib/os-release", buf, sizeof(buf),
	    &t) == 0)
		resource_os_version(t, f->version);
}

void
resource_fill(struct shipconf *c, const struct config *cfg)
{
	struct host_facts f = { .arch = "" };
	struct utsname u;

	read_facts(&f, &u);
	resource_merge(c, &f, cfg);
}
