# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Chains that are good but for what is known of them here:
# revocation lists, the OCSP response that comes along, pins, and how long a
# connection may live on what was judged at its start.
import base64
import functools

import cryptography.x509 as x509
from cryptography.hazmat.primitives import hashes

from revokelab import (BACKUP, MUST_STAPLE, REVOKED, UNKNOWN, delegate, lists,
                       pin, revocations, staple, staple_error, stapling)
from tap import Failed, check, check_equal, main, test
from tlslab import (Made, RawServer, _usage as usage, answer_all, drive,
                    expect, house, posts, server_context, tls_play, write)

root = house.root
between = Made("between", root, ca=True)
below = Made("server", between)
of_root = revocations(root)
of_between = revocations(between)
stranger = Made("stranger", ca=True)


def add(name, function, *arguments):
    case = functools.partial(function, *arguments)
    case.__name__ = name
    test(case)


def judged(play, words, **options):
    """words: why it is refused, with no byte of a request; None: taken."""
    with RawServer(play) as server:
        result, = posts(server.url, **options)
    if words is None:
        expect(result, "ANSWERED", kind="delivered")
        return result
    expect(result, "SERVER_REFUSED", "server_refused", words,
           "configuration")
    check_equal(server.got, b"", "request bytes at the server")
    return result


def of_some(**scope):
    all_of = {"full_name": None, "relative_name": None,
              "only_contains_user_certs": False,
              "only_contains_ca_certs": False, "only_some_reasons": None,
              "indirect_crl": False,
              "only_contains_attribute_certs": False}
    return [(x509.IssuingDistributionPoint(**{**all_of, **scope}), True)]


UNKNOWN_EXTENSION = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.3.6.1.4.1.9.9"), b"\x05\x00")
mute = Made("mute", root, ca=True, usage=usage("key_cert_sign"))

# The server's certificate, the lists that are there, what is said.
LISTS = {
    "lists_that_name_nobody": (house.server, [of_root], None),
    "a_list_for_each_authority_of_the_chain": (
        below, [of_root, of_between], None),
    "a_stale_list_beside_a_good_one": (
        house.server, [revocations(root, days=(-9, -2)), of_root], None),
    "a_list_of_somebody_else_beside_a_good_one": (
        house.server, [revocations(stranger), of_root], None),
    "a_list_of_twelve_thousand": (
        house.server, [revocations(root, *range(1 << 60, (1 << 60) + 12000))],
        None),
    "a_revoked_server": (
        house.server, [revocations(root, house.server)],
        "certificate revoked: certificate 0"),
    "a_revoked_authority": (
        below, [revocations(root, between), of_between],
        "certificate revoked: certificate 1"),
    "a_server_on_hold": (
        house.server, [revocations(root, house.server,
                                   reason=x509.ReasonFlags.certificate_hold)],
        "certificate revoked: certificate 0"),
    "a_stale_list": (
        house.server, [revocations(root, days=(-9, -2))],
        "CRL has expired: certificate 0 /CN=server (ship.crl"),
    "a_list_not_yet_valid": (
        house.server, [revocations(root, days=(1, 9))],
        "CRL is not yet valid"),
    "a_list_of_another_issuer": (
        house.server, [revocations(stranger)],
        "its issuer's is not in ship.crl"),
    "a_list_of_the_root_alone": (
        below, [of_root], "unable to get certificate CRL: certificate 0"),
    "a_list_of_the_authority_between_alone": (
        below, [of_between], "unable to get certificate CRL: certificate 1"),
    "a_list_with_a_stolen_name": (
        house.server, [revocations(root, signer=stranger)], ""),
    "a_list_whose_signer_may_not": (
        Made("server", mute), [of_root, revocations(mute)],
        "CRL signing"),
    "a_list_with_an_unknown_critical_extension": (
        house.server, [revocations(root, more=[(UNKNOWN_EXTENSION, True)])],
        "unhandled critical CRL extension"),
    "a_list_of_authorities_alone": (
        house.server, [revocations(root, more=of_some(
            only_contains_ca_certs=True))], "CRL"),
    "a_list_for_some_reasons_alone": (
        house.server, [revocations(root, more=of_some(
            only_some_reasons=frozenset([x509.ReasonFlags.key_compromise])))],
        "CRL"),
    "an_indirect_list": (
        house.server, [revocations(root, more=of_some(indirect_crl=True))],
        "CRL"),
}


def listed(made, crls, words):
    judged(tls_play(answer_all, server_context(made)), words,
           crl=lists(*crls))


for title, arguments in LISTS.items():
    add(title, listed, *arguments)


def without_next_update():
    """The field is optional in DER: taken out, and both lengths with it."""
    der = bytearray(revocations(root, *range(1 << 60, (1 << 60) + 20))
                    .public_bytes(x509.base.serialization.Encoding.DER))
    check_equal((der[1], der[5]), (0x82, 0x82), "lengths of two bytes")
    for at in (2, 6):
        left = int.from_bytes(der[at:at + 2], "big") - 15
        der[at:at + 2] = left.to_bytes(2, "big")
    at = der.index(b"\x17\x0d", der.index(b"\x17\x0d") + 1)
    del der[at:at + 15]
    return b"-----BEGIN X509 CRL-----\n" + base64.encodebytes(der) + \
        b"-----END X509 CRL-----\n"


PEM = x509.base.serialization.Encoding.PEM
GOOD_PEM = of_root.public_bytes(PEM)
FILES = {
    "a_file_of_lists_that_is_empty": (b"", "crl: not a list of PEM"),
    "a_file_of_lists_that_is_none": (b"hello\n", "crl: not a list of PEM"),
    "a_file_of_lists_that_is_cut": (GOOD_PEM + GOOD_PEM[:200],
                                    "crl: not a list of PEM"),
    "a_certificate_in_place_of_a_list": (root.pem(),
                                         "crl: not a list of PEM"),
    "a_file_of_lists_that_is_too_large": (GOOD_PEM * 4000, "crl: 1 MiB"),
    "a_delta_list": (
        revocations(root, more=[(x509.DeltaCRLIndicator(6), True)])
        .public_bytes(PEM), "crl: a delta"),
    "a_list_without_next_update": (without_next_update(),
                                   "crl: a list without nextUpdate"),
    "a_list_with_a_weak_digest": (
        revocations(root, digest=hashes.SHA1).public_bytes(PEM),
        "crl: a list signed with a weak digest"),
}


def no_start(content, words):
    status, results, said = drive("https://127.0.0.1:1/", crl=write(content))
    check_equal((status, results), (1, []), f"the end ({said})")
    check(words in said, f"{said!r} does not say {words!r}")


for title, arguments in FILES.items():
    add(title, no_start, *arguments)

must = Made("server", root, more=[(MUST_STAPLE, False)])
strict = Made("between", root, ca=True, more=[(MUST_STAPLE, False)])
odd = Made("server", root, more=[(x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.3.6.1.5.5.7.1.24"), b"\x04\x01\x05"), False)])
MISSING = "must be stapled, and none is"
OLD = "too old, or not yet valid"
UNSIGNED = "not signed by its issuer"
MALFORMED = "is malformed"
good = staple(house.server)

STAPLES = {
    "a_staple_of_the_issuer": (house.server, good, None),
    "a_staple_of_a_delegate": (
        house.server, staple(house.server, signer=delegate(root)), None),
    "a_staple_below_another_authority": (below, staple(below), None),
    "a_staple_that_names_by_sha_256": (
        house.server, staple(house.server, name=hashes.SHA256), None),
    "no_staple_where_none_is_asked_for": (house.server, b"", None),
    "a_staple_where_one_must_be": (must, staple(must), None),
    "no_staple_where_one_must_be": (must, b"", MISSING + ": certificate 0"),
    "no_staple_where_the_authority_asks": (
        Made("server", strict), b"", MISSING + ": certificate 1"),
    "no_staple_where_the_extension_is_malformed": (odd, b"", MISSING),
    "a_staple_that_says_revoked": (
        house.server, staple(house.server, REVOKED), "says it is revoked"),
    "a_staple_that_says_unknown": (
        house.server, staple(house.server, UNKNOWN), "does not know it"),
    "a_staple_past_its_next_update": (
        house.server, staple(house.server, days=(-3, -1)), OLD),
    "a_staple_of_ten_days_whatever_its_next_update": (
        house.server, staple(house.server, days=(-10, 20)), OLD),
    "a_staple_from_the_future": (
        house.server, staple(house.server, days=(1, 3)), OLD),
    "a_staple_without_next_update": (
        house.server, staple(house.server, days=(-1, None)),
        "has no nextUpdate"),
    "a_staple_about_another_certificate": (
        house.server, staple(house.server, about=house.client),
        "about another one"),
    "a_staple_of_another_authority": (
        house.server, staple(house.server, issuer=stranger), UNSIGNED),
    "a_staple_signed_by_the_server_itself": (
        house.server, staple(house.server, signer=house.server), UNSIGNED),
    "a_staple_of_a_delegate_without_the_right": (
        house.server, staple(house.server, signer=delegate(
            root, eku=(x509.ExtendedKeyUsageOID.CLIENT_AUTH,))), UNSIGNED),
    "a_staple_of_a_delegate_that_has_expired": (
        house.server, staple(house.server, signer=delegate(
            root, days=(-9, -1))), UNSIGNED),
    "a_staple_of_another_authoritys_delegate": (
        house.server, staple(house.server, signer=delegate(stranger)),
        UNSIGNED),
    "a_staple_of_a_weak_digest": (
        house.server, staple(house.server, digest=hashes.SHA1),
        "has a weak digest"),
    "a_staple_with_a_flipped_bit": (
        house.server, good[:-1] + bytes([good[-1] ^ 1]), ""),
    "a_staple_of_garbage": (house.server, b"\x30\x03\x0a\x01\x00" * 2,
                            MALFORMED),
    "a_staple_with_a_byte_too_many": (house.server, good + b"\0", MALFORMED),
    "a_staple_that_says_try_later": (house.server, staple_error(),
                                     "is an error"),
}


def stapled(made, response, words):
    judged(stapling(made, response), words)


for title, arguments in STAPLES.items():
    add(title, stapled, *arguments)


def pinned(made, words, *pins, **options):
    return judged(tls_play(answer_all, server_context(made)), words,
                  pin=list(pins), **options)


add("a_pin_of_the_server", pinned, below, None, pin(below), BACKUP)
add("a_pin_of_an_authority_between", pinned, below, None, BACKUP,
    pin(between))
add("a_pin_of_the_root", pinned, below, None, BACKUP, pin(root))
add("no_pin_in_the_chain", pinned, below, "no pin of ship.pins", BACKUP,
    pin(stranger))


@test
def a_refusal_names_the_pin_that_would_be_right():
    detail = pinned(below, "", BACKUP, pin(stranger))["detail"]
    check("sha256//" + base64.b64encode(pin(below)).decode() in detail,
          detail)


@test
def a_pin_of_a_certificate_that_is_sent_but_leads_nowhere():
    made = Made("server", root)
    made.between = [between.cert, stranger.cert]
    for extra in (between, stranger):
        pinned(made, "no pin of ship.pins", BACKUP, pin(extra))


@test
def our_certificate_is_shown_to_nobody_who_is_refused():
    """The server's own library says which messages it was sent."""
    context = server_context(below)
    seen = []
    context._msg_callback = lambda _, way, __, ___, kind, ____: seen.append(
        (way, getattr(kind, "name", "")))
    judged(tls_play(answer_all, context), None, pin=[BACKUP, pin(below)])
    check(("read", "CERTIFICATE") in seen, f"{seen}")
    seen.clear()
    judged(tls_play(answer_all, context), "no pin",
           pin=[BACKUP, pin(stranger)])
    check(("read", "CLIENT_HELLO") in seen, f"{seen}")
    check(("read", "CERTIFICATE") not in seen, f"{seen}")


def events(play, **options):
    with RawServer(play) as server:
        status, results, said = drive(server.url, **options)
    if status != 0:
        raise Failed(f"conn_driver ended with {status}: {said}")
    return results, said


@test
def a_missing_pin_is_said_once_and_counted_where_it_is_reported_alone():
    play = tls_play(answer_all, server_context(below))
    results, said = events(play, posts=3, skip_s=4000, report=1,
                           pin=[BACKUP, pin(stranger)])
    for i, result in enumerate(results, 1):
        expect(result, "ANSWERED", kind="delivered")
        check_equal(result["mismatches"], str(i))
    check_equal(said.count("event=pin_mismatch"), 1, said)
    check(base64.b64encode(pin(below)).decode() in said, said)


@test
def pins_of_which_none_is_in_reserve_are_said_once():
    play = tls_play(answer_all, server_context(below))
    _, said = events(play, posts=3, skip_s=4000,
                     pin=[pin(below), pin(between)])
    check_equal(said.count("event=pins_without_backup"), 1, said)
    _, said = events(play, posts=3, skip_s=4000, pin=[pin(below), BACKUP])
    check("pin" not in said, said)


def connections(count, **options):
    with RawServer(tls_play(answer_all)) as server:
        for result in posts(server.url, posts=2, **options):
            expect(result, "ANSWERED")
        check_equal(server.connections, count, f"connections {options}")


@test
def a_connection_rests_for_a_quarter_of_an_hour_and_no_longer():
    connections(1, skip_s=890)
    connections(2, skip_s=910)


@test
def a_connection_in_use_is_kept_for_an_hour_and_no_longer():
    with RawServer(tls_play(answer_all)) as server:
        for result in posts(server.url, posts=6, skip_s=800):
            expect(result, "ANSWERED")
        check_equal(server.connections, 2)


def ends_soon():
    return -1, 2.2 / 86400


def twice(play, **options):
    with RawServer(play) as server:
        first, second = posts(server.url, posts=2, gap_ms=2500, **options)
        expect(first, "ANSWERED")
        return second, server


@test
def a_connection_ends_with_the_certificate():
    short = Made("server", root, days=ends_soon())
    second, server = twice(tls_play(answer_all, server_context(short)))
    expect(second, "SERVER_REFUSED", words="certificate has expired")
    check_equal(server.got.count(b"POST "), 1)


@test
def a_connection_ends_with_the_list():
    second, server = twice(tls_play(answer_all), crl=lists(
        revocations(root, days=ends_soon())))
    expect(second, "SERVER_REFUSED", words="CRL has expired")
    check_equal(server.got.count(b"POST "), 1)


@test
def a_connection_ends_with_the_staple():
    """The next one is taken: within what clocks may differ."""
    second, server = twice(stapling(house.server, staple(
        house.server, days=ends_soon())))
    expect(second, "ANSWERED")
    check_equal(server.connections, 2)


@test
def the_end_of_a_chain_is_that_of_the_first_to_end():
    early = Made("between", root, ca=True, days=(-1, 3))
    for made in (Made("server", early), Made("server", root, days=(-1, 3))):
        result = judged(tls_play(answer_all, server_context(made)), None)
        first = min((made.cert, *made.between, root.cert),
                    key=lambda c: c.not_valid_after)
        check_equal(int(result["end"]), int(
            (first.not_valid_after - x509.base.datetime.datetime(
                1970, 1, 1)).total_seconds()), "end")


main()
