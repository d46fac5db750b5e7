/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See resolvconf.h. */
#include "resolvconf.h"

#include "log.h"
#include "read_file.h"

#include <arpa/inet.h>
#include <string.h>

enum { RESOLVCONF_MAX = 65536, DNS_PORT = 53 };

/* Up to the first of these bytes. */
static struct text
text_before(struct text t, const char *stop)
{
	for (size_t i = 0; i < t.len; i++)
		if (memchr(stop, t.p[i], strlen(stop)) != NULL)
			return text_of(t.p, i);
	return t;
}

static bool
copy(char *buf, size_t cap, struct text t)
{
	if (t.len == 0 || t.len >= cap || memchr(t.p, '\0', t.len) != NULL)
		return false;
	memcpy(buf, t.p, t.len);
	buf[t.len] = '\0';
	return true;
}

static bool
parse_address(struct resolvconf_server *s, struct text word)
{
	char buf[INET6_ADDRSTRLEN];
	struct text addr = text_before(word, "%");

	memset(s, 0, sizeof(*s));
	s->server.port = DNS_PORT;
	if (!copy(buf, sizeof(buf), addr))
		return false;
	if (addr.len == word.len && inet_pton(AF_INET, buf,
	    s->server.addr) == 1) {
		s->server.family = 4;
		return true;
	}
	s->server.family = 6;
	if (inet_pton(AF_INET6, buf, s->server.addr) != 1)
		return false;
	return addr.len == word.len || copy(s->scope, sizeof(s->scope),
	    text_of(word.p + addr.len + 1, word.len - addr.len - 1));
}

size_t
resolvconf_parse(struct resolvconf_server out[NAMESERVERS_MAX], struct text t)
{
	struct text line, word;
	size_t n = 0;

	while (n < NAMESERVERS_MAX && text_line(&t, &line)) {
		/* the keyword starts its line, or it is none */
		if (line.len == 0 || line.p[0] != 'n' ||
		    !text_word(&line, &word) || !text_is(word, "nameserver") ||
		    !text_word(&line, &word))
			continue;
		if (parse_address(&out[n], text_before(word, "#;")))
			n++;
	}
	return n;
}

/* "%eth0", or the number itself: "%2". */
static bool
find_scope(struct resolvconf_server *s)
{
	int64_t number;

	if (s->scope[0] == '\0')
		return true;
	s->server.scope = if_nametoindex(s->scope);
	if (s->server.scope != 0)
		return true;
	if (!text_u63(text_of(s->scope, strlen(s->scope)), &number) ||
	    number == 0 || number > UINT32_MAX)
		return false;
	s->server.scope = (uint32_t)number;
	return true;
}

static void
log_no_scope(const struct resolvconf_server *s)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_WARNING, "nameserver_unusable");
	log_text(&l, "interface", s->scope);
	log_end(&l);
}

static void
use_local_host(struct resolvconf_server *s)
{
	memset(s, 0, sizeof(*s));
	s->server.family = 4;
	memcpy(s->server.addr, (const uint8_t[]){ 127, 0, 0, 1 }, 4);
	s->server.port = DNS_PORT;
}

void
resolvconf_fill(struct shipconf *c, const char *file)
{
	static char buf[RESOLVCONF_MAX];
	struct resolvconf_server found[NAMESERVERS_MAX];
	struct text t;
	size_t n;

	read_file_if_any(file, buf, sizeof(buf), &t);
	if ((n = resolvconf_parse(found, t)) == 0)
		use_local_host(&found[n++]);
	c->nservers = 0;
	for (size_t i = 0; i < n; i++) {
		if (find_scope(&found[i]))
			c->server[c->nservers++] = found[i].server;
		else
			log_no_scope(&found[i]);
	}
}
