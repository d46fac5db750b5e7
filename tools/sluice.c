/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: sluice.  Its command line; see sluice(1). */
#include "sluice.h"

#include "build_config.h"
#include "log.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_RAW = 256, OPT_CYCLES, OPT_KEY, OPT_USER, CYCLES_MAX = 1000 };

static const char usage[] =
    "usage: sluice check [-c FILE] [--user USER]\n"
    "       sluice doctor [-c FILE] [--user USER]\n"
    "       sluice plan [-c FILE] [--user USER]\n"
    "       sluice prices\n"
    "       sluice show [-c FILE] [--user USER] [--raw] [--cycles N]\n"
    "       sluice verify --key FILE PATH...\n"
    "       sluice --help | --version\n";

static const char help[] =
    "\n"
    "check  judge the configuration and the files that it names\n"
    "doctor say what this host lacks, what that costs and what to do\n"
    "plan   collect for a moment, and print what it will cost\n"
    "prices say what each metric costs in privilege\n"
    "show   collect once, and print what the next request would hold\n"
    "verify say if stored requests are what was signed, and all of it\n"
    "\n"
    "  -c FILE     configuration (" CONFIG_FILE ")\n"
    "  --raw       the exact bytes of the request's body\n"
    "  --cycles N  collect N times, an interval apart; show the last\n"
    "  --key FILE  public keys or certificates of those that signed\n"
    "  --user USER the collector's, which root becomes (" COLLECTOR_USER ")\n"
    "\n"
    "Exit status: 0 good, 1 something is wrong, 2 wrong usage.\n";

static const struct option common_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "user", required_argument, NULL, OPT_USER },
	{ NULL, 0, NULL, 0 },
};

static const struct option show_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "cycles", required_argument, NULL, OPT_CYCLES },
	{ "help", no_argument, NULL, 'h' },
	{ "raw", no_argument, NULL, OPT_RAW },
	{ "user", required_argument, NULL, OPT_USER },
	{ NULL, 0, NULL, 0 },
};

static const struct option verify_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "key", required_argument, NULL, OPT_KEY },
	{ NULL, 0, NULL, 0 },
};

static const struct option help_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/*
 * The secret is that of collect.redact, and takes a configuration.  Files are
 * the caller's own, and nothing of this host.
 */
enum need { NEED_FILES, NEED_NOTHING, NEED_CONFIG, NEED_SECRET };

static const struct command {
	const char *name;
	const struct option *options;
	int (*run)(const struct arguments *, const struct config *);
	enum need need;
} commands[] = {
	{ "check", common_options, check_run, NEED_CONFIG },
	{ "doctor", common_options, doctor_run, NEED_NOTHING },
	{ "plan", common_options, plan_run, NEED_SECRET },
	{ "prices", help_options, prices_run, NEED_NOTHING },
	{ "show", show_options, show_run, NEED_SECRET },
	{ "verify", verify_options, verify_run, NEED_FILES },
};

_Noreturn static void
wrong_usage(void)
{
	fputs(usage, stderr);
	exit(EXIT_USAGE);
}

_Noreturn static void
print_help(void)
{
	printf("%s%s", usage, help);
	exit(EXIT_GOOD);
}

static unsigned
parse_count(const char *s)
{
	const size_t digits = strspn(s, "0123456789");
	unsigned long n = strtoul(s, NULL, 10);

	if (digits == 0 || s[digits] != '\0' || n < 1 || n > CYCLES_MAX) {
		fprintf(stderr, "sluice: --cycles %s: right would be a number"
		    " from 1 to %d\n", s, CYCLES_MAX);
		exit(EXIT_USAGE);
	}
	return (unsigned)n;
}

static void
parse_arguments(struct arguments *a, const struct command *command, int argc,
    char **argv)
{
	int c;

	*a = (struct arguments){ .config = CONFIG_FILE, .cycles = 1 };
	while ((c = getopt_long(argc, argv, "c:h", command->options,
	    NULL)) != -1)
		switch (c) {
		case 'c':
			if (command->options == help_options ||
			    command->options == verify_options)
				wrong_usage();
			a->config = optarg;
			break;
		case OPT_RAW:
			a->raw = true;
			break;
		case OPT_CYCLES:
			a->cycles = parse_count(optarg);
			break;
		case OPT_KEY:
			a->key = optarg;
			break;
		case OPT_USER:
			a->user = optarg;
			break;
		case 'h':
			print_help();
		default:
			wrong_usage();
		}
	a->path = argv + optind;
	a->npaths = argc - optind;
	if (a->npaths > 0 && command->need != NEED_FILES)
		wrong_usage();
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		print_help();
	if (strcmp(name, "--version") == 0) {
		printf("sluice " SLUICE_VERSION "\n");
		exit(EXIT_GOOD);
	}
	wrong_usage();
}

void
print_url(const struct url *u)
{
	printf("https://%s%s%s:%u%s", u->is_ipv6 ? "[" : "", u->host,
	    u->is_ipv6 ? "]" : "", (unsigned)u->port, u->path);
}

/* The operator's shell has no credentials, but the question is the unit's. */
static void
assume_credentials(struct arguments *a)
{
	if (getenv("CREDENTIALS_DIRECTORY") != NULL)
		return;
	a->assumed = true;
	if (setenv("CREDENTIALS_DIRECTORY", UNIT_CREDENTIALS, 0) < 0)
		abort();
}

static int
prepare(const struct command *command, const struct arguments *a,
    struct config *cfg)
{
	struct config_error error;

	if (command->need <= NEED_NOTHING)
		return EXIT_GOOD;
	if (config_read(cfg, a->config, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_WRONG;
	}
	if (command->need == NEED_SECRET)
		redact_must_open(&cfg->sources.redact, cfg->redact_key);
	return EXIT_GOOD;
}

int
main(int argc, char **argv)
{
	static struct config cfg;
	const struct command *command;
	struct arguments a;
	int status;

	log_open("sluice");
	if (argc < 2)
		wrong_usage();
	command = find_command(argv[1]);
	argv[1] = argv[0];	/* the name in getopt's messages */
	parse_arguments(&a, command, argc - 1, argv + 1);
	assume_credentials(&a);
	if (command->need != NEED_FILES &&
	    (status = user_become(&a)) != EXIT_GOOD)
		return status;
	if ((status = prepare(command, &a, &cfg)) != EXIT_GOOD)
		return status;
	status = command->run(&a, &cfg);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("sluice: standard output");
		return EXIT_WRONG;
	}
	return status;
}
