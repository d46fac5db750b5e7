# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The pair with its policy in a machine with SELinux
# enforcing.  What is tried is in guest_selinux.py; its lines are ours.
import enforcing

enforcing.main("guest_selinux.py", 280)
