/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The configuration file: JSON with comments, strict.
 * An error names the file, the key path and what would be right; nothing is
 * guessed and nothing is left out in silence.  config.c reads the text and
 * walks it, config_scan.c is strict where json-c is not, config_table.c says
 * which keys there are and config_value.c what a duration or a size is.
 */
#ifndef SLUICE_CONFIG_H
#define SLUICE_CONFIG_H

#include "bounds.h"
#include "shipconf.h"
#include "source.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CONFIG_FILE_MAX = 1048576,	/* bytes; longer is an error */
	CONFIG_ERROR_MAX = 768,
	THING_TEXT_MAX = 128,
};

enum require {
	REQUIRE_SPLIT = 1,
	REQUIRE_LANDLOCK = 2,
	REQUIRE_SELINUX = 4,
	REQUIRE_FIPS = 8,
};

struct config {
	uint32_t interval_ms;
	char procfs[PATH_MAX];
	char sysfs[PATH_MAX];
	enum profile profile;
	uint64_t said, wanted;		/* SOURCE_BITs that the file names */
	struct source_options sources;
	char operator_directory[PATH_MAX];	/* or "" */
	char redact_key[PATH_MAX];	/* "": made of the host's own id */
	uint32_t ring_size;		/* bytes */
	enum protocol protocol;
	bool gzip;			/* bodies are compressed */
	size_t nendpoints;
	struct url endpoint[ENDPOINTS_MAX];
	/* a path, or credential:NAME made into one */
	char ca[PATH_MAX], cert[PATH_MAX], key[PATH_MAX];
	char token[PATH_MAX], crl[PATH_MAX];	/* "": none */
	size_t npins;
	uint8_t pin[PINS_MAX][PIN_SIZE];
	bool pins_report;
	enum ship_sign sign;
	char sign_key[PATH_MAX];	/* "": none */
	struct proxy proxy;
	char proxy_ca[PATH_MAX], proxy_login[PATH_MAX];	/* "": none */
	char thing[THING_TEXT_MAX + 1];	/* "": none */
	struct defender_conf defender;
	uint32_t timeout_ms;
	uint32_t batch;			/* bytes */
	uint32_t egress_limit;		/* bytes an hour; 0: by the series */
	size_t nattrs;
	struct resource_attr attr[RESOURCE_ATTRS_MAX];
	unsigned require;		/* enum require, ored */
};

/* A message such as "FILE: ship.timeout: …; right would be …". */
struct config_error {
	char text[CONFIG_ERROR_MAX];
};

/*
 * Reads and judges the file.  0, or -1 with *error filled in; the config is
 * then not to be used.  Files that it names are not opened here.
 */
int	config_read(struct config *, const char *file, struct config_error *);

/* The same for text in memory; name stands for the file in messages. */
int	config_parse(struct config *, const char *name, const char *text,
	    size_t len, struct config_error *);

#endif
