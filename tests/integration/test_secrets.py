# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Where the private key and the bearer token are, and where
# they are not: both processes' memory is searched from outside, and their
# arguments, environment, log and limits.
import base64
import os
import pathlib
import secrets
import signal
import tempfile

from keys import Keys
from memory import count, flags_where
from pair import COLLECTOR, Pair, build_root, can_split, need_root
from receiver import Answer, Receiver
from tap import Failed, Skip, check, check_equal, main, test

STRANGER = 61003

folder = tempfile.TemporaryDirectory()
os.chmod(folder.name, 0o711)
keys = Keys(folder.name)


def own_file(name, content, mode=0o400, owner=None, group=None):
    """A file of the collector's, unless another owner is said."""
    path = pathlib.Path(folder.name) / name
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    if can_split():
        owner = COLLECTOR if owner is None else owner
        os.chown(path, owner, COLLECTOR if group is None else group)
    os.chmod(path, mode)
    return str(path)


def with_token(token, **more):
    return {"ship": {"token": own_file("token", token.encode() + b"\n"),
                     **more}}


def scalar_of(key):
    """The secret number of an EC key in PEM (RFC 5915), big-endian."""
    der = base64.b64decode("".join(key.read_text().splitlines()[1:-1]))
    if b"\x02\x01\x01\x04\x20" not in der:
        raise Failed(f"{key} is no key that this test can read")
    at = der.index(b"\x02\x01\x01\x04\x20") + 5
    return der[at:at + 32]


def need_memory():
    """To be searched: of other users' processes, and not by the terabyte."""
    need_root()
    if b"__asan_init" in (build_root() / "shipperd/shipperd").read_bytes():
        raise Skip("a sanitizer has memory of its own")


def traces_of(key):
    """Each form of a key: name, bytes."""
    lines = key.read_text().splitlines()
    der = base64.b64decode("".join(lines[1:-1]))
    at = der.index(scalar_of(key))
    # around the number: where it stands alone it is the parsed key
    return {"PEM, its first line": lines[1].encode(),
            "PEM, its second line": lines[2].encode(),
            "DER": der[at - 5:at + 32],
            "the number": scalar_of(key),
            "the number, parsed": scalar_of(key)[::-1]}


@test
def each_request_carries_the_token_and_nobody_says_it():
    token = secrets.token_urlsafe(600) + "="
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=with_token(token)) as pair:
        for request in receiver.wait(3):
            check_equal(request.headers.get_all("Authorization"),
                        [f"Bearer {token}"])
        pids = pair.collector, pair.shipper
        receiver.default = Answer(401)
        pair.wait_event("delivery_failed", reason="http_401")
        for pid in pids:
            for name in ("cmdline", "environ"):
                text = pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
                check(token[:24].encode() not in text, f"in {name}")
        said = "\n".join(pair.lines)
        check("delivery_failed" in said, said)
        check(token[:24] not in said, "in the log")
        check(token not in pair.config_file.read_text(), "in the file")


@test
def without_a_token_no_request_has_one():
    with Receiver(keys) as receiver, Pair(receiver.url, keys):
        check_equal(receiver.wait(1)[0].headers["Authorization"], None)


@test
def key_and_token_are_never_in_the_collector_and_the_search_would_find_them():
    need_memory()
    token = secrets.token_urlsafe(60)
    traces = {**traces_of(keys.client.key), "token": token.encode()}
    control = os.urandom(40)
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings={**with_token(token),
                 "resource": {"control.hex": control.hex()}}) as pair:
        receiver.wait(3)
        seen, looked = count(pair.collector, control.hex().encode(),
                             *traces.values())
        check(looked > 1 << 20, f"{looked} bytes were searched")
        check(seen[0] > 0, "what is in the collector was not found")
        check_equal(dict(zip(traces, seen[1:])), dict.fromkeys(traces, 0),
                    "in the collector")
        seen, _ = count(pair.shipper, *traces.values())
        # what OpenSSL works with, and what the next request carries
        check_equal(dict(zip(traces, seen)),
                    {**dict.fromkeys(traces, 0), "token": 1,
                     "the number, parsed": 1}, "in the shipper")


@test
def the_key_of_signatures_is_in_the_shipper_alone_and_nothing_but_its_number():
    need_memory()
    made = keys.authority.issue("signs", "clientAuth")
    traces = traces_of(made.key)
    path = own_file("sign.key", made.key.read_bytes())
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings={
                "ship": {"sign_key": path}}) as pair:
        check(receiver.wait(3)[-1].headers["Signature"], "nothing is signed")
        for pid, where, want in ((pair.collector, "collector", 0),
                                 (pair.shipper, "shipper", 1)):
            seen, _ = count(pid, *traces.values())
            check_equal(dict(zip(traces, seen)), {
                **dict.fromkeys(traces, 0), "the number, parsed": want},
                f"in the {where}")
        flags, = flags_where(pair.shipper, scalar_of(made.key)[::-1])
        check("dd" in flags and "lo" in flags, f"dumped or swapped: {flags}")


@test
def the_key_stands_in_memory_that_is_locked_and_in_no_dump():
    need_memory()
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.wait(1)
        flags, = flags_where(pair.shipper,
                             scalar_of(keys.client.key)[::-1])
        check("dd" in flags, f"it may be dumped: {flags}")
        check("lo" in flags, f"it may be swapped out: {flags}")


@test
def neither_leaves_a_core_and_the_log_has_no_byte_of_what_was_in_it():
    token = secrets.token_urlsafe(60)
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=with_token(token)) as pair:
        receiver.wait(1)
        for pid in (pair.collector, pair.shipper):
            text = pathlib.Path(f"/proc/{pid}/limits").read_text()
            core = next(line for line in text.splitlines()
                        if line.startswith("Max core file size"))
            check_equal(core.split()[4:6], ["0", "0"], "limit of a core")
        os.kill(pair.shipper, signal.SIGABRT)
        event = pair.wait_event("shipper_ended")
        check_equal(event.fields["signal"], str(int(signal.SIGABRT)))
        pair.wait_exit()
        check_equal([str(p) for p in pair.folder.glob("core*")], [])
        check(token not in "\n".join(pair.lines), "in the log")


@test
def what_is_no_token_stops_the_start_and_is_not_said():
    for text in (b"", b"two words\n", b"a\r\nX-Evil: 1\r\n", b"a" * 4097,
                 b"a\0b"):
        path = own_file("bad", text)
        with Pair("https://127.0.0.1:9/", keys,
                  settings={"ship": {"token": path}}) as pair:
            check(pair.wait_exit() != 0, f"{text[:20]} was taken")
            said = "\n".join(pair.lines)
            check('what="ship.token"' in said and "RFC 6750" in said, said)
            check("Evil" not in said and "words" not in said, said)


def refused(key, path, *words):
    more = {"proxy": "http://127.0.0.1:9"} if "proxy" in key else {}
    with Pair("https://127.0.0.1:9/", keys,
              settings={"ship": {key: path, **more}}) as pair:
        check(pair.wait_exit() != 0, f"{key}: {path} was taken")
        event = pair.wait_event("fatal", what=f"ship.{key}", path=path)
        for word in words:
            check(word in event.line, f"no {word!r} in {event.line}")


@test
def a_secret_that_others_can_read_stops_the_start_with_path_and_mode():
    key = keys.client.key.read_bytes()
    for name, content in (("key", key), ("token", b"token"),
                          ("sign_key", key), ("proxy_login", b"a:b")):
        for mode in (0o404, 0o444, 0o604):
            refused(name, own_file("open", content, mode), "can read it",
                    "0400")
        refused(name, own_file("written", content, 0o602), "can write it")
        if can_split():
            refused(name, own_file("group", content, 0o440, group=STRANGER),
                    "can read it", "0440 of root")


@test
def a_file_that_belongs_to_another_user_stops_the_start():
    need_root()
    for name, content in (("key", keys.client.key.read_bytes()),
                          ("token", b"token"),
                          ("sign_key", keys.client.key.read_bytes()),
                          ("proxy_login", b"a:b"),
                          ("ca", keys.ca.read_bytes()),
                          ("cert", keys.client.cert.read_bytes())):
        path = own_file("foreign", content, 0o440, owner=STRANGER)
        refused(name, path, "belongs to", "root")


@test
def a_key_of_root_s_that_our_group_reads_is_as_good():
    need_root()
    path = own_file("roots", keys.client.key.read_bytes(), 0o440, owner=0)
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings={"ship": {"key": path}}):
        receiver.wait(1)


main()
