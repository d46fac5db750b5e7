# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Certificate, key, authorities, list and token are renewed
# while the pair runs: a restart picks them up, and the ring's books say that
# no record was lost, and none came in two versions.
import base64
import contextlib
import os
import pathlib
import secrets
import signal
import tempfile

from keys import Authority
from managed import HOST, books, keys
from proxylab import tunnelling
from renewal import goes_on, renew, restart, taken
from tap import check, check_equal, main, test, until
from tlslab import RawServer

folder = tempfile.TemporaryDirectory()
os.chmod(folder.name, 0o711)
TOKEN_FILE = pathlib.Path(folder.name) / "token"
CRL_FILE = pathlib.Path(folder.name) / "crl.pem"


def file_of(manager, name):
    return manager.pair.folder / name


def set_token(text):
    TOKEN_FILE.unlink(missing_ok=True)
    renew(TOKEN_FILE, text.encode() + b"\n")


@contextlib.contextmanager
def books_with_token(token):
    set_token(token)
    with books({"resource": {"host.id": HOST},
                "ship": {"token": str(TOKEN_FILE)}}) as three:
        yield three


def bearer(*tokens):
    return {f"Bearer {t}" for t in tokens}


@test
def a_token_that_is_renewed_while_both_are_good_is_never_refused():
    old, new = secrets.token_hex(20), secrets.token_hex(20)
    with books_with_token(old) as (manager, receiver, ledger):
        receiver.tokens = bearer(old, new)
        goes_on(receiver)
        set_token(new)
        restart(manager)
        goes_on(receiver)
        receiver.tokens = bearer(new)
        goes_on(receiver)
        check_equal({r.status for r in receiver.requests}, {200})
        check_equal(ledger.duplicates(), 0, "steps that came twice")


@test
def a_receiver_that_switches_tokens_gets_all_that_waited_after_the_renewal():
    old, new = secrets.token_hex(20), secrets.token_hex(20)
    with books_with_token(old) as (manager, receiver, ledger):
        receiver.tokens = bearer(old)
        goes_on(receiver)
        receiver.tokens = bearer(new)
        manager.wait_event("delivery_failed", reason="http_401")
        before = len(taken(receiver))
        with_old = len(receiver.requests)
        # the old one again: still 401, and still nothing is given up
        restart(manager)
        until(lambda: len(receiver.requests) > with_old, 20, "a try")
        check_equal(len(taken(receiver)), before, "requests that were taken")
        set_token(new)
        restart(manager)
        goes_on(receiver, 6)
        check_equal({r.headers["Authorization"] for r in receiver.requests
                     if r.status == 200}, bearer(old, new))
        check_equal(ledger.duplicates(), 0, "steps that came twice")


@test
def a_proxy_that_switches_logins_lets_all_that_waited_through():
    logins = {"old": b"sluice:old", "new": b"sluice:new"}
    taken = ["old"]

    def play(server, connection):
        wanted = base64.b64encode(logins[taken[0]])
        head = []

        def judge(server, connection):
            head.append(server.got.rpartition(b"CONNECT ")[2])
            if wanted not in head[0]:
                connection.sendall(b"HTTP/1.1 407 No\r\n\r\n")
                raise OSError("another login")
        tunnelling(judge)(server, connection)
    login = pathlib.Path(folder.name) / "login"
    renew(login, logins["old"])
    with RawServer(play) as proxy, books({
            "resource": {"host.id": HOST}, "ship": {
                "proxy": f"http://127.0.0.1:{proxy.port}",
                "proxy_login": str(login)}}) as (manager, receiver, ledger):
        goes_on(receiver)
        taken[0] = "new"
        receiver.hang_up_between()
        manager.wait_event("delivery_failed", reason="proxy_login")
        renew(login, logins["new"])
        restart(manager)
        goes_on(receiver, 6)
        check_equal(ledger.duplicates(), 0, "steps that came twice")


@test
def a_renewed_certificate_with_its_key_is_shown_after_a_restart():
    with books() as (manager, receiver, ledger):
        goes_on(receiver)
        made = keys.authority.issue("renewed", "clientAuth")
        renew(file_of(manager, "client.pem"), made.cert)
        renew(file_of(manager, "client.key"), made.key)
        goes_on(receiver)
        check_equal({r.subject["commonName"] for r in receiver.requests},
                    {"client"})
        restart(manager)
        check_equal(goes_on(receiver)[-1].subject["commonName"], "renewed")
        check_equal(ledger.duplicates(), 0, "steps that came twice")


@test
def a_certificate_without_its_key_stops_the_start_and_loses_nothing():
    with books() as (manager, receiver, _):
        goes_on(receiver)
        made = keys.authority.issue("half", "clientAuth")
        renew(file_of(manager, "client.pem"), made.cert)
        life = manager.life
        life.signal(signal.SIGTERM)
        manager.wait_end(life)
        until(lambda: len(manager.lives) >= 3, 10, "it is tried again")
        renew(file_of(manager, "client.key"), made.key)
        until(lambda: manager.lives[-1].ready is not None, 20, "it is ready")
        check_equal(goes_on(receiver)[-1].subject["commonName"], "half")


@test
def authorities_go_over_from_the_old_to_the_new_without_a_refusal():
    other = Authority(pathlib.Path(folder.name) / "other")
    server = other.issue("server", "serverAuth",
                         ("DNS:localhost", "IP:127.0.0.1"))
    with books() as (manager, receiver, ledger):
        ca = file_of(manager, "ca.pem")
        goes_on(receiver)
        renew(ca, keys.ca, other.cert)
        restart(manager)
        goes_on(receiver)
        receiver.context.load_cert_chain(server.cert, server.key)
        receiver.hang_up_between()
        goes_on(receiver)
        renew(ca, other.cert)
        restart(manager)
        goes_on(receiver)
        check(not any(e.fields.get("reason") == "server_refused"
                      for life in manager.lives for e in life.events),
              "a server was refused")
        check_equal({r.status for r in receiver.requests}, {200})


@test
def a_server_of_a_new_authority_gets_all_that_waited_once_it_is_trusted():
    other = Authority(pathlib.Path(folder.name) / "sudden")
    server = other.issue("server", "serverAuth",
                         ("DNS:localhost", "IP:127.0.0.1"))
    with books() as (manager, receiver, ledger):
        goes_on(receiver)
        receiver.context.load_cert_chain(server.cert, server.key)
        receiver.hang_up_between()
        manager.wait_event("delivery_failed", reason="server_refused")
        before = len(receiver.requests)
        renew(file_of(manager, "ca.pem"), other.cert)
        restart(manager)
        goes_on(receiver, 6)
        check(before < len(receiver.requests), "nothing came")
        check_equal({r.status for r in receiver.requests}, {200})


@test
def a_list_that_went_stale_is_renewed_and_what_waited_comes():
    keys.authority.revocations(CRL_FILE, last_day=6 / 86400)
    with books({"resource": {"host.id": HOST},
                "ship": {"crl": str(CRL_FILE)}}) \
            as (manager, receiver, ledger):
        goes_on(receiver, 1)
        manager.wait_event("delivery_failed", reason="server_refused")
        keys.authority.revocations(CRL_FILE)
        restart(manager)
        goes_on(receiver, 6)
        check_equal(ledger.duplicates(), 0, "steps that came twice")


main()
