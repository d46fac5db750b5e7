# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Signed requests of the real pair: `sluice verify` and a
# library that others wrote take them, and neither takes what was changed.
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from keys import Keys
from pair import COLLECTOR, Pair, build_root, can_split
from receiver import Answer, Receiver
from tap import Skip, check, check_equal, main, test, until

ROOT = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
CACHE = pathlib.Path(os.environ.get("SLUICE_CACHE", ROOT / ".cache"))
LIBRARY = "http-message-signatures@1.0.6"
folder = tempfile.TemporaryDirectory()
os.chmod(folder.name, 0o711)
FOLDER = pathlib.Path(folder.name)
keys = Keys(folder.name)


def raw(request):
    """As it came, so far as a server of Python's keeps it."""
    head = [f"POST {request.path} HTTP/1.1"]
    head += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + request.wire


def store(name, requests):
    """One file each, their names in the order in which they came."""
    place = FOLDER / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for number, request in enumerate(requests, 1):
        (place / f"{number:06}.http").write_bytes(request)
    return place


def verify(key, *paths):
    done = subprocess.run([build_root() / "tools/sluice", "verify", "--key",
                           key, *paths], text=True, capture_output=True)
    return done.returncode, done.stdout + done.stderr


def own_key():
    key, public = FOLDER / "sign.key", FOLDER / "sign.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-out", key], check=True,
                   capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public],
                   check=True)
    os.chmod(key, 0o400)
    if can_split():
        os.chown(key, COLLECTOR, COLLECTOR)
    return key, public


def collected(ship, *answers, requests=4):
    with Receiver(keys) as receiver:
        receiver.answer_next(*answers)
        with Pair(receiver.url, keys, settings={"ship": ship}):
            receiver.wait(requests)
        return list(receiver.requests)


SIGN_KEY, PUBLIC = own_key()
signed = [raw(r) for r in collected({"sign_key": str(SIGN_KEY)})]


@test
def all_that_arrived_is_good_and_has_no_gap():
    status, said = verify(PUBLIC, store("good", signed))
    check_equal(status, 0, said)
    check(f"{len(signed)} requests good, 0 refused, 0 records missing" in
          said, said)
    check(re.search(r"^ring-[0-9a-f]{32}: records 1 to \d+ in", said,
                    re.MULTILINE), said)


@test
def one_file_of_all_is_as_good_as_one_each():
    whole = FOLDER / "whole.http"
    whole.write_bytes(b"".join(signed))
    check_equal(verify(PUBLIC, whole)[0], 0, "status")


@test
def a_change_of_body_or_head_is_refused_and_named():
    at = signed[1].index(b"\r\n\r\n") + 24
    body = signed[1][:at] + bytes([signed[1][at] ^ 1]) + signed[1][at + 1:]
    status, said = verify(PUBLIC, store("body", [signed[0], body,
                                                 *signed[2:]]))
    check_equal(status, 1)
    check("000002.http: request 1: refused: its content is not" in said, said)
    head = signed[1].replace(b"created=1", b"created=2")
    status, said = verify(PUBLIC, store("head", [signed[0], head,
                                                 *signed[2:]]))
    check_equal(status, 1)
    check("000002.http: request 1: refused: its signature does not hold" in
          said, said)


@test
def what_was_left_out_is_named_by_its_numbers():
    first, last = re.search(rb";first=(\d+);last=(\d+);", signed[1]).groups()
    status, said = verify(PUBLIC, store("gap", [signed[0], *signed[2:]]))
    check_equal(status, 1)
    check(f"missing before it: records {int(first)} to {int(last)}" in said,
          said)


@test
def a_replay_and_another_order_are_refused():
    status, said = verify(PUBLIC, store("again", [*signed, signed[1]]))
    check_equal(status, 1)
    check("refused: replayed" in said, said)
    status, said = verify(PUBLIC, store("order", [signed[0], signed[2],
                                                  signed[1], *signed[3:]]))
    check_equal(status, 1)
    check("000003.http: request 1: refused: reordered" in said, said)


@test
def the_key_of_the_client_certificate_signs_where_it_is_asked_for():
    requests = collected({"sign": "client", "compression": "none"},
                         Answer(503), requests=3)
    check(b"Content-Encoding" not in raw(requests[0]), "compressed")
    check_equal(requests[0].wire, requests[1].wire, "a retry's body")
    for name in ("Content-Digest", "Sluice-Records"):
        check_equal(requests[0].headers[name], requests[1].headers[name])
    check(requests[0].headers["Signature"] !=
          requests[1].headers["Signature"], "a retry is signed anew")
    status, said = verify(keys.client.cert,
                          store("client", map(raw, requests)))
    check_equal(status, 0, said)
    check("were sent again" in said, said)
    check_equal(verify(PUBLIC, FOLDER / "client")[0], 1, "another key")


@test
def nothing_is_signed_by_default_and_verify_says_so():
    requests = collected({}, requests=1)
    for name in ("Signature", "Signature-Input", "Content-Digest",
                 "Sluice-Records"):
        check(name not in requests[0].headers, name)
    status, said = verify(PUBLIC, store("plain", map(raw, requests)))
    check_equal(status, 1)
    check("refused: it is not signed" in said, said)


@test
def a_key_of_another_curve_does_not_start():
    wrong = FOLDER / "wrong.key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-384", "-out", wrong], check=True,
                   capture_output=True)
    os.chmod(wrong, 0o400)
    if can_split():
        os.chown(wrong, COLLECTOR, COLLECTOR)
    with Receiver(keys) as receiver, Pair(
            receiver.url, keys, settings={"ship": {"sign_key": str(wrong)}}
            ) as pair:
        check(pair.wait_exit() != 0, "status")
        check("sign_key: it is no P-256 key" in "\n".join(pair.lines),
              pair.lines)


@test
def a_name_that_its_giver_chose_cannot_look_like_a_line_of_ours():
    place = store("named", signed[:1])
    (place / "z\n9 requests good, 0 refused\r\x1b[8m\\").write_bytes(b"x")
    status, said = verify(PUBLIC, place)
    check_equal(status, 1)
    check(r"/z\x0a9 requests good, 0 refused\x0d\x1b[8m\x5c: request 1: "
          "refused" in said, said)
    check_equal([line for line in said.split("\n") if "requests good" in line
                 and not line.startswith("/")],
                ["1 requests good, 1 refused, 0 records missing"])


@test
def a_wrong_call_is_told_what_would_be_right():
    status, said = verify(PUBLIC)
    check_equal(status, 2, said)
    check_equal(verify(SIGN_KEY, FOLDER / "good")[0], 1, "a private key")
    check_equal(verify(FOLDER / "none", FOLDER / "good")[0], 1, "no key")
    check_equal(verify(PUBLIC, FOLDER / "none")[0], 1, "no requests")


def library():
    """A folder with an implementation of RFC 9421 that is not ours."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Skip("needs node and npm")
    place = CACHE / "npm"
    if not (place / "node_modules/http-message-signatures").exists():
        place.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(
                ["npm", "install", "--prefix", place, "--no-audit",
                 "--no-fund", "--ignore-scripts", LIBRARY], check=True,
                capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        except subprocess.SubprocessError:
            raise Skip("npm does not have " + LIBRARY) from None
    shutil.copy(ROOT / "tests/integration/rfc9421/check.mjs", place)
    return place


def judged(files):
    place = library()
    done = subprocess.run(["node", place / "check.mjs", PUBLIC, *files],
                          text=True, capture_output=True, cwd=place)
    check(done.returncode == 0, done.stderr)
    return done.stdout.split()


@test
def an_implementation_that_others_wrote_takes_each_request():
    files = sorted(store("others", signed).iterdir())
    check_equal(judged(files), ["good"] * len(signed))


@test
def and_takes_none_whose_covered_parts_were_changed():
    changes = [(b"POST ", b"PUT "), (b"/v1/metrics", b"/v1/metricz"),
               (b"x-protobuf", b"x-protobug"), (b": gzip", b": gzap"),
               (b";first=", b";firzt="), (b";last=", b";lazt="),
               (b"ring-", b"rung-"), (b"created=1", b"created=2"),
               (b"keyid=\"sha256", b"keyid=\"sha255"),
               (b"sha-256=:", b"sha-256=:x"), (b"Host: 127", b"Host: 128")]
    changed = [signed[0].replace(a, b, 1) for a, b in changes]
    check(signed[0] not in changed, "each is another")
    files = sorted(store("changed", changed).iterdir())
    check_equal(judged(files), ["refused"] * len(changes))
    check_equal(verify(PUBLIC, *files)[1].count(": refused: "), len(changes))


main()
