/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Names of sensors, and a controller's state. */
#include "sources/hwmon.h"
#include "sources/nvme.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *name = malloc(len + 1);
	struct hwmon_sensor s;
	unsigned status;

	if (name == NULL)
		return 0;
	memcpy(name, data, len);
	name[len] = '\0';
	if (hwmon_parse_name(name, &s) &&
	    (s.kind >= HWMON_KINDS || s.number > HWMON_NUMBER_MAX))
		abort();
	free(name);
	status = nvme_status(text_of((const char *)data, len));
	if (status != 0 && registry_point(status) == NULL)
		abort();
	return 0;
}
