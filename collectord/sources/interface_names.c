/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See interface_names.h. */
#include "sources/interface_names.h"

#include <stdio.h>
#include <string.h>

enum {
	NAME_MAX_LEN = 16,	/* IFNAMSIZ */
	NAMES_MAX = 64,
	FORGET_EVERY = 64,	/* cycles */
	FILE_MAX = 64,
};

struct entry {
	uint32_t number;
	char name[NAME_MAX_LEN];
};

static struct entry known[NAMES_MAX];
static size_t nknown;
static unsigned age;
static struct entry last;	/* where there is no room for more */

struct search {
	struct collect *c;
	struct entry *entry;
};

void
interface_names_begin(void)
{
	if (++age % FORGET_EVERY == 0)
		nknown = 0;
}

static bool
look(void *arg, const char *name)
{
	struct search *s = arg;
	char path[FILE_MAX], buf[FILE_MAX];
	struct text t, line;
	int64_t number;

	if (strlen(name) >= NAME_MAX_LEN)
		return true;
	snprintf(path, sizeof(path), "class/net/%s/ifindex", name);
	if (host_read_start(s->c->host, HOST_SYS, path, buf, sizeof(buf),
	    &t) < 0 || !text_line(&t, &line) || !text_u63(line, &number) ||
	    number != s->entry->number)
		return true;
	strcpy(s->entry->name, name);
	return false;
}

struct text
interface_name(struct collect *c, uint32_t number)
{
	struct search s = { c, &last };

	for (size_t i = 0; i < nknown; i++)
		if (known[i].number == number)
			return text_of(known[i].name, strlen(known[i].name));
	if (nknown < NAMES_MAX)
		s.entry = &known[nknown++];
	s.entry->number = number;
	snprintf(s.entry->name, NAME_MAX_LEN, "%u", (unsigned)number);
	if (s.entry != &last)
		host_list(c->host, HOST_SYS, "class/net", look, &s);
	return text_of(s.entry->name, strlen(s.entry->name));
}
