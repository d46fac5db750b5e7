/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See config_table.h. */
#include "config_table.h"

#include "config_set.h"
#include "sources/top.h"

#include <string.h>

#define AT(member) offsetof(struct config, member)
#define TIME(least, most) .units = value_time, .min = (least), .max = (most)
#define BYTES(least, most) .units = value_bytes, .min = (least), .max = (most)

static const struct config_choice profiles[] = {
	{ "minimal", PROFILE_MINIMAL },
	{ "standard", PROFILE_STANDARD },
	{ "full", PROFILE_FULL },
	{ NULL, 0 },
};

static const struct config_choice mountpoints[] = {
	{ "standard", false },
	{ "all", true },
	{ NULL, 0 },
};

static const struct config_choice redactions[] = {
	{ "hash", REDACT_HASH },
	{ "drop", REDACT_DROP },
	{ NULL, 0 },
};

static const struct config_choice top_names[] = {
	{ "off", TOP_NAMES_OFF },
	{ "hashed", TOP_NAMES_HASHED },
	{ "clear", TOP_NAMES_CLEAR },
	{ NULL, 0 },
};

static const struct config_choice protocols[] = {
	{ "http/protobuf", PROTOCOL_HTTP_PROTOBUF },
	{ "http/json", PROTOCOL_HTTP_JSON },
	{ "device-defender", PROTOCOL_DEVICE_DEFENDER },
	{ NULL, 0 },
};

static const struct config_choice compressions[] = {
	{ "gzip", true },
	{ "none", false },
	{ NULL, 0 },
};

static const struct config_choice layers[] = {
	{ "split", REQUIRE_SPLIT },
	{ "landlock", REQUIRE_LANDLOCK },
	{ "selinux", REQUIRE_SELINUX },
	{ "fips", REQUIRE_FIPS },
	{ NULL, 0 },
};

static const struct config_choice names[] = {
	{ "long", false },
	{ "short", true },
	{ NULL, 0 },
};

static const struct config_choice pin_modes[] = {
	{ "enforce", false },
	{ "report", true },
	{ NULL, 0 },
};

static const struct config_choice signs[] = {
	{ "off", SIGN_OFF },
	{ "client", SIGN_CLIENT },
	{ NULL, 0 },
};

#define SECRET_RIGHT(file) \
	"an absolute path such as \"/etc/sluice/" file "\", or " \
	"\"credential:" file "\""

enum { SERIES_MOST = 1000000 };

#define PATTERN_RIGHT "up to 16 different patterns of 1 to 63 bytes, in" \
	" which * is any text and ? one character, e.g. [\"sd*\", \"nvme?n1\"]"
#define SERIES_RIGHT "a whole number from 1 to 1000000"

/* What every source has; its profile says what is on where this is silent. */
#define SOURCE_KEYS(name, id) \
	{ "collect.sources." name, CONFIG_SECTION, .source = (id), \
	    .right = "{ \"enabled\": true }" }, \
	{ "collect.sources." name ".enabled", CONFIG_BOOL, config_set_source, \
	    .source = (id), .right = "true or false" }, \
	{ "collect.sources." name ".include", CONFIG_LIST, \
	    config_set_pattern, .source = (id), .max = SELECT_LIST_MAX, \
	    .right = PATTERN_RIGHT }, \
	{ "collect.sources." name ".exclude", CONFIG_LIST, \
	    config_set_pattern, .source = (id), .max = SELECT_LIST_MAX, \
	    .right = PATTERN_RIGHT }, \
	{ "collect.sources." name ".max_series", CONFIG_NUMBER, \
	    config_set_most, .source = (id), .min = 1, .max = SERIES_MOST, \
	    .right = SERIES_RIGHT }

const struct config_key config_keys[] = {
	{ "collect", CONFIG_SECTION, .right = "{ \"interval\": \"10s\" }" },
	{ "collect.interval", CONFIG_STRING, config_set_duration,
	    AT(interval_ms), TIME(INTERVAL_MIN_MS, INTERVAL_MAX_MS),
	    .preset = "10s", .right = "e.g. \"10s\", \"30s\", \"5m\"" },
	{ "collect.profile", CONFIG_STRING, config_set_enum, AT(profile),
	    .choice = profiles, .preset = "standard",
	    .right = "\"minimal\", \"standard\" or \"full\"" },
	{ "collect.max_series", CONFIG_NUMBER, config_set_number,
	    AT(sources.max_series), .min = 1, .max = SERIES_MOST,
	    .right = SERIES_RIGHT },
	{ "collect.redact", CONFIG_MAP, config_set_redact, .max = 32,
	    .choice = redactions, .right = "attributes, each with \"hash\" or"
	    " \"drop\", e.g. { \"system.filesystem.mountpoint\": \"hash\" }" },
	{ "collect.redact_key", CONFIG_STRING, config_set_secret,
	    AT(redact_key), .right = SECRET_RIGHT("redact.key") },
	{ "collect.procfs", CONFIG_STRING, config_set_path, AT(procfs),
	    .preset = "/proc", .right = "an absolute path such as \"/proc\"" },
	{ "collect.sysfs", CONFIG_STRING, config_set_path, AT(sysfs),
	    .preset = "/sys", .right = "an absolute path such as \"/sys\"" },
	{ "collect.sources", CONFIG_SECTION,
	    .right = "{ \"cpu\": { \"per_cpu\": true } }" },
	SOURCE_KEYS("bonding", SOURCE_BONDING),
	SOURCE_KEYS("cgroup", SOURCE_CGROUP),
	SOURCE_KEYS("clock", SOURCE_CLOCK),
	SOURCE_KEYS("conntrack", SOURCE_CONNTRACK),
	SOURCE_KEYS("cpu", SOURCE_CPU),
	{ "collect.sources.cpu.per_cpu", CONFIG_BOOL, config_set_bool,
	    AT(sources.cpu_per_cpu), .preset = "false",
	    .right = "true or false" },
	SOURCE_KEYS("cpufreq", SOURCE_CPUFREQ),
	SOURCE_KEYS("disk", SOURCE_DISK),
	SOURCE_KEYS("edac", SOURCE_EDAC),
	SOURCE_KEYS("filesystem", SOURCE_FILESYSTEM),
	{ "collect.sources.filesystem.exclude_types", CONFIG_LIST,
	    config_set_exclude, .max = EXCLUDES_MAX,
	    .right = "up to 16 different names of at most 31 letters, digits"
	    " and . _ + -, e.g. [\"tmpfs\", \"vfat\"]" },
	{ "collect.sources.filesystem.mountpoints", CONFIG_STRING,
	    config_set_flag, AT(sources.all_mountpoints),
	    .choice = mountpoints, .preset = "standard",
	    .right = "\"standard\" or \"all\"" },
	SOURCE_KEYS("hwmon", SOURCE_HWMON),
	SOURCE_KEYS("interrupts", SOURCE_INTERRUPTS),
	{ "collect.sources.interrupts.detail", CONFIG_BOOL, config_set_bool,
	    AT(sources.interrupts_detail), .preset = "false",
	    .right = "true or false" },
	SOURCE_KEYS("inventory", SOURCE_INVENTORY),
	SOURCE_KEYS("kernel", SOURCE_KERNEL),
	SOURCE_KEYS("load", SOURCE_LOAD),
	SOURCE_KEYS("mdraid", SOURCE_MDRAID),
	SOURCE_KEYS("memory", SOURCE_MEMORY),
	SOURCE_KEYS("network", SOURCE_NETWORK),
	SOURCE_KEYS("nfs", SOURCE_NFS),
	SOURCE_KEYS("numa", SOURCE_NUMA),
	SOURCE_KEYS("nvme", SOURCE_NVME),
	SOURCE_KEYS("operator", SOURCE_OPERATOR),
	{ "collect.sources.operator.directory", CONFIG_STRING,
	    config_set_path, AT(operator_directory),
	    .preset = "/var/lib/sluice/metrics",
	    .right = "an absolute path such as \"/var/lib/sluice/metrics\"" },
	{ "collect.sources.operator.metrics", CONFIG_MAP, config_set_declared,
	    .max = DECLARED_MAX,
	    .right = "names of letters, digits and _ that are not Sluice's"
	    " own, each with kind, unit and perhaps precision, e.g."
	    " { \"backup_age_seconds\": \"gauge s\" }" },
	{ "collect.sources.operator.labels", CONFIG_LIST, config_set_label,
	    .max = DECLARED_LABELS_MAX,
	    .right = "up to 3 different names of letters, digits and _, e.g."
	    " [\"job\"]" },
	{ "collect.sources.operator.max_age", CONFIG_STRING,
	    config_set_duration, AT(sources.operator_max_age_ms),
	    TIME(1000, 31 * 86400 * UINT32_C(1000)), .preset = "25h",
	    .right = "e.g. \"25h\", \"10m\"" },
	SOURCE_KEYS("paging", SOURCE_PAGING),
	SOURCE_KEYS("posture", SOURCE_POSTURE),
	SOURCE_KEYS("pressure", SOURCE_PRESSURE),
	SOURCE_KEYS("process", SOURCE_PROCESS),
	SOURCE_KEYS("protocol", SOURCE_PROTOCOL),
	SOURCE_KEYS("sockdiag", SOURCE_SOCKDIAG),
	SOURCE_KEYS("socket", SOURCE_SOCKET),
	SOURCE_KEYS("storage", SOURCE_STORAGE),
	SOURCE_KEYS("top", SOURCE_TOP),
	{ "collect.sources.top.count", CONFIG_NUMBER, config_set_number,
	    AT(sources.top_count), .min = 1, .max = TOP_COUNT_MAX,
	    .preset = "10", .right = "a whole number from 1 to 100" },
	{ "collect.sources.top.names", CONFIG_STRING, config_set_names,
	    AT(sources.top_names), .choice = top_names, .preset = "off",
	    .right = "\"off\", \"hashed\" or \"clear\"" },
	{ "ring", CONFIG_SECTION, .right = "{ \"size\": \"16MiB\" }" },
	{ "ring.size", CONFIG_STRING, config_set_size, AT(ring_size),
	    BYTES(RING_MIN, RING_MAX), .preset = "16MiB",
	    .right = "e.g. \"16MiB\", \"4MiB\", \"1GiB\"" },
	{ "ship", CONFIG_SECTION, .right = "an object with \"endpoints\","
	    " \"ca\", \"cert\" and \"key\"" },
	{ "ship.protocol", CONFIG_STRING, config_set_enum, AT(protocol),
	    .choice = protocols, .preset = "http/protobuf",
	    .right = "\"http/protobuf\", \"http/json\" or"
	    " \"device-defender\"" },
	{ "ship.compression", CONFIG_STRING, config_set_flag, AT(gzip),
	    .choice = compressions, .preset = "gzip",
	    .right = "\"gzip\" or \"none\"" },
	{ "ship.endpoints", CONFIG_LIST, config_set_endpoint,
	    .min = 1, .max = ENDPOINTS_MAX, .required = true,
	    .right = "1 to 4 different URLs, e.g."
	    " [\"https://otlp.example.net:4318/v1/metrics\"]" },
	{ "ship.ca", CONFIG_STRING, config_set_secret, AT(ca),
	    .required = true, .right = SECRET_RIGHT("ca.pem") },
	{ "ship.cert", CONFIG_STRING, config_set_secret, AT(cert),
	    .required = true, .right = SECRET_RIGHT("client.crt") },
	{ "ship.key", CONFIG_STRING, config_set_secret, AT(key),
	    .required = true, .right = SECRET_RIGHT("client.key") },
	{ "ship.token", CONFIG_STRING, config_set_secret, AT(token),
	    .right = SECRET_RIGHT("token") },
	{ "ship.crl", CONFIG_STRING, config_set_secret, AT(crl),
	    .right = SECRET_RIGHT("crl.pem") },
	{ "ship.pins", CONFIG_LIST, config_set_pin,
	    .min = PINS_MIN, .max = PINS_MAX,
	    .right = "2 to 8 different pins, one of them of a key that is not"
	    " in use yet: \"sha256//\" and 44 letters of base64" },
	{ "ship.pin_mode", CONFIG_STRING, config_set_flag, AT(pins_report),
	    .choice = pin_modes, .preset = "enforce",
	    .right = "\"enforce\" or \"report\"" },
	{ "ship.proxy", CONFIG_STRING, config_set_proxy,
	    .right = "e.g. \"http://proxy.example.net:3128\", or https://"
	    " with ship.proxy_ca" },
	{ "ship.proxy_ca", CONFIG_STRING, config_set_secret, AT(proxy_ca),
	    .right = SECRET_RIGHT("proxy-ca.pem") },
	{ "ship.proxy_login", CONFIG_STRING, config_set_secret,
	    AT(proxy_login), .right = SECRET_RIGHT("proxy.login") },
	{ "ship.sign", CONFIG_STRING, config_set_enum, AT(sign),
	    .choice = signs, .preset = "off",
	    .right = "\"off\" or \"client\"" },
	{ "ship.sign_key", CONFIG_STRING, config_set_secret, AT(sign_key),
	    .right = SECRET_RIGHT("sign.key") },
	{ "ship.defender", CONFIG_SECTION,
	    .right = "{ \"thing\": \"gateway-7\" }" },
	{ "ship.defender.thing", CONFIG_STRING, config_set_thing,
	    .right = "1 to 128 letters, digits and : _ -, e.g."
	    " \"gateway-7\"" },
	{ "ship.defender.interval", CONFIG_STRING, config_set_duration,
	    AT(defender.interval_ms), TIME(DEFENDER_INTERVAL_MIN_MS,
	    DEFENDER_INTERVAL_MAX_MS), .preset = "5m",
	    .right = "e.g. \"5m\", \"15m\", \"1h\"" },
	{ "ship.defender.names", CONFIG_STRING, config_set_flag,
	    AT(defender.short_names), .choice = names, .preset = "long",
	    .right = "\"long\" or \"short\"" },
	{ "ship.defender.list_max", CONFIG_NUMBER, config_set_number,
	    AT(defender.list_max), .min = 1, .max = DEFENDER_LIST_MAX,
	    .preset = "50", .right = "a whole number from 1 to 256" },
	{ "ship.defender.custom_metrics", CONFIG_MAP, config_set_custom,
	    .max = DEFENDER_CUSTOM_MAX,
	    .right = "up to 32 names of letters, digits and _ . : -, each with"
	    " a metric, perhaps an attribute and one of sum, max, min, list,"
	    " e.g. { \"free_memory\": \"system.memory.usage"
	    " system.memory.state=free\" }" },
	{ "ship.timeout", CONFIG_STRING, config_set_duration, AT(timeout_ms),
	    TIME(TIMEOUT_MIN_MS, TIMEOUT_MAX_MS), .preset = "10s",
	    .right = "e.g. \"10s\", \"500ms\", \"1m\"" },
	{ "ship.batch", CONFIG_STRING, config_set_size, AT(batch),
	    BYTES(BATCH_MIN, BATCH_MAX), .preset = "256KiB",
	    .right = "e.g. \"256KiB\", \"1MiB\"" },
	{ "ship.egress_limit", CONFIG_STRING, config_set_size,
	    AT(egress_limit), BYTES(EGRESS_MIN, EGRESS_MAX),
	    .right = "e.g. \"16MiB\", \"1GiB\"" },
	{ "resource", CONFIG_MAP, config_set_resource, .max = CONFIG_ATTRS_MAX,
	    .right = "up to 24 lower-case names with dots, each with 1 to 255"
	    " bytes of printable text, e.g."
	    " { \"deployment.environment.name\": \"lab\" }" },
	{ "require", CONFIG_LIST, config_set_require, .max = 4,
	    .choice = layers, .right = "a list of \"split\", \"landlock\","
	    " \"selinux\", \"fips\"" },
	{ NULL },
};

static_assert(sizeof(config_keys) / sizeof(config_keys[0]) <= CONFIG_KEYS_MAX,
    "CONFIG_KEYS_MAX");
static_assert(EXCLUDES_MAX == 16 && EXCLUDE_TEXT_MAX == 31 &&
    PINS_MIN == 2 && PINS_MAX == 8 && ENDPOINTS_MAX == 4 &&
    CONFIG_ATTRS_MAX == 24 && FRAME_TEXT_MAX == 255 &&
    SELECT_LIST_MAX == 16 && GLOB_TEXT_MAX == 63,
    "the numbers in the texts above");

const struct config_key *
config_find(const char *path)
{
	for (const struct config_key *k = config_keys; k->path != NULL; k++)
		if (strcmp(k->path, path) == 0)
			return k;
	return NULL;
}

const char *
config_leaf(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot == NULL ? path : dot + 1;
}

bool
config_is_in(const struct config_key *k, const char *section)
{
	const size_t len = strlen(section);
	const char *leaf = config_leaf(k->path);

	if (len == 0)
		return leaf == k->path;
	return strncmp(k->path, section, len) == 0 &&
	    leaf == k->path + len + 1;
}

enum { WORD_MAX = 32 };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to change, add or take away to make one word of the other. */
static size_t
distance(const char *a, const char *b)
{
	const size_t na = strlen(a), nb = strlen(b);
	size_t row[WORD_MAX + 1], diagonal, above;

	if (na > WORD_MAX || nb > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			above = row[j];
			row[j] = least(diagonal + (a[i - 1] != b[j - 1]),
			    least(row[j - 1], above) + 1);
			diagonal = above;
		}
	}
	return row[nb];
}

const struct config_key *
config_nearest(const char *path)
{
	const char *leaf = config_leaf(path);
	const struct config_key *best = NULL;
	size_t found = least(2, (strlen(leaf) + 2) / 3) + 1;

	for (const struct config_key *k = config_keys; k->path != NULL; k++) {
		const char *name = config_leaf(k->path);
		const bool same_section = name - k->path == leaf - path &&
		    strncmp(k->path, path, (size_t)(leaf - path)) == 0;
		/* the right word in the wrong place is as good as any */
		const size_t d = same_section || strcmp(name, leaf) == 0 ?
		    distance(name, leaf) : SIZE_MAX;

		if (d < found) {
			found = d;
			best = k;
		}
	}
	return best;
}
