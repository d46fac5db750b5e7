/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/inventory.h"

#include <errno.h>

static struct ran ran;

static const char *
clean(struct text t)
{
	static char buf[INVENTORY_NAME_MAX + 1];

	buf[inventory_clean(t, buf, INVENTORY_NAME_MAX)] = '\0';
	return buf;
}

TEST(the_host_is_said_with_its_parts)
{
	run_source(&ran, &source_inventory, "linux-5.14-rhel9", NULL);
	CHECK_INT(said(&ran, CPU_CORES_ALL), 4);
	CHECK_INT(said(&ran, CPU_PACKAGES_ALL), 2);
	CHECK_INT(said_of(&ran, CPU_MODEL_ALL,
	    "Intel Xeon Gold 6226R CPU @ 2.90GHz"), 1);
	CHECK_INT(said_of(&ran, HOST_HARDWARE_ALL, "Example Systems Inc."), 1);
	CHECK_INT(said_of(&ran, DISK_LIMIT_ALL, "nvme0n1"), 104857600ll * 512);
	CHECK_INT(said_of(&ran, DISK_MODEL_ALL, "nvme0n1"), 1);
	CHECK_INT(said_of(&ran, DISK_MODEL_ALL, "dm-0"), NOT_SAID);
	CHECK_INT(said_of(&ran, NIC_LIMIT_ALL, "ens1f0"), 25000ll * 125000);
	/* without a cable; a bridge, which has no device */
	CHECK_INT(said_of(&ran, NIC_LIMIT_ALL, "ens1f1"), NOT_SAID);
	CHECK_INT(said_of(&ran, NIC_LIMIT_ALL, "br0"), NOT_SAID);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_disk_of_no_size_is_not_said)
{
	run_source(&ran, &source_inventory, "linux-6.18", NULL);
	CHECK_INT(said_of(&ran, DISK_LIMIT_ALL, "loop1"), NOT_SAID);
	CHECK(said_of(&ran, DISK_LIMIT_ALL, "vda") > 0);
	CHECK_INT(said(&ran, CPU_CORES_ALL), 1);
}

TEST(names_of_strangers_are_cut_to_what_may_be_sent)
{
	CHECK_STR(clean(TEXT("Intel(R) Xeon(R)  CPU E5-2680 v4 @ 2.40GHz")),
	    "Intel Xeon CPU E5-2680 v4 @ 2.40GHz");
	CHECK_STR(clean(TEXT("  Core(TM) i7 \t ")), "Core i7");
	CHECK_STR(clean(TEXT("\"}\\x\n<script>\xc3\xa9\xff")), "x script");
	CHECK_STR(clean(TEXT("Dell Inc.")), "Dell Inc.");
	CHECK_STR(clean(TEXT("a(b)c")), "a b c");
	CHECK_STR(clean(TEXT("")), "");
	CHECK_STR(clean(TEXT("(R)(TM)(C) \x01")), "");
	CHECK_INT(strlen(clean(TEXT("0123456789012345678901234567890123456789"
	    "01234567890123456789012345678901234567890123456789"))),
	    INVENTORY_NAME_MAX);
}

TEST(a_name_that_is_cut_does_not_end_with_a_space)
{
	char buf[4];

	CHECK_INT(inventory_clean(TEXT("abc de"), buf, sizeof(buf)), 3);
	CHECK_INT(inventory_clean(TEXT("ab de"), buf, sizeof(buf)), 4);
}

TEST(the_name_of_a_model_is_found_among_the_rest)
{
	struct text model;

	CHECK(inventory_cpu_model(TEXT("processor\t: 0\nmodel\t\t: 85\n"
	    "model name\t: X 1: y\nmodel name : Z\n"), &model));
	CHECK(text_is(model, " X 1: y"));
	CHECK(!inventory_cpu_model(TEXT("processor\t: 0\nCPU part: 0xd0c\n"),
	    &model));
	CHECK(!inventory_cpu_model(TEXT(""), &model));
	CHECK(!inventory_cpu_model(TEXT("model names: x\nmodel name"),
	    &model));
}
