/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "registry.h"
#include "sources/cgroup_path.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
inside(struct text part, const uint8_t *data, size_t len)
{
	static const char root[] = "-.slice";
	const uint8_t *p = (const uint8_t *)part.p;

	if (part.len > 0 && !text_is(part, root) &&
	    (p < data || p + part.len > data + len))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct text path = text_of((const char *)data, len);
	const struct cgroup_name n = cgroup_name_of(path);

	if (n.class == CGROUP_OTHER)
		return 0;
	inside(n.unit, data, len);
	inside(n.slice, data, len);
	inside(n.uid, data, len);
	inside(n.container, data, len);
	if ((n.container.len > 0) != n.in_container ||
	    (n.class == CGROUP_USER) != (n.uid.len > 0) ||
	    (n.unit.len == 0 && n.slice.len == 0 && !n.in_container) ||
	    (n.uid.len > 0 && !registry_value_ok(KEY_UNIT_UID,
		(const uint8_t *)n.uid.p, n.uid.len)) ||
	    (n.container.len > 0 && !registry_value_ok(KEY_CONTAINER_ID,
		(const uint8_t *)n.container.p, n.container.len)) ||
	    (n.pod_len > 0 && (!n.in_container ||
		!registry_value_ok(KEY_POD_UID, (const uint8_t *)n.pod,
		    n.pod_len))))
		abort();
	return 0;
}
