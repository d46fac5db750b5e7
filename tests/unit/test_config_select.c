/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What is sent of what is read: keys that are not right. */
#include "config_rows.h"

#define PATTERNS "right would be up to 16 different patterns of 1 to 63" \
	" bytes, in which * is any text and ? one character, e.g. [`sd*`," \
	" `nvme?n1`]"
#define SERIES "right would be a whole number from 1 to 1000000"
#define REDACT "right would be attributes, each with `hash` or `drop`, e.g." \
	" { `system.filesystem.mountpoint`: `hash` }"

/* In the place of a source's member. */
#define DISK(text) "{`ship`:{@},`collect`:{`sources`:{`disk`:{" text "}}}}"

TEST(a_pattern_that_no_name_could_fit_is_refused)
{
	static const struct row rows[] = {
		{ DISK("`include`:`sd*`"), ": collect.sources.disk.include:"
		    " `sd*` is a string, not a list; " PATTERNS },
		{ DISK("`include`:[`sd*`,``]"), ": collect.sources.disk."
		    "include[1]: `` is empty or longer than 63 bytes; "
		    PATTERNS },
		{ DISK("`exclude`:[`sd[a-z]`]"), ": collect.sources.disk."
		    "exclude[0]: `sd[a-z]` holds a character that no such"
		    " name has; " PATTERNS },
		{ DISK("`exclude`:[`a`,`a`]"), ": collect.sources.disk."
		    "exclude[1]: `a` stands there twice; " PATTERNS },
		{ "{`ship`:{@},`collect`:{`sources`:{`load`:{`exclude`:"
		    "[`a`]}}}}", ": collect.sources.load.exclude[0]: `a` is"
		    " for a source without names; " PATTERNS },
		{ "{`ship`:{@},`collect`:{`sources`:{`cpu`:{`exclude`:"
		    "[`cpu1`]}}}}", ": collect.sources.cpu.exclude[0]: `cpu1`"
		    " holds a character that no such name has; " PATTERNS },
	};

	CHECK_ROWS(rows);
}

TEST(a_number_of_series_that_is_none_is_refused)
{
	static const struct row rows[] = {
		{ DISK("`max_series`:`9`"), ": collect.sources.disk."
		    "max_series: `9` is a string, not a number; " SERIES },
		{ DISK("`max_series`:0"), ": collect.sources.disk.max_series:"
		    " 0 is out of range; " SERIES },
		{ DISK("`max_series`:1000001"), ": collect.sources.disk."
		    "max_series: 1000001 is out of range; " SERIES },
		{ DISK("`max_series`:-1"), ": collect.sources.disk.max_series:"
		    " -1 is out of range; " SERIES },
		{ DISK("`max_series`:1.5"), ": collect.sources.disk."
		    "max_series: 1.5 is not a whole number; " SERIES },
		{ "{`ship`:{@},`collect`:{`max_series`:9000000000}}",
		    ": collect.max_series: 9000000000 is out of"
		    " range; " SERIES },
	};

	CHECK_ROWS(rows);
}

TEST(a_redaction_that_would_merge_or_cannot_be_done_is_refused)
{
	static const struct row rows[] = {
		{ "{`ship`:{@},`collect`:{`redact`:{`system.device`:`drop`}}}",
		    ": collect.redact.system.device: `drop` would make one"
		    " series of two: that attribute tells instances apart,"
		    " and can only be hashed; " REDACT },
		{ "{`ship`:{@},`collect`:{`redact`:{`cpu.logical_number`:"
		    "`hash`}}}", ": collect.redact.cpu.logical_number: `hash`"
		    " has no room for a hash: that attribute can only be left"
		    " out, by `drop` or with its instances; " REDACT },
		{ "{`ship`:{@},`collect`:{`redact`:{`system.disk`:`hash`}}}",
		    ": collect.redact.system.disk: `hash` stands under a name"
		    " that is no attribute of a source; " REDACT },
		{ "{`ship`:{@},`collect`:{`redact`:{`system.device`:`md5`}}}",
		    ": collect.redact.system.device: `md5` is not known; "
		    REDACT },
	};

	CHECK_ROWS(rows);
}
