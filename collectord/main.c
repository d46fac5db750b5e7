/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Process 1: reads the host, has no network.  Read
 * main() from top to bottom: it is the order in which the pair is started
 * and gives its privileges away.
 */
#include "ceiling.h"
#include "config.h"
#include "cycle.h"
#include "fips.h"
#include "launch.h"
#include "lockdown.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "now.h"
#include "options.h"
#include "privilege.h"
#include "resource.h"
#include "resolvconf.h"
#include "ring_store.h"
#include "secret.h"
#include "sources/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
refuse_root(void)
{
	if (privilege_is_root())
		fatal_text("collectord does not run as root", "start it by its"
		    " systemd unit, or as an ordinary user: setpriv(1) can"
		    " give that user CAP_SETUID, CAP_SETGID and CAP_SETPCAP");
}

/* With RLIMIT_FSIZE 0 the first log line would end the process. */
static void
refuse_file_as_log(void)
{
	if (harden_stderr_is_file())
		fatal_text("stderr is a regular file", "neither process"
		    " may write to files: use a pipe, 2> >(cat >file)");
}

static void
read_config(struct config *cfg, const struct options *o)
{
	struct config_error error;

	if (config_read(cfg, o->config, &error) == 0)
		return;
	fprintf(stderr, "collectord: %s\n", error.text);
	exit(1);
}

static void
require(const struct config *cfg)
{
	/* the shipper asks OpenSSL, which cannot know of the kernel's own */
	if ((cfg->require & REQUIRE_FIPS) != 0 &&
	    !fips_is_on("/proc/sys/crypto/fips_enabled"))
		fatal_text("require: fips", "the kernel is not in FIPS mode:"
		    " /proc/sys/crypto/fips_enabled is not 1; fips=1 on its"
		    " command line makes it so");
	/* before anything is started: the lock asks again */
	if ((cfg->require & REQUIRE_SELINUX) != 0)
		confine_selinux_layer(SELINUX_COLLECTOR, true);
	if ((cfg->require & REQUIRE_SPLIT) != 0 && !capabilities_can_split())
		fatal_text("require: split", "two users need CAP_SETUID,"
		    " CAP_SETGID and CAP_SETPCAP, ambient, at the start");
}

/* ProtectClock= of the unit: a profile alone asks for nothing against it. */
static void
leave_clock(struct config *cfg)
{
	const uint64_t clock = SOURCE_BIT(SOURCE_CLOCK);
	struct timex tx;

	if ((cfg->sources.enabled & clock & ~cfg->said) == 0 ||
	    clock_ask(&tx) != -EPERM)
		return;
	cfg->sources.enabled &= ~clock;
	log_event(LOG_LEVEL_INFO, "clock_refused");
}

static void
open_host(struct host *host, const struct config *cfg)
{
	const char *which;

	if (host_open(host, cfg->procfs, cfg->sysfs, &which) < 0)
		fatal(which, errno);
	if ((cfg->sources.enabled & SOURCE_BIT(SOURCE_OPERATOR)) != 0 &&
	    host_open_operator(host, cfg->operator_directory) < 0)
		fatal("collect.sources.operator.directory", errno);
}

/* Nothing is started that would have to be cut. */
static void
refuse_too_many(struct host *host, const struct config *cfg)
{
	char text[CEILING_TEXT_MAX];

	if (!ceiling_check(host, &cfg->sources, text))
		fatal_text("too many series", text);
}

static void
fill_shipconf(struct shipconf *c, const struct config *cfg,
    const struct link *l, const struct ring *r, uint64_t series)
{
	memset(c, 0, sizeof(*c));
	c->interval_ms = cfg->interval_ms;
	c->timeout_ms = cfg->timeout_ms;
	c->batch = cfg->batch;
	c->egress_limit = ceiling_egress(cfg, series);
	c->flags = (l->split ? SHIPCONF_SPLIT : 0) |
	    ((cfg->require & REQUIRE_LANDLOCK) != 0 ?
	    SHIPCONF_REQUIRE_LANDLOCK : 0) |
	    ((cfg->require & REQUIRE_SELINUX) != 0 ?
	    SHIPCONF_REQUIRE_SELINUX : 0) |
	    ((cfg->require & REQUIRE_FIPS) != 0 ?
	    SHIPCONF_REQUIRE_FIPS : 0) |
	    (cfg->crl[0] != '\0' ? SHIPCONF_CRL : 0) |
	    (cfg->pins_report && cfg->npins > 0 ? SHIPCONF_PINS_REPORT : 0) |
	    (cfg->gzip ? SHIPCONF_GZIP : 0) |
	    (ring_read(r) == 0 ? SHIPCONF_FRESH : 0);
	c->protocol = cfg->protocol;
	c->declared = cfg->sources.declared;
	c->nendpoints = cfg->nendpoints;
	memcpy(c->endpoint, cfg->endpoint, sizeof(c->endpoint));
	c->npins = cfg->npins;
	memcpy(c->pin, cfg->pin, sizeof(c->pin));
	c->sign = cfg->sign;
	memcpy(c->ring, r->id, sizeof(c->ring));
	c->proxy = cfg->proxy;
	c->defender = cfg->defender;
}

/* By what was found out before: the lock has no call to ask again. */
static void
log_started(const struct link *l, const struct identity *me,
    const struct layers *own)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_INFO, "started");
	log_word(&line, "split", l->split ? "users" : "none");
	log_int(&line, "collector_pid", me->pid);
	log_int(&line, "collector_uid", me->uid);
	log_int(&line, "shipper_pid", l->shipper.pid);
	log_int(&line, "shipper_uid", l->shipper.uid);
	log_int(&line, "collector_landlock", own->landlock_abi);
	log_int(&line, "shipper_landlock", l->layers.landlock_abi);
	log_word(&line, "collector_selinux", selinux_layer_name(own->selinux));
	log_word(&line, "shipper_selinux",
	    selinux_layer_name(l->layers.selinux));
	log_end(&line);
}

static void
log_stopped(const struct ring *r)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_NOTICE, "stopped");
	log_int(&line, "read", (int64_t)ring_read(r));
	log_int(&line, "acknowledged", (int64_t)r->state.acked);
	log_int(&line, "queued", (int64_t)ring_queued(r));
	for (int i = 0; i < LOST_END; i++)
		if (ring_lost(r, (enum loss)i) > 0)
			log_int(&line, loss_name((enum loss)i),
			    (int64_t)ring_lost(r, (enum loss)i));
	log_end(&line);
}

/* Everything that needs a path, a name service or a user is done here. */
static void
start_shipper(struct link *link, const struct options *o,
    const struct config *cfg, const struct ring *r, uint64_t series,
    uint64_t *seed)
{
	static const char *const what[SECRET_END] = {
		"ship.ca", "ship.cert", "ship.key", "ship.crl",
		[SECRET_PROXY_CA] = "ship.proxy_ca",
		[SECRET_PROXY_LOGIN] = "ship.proxy_login",
		[SECRET_TOKEN] = "ship.token",
		[SECRET_SIGN] = "ship.sign_key" };
	const char *const path[SECRET_END] = { cfg->ca, cfg->cert, cfg->key,
		cfg->crl, [SECRET_PROXY_CA] = cfg->proxy_ca,
		[SECRET_PROXY_LOGIN] = cfg->proxy_login,
		[SECRET_TOKEN] = cfg->token,
		[SECRET_SIGN] = cfg->sign_key };
	static uint8_t encoded[FRAME_MAX - 1];
	static struct shipconf conf;
	int secret_fd[SECRET_END];
	ptrdiff_t len;

	for (int i = 0; i < SECRET_END; i++)
		secret_fd[i] = path[i][0] == '\0' ? -1 :
		    secret_open((enum secret)i, what[i], path[i]);
	launch_shipper(link, &(struct launch_options){
		.path = o->shipper, .user = o->shipper_user });
	fill_shipconf(&conf, cfg, link, r, series);
	resource_fill(&conf, cfg);
	resolvconf_fill(&conf, "/etc/resolv.conf");
	*seed = conf.seed;
	if ((len = shipconf_encode(&conf, encoded, sizeof(encoded))) < 0)
		fatal_text("configuration", "larger than one frame; shorten"
		    " resource attributes or endpoints");
	launch_handshake(link);
	launch_configure(link, encoded, (size_t)len, secret_fd);
	launch_await_lock(link);
}

/* What there is to say needs both processes behind their locks. */
static void
say_ready(const struct link *l, const struct identity *me,
    const struct layers *own, struct self *self, struct notify *n)
{
	self->split = l->split;
	self->landlock[SELF_COLLECTOR] = own->landlock_abi;
	self->landlock[SELF_SHIPPER] = l->layers.landlock_abi;
	self->selinux[SELF_COLLECTOR] = own->selinux;
	self->selinux[SELF_SHIPPER] = l->layers.selinux;
	log_started(l, me, own);
	notify_ready(n);
}

int
main(int argc, char **argv)
{
	static struct config cfg;
	static struct cycle cycle;
	static struct host host;
	static struct link link;
	static struct notify notify;
	static struct self self;
	static struct status status;
	static struct loop loop = { .link = &link, .cycle = &cycle,
		.notify = &notify, .status = &status };
	const struct identity me = { getpid(), getuid(), getgid() };
	struct layers own;
	struct options o;
	uint64_t seed;

	log_open("collectord");
	if (harden_standard_descriptors() < 0)
		fatal("/dev/null", errno);
	options_parse(&o, argc, argv);
	refuse_root();
	read_config(&cfg, &o);
	if (o.check_only) {
		printf("%s: good\n", o.config);
		return 0;
	}
	refuse_file_as_log();
	require(&cfg);
	redact_must_open(&cfg.sources.redact, cfg.redact_key);
	notify_open(&notify);
	self.start_ns = now_ns(CLOCK_REALTIME);
	cycle.ring = ring_open(&notify, cfg.ring_size, self.start_ns,
	    now_boot_ns(self.start_ns, now_ns(CLOCK_BOOTTIME)));
	open_host(&host, &cfg);
	refuse_too_many(&host, &cfg);
	leave_clock(&cfg);
	start_shipper(&link, &o, &cfg, cycle.ring,
	    ceiling_sum(&host, &cfg.sources), &seed);
	if (self_open(&self, link.shipper.pid) < 0)
		log_event_errno(LOG_LEVEL_WARNING, "self_unreadable",
		    "/proc/PID/status", errno);
	cycle_init(&cycle, &host, cycle.ring, &self, &cfg.sources);
	status = (struct status){ .notify = &notify, .ring = cycle.ring,
		.endpoint = cfg.endpoint, .self = &self };
	loop_init(&loop, cfg.interval_ms, (uint32_t)(seed %
	    cfg.interval_ms));
	collector_lock(&host, (cfg.require & REQUIRE_LANDLOCK) != 0,
	    (cfg.require & REQUIRE_SELINUX) != 0, &own);
	say_ready(&link, &me, &own, &self, &notify);
	loop_run(&loop);
	log_stopped(cycle.ring);
	return 0;
}
