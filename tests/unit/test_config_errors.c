/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What is said about a configuration that is not right, word
 * for word.  In the rows ` stands for ", @ for the required keys of ship, and
 * a message ends with * where json-c's own words follow.
 */
#include "config_rows.h"

#include <stdlib.h>

#define DURATIONS "right would be e.g. `10s`, `30s`, `5m` (1s to 1h)"
#define TIMEOUTS "right would be e.g. `10s`, `500ms`, `1m` (500ms to 2m)"
#define RINGS "right would be e.g. `16MiB`, `4MiB`, `1GiB` (1MiB to 1GiB)"
#define LIMITS "right would be e.g. `16MiB`, `1GiB` (64KiB to 1GiB)"
#define BATCHES "right would be e.g. `256KiB`, `1MiB` (32KiB to 1MiB)"
#define PROC "right would be an absolute path such as `/proc`"
#define TYPES "right would be up to 16 different names of at most 31 letters," \
	" digits and . _ + -, e.g. [`tmpfs`, `vfat`]"
#define URLS "right would be 1 to 4 different URLs, e.g." \
	" [`https://otlp.example.net:4318/v1/metrics`]"
#define CA "right would be an absolute path such as `/etc/sluice/ca.pem`," \
	" or `credential:ca.pem`"
#define ATTRS "right would be up to 24 lower-case names with dots, each with" \
	" 1 to 255 bytes of printable text, e.g." \
	" { `deployment.environment.name`: `lab` }"
#define REQUIRE "right would be a list of `split`, `landlock`, `selinux`," \
	" `fips`"

TEST(what_is_not_json_is_refused_with_its_line_and_column)
{
	static const struct row rows[] = {
		{ "", ":1:1: nothing there; right would be an object: {" },
		{ "  // a\n", ":2:1: nothing there; right would be an object:"
		    " {" },
		{ "[]", ":1:1: not the start of an object: {" },
		{ "`ship`", ":1:1: not the start of an object: {" },
		{ "{", ":1:2: the end of the file before the last }" },
		{ "{`ship`:{\n@}", ":2:73: the end of the file before the"
		    " last }" },
		{ "{`ship`:{@}} x", ":1:84: something after the last }" },
		{ "{`ship`:{@}}{}", ":1:83: something after the last }" },
		{ "{`ship`:{@}}}", ":1:83: something after the last }" },
		{ "{`ship`:[}}", ":1:10: } closes what [ opened, or ] what {"
		    " opened" },
		{ "{`ship`:{]}", ":1:10: } closes what [ opened, or ] what {"
		    " opened" },
		{ "{'ship':{}}", ":1:2: neither true, false, null, a number"
		    " nor text in double quotes" },
		{ "{ship:{}}", ":1:2: neither true, false, null, a number"
		    " nor text in double quotes" },
		{ "{`ship`:{`batch`:NaN}}", ":1:18: neither true, false, null,"
		    " a number nor text in double quotes" },
		{ "{`ship`:True}", ":1:9: neither true, false, null, a number"
		    " nor text in double quotes" },
		{ "{`a`:tru}", ":1:6: neither true, false, null, a number"
		    " nor text in double quotes" },
		{ "{`a`:`b\n`}", ":1:6: text that does not end on its line,"
		    " or holds a tab: right would be \\n, \\t" },
		{ "{`a`:`\t`}", ":1:6: text that does not end on its line,"
		    " or holds a tab: right would be \\n, \\t" },
		{ "{`a`:`b", ":1:6: text without its closing quote" },
		{ "{`a`:`b\\", ":1:8: an escape that JSON does not have" },
		{ "{`a`:`\\x41`}", ":1:7: an escape that JSON does not have" },
		{ "{`a`:`\\u12`}", ":1:7: \\u without four hexadecimal"
		    " digits" },
		{ "{`a`:`\\u", ":1:7: \\u without four hexadecimal digits" },
		{ "{`a`:`\\u0000`}", ":1:7: a NUL or half a character; right"
		    " would be the character itself, in UTF-8" },
		{ "{`a`:`\\ud83d\\ude00`}", ":1:7: a NUL or half a character;"
		    " right would be the character itself, in UTF-8" },
		{ "{`\\u0073hip`:{@}}", ":1:2: a key with an escape; right"
		    " would be the key itself" },
		{ "{\n\n  / x\n}", ":3:3: a single /; right would be a comment:"
		    " // to the end of the line, or /* and */" },
		{ "{} /", ":1:4: a single /; right would be a comment: // to"
		    " the end of the line, or /* and */" },
		{ "{ /* x }", ":1:3: a comment without its end: */" },
		{ "{ /*/ }", ":1:3: a comment without its end: */" },
		{ "{ # x\n}", ":1:3: neither true, false, null, a number nor"
		    " text in double quotes" },
		{ "{`a`:`\x80`}", ":1:7: not UTF-8" },
		{ "{`\xc3\xa4`:`\xc3\xa4\xed\xa0\x80`}", ":1:8: not UTF-8" },
		{ "{} // \x01", ":1:7: a control byte; right would be text,"
		    " blanks and newlines only" },
		{ "{`a`:`\x7f`}", ":1:7: a control byte; right would be text,"
		    " blanks and newlines only" },
		{ "\xef\xbb\xbf{}", ":1:1: not the start of an object: {" },
		{ "{`a`:[[[[[[[[1]]]]]]]]}", ":1:13: nested deeper than any"
		    " configuration needs" },
	};

	CHECK_ROWS(rows);
}

TEST(what_breaks_the_grammar_is_refused_with_its_line_and_column)
{
	static const struct row rows[] = {
		{ "{`ship`:{@},}", ":1:83: *" },
		{ "{`require`:[`split`,]}", ":1:21: *" },
		{ "{`ship`:{@,,}}", ":1:82: *" },
		{ "{,}", ":1:2: *" },
		{ "{\n`ship` {@}}", ":2:8: *" },
		{ "{`ship`:{@}\n`ring`:{}}", ":2:1: *" },
		{ "{`ship`}", ":1:8: *" },
		{ "{1:2}", ":1:2: *" },
		{ "{`ship`:}", ":1:9: *" },
	};

	CHECK_ROWS(rows);
}

TEST(a_key_given_twice_is_refused_with_both_lines)
{
	static const struct row rows[] = {
		{ "{`ship`:{@},\n`ship`:{@}}",
		    ": ship: given twice, in lines 1 and 2; right would be"
		    " once" },
		{ "{`ship`:{@,\n`ca`:`/ca`}}",
		    ": ship.ca: given twice, in lines 1 and 2; right would be"
		    " once" },
		{ "{`collect`:{`sources`:{`cpu`:{`per_cpu`:true,\n\n"
		    "`per_cpu`:true}}}}", ": collect.sources.cpu.per_cpu:"
		    " given twice, in lines 1 and 3; right would be once" },
		{ "{`ship`:{@},`resource`:{`a.b`:`x`,`c`:`y`,`a.b`:`x`}}",
		    ": resource.a.b: given twice, in lines 1 and 1; right"
		    " would be once" },
	};

	CHECK_ROWS(rows);
}

TEST(an_unknown_key_is_refused_and_the_nearest_is_named)
{
	static const struct row rows[] = {
		{ "{`ship`:{@,`timeuot`:`1s`}}",
		    ": ship.timeuot: unknown key; right would be"
		    " ship.timeout?" },
		{ "{`ship`:{@,`endpoint`:[]}}",
		    ": ship.endpoint: unknown key; right would be"
		    " ship.endpoints?" },
		{ "{`ship`:{@,`Key`:`/key`}}",
		    ": ship.Key: unknown key; right would be ship.key?" },
		{ "{`interval`:`10s`}",
		    ": interval: unknown key; right would be"
		    " collect.interval?" },
		{ "{`collect`:{`per_cpu`:true}}",
		    ": collect.per_cpu: unknown key; right would be"
		    " collect.sources.cpu.per_cpu?" },
		{ "{`ship`:{@,`colour`:`red`}}",
		    ": ship.colour: unknown key; right would be one of"
		    " protocol, compression, endpoints, ca, cert, key, token,"
		    " crl, pins, pin_mode, proxy, proxy_ca, proxy_login, sign,"
		    " sign_key, defender, timeout, batch, egress_limit" },
		{ "{`logging`:{}}", ": logging: unknown key; right would be"
		    " one of collect, ring, ship, resource, require" },
		{ "{``:{}}", ": : unknown key; right would be one of collect,"
		    " ring, ship, resource, require" },
		{ "{`collect`:{`sources`:{`printers`:{}}}}",
		    ": collect.sources.printers: unknown key; right would be"
		    " one of bonding, cgroup, clock, conntrack, cpu, cpufreq,"
		    " disk, edac, filesystem, hwmon, interrupts, inventory,"
		    " kernel, load, mdraid, memory, network, nfs, numa, nvme,"
		    " operator, paging, posture, pressure, process, protocol,"
		    " sockdiag, socket, storage, top" },
		{ "{`ship.ca`:`/ca`}", ": ship.ca: a key with a dot; right"
		    " would be an object within an object" },
	};

	CHECK_ROWS(rows);
}

#define PROXY "right would be e.g. `http://proxy.example.net:3128`, or" \
	" https:// with ship.proxy_ca"

TEST(what_does_not_go_together_with_a_proxy_is_refused)
{
	static const struct row rows[] = {
		{ "{`ship`:{@,`proxy`:`http://p`}}", ": ship.proxy: `http://p`"
		    " is refused: a proxy's port is to be said, as in"
		    " http://proxy.example.net:3128; " PROXY },
		{ "{`ship`:{@,`proxy`:`https://p:1`}}", ": ship.proxy_ca:"
		    " missing; right would be the file of the authorities of"
		    " that proxy's certificate" },
		{ "{`ship`:{@,`proxy`:`http://p:1`,`proxy_ca`:`/ca`}}",
		    ": ship.proxy_ca: without a ship.proxy that begins with"
		    " https://; right would be both or none" },
		{ "{`ship`:{@,`proxy_ca`:`/ca`}}", ": ship.proxy_ca: without a"
		    " ship.proxy that begins with https://; right would be"
		    " both or none" },
		{ "{`ship`:{@,`proxy_login`:`/login`}}", ": ship.proxy_login:"
		    " without ship.proxy; right would be both or none" },
	};

	CHECK_ROWS(rows);
}

TEST(a_value_of_the_wrong_type_is_refused_with_both_types)
{
	static const struct row rows[] = {
		{ "{`ship`:[1, 2]}", ": ship: [1,2] is a list, not an object;"
		    " right would be an object with `endpoints`, `ca`, `cert`"
		    " and `key`" },
		{ "{`ring`:`16MiB`}", ": ring: `16MiB` is a string, not an"
		    " object; right would be { `size`: `16MiB` }" },
		{ "{`ring`:{`size`:16777216}}", ": ring.size: 16777216 is a"
		    " number, not a string; " RINGS },
		{ "{`ring`:{`size`:1.5}}", ": ring.size: 1.5 is a number, not"
		    " a string; " RINGS },
		{ "{`ring`:{`size`:null}}", ": ring.size: null is nothing, not"
		    " a string; " RINGS },
		{ "{`ring`:{`size`:true}}", ": ring.size: true is true or"
		    " false, not a string; " RINGS },
		{ "{`ring`:{`size`:-Infinity}}", ": ring.size: -Infinity is a"
		    " number, not a string; " RINGS },
		{ "{`ring`:{`size`:{}}}", ": ring.size: {} is an object, not a"
		    " string; " RINGS },
		{ "{`collect`:{`sources`:{`cpu`:{`per_cpu`:`yes`}}}}",
		    ": collect.sources.cpu.per_cpu: `yes` is a string, not"
		    " true or false; right would be true or false" },
		{ "{`collect`:{`sources`:{`process`:{`enabled`:1}}}}",
		    ": collect.sources.process.enabled: 1 is a number, not"
		    " true or false; right would be true or false" },
		{ "{`collect`:{`sources`:{`cpu`:true}}}",
		    ": collect.sources.cpu: true is true or false, not an"
		    " object; right would be { `enabled`: true }" },
		{ "{`ship`:{`endpoints`:`https://a`}}",
		    ": ship.endpoints: `https://a` is a string, not a list; "
		    URLS },
		{ "{`ship`:{`endpoints`:[1]}}",
		    ": ship.endpoints[0]: 1 is a number, not a string; "
		    URLS },
		{ "{`resource`:[]}", ": resource: [] is a list, not an object;"
		    " " ATTRS },
		{ "{`resource`:{`a`:1}}", ": resource.a: 1 is a number, not a"
		    " string; " ATTRS },
		{ "{`require`:`split`}", ": require: `split` is a string, not"
		    " a list; " REQUIRE },
		{ "{`require`:[null]}", ": require[0]: null is nothing, not a"
		    " string; " REQUIRE },
	};

	CHECK_ROWS(rows);
}

TEST(a_quantity_that_is_malformed_or_out_of_range_is_refused)
{
	static const struct row rows[] = {
		{ "{`ship`:{@,`timeout`:`10 parsecs`}}",
		    ": ship.timeout: `10 parsecs` is not a duration; "
		    TIMEOUTS },
		{ "{`ship`:{@,`timeout`:`499ms`}}",
		    ": ship.timeout: `499ms` is out of range; " TIMEOUTS },
		{ "{`ship`:{@,`timeout`:`121s`}}",
		    ": ship.timeout: `121s` is out of range; " TIMEOUTS },
		{ "{`collect`:{`interval`:`1ms`}}",
		    ": collect.interval: `1ms` is out of range; " DURATIONS },
		{ "{`collect`:{`interval`:`2h`}}",
		    ": collect.interval: `2h` is out of range; " DURATIONS },
		{ "{`collect`:{`interval`:`99999999999999999999s`}}",
		    ": collect.interval: `99999999999999999999s` is out of"
		    " range; " DURATIONS },
		{ "{`collect`:{`interval`:`10MiB`}}",
		    ": collect.interval: `10MiB` is not a duration; "
		    DURATIONS },
		{ "{`collect`:{`interval`:``}}",
		    ": collect.interval: `` is not a duration; " DURATIONS },
		{ "{`collect`:{`interval`:`\\u001b[2J`}}",
		    ": collect.interval: `\\u001b[2J` is not a duration; "
		    DURATIONS },
		{ "{`ring`:{`size`:`16MB`}}",
		    ": ring.size: `16MB` is not a size; " RINGS },
		{ "{`ring`:{`size`:`1023KiB`}}",
		    ": ring.size: `1023KiB` is out of range; " RINGS },
		{ "{`ring`:{`size`:`2GiB`}}",
		    ": ring.size: `2GiB` is out of range; " RINGS },
		{ "{`ship`:{@,`batch`:`32767B`}}",
		    ": ship.batch: `32767B` is out of range; " BATCHES },
		{ "{`ship`:{@,`batch`:`1025KiB`}}",
		    ": ship.batch: `1025KiB` is out of range; " BATCHES },
		{ "{`ship`:{@,`egress_limit`:`63KiB`}}",
		    ": ship.egress_limit: `63KiB` is out of range; " LIMITS },
		{ "{`ship`:{@,`egress_limit`:`1025MiB`}}",
		    ": ship.egress_limit: `1025MiB` is out of range; "
		    LIMITS },
	};

	CHECK_ROWS(rows);
}

TEST(a_path_or_credential_that_cannot_be_one_is_refused)
{
	static const struct row rows[] = {
		{ "{`collect`:{`procfs`:`proc`}}", ": collect.procfs: `proc`"
		    " is not an absolute path; " PROC },
		{ "{`collect`:{`procfs`:``}}", ": collect.procfs: `` is not an"
		    " absolute path; " PROC },
		{ "{`collect`:{`procfs`:`/proc\\n`}}", ": collect.procfs:"
		    " `/proc\\n` holds a control byte; " PROC },
		{ "{`ship`:{`ca`:`ca.pem`}}", ": ship.ca: `ca.pem` is not an"
		    " absolute path; " CA },
		{ "{`ship`:{`ca`:`credential:`}}", ": ship.ca: `credential:`"
		    " is not the name of a credential; " CA },
		{ "{`ship`:{`ca`:`credential:..`}}", ": ship.ca:"
		    " `credential:..` is not the name of a credential; " CA },
		{ "{`ship`:{`ca`:`credential:.`}}", ": ship.ca: `credential:.`"
		    " is not the name of a credential; " CA },
		{ "{`ship`:{`ca`:`credential:../x`}}", ": ship.ca:"
		    " `credential:../x` is not the name of a credential; "
		    CA },
		{ "{`ship`:{`ca`:`credential:ca.pem`}}", ": ship.ca:"
		    " `credential:ca.pem` needs $CREDENTIALS_DIRECTORY, which"
		    " systemd sets for LoadCredential=; " CA },
		{ "{`ship`:{`ca`:`/\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\\n`}}", ": ship.ca: "
		    "`/\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		    "\xc3\xa4\xc3\xa4... holds a control byte; " CA },
	};

	unsetenv("CREDENTIALS_DIRECTORY");
	CHECK_ROWS(rows);
}

TEST(a_list_with_a_wrong_item_or_number_of_items_is_refused)
{
	static const struct row rows[] = {
		{ "{`ship`:{`endpoints`:[]}}",
		    ": ship.endpoints: [] is too short; " URLS },
		{ "{`ship`:{`endpoints`:[`a`,`b`,`c`,`d`,`e`]}}",
		    ": ship.endpoints: [`a`,`b`,`c`,`d`,`e`] is too long; "
		    URLS },
		{ "{`ship`:{`endpoints`:[`http://a.example`]}}",
		    ": ship.endpoints[0]: `http://a.example` is refused: an"
		    " endpoint starts with https://; " URLS },
		{ "{`ship`:{`endpoints`:[`https://a.example`,"
		    "`https://A.EXAMPLE:4318/v1/metrics`]}}",
		    ": ship.endpoints[1]: `https://A.EXAMPLE:4318/v1/metrics`"
		    " stands there twice; " URLS },
		{ "{`require`:[`split`,`split`]}",
		    ": require[1]: `split` stands there twice; " REQUIRE },
		{ "{`collect`:{`profile`:`tiny`}}",
		    ": collect.profile: `tiny` is not known; right would be"
		    " `minimal`, `standard` or `full`" },
		{ "{`require`:[`Landlock`]}",
		    ": require[0]: `Landlock` is not known; " REQUIRE },
		{ "{`collect`:{`sources`:{`filesystem`:{`exclude_types`:"
		    "[`a`,`b`,`a`]}}}}", ": collect.sources.filesystem."
		    "exclude_types[2]: `a` stands there twice; " TYPES },
		{ "{`collect`:{`sources`:{`filesystem`:{`exclude_types`:"
		    "[`a*`]}}}}", ": collect.sources.filesystem."
		    "exclude_types[0]: `a*` is not a file system type; "
		    TYPES },
		{ "{`collect`:{`sources`:{`filesystem`:{`exclude_types`:"
		    "[`abcdefghijklmnopqrstuvwxyz012345`]}}}}",
		    ": collect.sources.filesystem.exclude_types[0]:"
		    " `abcdefghijklmnopqrstuvwxyz012345` is not a file system"
		    " type; " TYPES },
		{ "{`collect`:{`sources`:{`filesystem`:{`mountpoints`:"
		    "`none`}}}}", ": collect.sources.filesystem.mountpoints:"
		    " `none` is not known; right would be `standard` or"
		    " `all`" },
	};

	CHECK_ROWS(rows);
}

#define NAME_ERROR " `x` stands under a name that is not an attribute's; "
#define OWN_ERROR " `x` would replace what Sluice finds out itself; "

TEST(a_resource_attribute_that_cannot_be_sent_is_refused)
{
	static const struct row rows[] = {
		{ "{`resource`:{`Team`:`x`}}",
		    ": resource.Team:" NAME_ERROR ATTRS },
		{ "{`resource`:{`a..b`:`x`}}",
		    ": resource.a..b:" NAME_ERROR ATTRS },
		{ "{`resource`:{`a.`:`x`}}",
		    ": resource.a.:" NAME_ERROR ATTRS },
		{ "{`resource`:{`.a`:`x`}}",
		    ": resource..a:" NAME_ERROR ATTRS },
		{ "{`resource`:{`1a`:`x`}}",
		    ": resource.1a:" NAME_ERROR ATTRS },
		{ "{`resource`:{``:`x`}}", ": resource.:" NAME_ERROR ATTRS },
		{ "{`resource`:{`a-b`:`x`}}",
		    ": resource.a-b:" NAME_ERROR ATTRS },
		{ "{`resource`:{`service.version`:`x`}}",
		    ": resource.service.version:" OWN_ERROR ATTRS },
		{ "{`resource`:{`os.type`:`x`}}",
		    ": resource.os.type:" OWN_ERROR ATTRS },
		{ "{`resource`:{`os.version`:`x`}}",
		    ": resource.os.version:" OWN_ERROR ATTRS },
		{ "{`resource`:{`host.arch`:`x`}}",
		    ": resource.host.arch:" OWN_ERROR ATTRS },
		{ "{`resource`:{`a`:``}}", ": resource.a: `` is empty or"
		    " longer than 255 bytes; " ATTRS },
		{ "{`resource`:{`a`:`\\u0007`}}", ": resource.a: `\\u0007`"
		    " holds a control byte; " ATTRS },
	};

	CHECK_ROWS(rows);
}

TEST(a_key_that_must_be_there_and_is_not_is_named)
{
	static const struct row rows[] = {
		{ "{}", ": ship.endpoints: missing; " URLS },
		{ "{`ship`:{`endpoints`:[`https://a`]}}",
		    ": ship.ca: missing; " CA },
		{ "{`ship`:{`endpoints`:[`https://a`],`ca`:`/ca`,"
		    "`key`:`/key`}}", ": ship.cert: missing; right would be"
		    " an absolute path such as `/etc/sluice/client.crt`, or"
		    " `credential:client.crt`" },
		{ "{`ship`:{`endpoints`:[`https://a`],`ca`:`/ca`,"
		    "`cert`:`/crt`}}", ": ship.key: missing; right would be"
		    " an absolute path such as `/etc/sluice/client.key`, or"
		    " `credential:client.key`" },
	};

	CHECK_ROWS(rows);
}
