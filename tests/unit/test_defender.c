/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Records in, a report out, to the byte. */
#include "defender_world.h"

static void
load(int64_t one, int64_t two)
{
	wall_s += 10;
	open_step(SOURCE_LOAD);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, LOAD_1M_ALL, one);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, LOAD_1M_ALL, two);
	take();
}

TEST(a_report_is_exactly_these_bytes)
{
	begin();
	custom("load", "system.cpu.load_average.1m sum");
	sockets();
	CHECK_STR(written(), "{\"header\":{\"report_id\":1763650010,"
	    "\"version\":\"1.0\"},\"metrics\":{"
	    "\"tcp_connections\":{\"established_connections\":{\"total\":7}},"
	    "\"listening_tcp_ports\":{\"ports\":[{\"port\":22}],\"total\":1},"
	    "\"listening_udp_ports\":{\"ports\":["
	    "{\"port\":68,\"interface\":\"eth0\"}],\"total\":1}}}");
	CHECK_INT(points, 5);
	defender_done(&d, true);
	traffic("eth0", 1000);
	load(150, 25);
	traffic("eth0", 1010);
	CHECK_STR(written(), "{\"header\":{\"report_id\":1763650040,"
	    "\"version\":\"1.0\"},\"metrics\":{\"network_stats\":{"
	    "\"bytes_in\":10,\"bytes_out\":20,\"packets_in\":30,"
	    "\"packets_out\":40}},"
	    "\"custom_metrics\":{\"load\":[{\"number\":1.75}]}}");
	CHECK_INT(points, 5);
}

TEST(short_names_are_the_same_report)
{
	begin();
	conf.defender.short_names = true;
	custom("load", "system.cpu.load_average.1m list");
	sockets();
	defender_done(&d, true);
	traffic("eth0", 1000);
	traffic("eth0", 1010);
	load(150, 25);
	sockets();
	CHECK_STR(written(), "{\"hed\":{\"rid\":1763650050,\"v\":\"1.0\"},"
	    "\"met\":{\"ns\":{\"bi\":10,\"bo\":20,\"pi\":30,\"po\":40},"
	    "\"tc\":{\"ec\":{\"t\":7}},"
	    "\"tp\":{\"pts\":[{\"pt\":22}],\"t\":1},"
	    "\"up\":{\"pts\":[{\"pt\":68,\"if\":\"eth0\"}],\"t\":1}},"
	    "\"cmet\":{\"load\":[{\"number_list\":[1.50,0.25]}]}}");
}

TEST(the_first_report_has_no_traffic_because_it_grew_from_nothing)
{
	begin();
	traffic("eth0", 1000);
	traffic("eth0", 2000);
	CHECK_INT(defender_write(&d, out, sizeof(out), &points), -ENODATA);
	defender_done(&d, true);
	traffic("eth0", 2005);
	CHECK(strstr(written(), "\"bytes_in\":5,") != NULL);
}

TEST(a_part_of_the_traffic_is_none)
{
	const struct attr a = made_attr(KEY_INTERFACE, "eth0");

	begin();
	defender_done(&d, true);
	for (int i = 0; i < 2; i++) {
		wall_s += 10;
		open_step(SOURCE_NETWORK);
		record_instance(&rw, 0, &a, 1);
		record_point(&rw, NET_IO_RECEIVE, 5);
		record_point(&rw, NET_IO_TRANSMIT, 6);
		take();
	}
	CHECK_INT(defender_write(&d, out, sizeof(out), &points), -ENODATA);
}

TEST(what_was_read_once_did_not_grow)
{
	begin();
	defender_done(&d, true);
	traffic("eth0", 1000);
	CHECK_INT(defender_write(&d, out, sizeof(out), &points), -ENODATA);
}

TEST(what_a_refused_report_said_is_in_the_next_one)
{
	begin();
	traffic("eth0", 1000);
	defender_done(&d, true);
	traffic("eth0", 1100);
	CHECK(strstr(written(), "\"bytes_in\":100,") != NULL);
	defender_done(&d, false);
	traffic("eth0", 1150);
	CHECK(strstr(written(), "\"bytes_in\":150,") != NULL);
	defender_done(&d, true);
	traffic("eth0", 1151);
	CHECK(strstr(written(), "\"bytes_in\":1,") != NULL);
}

TEST(lo_is_not_counted_and_a_counter_that_went_back_starts_again)
{
	begin();
	traffic("eth0", 1000);
	traffic("lo", 7);
	defender_done(&d, true);
	traffic("lo", 700000);
	traffic("eth0", 10);
	traffic("eth0", 12);
	traffic("wlan0", 5000);
	CHECK(strstr(written(), "\"bytes_in\":2,\"bytes_out\":4,"
	    "\"packets_in\":6,\"packets_out\":8}") != NULL);
}

TEST(more_interfaces_than_are_known_make_no_sum)
{
	char name[16];

	begin();
	traffic("eth0", 0);
	defender_done(&d, true);
	for (int i = 0; i < DEFENDER_INTERFACES_MAX; i++) {
		snprintf(name, sizeof(name), "veth%d", i);
		traffic(name, 1);
	}
	traffic("eth0", 5);
	CHECK_INT(defender_write(&d, out, sizeof(out), &points), -ENODATA);
	defender_done(&d, true);
	traffic("eth0", 6);
	traffic("eth0", 9);
	CHECK(strstr(written(), "\"bytes_in\":3,") != NULL);
}

TEST(a_number_from_2_to_the_53rd_on_is_left_out)
{
	begin();
	traffic("eth0", 0);
	defender_done(&d, true);
	traffic("eth0", (INT64_C(1) << 51) - 1);
	CHECK(strstr(written(), "\"packets_out\":9007199254740988}") != NULL);
	traffic("eth0", INT64_C(1) << 51);
	CHECK_INT(defender_write(&d, out, sizeof(out), &points), -ENODATA);
}

TEST(report_ids_ascend_whatever_the_clock_does)
{
	begin();
	sockets();
	CHECK(strstr(written(), "\"report_id\":1763650010,") != NULL);
	wall_s -= 1000;
	sockets();
	CHECK(strstr(written(), "\"report_id\":1763650011,") != NULL);
	wall_s += 5000;
	sockets();
	CHECK(strstr(written(), "\"report_id\":1763654030,") != NULL);
}

TEST(a_custom_metric_is_what_was_read_last)
{
	begin();
	custom("sum", "system.cpu.load_average.1m");
	custom("max", "system.cpu.load_average.1m max");
	custom("min", "system.cpu.load_average.1m min");
	custom("other", "system.memory.usage max");
	load(900, 800);
	load(-150, 25);
	CHECK(strstr(written(), "\"custom_metrics\":{"
	    "\"sum\":[{\"number\":-1.25}],\"max\":[{\"number\":0.25}],"
	    "\"min\":[{\"number\":-1.50}]}}") != NULL);
	defender_done(&d, true);
	CHECK(!defender_ready(&d));
	sockets();
	CHECK(strstr(written(), "custom_metrics") == NULL);
}

TEST(an_attribute_chooses_the_points)
{
	begin();
	custom("used", "system.memory.usage system.memory.state=used");
	custom("none", "system.memory.usage system.memory.state=us");
	open_step(SOURCE_MEMORY);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, MEMORY_USAGE_USED, 4096);
	record_point(&rw, MEMORY_USAGE_FREE, 8192);
	take();
	CHECK(strstr(written(), "\"custom_metrics\":{"
	    "\"used\":[{\"number\":4096}]}}") != NULL);
}

TEST(a_declared_metric_is_found_by_its_name_and_label)
{
	const uint8_t *value;
	char number[16];
	struct attr a[2];

	begin();
	CHECK(declared_add_label(&conf.declared, "job") == NULL);
	CHECK(declared_add(&conf.declared, "backup_age", "gauge s milli") ==
	    NULL);
	CHECK(declared_seal(&conf.declared));
	custom("backup", "backup_age job=db max");
	snprintf(number, sizeof(number), "%u",
	    (unsigned)conf.declared.metric[0].number);
	open_step(SOURCE_OPERATOR);
	a[0] = made_attr(KEY_DECLARED, number);
	for (int i = 0; i < 2; i++) {
		a[1] = made_attr(KEY_LABELS, i == 0 ? "web" : "db");
		record_instance(&rw, 0, a, 2);
		record_point(&rw, OPERATOR_GAUGE_ALL, i == 0 ? 9000 : 1500);
	}
	take();
	CHECK(declared_label(&a[1], 0, &value) == 2);
	CHECK(strstr(written(), "\"backup\":[{\"number\":1.500}]") != NULL);
}

TEST(a_sum_that_no_number_holds_is_left_out)
{
	begin();
	custom("sum", "system.cpu.load_average.1m");
	custom("max", "system.cpu.load_average.1m max");
	custom("list", "system.cpu.load_average.1m list");
	load(INT64_MAX, 1);
	CHECK_INT(defender_write(&d, out, sizeof(out), &points), -ENODATA);
	/* that wraps around to nothing */
	wall_s += 10;
	open_step(SOURCE_LOAD);
	for (int i = 0; i < 3; i++) {
		record_instance(&rw, 0, NULL, 0);
		record_point(&rw, LOAD_1M_ALL, i < 2 ? INT64_MAX : 2);
	}
	take();
	CHECK_INT(defender_write(&d, out, sizeof(out), &points), -ENODATA);
	load(1, 2);
	CHECK(strstr(written(), "\"sum\":[{\"number\":0.03}]") != NULL);
}

TEST(nothing_is_ready_before_a_step_is_whole)
{
	begin();
	CHECK(!defender_ready(&d));
	forget_records();
	open_record(SOURCE_LOAD);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, LOAD_1M_ALL, 1);
	close_record();
	CHECK_INT(defender_take(&d, record[0].bytes, record[0].len), 0);
	CHECK(!defender_ready(&d));
	load(1, 1);
	CHECK(defender_ready(&d));
}

TEST(less_room_than_it_needs_is_said)
{
	begin();
	sockets();
	written();
	for (size_t cap = 0; cap < strlen((char *)out); cap++)
		CHECK_INT(defender_write(&d, out, cap, &points), -ENOBUFS);
}
