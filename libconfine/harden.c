/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See harden.h. */
#include "harden.h"

#include "privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Linux 6.3; the floor's headers lack them. */
enum { PRCTL_SET_MDWE = 65, MDWE_NO_EXEC_GAIN = 1 };

int
harden_limits(const struct limit *limit, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rlimit r;

		if (getrlimit(limit[i].resource, &r) < 0)
			return -1;
		/* whoever started us may have been stricter */
		if (r.rlim_max > limit[i].value)
			r.rlim_max = limit[i].value;
		r.rlim_cur = r.rlim_max;
		if (setrlimit(limit[i].resource, &r) < 0)
			return -1;
	}
	return 0;
}

int
harden_process(bool *mdwe)
{
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -1;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || privilege_no_new() < 0)
		return -1;
	*mdwe = prctl(PRCTL_SET_MDWE, MDWE_NO_EXEC_GAIN, 0, 0, 0) == 0;
	return *mdwe || errno == EINVAL ? 0 : -1;
}

int
harden_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd < 0 ? -1 : close(fd);
}

bool
harden_stderr_is_file(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}
