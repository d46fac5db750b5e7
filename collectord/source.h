/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  What a source is: a row that declares its id and the
 * paths it reads, and one function that reads them and says points.  Each
 * file of sources/ holds pure parsers (bytes in, struct out) and one such row.
 */
#ifndef SLUICE_SOURCE_H
#define SLUICE_SOURCE_H

#include "build.h"
#include "declared.h"
#include "host.h"
#include "redact.h"
#include "select.h"

#include <assert.h>

enum { EXCLUDES_MAX = 16, EXCLUDE_TEXT_MAX = 31 };

/* Each holds what stands before it. */
enum profile { PROFILE_MINIMAL, PROFILE_STANDARD, PROFILE_FULL, PROFILE_END };

/* The names of processes. */
enum top_names { TOP_NAMES_OFF, TOP_NAMES_HASHED, TOP_NAMES_CLEAR };

/* What the configuration says about sources. */
struct source_options {
	uint64_t enabled;		/* SOURCE_BITs */
	bool cpu_per_cpu;
	bool interrupts_detail;
	bool all_mountpoints;		/* else only the standard ones */
	uint32_t top_count;		/* processes by CPU; and by memory */
	enum top_names top_names;
	size_t nexclude_types;
	char exclude_types[EXCLUDES_MAX][EXCLUDE_TEXT_MAX + 1];
	uint32_t max_series;		/* of all together; 0: no ceiling */
	uint32_t most[SOURCE_END];	/* of that source; 0: its own bound */
	struct select_texts select;
	struct redact redact;
	struct declared declared;	/* of source OPERATOR */
	uint32_t operator_max_age_ms;
};

/* Reasons, in the order of the points SOURCE_FAILURES_*. */
enum failure {
	FAILURE_MISSING,
	FAILURE_DENIED,
	FAILURE_MALFORMED,
	FAILURE_OVERSIZE,
	FAILURE_TIMEOUT,
	FAILURE_OTHER,
	FAILURE_END
};

/* -errno of a read or a parser as a reason. */
enum failure	failure_of(int error);
const char	*failure_name(enum failure);
/* As of memory or descriptors that were short: worth the next cycle's time. */
bool		failure_may_pass(int error);

struct source;

/* Everything a source may use while it reads. */
struct collect {
	struct host *host;
	struct build *build;
	const struct source_options *options;
	const struct source *source;
	uint64_t deadline_ns;	/* CLOCK_BOOTTIME: stop and say timeout */
	/* how to say that a path cost its metrics; set by the cycle */
	void (*report)(void *arg, const struct source *, const char *path,
	    int error);
	void *report_arg;
};

struct source_path {
	enum host_root root;
	const char *path;	/* a directory ends with '/' */
};

enum { SOURCE_PATHS_MAX = 8, SOURCE_SERIES_MAX = 3 };

/* What a source may need once the process is locked; 0: not declared. */
enum capability { CAPABILITY_UNDECLARED, CAPABILITY_NONE };

/*
 * Series of one kind of a source's instances: so many of each of them.  The
 * most there can be on any host is a bound that the source keeps itself; on
 * this host no more than the lines of a file or the names in a directory,
 * none where that is missing.
 */
struct source_series {
	uint32_t each, most;
	struct source_path counted;	/* path NULL: nothing tells */
	/* NULL, or what the configuration leaves of most */
	uint32_t (*limit)(const struct source_options *);
};

#define SOURCE_BIT(id) (UINT64_C(1) << (id))
static_assert(SOURCE_END <= 64, "a bit for each source");

struct source {
	/* what each cycle asks stands together: a line of the cache */
	enum source_id id;
	bool slow;		/* not read in a brief cycle: cycle_pace() */
	uint32_t select;	/* KEY_BITs that patterns look at */
	/*
	 * Reads and says points through c->build.  0, or -errno when nothing
	 * of the source can be sent.  A single file or item that fails is
	 * said by collect_failed() and the rest carries on.
	 */
	int (*read)(struct collect *c);
	enum profile profile;	/* the smallest that has it */
	struct source_path path[SOURCE_PATHS_MAX];
	/* the oldest Linux that has all of it, and how it must be built */
	const char *kernel;
	enum capability capability;
	const char *group;	/* NULL: none; else when and whose it needs */
	struct source_series series[SOURCE_SERIES_MAX];
	uint32_t describes;	/* KEY_BITs: none tells two apart */
	/*
	 * NULL, or what it does once, before the lock: forgets all that it
	 * knew, and reads what is not below the roots.
	 */
	void (*start)(const struct host *);
};

/* One path failed: counted, and logged when that is new. */
void	collect_failed(struct collect *, const char *path, int error);
/* host_read of one of the source's paths, collect_failed if it fails. */
bool	collect_read(struct collect *, enum host_root, const char *path,
	    struct text *);
/* Says a value from a file; -1 is what the file did not have: not said. */
void	collect_say(struct collect *, unsigned id, int64_t value);
/* True when the source has used up its time. */
bool	collect_late(const struct collect *);

/* NULL: one of the agent's own. */
const struct source	*source_of(enum source_id);
/* Series that it can have under these options, whatever the host. */
uint64_t	source_series_most(const struct source *,
		    const struct source_options *);

/* Every source, in order of id; the agent's own three are elsewhere. */
extern const struct source *const source_table[];
extern const size_t source_table_size;

/* SOURCE_BITs of a profile's sources. */
uint64_t	source_profile(enum profile);

#endif
