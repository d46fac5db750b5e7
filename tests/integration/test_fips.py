# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  `"require": ["fips"]` where there is all that it asks for:
# a kernel that says so and OpenSSL's FIPS provider, and nothing beside it.
import contextlib
import os
import pathlib
import subprocess
import tempfile

import owned
from fipslab import Fips
from keys import Keys
from pair import Pair, need_root
from receiver import Receiver
from tap import check, check_equal, main, test, until
from tlslab import (Made, RawServer, answer_all, drive, expect, house, key_pem,
                    posts, server_context, tls_play, write)

folder = tempfile.TemporaryDirectory()
os.chmod(folder.name, 0o711)
keys = Keys(pathlib.Path(folder.name, "keys"))
os.chmod(keys.ca.parent, 0o711)
_made = []


def fips():
    if not _made:
        os.makedirs(f"{folder.name}/fips", 0o711, exist_ok=True)
        _made.append(Fips(f"{folder.name}/fips"))
    return _made[0]


def environment(**more):
    return {"OPENSSL_CONF": str(fips().configuration(**more))}


@test
def the_pair_starts_on_a_host_in_fips_mode_delivers_and_signs():
    need_root()
    with Receiver(keys) as receiver, Pair(
            receiver.url, keys, prefix=fips().host(), settings={
                "require": ["fips", "split"],
                "ship": {"sign": "client"}}) as pair:
        requests = receiver.wait(3)
        pair.wait_event("started")
        check(str(fips().module) in
              pathlib.Path(f"/proc/{pair.shipper}/maps").read_text(),
              "the module is not in the shipper")
        check(all(r.headers["Signature"] for r in requests), "not signed")


@test
def the_pair_does_not_start_where_only_the_provider_or_its_property_lacks():
    need_root()
    for more, words in (
            ({"properties": ""}, "lacks default_properties"),
            ({"module": fips().damaged()}, "did not load")):
        with Pair("https://127.0.0.1:9/", keys,
                  prefix=fips().host(**more),
                  settings={"require": ["fips"]}) as pair:
            check_equal(pair.wait_exit(), 1, str(more))
            check(words in "\n".join(pair.lines), "\n".join(pair.lines))


@test
def a_server_that_does_as_fips_asks_is_delivered_to():
    for kind in ("ec", "2048", "3072"):
        context = server_context(Made("server", house.root, key=kind))
        with RawServer(tls_play(answer_all, context)) as server:
            expect(posts(server.url, env=environment(), fips=1)[0],
                   "ANSWERED")


@contextlib.contextmanager
def server_with(*options):
    """openssl-s_server(1): sends back the lines it was sent, reversed."""
    port = owned.free_port()
    pems = [str(write(pem)) for pem in (
        house.server.pem(), key_pem(house.server.key), house.root.pem())]
    process = owned.start(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-rev",
         "-quiet", "-tls1_3", "-Verify", "1", "-cert", pems[0],
         "-key", pems[1], "-CAfile", pems[2], *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: owned.listens(port), 10, "it listens")
        yield f"https://127.0.0.1:{port}/"
    finally:
        owned.end(process)


@test
def what_fips_does_not_have_is_not_spoken_though_we_would():
    for options in (("-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"),
                    ("-groups", "X25519")):
        with server_with(*options) as url:
            expect(posts(url)[0], "BAD_REPLY")
            expect(posts(url, env=environment(), fips=1)[0],
                   "CLIENT_REFUSED", kind="configuration")


@test
def the_driver_is_refused_the_same_where_the_module_is_damaged():
    status, results, said = drive(
        "https://127.0.0.1:1/", fips=1,
        env=environment(module=fips().damaged()))
    check_equal((status, results), (1, []), said)
    check("did not load" in said, said)
    status, results, _ = drive("https://127.0.0.1:1/", fips=1,
                               env=environment())
    check_equal(status, 0, "the control")
    expect(results[0], "UNREACHABLE")


main()
