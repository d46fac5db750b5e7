# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  `sluice check` and `collectord -n`: what is good, what is
# wrong and how that is said, whose eyes judge, and every exit status.
import os
import pathlib
import subprocess

from command import ROOT, Lab
from pair import COLLECTOR, need_root
from tap import Skip, check, check_equal, main, test

lab = Lab()
SOURCE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
STRANGER = 61003

ATTRIBUTES = {f"a{n}": "x" for n in range(25)}

# What is laid over a good configuration; key, reason and what would be right.
KEYS = (
    ({"colour": "red"}, "colour", "unknown key", "one of collect, ring, ship"),
    ({"ship": {"colour": "red"}}, "ship.colour", "unknown key", "endpoints"),
    ({"ship": {"timeuot": "5s"}}, "ship.timeuot", "unknown", "ship.timeout?"),
    ({"interval": "5s"}, "interval", "unknown", "collect.interval?"),
    ({"ship.ca": "/ca"}, "ship.ca", "a key with a dot", "within an object"),
    ({"collect": "10s"}, "collect", "a string, not an object", "interval"),
    ({"collect": {"interval": 10}}, "collect.interval",
     "10 is a number, not a string", '"10s"'),
    ({"collect": {"interval": "10"}}, "collect.interval", '"10"', '"10s"'),
    ({"collect": {"interval": "10 s"}}, "collect.interval", "10 s", '"10s"'),
    ({"collect": {"interval": "010s"}}, "collect.interval", "010s", '"10s"'),
    ({"collect": {"interval": "999ms"}}, "collect.interval",
     "out of range", "1s to 1h"),
    ({"collect": {"interval": "2h"}}, "collect.interval", "range", "1s to 1h"),
    ({"collect": {"interval": "99999999999999999999h"}}, "collect.interval",
     "out of range", "1s to 1h"),
    ({"collect": {"interval": "-5s"}}, "collect.interval", "-5s", '"10s"'),
    ({"collect": {"profile": "most"}}, "collect.profile",
     "not known", '"standard"'),
    ({"collect": {"max_series": 0}}, "collect.max_series", "out of range",
     "1 to 1000000"),
    ({"collect": {"max_series": "5"}}, "collect.max_series",
     "a string, not a number", "1 to 1000000"),
    ({"collect": {"redact": {"system.device": "drop"}}},
     "collect.redact.system.device", "one series of two", '"hash"'),
    ({"collect": {"sources": {"disk": {"include": ["sd[a-z]"]}}}},
     "collect.sources.disk.include[0]", "no such name", "* is any text"),
    ({"collect": {"procfs": "proc"}}, "collect.procfs",
     "not an absolute path", '"/proc"'),
    ({"collect": {"sources": {"cpu": {"per_cpu": "yes"}}}},
     "collect.sources.cpu.per_cpu", "is a string", "true or false"),
    ({"collect": {"sources": {"cpu": {"per_cpu": None}}}},
     "collect.sources.cpu.per_cpu", "is nothing", "true or false"),
    ({"collect": {"sources": {"gpu": {}}}}, "collect.sources.gpu",
     "unknown key", "cpu"),
    ({"collect": {"sources": {"filesystem": {"exclude_types": "tmpfs"}}}},
     "collect.sources.filesystem.exclude_types", "not a list", '["tmpfs"'),
    ({"collect": {"sources": {"filesystem": {
        "exclude_types": ["xfs", "xfs"]}}}},
     "collect.sources.filesystem.exclude_types[1]", "twice", "different"),
    ({"collect": {"sources": {"filesystem": {"mountpoints": "some"}}}},
     "collect.sources.filesystem.mountpoints", "not known", '"all"'),
    ({"ring": {"size": "16MB"}}, "ring.size", "16MB", '"16MiB"'),
    ({"ring": {"size": "1023KiB"}}, "ring.size", "range", "1MiB to 1GiB"),
    ({"ring": {"size": "2GiB"}}, "ring.size", "range", "1MiB to 1GiB"),
    ({"ship": {"protocol": "grpc"}}, "ship.protocol", "not known",
     '"http/json" or "device-defender"'),
    ({"ship": {"protocol": "device-defender", "endpoints":
               ["https://a.example:8443"]}}, "ship.defender.thing",
     "missing", "in AWS IoT"),
    ({"ship": {"endpoints": []}}, "ship.endpoints", "too short", "1 to 4"),
    ({"ship": {"endpoints": [f"https://{n}.example" for n in "abcde"]}},
     "ship.endpoints", "too long", "1 to 4"),
    ({"ship": {"endpoints": ["http://a.example"]}}, "ship.endpoints[0]",
     "https://", "https://otlp.example.net"),
    ({"ship": {"endpoints": ["https://u:p@a.example"]}}, "ship.endpoints[0]",
     "user information", "URLs"),
    ({"ship": {"endpoints": ["https://a.example:0"]}}, "ship.endpoints[0]",
     "1 to 65535", "URLs"),
    ({"ship": {"endpoints": ["https://a.example", "https://A.example:4318"]}},
     "ship.endpoints[1]", "twice", "different"),
    ({"ship": {"ca": "ca.pem"}}, "ship.ca", "absolute", "/etc/sluice/ca.pem"),
    ({"ship": {"key": "credential:../key"}}, "ship.key",
     "not the name of a credential", "credential:client.key"),
    ({"ship": {"timeout": "499ms"}}, "ship.timeout", "range", "500ms to 2m"),
    ({"ship": {"batch": "2MiB"}}, "ship.batch", "range", "32KiB to 1MiB"),
    ({"ship": {"token": "token"}}, "ship.token", "absolute", "/etc/sluice/"),
    ({"ship": {"pins": []}}, "ship.pins", "too short", "2 to 8"),
    ({"ship": {"crl": "crl.pem"}}, "ship.crl", "absolute", "/etc/sluice/crl"),
    ({"ship": {"proxy": "http://p"}}, "ship.proxy", "port", ":3128"),
    ({"ship": {"proxy": "https://p:3128"}}, "ship.proxy_ca", "missing",
     "the authorities"),
    ({"resource": ATTRIBUTES}, "resource", "too long", "up to 24"),
    ({"resource": {"Upper": "x"}}, "resource.Upper", "name", "lower-case"),
    ({"resource": {"a": ""}}, "resource.a", "empty", "1 to 255"),
    ({"resource": {"service.version": "9"}}, "resource.service.version",
     "finds out itself", "names with dots"),
    ({"require": ["fisp"]}, "require[0]", "not known", '"fips"'),
    ({"require": ["split", "split"]}, "require[1]", "twice", '"landlock"'),
    ({"require": "split"}, "require", "a string, not a list", '"split"'),
)

# Texts that are no configuration; where, and what is said.
TEXTS = (
    (b"", "1:1", "nothing there"),
    (b"[]", "1:1", "not the start of an object"),
    (b"{", "1:2", "before the last }"),
    (b"{\n  'ship': {}\n}", "2:3", "neither true, false, null"),
    (b'{ "ring": {},\n  "ring": {} }', "ring", "in lines 1 and 2"),
    (b'{ "ring": {}, }', "1:15", ""),
    (b"{ # no\n}", "1:3", "neither"),
    (b"{ /* no end", "1:3", "without its end"),
    (b'{ "ring": { "size": NaN } }', "1:21", "neither"),
    (b'{ "a": "\xff" }', "1:9", "not UTF-8"),
    (b'{ "a": "\0" }', "1:9", "control byte"),
    (b"{} {}", "1:4", "after the last }"),
    (b"[" * 100, "1:1", ""),
    (b'{"a":' * 100, "1:41", "nested deeper"),
    (b" " * 1048577, "sluice.conf", "longer than 1MiB"),
    (bytes(range(256)), "1:1", "control byte"),
    (b"{}", "ship.endpoints", "missing; right would be 1 to 4"),
)


def said(done):
    return done.stderr.decode()


def one_line(done, status=1):
    """The only line of standard error, with nothing on standard output."""
    check_equal(done.returncode, status, f"status with {said(done)!r}")
    check_equal(done.stdout, b"", "standard output")
    lines = said(done).splitlines()
    check_equal(len(lines), 1, f"lines of {lines}")
    return lines[0]


def collectord(path, user=COLLECTOR):
    return lab.run(lab.collectord, "-n", "-c", path, user=user)


def refused(path):
    """What both programs say of it, which is the same."""
    line = one_line(lab.check(path))
    check_equal(one_line(collectord(path)), f"collectord: {line}")
    return line


@test
def a_good_configuration_passes_and_is_summed_up():
    path = lab.write({
        "collect": {"interval": "90s"}, "ring": {"size": "3MiB"},
        "ship": {"protocol": "http/json", "endpoints": [
            "https://a.example", "https://[::1]:443/x"]},
        "require": ["split", "landlock"]})
    done = lab.check(path)
    check_equal((done.returncode, said(done)), (0, ""))
    check_equal(done.stdout.decode().splitlines(), [
        f"{path}: good", "collects every 90s from /proc and /sys",
        "keeps at most 3MiB in memory",
        "sends http/json to https://a.example:4318/v1/metrics",
        "or http/json to https://[::1]:443/x",
        "requires seccomp, split, landlock"])


@test
def the_collector_takes_the_same_and_starts_nothing():
    path = lab.write({})
    done = collectord(path)
    check_equal((done.returncode, said(done), done.stdout.decode()),
                (0, "", f"{path}: good\n"))


@test
def every_wrong_key_is_said_with_file_key_reason_and_what_would_be_right():
    for settings, key, reason, right in KEYS:
        path = lab.write(settings)
        line = refused(path)
        check(line.startswith(f"{path}: {key}: "), line)
        before, _, after = line.partition("; right would be ")
        check(reason in before and right in after, line)


@test
def what_is_no_json_is_said_with_its_line_and_column():
    for text, where, what in TEXTS:
        line = refused(lab.write(text))
        check(line.startswith(str(lab.folder / "sluice.conf")), line)
        check(where in line and what in line, f"{text[:40]}: {line}")


@test
def a_configuration_that_cannot_be_read_is_said():
    os.mkfifo(lab.folder / "fifo")
    rows = [(lab.folder / "absent", "No such file or directory"),
            (lab.folder, "not a regular file"),
            (lab.folder / "fifo", "not a regular file")]
    if ROOT:
        private = lab.folder / "private"
        private.write_text("{}")
        os.chmod(private, 0o600)
        rows.append((private, "Permission denied"))
    os.chmod(lab.folder / "fifo", 0o444)
    os.chmod(lab.folder, 0o755)
    try:
        for path, reason in rows:
            check_equal(refused(path), f"{path}: {reason}")
    finally:
        os.chmod(lab.folder, 0o711)


@test
def the_example_passes_with_the_files_it_names():
    text = (SOURCE / "docs/sluice.conf.example").read_text()
    check('"/etc/sluice/ca.pem"' in text, "the example names another file")
    path = lab.write(text.replace("/etc/sluice/ca.pem",
                                  str(lab.keys.ca)).encode())
    credentials = lab.folder / "credentials"
    credentials.mkdir()
    for name, source in (("client.crt", lab.keys.client.cert),
                         ("client.key", lab.keys.client.key)):
        (credentials / name).write_bytes(source.read_bytes())
        lab.give(credentials / name)
    done = lab.check(path, credentials=credentials)
    check_equal((done.returncode, said(done)), (0, ""))
    check("note:" not in done.stdout.decode(), done.stdout)


@test
def credentials_of_the_unit_are_not_judged_and_that_is_said():
    path = lab.write({"ship": {"key": "credential:client.key"}})
    done = lab.check(path)
    check_equal(done.returncode, 0, said(done))
    check("note: ship.key: /run/credentials/sluice.service/client.key"
          in done.stdout.decode(), done.stdout)
    line = one_line(collectord(path))
    check("ship.key" in line and "CREDENTIALS_DIRECTORY" in line, line)


def named(key, what, make):
    """A file that is wrong in one way, and what must be said of it."""
    path = lab.folder / "named"
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    make(path)
    config = lab.write({"ship": {key: str(path)}})
    line = one_line(lab.check(config))
    check(line.startswith(f"{config}: ship.{key}: {path} {what}"), line)
    check("; right would be " in line, line)


def make(content=b"x", mode=0o400, owner=COLLECTOR):
    def made(path):
        path.write_bytes(content)
        lab.give(path, mode, owner)
    return made


@test
def each_file_that_is_named_must_be_there_and_be_the_agents_own():
    for key in ("ca", "cert", "key"):
        named(key, "cannot be opened (No such file", lambda path: None)
        named(key, "is not a regular file", lambda path: path.mkdir(0o755))
        named(key, "is not a regular file",
              lambda path: (os.mkfifo(path), lab.give(path)))
        named(key, "is empty", make(b""))
        named(key, "can be written by others", make(mode=0o420))
        named(key, "can be written by others", make(mode=0o402))
    named("key", "can be read by everyone", make(mode=0o404))


@test
def a_key_that_a_foreign_group_reads_is_refused_as_the_start_would():
    need_root()

    def of_group(group):
        def act(path):
            make(mode=0o440)(path)
            os.chown(path, COLLECTOR, group)
        return act
    named("key", "can be read by a group", of_group(STRANGER))
    for group in (0, COLLECTOR):
        key = lab.folder / f"key of {group}"
        of_group(group)(key)
        done = lab.check(lab.write({"ship": {"key": str(key)}}))
        check_equal(done.returncode, 0, done.stderr.decode())


@test
def a_file_of_another_user_is_refused_though_it_can_be_read():
    need_root()
    for key, mode in (("ca", 0o444), ("cert", 0o444)):
        named(key, "belongs to a user who could change it",
              make(mode=mode, owner=STRANGER))


@test
def every_wrong_file_is_said_and_not_the_first_alone():
    path = lab.write({"ship": {"ca": "/absent/a", "key": "/absent/k"}})
    done = lab.check(path)
    check_equal((done.returncode, done.stdout), (1, b""))
    check_equal([line.split(": ")[1] for line in said(done).splitlines()],
                ["ship.ca", "ship.key"])


@test
def a_procfs_or_sysfs_that_is_no_directory_is_said():
    for key in ("procfs", "sysfs"):
        for place in ("/absent", str(lab.keys.ca)):
            line = one_line(lab.check(lab.write({"collect": {key: place}})))
            check(f"collect.{key}: {place} cannot be opened" in line and
                  "right would be a directory" in line, line)


@test
def what_an_ordinary_user_may_not_read_is_not_judged_and_no_error():
    need_root()
    done = lab.check(lab.write({}), user=STRANGER)
    check_equal((done.returncode, said(done)), (0, ""))
    check("note: ship.key: " in done.stdout.decode(), done.stdout)


@test
def what_the_collector_may_not_read_is_wrong_when_root_asks():
    need_root()
    secret = lab.folder / "roots.key"
    secret.write_bytes(lab.keys.client.key.read_bytes())
    # root's group must be gone as well
    os.chmod(secret, 0o440)
    path = lab.write({"ship": {"key": str(secret)}})
    line = one_line(lab.run("setpriv", "--groups=0", lab.sluice, "check", "-c",
                            path, "--user", COLLECTOR))
    check("ship.key" in line and "Permission denied" in line, line)
    line = one_line(lab.check(path, "--user", str(COLLECTOR), user=COLLECTOR))
    check("ship.key" in line and "Permission denied" in line, line)
    good = lab.check(lab.write({}), "--user", COLLECTOR, user=None)
    check_equal((good.returncode, said(good)), (0, ""))


@test
def nobody_but_root_asks_as_another_and_nobody_as_root():
    path = lab.write({})
    check("only root" in one_line(lab.check(
        path, "--user", "daemon", user=STRANGER)) or not ROOT, "it did")
    for name, words in (("nobody-has-this-name", "no such user"),
                        ("4294967295", "no such user"),
                        ("99999999999", "no such user"),
                        ("-1", "no such user"), ("", "no such user"),
                        ("root", "never root"), ("0", "never root")):
        check(words in one_line(lab.check(path, "--user", name)), name)


@test
def root_says_so_where_there_is_no_user_to_become():
    need_root()
    if subprocess.run(["getent", "passwd", "sluice-collector"],
                      stdout=subprocess.DEVNULL, check=False).returncode == 0:
        raise Skip("this machine has the user")
    secret = lab.folder / "roots.key"
    secret.write_bytes(lab.keys.client.key.read_bytes())
    lab.give(secret, owner=0)
    done = lab.check(lab.write({"ship": {"key": str(secret)}}), user=None)
    check_equal(done.returncode, 0, said(done))
    check("asked as root" in said(done), said(done))


@test
def wrong_usage_has_its_own_status_and_prints_how():
    rows = ([], ["prove-it"], ["check", "--raw"], ["check", "extra"],
            ["check", "-x"], ["check", "-c"], ["show", "--cycles", "0"],
            ["show", "--cycles", "1001"], ["show", "--cycles", "1x"],
            ["show", "--cycles", "-1"], ["show", "--cycles", ""])
    for words in rows:
        done = lab.run(lab.sluice, *words)
        check_equal((done.returncode, done.stdout), (2, b""), words)
        check("usage: sluice" in said(done) or
              "right would be a number from 1 to 1000" in said(done), words)
    for words in (["-x"], ["extra"], ["--shipper"], ["-c"]):
        done = lab.run(lab.collectord, *words, user=COLLECTOR)
        check_equal((done.returncode, done.stdout), (2, b""), words)
        check("usage: collectord" in said(done), words)


@test
def help_and_version_go_to_standard_output():
    for program in (lab.sluice, lab.collectord):
        for word, start in (("--help", "usage: "), ("-h", "usage: "),
                            ("--version", program.name + " 0.")):
            done = lab.run(program, word)
            check_equal((done.returncode, said(done)), (0, ""), word)
            check(done.stdout.decode().startswith(start), done.stdout)


@test
def output_that_cannot_be_written_is_an_error():
    with open("/dev/full", "w", encoding="ascii") as full:
        for command in (lab.check, lab.show):
            done = command(lab.write({}), user=COLLECTOR, stdout=full)
            check_equal(done.returncode, 1, said(done))
            check("standard output" in said(done), said(done))


@test
def the_collector_does_not_even_check_as_root():
    need_root()
    done = collectord(lab.write({}), user=None)
    check_equal((done.returncode, done.stdout), (1, b""))
    check("does not run as root" in said(done), said(done))


main()
