/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cgroup_parse.h. */
#include "sources/cgroup_parse.h"

#include <errno.h>
#include <string.h>

/* Version 1 has the largest multiple of a page where there is no limit. */
#define NO_LIMIT (INT64_C(1) << 62)

static bool
scale(int64_t number, const struct cgroup_key *k, int64_t *v)
{
	if (__builtin_mul_overflow(number, k->times, &number))
		return false;
	*v = number / k->over;
	return true;
}

/* The key that the line has, of those not found yet; NULL: another's. */
static const struct cgroup_key *
key_of(struct text line, const struct cgroup_key *key, size_t n)
{
	for (const struct cgroup_key *k = key; k < key + n; k++) {
		const size_t len = strlen(k->name);

		if (line.len > len && line.p[len] == ' ' &&
		    memcmp(line.p, k->name, len) == 0)
			return k;
	}
	return NULL;
}

int
cgroup_keyed(struct text t, const struct cgroup_key *key, size_t n,
    int64_t *value)
{
	size_t found = 0;
	struct text line, name;
	int64_t number;

	while (found < n && text_line(&t, &line)) {
		const struct cgroup_key *k = key_of(line, key, n);

		if (k == NULL)
			continue;
		if (!text_word(&line, &name) ||
		    !text_next_u63(&line, &number) ||
		    !scale(number, k, &value[k->value]))
			return -EBADMSG;
		found++;
	}
	return found == 0 ? -EBADMSG : 0;
}

/* The sum of the kernel's part stands near the top, where there is one. */
int
cgroup_memory_stat(struct text t, int64_t *value)
{
	static const struct cgroup_key whole[] = {
		{ "anon", CGROUP_MEM_ANON, 1, 1 },
		{ "file", CGROUP_MEM_FILE, 1, 1 },
		{ "kernel", CGROUP_MEM_KERNEL, 1, 1 } };
	static const struct cgroup_key parts[] = {
		{ "slab", CGROUP_SLAB, 1, 1 },
		{ "kernel_stack", CGROUP_STACKS, 1, 1 },
		{ "pagetables", CGROUP_PAGE_TABLES, 1, 1 },
		{ "percpu", CGROUP_PER_CPU, 1, 1 } };
	const int error = cgroup_keyed(t, whole, 3, value);

	if (error == 0 && value[CGROUP_MEM_KERNEL] < 0)
		return cgroup_keyed(t, parts, 4, value);
	return error;
}

static bool
limit(struct text word, int64_t *v)
{
	if (text_is(word, "max") || text_is(word, "-1"))
		*v = -1;
	else if (!text_u63(word, v))
		return false;
	if (*v >= NO_LIMIT)
		*v = -1;
	return true;
}

int
cgroup_number(struct text t, int64_t *value)
{
	struct text line;

	return text_line(&t, &line) && limit(line, value) ? 0 : -EBADMSG;
}

int
cgroup_cpu_max(struct text t, int64_t *value)
{
	struct text line, quota;

	if (!text_line(&t, &line) || !text_word(&line, &quota) ||
	    !limit(quota, &value[CGROUP_QUOTA_US]) ||
	    !text_next_u63(&line, &value[CGROUP_PERIOD_US]))
		return -EBADMSG;
	return 0;
}

/* Where the device stands, or could; the count only grows with a value. */
static int
find_device(const struct cgroup_io *io, int64_t major, int64_t minor)
{
	size_t i = 0;

	while (i < io->n && (io->device[i].major != major ||
	    io->device[i].minor != minor))
		i++;
	return i == CGROUP_DEVICES_MAX ? -EFBIG : (int)i;
}

static int
set_device(struct cgroup_io *io, int64_t major, int64_t minor,
    enum cgroup_io_value which, int64_t v)
{
	const int at = find_device(io, major, minor);

	if (at < 0 || v == 0)
		return at < 0 && v != 0 ? at : 0;
	if ((size_t)at == io->n) {
		memset(&io->device[at], 0, sizeof(io->device[at]));
		io->device[at].major = major;
		io->device[at].minor = minor;
		io->n++;
	}
	io->device[at].value[which] = v;
	return 0;
}

static bool
is_device(struct text word, int64_t *major, int64_t *minor)
{
	struct text first;

	return text_until(&word, ':', &first) && text_u63(first, major) &&
	    text_u63(word, minor);
}

/* "(unknown)" stands for a disk that the kernel has no number for. */
static bool
is_nameless(struct text word)
{
	return text_is(word, "(unknown)");
}

static int
set_named(struct cgroup_io *io, int64_t major, int64_t minor, struct text name,
    struct text number)
{
	static const char *const names[CGROUP_IO_VALUES] = {
		[CGROUP_READ_BYTES] = "rbytes", [CGROUP_WRITE_BYTES] = "wbytes",
		[CGROUP_READS] = "rios", [CGROUP_WRITES] = "wios" };
	int64_t v;

	for (unsigned i = 0; i < CGROUP_IO_VALUES; i++)
		if (text_is(name, names[i]))
			return text_u63(number, &v) ?
			    set_device(io, major, minor, i, v) : -EBADMSG;
	return 0;
}

/*
 * Kernels up to 6.1 begin a line for a device that has done nothing and do
 * not end it: the numbers are of the last device before them.
 */
static int
io_line(struct text line, struct cgroup_io *io)
{
	int64_t major = -1, minor = -1;
	struct text word, name;
	bool known = false, skip = false;
	int error = 0;

	while (error == 0 && text_word(&line, &word)) {
		if (text_until(&word, '=', &name)) {
			error = skip ? 0 : !known ? -EBADMSG :
			    set_named(io, major, minor, name, word);
			continue;
		}
		known = is_device(word, &major, &minor);
		skip = is_nameless(word);
		if (!known && !skip)
			error = -EBADMSG;
	}
	return error;
}

int
cgroup_io_stat(struct text t, struct cgroup_io *io)
{
	struct text line;
	int error = 0;

	while (error == 0 && text_line(&t, &line))
		error = io_line(line, io);
	return error;
}

/* "8:0 Read 4096"; the last line is "Total 8192". */
static int
blkio_line(struct text line, enum cgroup_io_value read, struct cgroup_io *io)
{
	struct text device, kind;
	int64_t major, minor, v;

	if (!text_word(&line, &device) || !text_word(&line, &kind))
		return -EBADMSG;
	if (is_nameless(device))
		return 0;
	if (text_is(device, "Total"))
		return text_u63(kind, &v) ? 0 : -EBADMSG;
	if (!is_device(device, &major, &minor) || !text_next_u63(&line, &v))
		return -EBADMSG;
	if (text_is(kind, "Read"))
		return set_device(io, major, minor, read, v);
	if (text_is(kind, "Write"))
		return set_device(io, major, minor, read + 1, v);
	return 0;
}

int
cgroup_blkio(struct text t, enum cgroup_io_value read, struct cgroup_io *io)
{
	struct text line;
	bool any = false;
	int error = 0;

	while (error == 0 && text_line(&t, &line)) {
		error = blkio_line(line, read, io);
		any = true;
	}
	return error == 0 && !any ? -EBADMSG : error;
}

int
cgroup_descendants(struct text t, int64_t *n)
{
	static const struct cgroup_key key[] = {
		{ "nr_descendants", 0, 1, 1 } };

	return cgroup_keyed(t, key, 1, n);
}

int
cgroup_numbers(struct text t, int64_t *sum)
{
	struct text line;
	int64_t n;
	bool any = false;

	*sum = 0;
	while (text_line(&t, &line)) {
		if (line.len > 0 && line.p[0] == '#')
			continue;
		if (!text_skip(&line, 2) || !text_next_u63(&line, &n) ||
		    __builtin_add_overflow(*sum, n, sum))
			return -EBADMSG;
		any = true;
	}
	return any ? 0 : -EBADMSG;
}

/* Kernels before 5.18 have no sum: what it is made of, most of it. */
static void
derive_kernel(int64_t *value)
{
	int64_t sum = 0;

	if (value[CGROUP_MEM_KERNEL] >= 0 || value[CGROUP_SLAB] < 0)
		return;
	for (unsigned i = CGROUP_SLAB; i <= CGROUP_PER_CPU; i++)
		if (value[i] > 0 && __builtin_add_overflow(sum, value[i], &sum))
			return;
	value[CGROUP_MEM_KERNEL] = sum;
}

void
cgroup_derive(int64_t *value)
{
	const int64_t quota = value[CGROUP_QUOTA_US];
	int64_t milli;

	derive_kernel(value);
	if (quota > 0 && value[CGROUP_PERIOD_US] > 0 &&
	    !__builtin_mul_overflow(quota, 1000, &milli))
		value[CGROUP_MILLICPU_MAX] = milli / value[CGROUP_PERIOD_US];
	/* no period has gone by: there is no limit to speak of */
	if (value[CGROUP_NR_PERIODS] == 0)
		value[CGROUP_NR_PERIODS] = value[CGROUP_NR_THROTTLED] =
		    value[CGROUP_THROTTLED_US] = -1;
}
