# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What docs/operations.md says to do when something was
# taken, done: each drill ends with all records where they belong.
import os
import pathlib
import signal
import ssl
import subprocess
import tempfile

from keys import Keys
from managed import HOST, books, keys
from pair import Pair, build_root, need_root
from receiver import Receiver
from renewal import goes_on, renew, restart, taken
from tap import Skip, check, check_equal, main, test, until

folder = tempfile.TemporaryDirectory()
os.chmod(folder.name, 0o711)
FOLDER = pathlib.Path(folder.name)
GETPPID = 110    # x86-64; in neither table


def call_from(pid, number):
    """In that process, as whoever has captured it would."""
    done = subprocess.run([build_root() / "tests/integration/reach",
                           str(pid), str(number)], capture_output=True,
                          text=True, timeout=30, check=False)
    if done.returncode == 77:
        raise Skip(done.stderr.strip())
    return done.stderr


@test
def a_captured_process_that_makes_another_call_is_gone_and_the_log_says_so():
    need_root()
    if b"__asan_init" in (build_root() / "shipperd/shipperd").read_bytes():
        raise Skip("the locks of a sanitized build only log")
    own = Keys(FOLDER / "own")
    with Receiver(own) as receiver, Pair(receiver.url, own) as pair:
        receiver.wait(1)
        check("ended: 0x1f" in call_from(pair.shipper, GETPPID), "it lives")
        pair.wait_event("shipper_ended", signal=31)
        check_equal(pair.wait_exit(), 1, "the collector's status")
    with Receiver(own) as receiver, Pair(receiver.url, own) as pair:
        receiver.wait(1)
        call_from(pair.collector, GETPPID)
        check_equal(pair.wait_exit(), -signal.SIGSYS, "the collector's end")
        pair.wait_event("collector_gone")


@test
def a_receivers_key_that_was_taken_is_revoked_and_its_new_one_is_trusted():
    lists = FOLDER / "crl.pem"
    keys.authority.revocations(lists)
    with books({"resource": {"host.id": HOST}, "ship": {
            "crl": str(lists)}}) as (manager, receiver, ledger):
        goes_on(receiver)
        keys.authority.revoke(keys.server)
        keys.authority.revocations(lists)
        restart(manager)
        failed = manager.wait_event("delivery_failed",
                                    reason="server_refused")
        check("revoked" in failed.line, failed.line)
        before = len(receiver.requests)
        server = keys.authority.issue("server again", "serverAuth",
                                      Keys.LOCAL)
        receiver.context.load_cert_chain(server.cert, server.key)
        # or it is asked again within a minute or so
        restart(manager)
        goes_on(receiver, 6)
        check(before < len(receiver.requests), "nothing came")
        check_equal(ledger.duplicates(), 0, "steps that came twice")


@test
def a_client_key_that_was_taken_is_refused_and_what_waited_comes_by_the_new():
    with books() as (manager, receiver, ledger):
        goes_on(receiver)
        keys.authority.revoke(keys.client)
        receiver.context.load_verify_locations(
            keys.authority.revocations(FOLDER / "clients.pem"))
        receiver.context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        receiver.hang_up_between()
        manager.wait_event("delivery_failed", reason="client_refused")
        refused_since = len(receiver.requests)
        made = keys.authority.issue("in its place", "clientAuth")
        renew(manager.pair.folder / "client.pem", made.cert)
        renew(manager.pair.folder / "client.key", made.key)
        restart(manager)
        goes_on(receiver, 6)
        check_equal({r.subject["commonName"]
                     for r in list(receiver.requests)[refused_since:]},
                    {"in its place"})
        check_equal(ledger.duplicates(), 0, "steps that came twice")


def signing_key(name):
    key, public = FOLDER / f"{name}.key", FOLDER / f"{name}.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-out", key], check=True,
                   capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public],
                   check=True)
    return key, public


def stored(name, requests):
    place = FOLDER / name
    place.mkdir()
    for number, request in enumerate(requests):
        head = [f"POST {request.path} HTTP/1.1"]
        head += [f"{k}: {v}" for k, v in request.headers.items()]
        (place / f"{number:06}.http").write_bytes(
            "\r\n".join(head).encode() + b"\r\n\r\n" + request.wire)
    return place


def verify(public, place):
    """(good, refused) as `sluice verify` counts them."""
    done = subprocess.run([build_root() / "tools/sluice", "verify", "--key",
                           public, place], text=True, capture_output=True,
                          check=False)
    words = done.stdout.splitlines()[-1].split()
    return (int(words[words.index("good,") - 2]),
            int(words[words.index("refused,") - 1]))


@test
def a_signing_key_that_was_taken_is_changed_and_vouches_for_nothing_after():
    old, old_public = signing_key("old")
    new, new_public = signing_key("new")
    used = FOLDER / "sign.key"
    renew(used, old)
    with books({"resource": {"host.id": HOST}, "ship": {
            "sign_key": str(used)}}) as (manager, receiver, _):
        goes_on(receiver)
        renew(used, new)
        restart(manager)
        before = len(taken(receiver))
        goes_on(receiver)
        requests = taken(receiver)
        first, second = requests[:before], requests[before:]
    check_equal(verify(old_public, stored("before", first)),
                (len(first), 0), "before, by the old key")
    check_equal(verify(old_public, stored("after", second)),
                (0, len(second)), "after, by the old key")
    check_equal(verify(new_public, FOLDER / "after"), (len(second), 0),
                "after, by the new key")


main()
