/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See options.h. */
#include "options.h"

#include "build_config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { OPT_SHIPPER = 256, OPT_SHIPPER_USER, OPT_VERSION };

static const char usage[] =
    "usage: collectord [-n] [-c FILE] [--shipper PATH]"
    " [--shipper-user USER]\n"
    "  -c FILE              configuration (" CONFIG_FILE ")\n"
    "  -n                   check the configuration and exit\n"
    "  --shipper PATH       shipperd of a build tree (" SHIPPERD_PATH ")\n"
    "  --shipper-user USER  name or number (" SHIPPER_USER ")\n"
    "  --version\n";

static const struct option known[] = {
	{ "shipper", required_argument, NULL, OPT_SHIPPER },
	{ "shipper-user", required_argument, NULL, OPT_SHIPPER_USER },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

_Noreturn static void
print_and_exit(const char *text, int status)
{
	fputs(text, status == 0 ? stdout : stderr);
	exit(status);
}

void
options_parse(struct options *o, int argc, char **argv)
{
	int c;

	*o = (struct options){ .config = CONFIG_FILE,
		.shipper = SHIPPERD_PATH, .shipper_user = SHIPPER_USER };
	while ((c = getopt_long(argc, argv, "c:nh", known, NULL)) != -1)
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 'n':
			o->check_only = true;
			break;
		case OPT_SHIPPER:
			o->shipper = optarg;
			break;
		case OPT_SHIPPER_USER:
			o->shipper_user = optarg;
			break;
		case OPT_VERSION:
			print_and_exit("collectord " SLUICE_VERSION "\n", 0);
		case 'h':
			print_and_exit(usage, 0);
		default:
			print_and_exit(usage, 2);
		}
	if (optind != argc)
		print_and_exit(usage, 2);
}
