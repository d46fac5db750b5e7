# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The whole pair with revocation lists, pins and FIPS: what
# arrives, what is said, and that nothing is lost while nothing may be sent.
import hashlib
import os
import pathlib
import subprocess
import tempfile
import time

from keys import Keys
from managed import books, keys as managed_keys, steps
from pair import Pair
from receiver import Receiver
from tap import Skip, check, check_equal, main, test, until

DAY = 86400
folder = tempfile.TemporaryDirectory()
os.chmod(folder.name, 0o711)
FOLDER = pathlib.Path(folder.name)
keys = Keys(folder.name)


def pin(certificate):
    public = subprocess.run(
        ["openssl", "x509", "-noout", "-pubkey", "-in", certificate.cert],
        check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                         input=public, check=True, capture_output=True).stdout
    digest = subprocess.run(["openssl", "base64"], check=True,
                            input=hashlib.sha256(der).digest(),
                            capture_output=True).stdout
    return "sha256//" + digest.decode().strip()


BACKUP = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def ends(certificate):
    text = subprocess.run(
        ["openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601",
         "-in", certificate.cert], check=True, capture_output=True,
        text=True).stdout
    when = time.strptime(text.strip(), "notAfter=%Y-%m-%d %H:%M:%SZ")
    return int(time.mktime(when)) - time.timezone


def last(receiver, name):
    points = receiver.points(name)
    return points[-1].value if points else None


@test
def the_ends_of_certificates_and_lists_arrive_as_metrics():
    crl = keys.authority.revocations(FOLDER / "good.crl", -1, 4)
    with Receiver(keys) as receiver, Pair(receiver.url, keys, settings={
            "ship": {"crl": crl, "pins": [pin(keys.server), BACKUP]}}):
        until(lambda: last(receiver, "sluice.tls.server.expiry"), 20,
              "the end of the server's chain")
        check_equal(last(receiver, "sluice.tls.client.expiry"),
                    ends(keys.client), "our certificate")
        check_equal(last(receiver, "sluice.tls.server.expiry"),
                    min(ends(keys.server), ends(keys.authority)), "chain")
        list_ends = last(receiver, "sluice.tls.crl.expiry")
        check(abs(list_ends - time.time() - 4 * DAY) < 300, list_ends)
        check_equal(last(receiver, "sluice.tls.pin.mismatches"), 0)


@test
def a_certificate_that_ends_soon_is_said_once_and_delivery_goes_on():
    brief = keys.authority.issue("brief", "serverAuth", Keys.LOCAL, -1, 0.1)
    with Receiver(keys, server=brief) as receiver, \
            Pair(receiver.url, keys) as pair:
        said = pair.wait_event("expires_soon", what="server_certificate")
        left = int(said.fields["left_s"])
        check(0.09 * DAY < left <= 0.1 * DAY, said.line)
        receiver.wait(len(receiver.requests) + 3)
        check_equal(sum(e.name == "expires_soon" for e in pair.events), 1)


@test
def our_own_certificate_and_a_list_that_end_soon_are_said_too():
    brief = keys.authority.issue("brief client", "clientAuth", (), -1, 0.1)
    crl = keys.authority.revocations(FOLDER / "brief.crl", -1, 0.1)
    with Receiver(keys) as receiver, Pair(
            receiver.url, keys, client=brief,
            settings={"ship": {"crl": crl}}) as pair:
        receiver.wait(3)
        for what in ("client_certificate", "crl"):
            said = pair.wait_event("expires_soon", what=what)
            left = int(said.fields["left_s"])
            check(0.09 * DAY < left <= 0.1 * DAY, said.line)
        check_equal(sum(e.name == "expires_soon" for e in pair.events), 2)


@test
def a_missing_pin_stops_the_delivery_or_is_reported():
    settings = {"ship": {"pins": [pin(keys.client), BACKUP]}}
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=settings) as pair:
        said = pair.wait_event("delivery_failed", reason="server_refused")
        check(pin(keys.server) in said.line, said.line)
        check_equal(len(receiver.requests), 0, "requests")
    settings["ship"]["pin_mode"] = "report"
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=settings) as pair:
        pair.wait_event("pin_mismatch")
        until(lambda: last(receiver, "sluice.tls.pin.mismatches"), 20,
              "the mismatch is counted")


@test
def a_stale_list_keeps_everything_and_a_new_one_takes_a_restart():
    path = FOLDER / "renewed.crl"
    managed_keys.authority.revocations(path, -9, -2)
    with books({"ship": {"crl": str(path)}}) as (manager, receiver, _):
        said = manager.wait_event("delivery_failed", reason="server_refused")
        check("CRL has expired" in said.line, said.line)
        manager.wait_event("expired", what="crl")
        time.sleep(2)
        check_equal(len(receiver.requests), 0, "requests")
        managed_keys.authority.revocations(path)
        manager.restart(collector=True)
        steps(receiver, 4)


def status_of_start(settings):
    with Receiver(keys) as receiver:
        pair = Pair(receiver.url, keys, settings=settings)
        try:
            pair.start()
            return pair.wait_exit(), "\n".join(pair.lines)
        finally:
            pair.__exit__(None, None, None)


@test
def a_file_that_is_not_there_or_is_no_list_stops_the_start():
    missing = str(FOLDER / "missing.crl")
    status, said = status_of_start({"ship": {"crl": missing}})
    check_equal(status, 1, said)
    check("ship.crl" in said and missing in said, said)
    odd = FOLDER / "odd.crl"
    odd.write_text("hello\n")
    status, said = status_of_start({"ship": {"crl": str(odd)}})
    check("crl: not a list of PEM revocation lists" in said, said)
    check_equal(status, 1, said)


@test
def fips_that_is_required_and_not_there_stops_the_start():
    enabled = pathlib.Path("/proc/sys/crypto/fips_enabled")
    if enabled.exists() and enabled.read_text() == "1\n":
        raise Skip("this kernel is in FIPS mode")
    status, said = status_of_start({"require": ["fips"]})
    check_equal(status, 1, said)
    check("require: fips" in said and "fips_enabled is not 1" in said, said)


main()
