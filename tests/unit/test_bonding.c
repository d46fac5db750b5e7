/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/bonding.h"

#include <errno.h>

static struct ran ran;

TEST(a_bond_has_its_slaves_that_are_up_and_those_that_are_not)
{
	run_source(&ran, &source_bonding, "linux-5.14-rhel9", NULL);
	CHECK_INT(said_of(&ran, BOND_UP_ALL, "bond0"), 1);
	CHECK_INT(said_of(&ran, BOND_SLAVES_UP, "bond0"), 1);
	CHECK_INT(said_of(&ran, BOND_SLAVES_DOWN, "bond0"), 1);
	CHECK_INT(said_of(&ran, BOND_FAILURES_ALL, "ens1f0"), 2);
	CHECK_INT(said_of(&ran, BOND_FAILURES_ALL, "ens1f1"), 41);
	CHECK_INT(ran.n, 5);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_host_without_bonds_reports_nothing)
{
	run_source(&ran, &source_bonding, "linux-6.18", NULL);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 0);
}

TEST(the_bond_comes_first_and_then_each_slave)
{
	struct text t = TEXT("Driver: x\n\nMII Status: going down\n"
	    "Up Delay (ms): 0\n\nSlave Interface: a\nMII Status: up\n"
	    "Link Failure Count: 5\ndetails:\n    MII Status: down\n"
	    "Slave Interface: b\nMII Status: down\n");
	struct bond_part part;

	CHECK_INT(bond_next(&t, &part), 1);
	CHECK_INT(part.name.len, 0);
	CHECK_INT(part.up, 0);
	CHECK_INT(bond_next(&t, &part), 1);
	CHECK(text_is(part.name, "a"));
	CHECK_INT(part.up, 1);
	CHECK_INT(part.failures, 5);
	CHECK_INT(bond_next(&t, &part), 1);
	CHECK(text_is(part.name, "b"));
	CHECK_INT(part.failures, -1);
	CHECK_INT(bond_next(&t, &part), 0);
}

TEST(what_does_not_say_whether_it_is_up_is_refused)
{
	static const char *const bad[] = { "\n", "x: y\n",
	    "Slave Interface: a\nLink Failure Count: 1\n",
	    "MII Status: up\nLink Failure Count: x\n" };
	struct bond_part part;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct text t = text_of(bad[i], strlen(bad[i]));

		CHECK_INT(bond_next(&t, &part), -EBADMSG);
	}
}
