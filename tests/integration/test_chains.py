# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Every fault that a chain of certificates can have, before
# revocation: what is said of which certificate, and that no byte of the
# request was sent.
import functools

import cryptography.x509 as x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import AuthorityInformationAccessOID

from tap import check_equal, main, test
from tlslab import (ANY_USAGE, CLIENT_AUTH, PEM, Made, RawServer,
                    _usage as usage, answer_all, expect, house, posts,
                    refused, server_context, tls_play, write)

root = house.root


def chain(length, leaf=None):
    issuer = root
    for i in range(length):
        issuer = Made(f"between {i}", issuer, ca=True)
    return Made(leaf or "server", issuer)


def without_chain(made):
    made.between = []
    return made


def many_names():
    return Made("server", root,
                san=("localhost", *(f"h{i}.test" for i in range(9000))))


def with_junk():
    made = Made("server", root)
    junk = Made("junk", root, san=[f"j{i}.test" for i in range(70)])
    made.between = [junk.cert] * 70
    return made


def bad_constraint():
    only = x509.NameConstraints([x509.DNSName("example.net")], None)
    return Made("server", Made("between", root, ca=True, more=[(only, True)]),
                san=("localhost",))


def not_an_authority():
    return Made("server", Made("leaf", root))


def pathlen_exceeded():
    one = Made("one", root, ca=True, pathlen=0)
    return Made("server", Made("two", one, ca=True))


def below(**faults):
    return Made("server", Made("between", root, ca=True, **faults))


def constrained(permitted, excluded, name):
    limits = x509.NameConstraints(permitted, excluded)
    return Made("server", Made("between", root, ca=True,
                               more=[(limits, True)]), san=(name,))


def explicit_policy():
    needs = x509.PolicyConstraints(0, None)
    return below(more=[(needs, True)])


def as_address(text):
    return x509.SubjectAlternativeName([x509.DNSName(text)])


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.9.9"),
                                     b"\x05\x00")

CERTIFICATES = {
    "an_expired_leaf": (
        lambda: Made("server", root, days=(-20, -1)), "has expired"),
    "a_leaf_not_yet_valid": (
        lambda: Made("server", root, days=(1, 20)), "our clock right"),
    "a_name_of_another_host": (
        lambda: Made("server", root, san=("other.test",)),
        "hostname mismatch"),
    "a_name_in_the_common_name_alone": (
        lambda: Made("localhost", root, san=()), "hostname mismatch"),
    "a_self_signed_certificate": (
        lambda: Made("server"), "self-signed"),
    "an_unknown_root": (
        lambda: Made("server", Made("other", ca=True)), "unable to get"),
    "another_root_of_the_same_name": (
        lambda: Made("server", Made("root", ca=True)), "certificate 0"),
    "a_missing_intermediate": (
        lambda: without_chain(chain(1)), "unable to get"),
    "a_certificate_for_clients": (
        lambda: Made("server", root, eku=(CLIENT_AUTH,)), "purpose"),
    "a_certificate_for_no_purpose": (
        lambda: Made("server", root, eku=()), "serverAuth"),
    "a_certificate_for_any_purpose": (
        lambda: Made("server", root, eku=(ANY_USAGE,)), "purpose"),
    "a_leaf_that_is_an_authority": (
        lambda: Made("server", root, ca=True, san=("localhost",),
                     usage=usage("digital_signature", "key_cert_sign"),
                     more=[(x509.ExtendedKeyUsage(
                         [x509.ExtendedKeyUsageOID.SERVER_AUTH]), False)]),
        "authority"),
    "a_leaf_that_may_not_sign": (
        lambda: Made("server", root, usage=usage("key_encipherment")),
        "digitalSignature"),
    "an_issuer_that_is_no_authority": (not_an_authority, "invalid CA"),
    "a_path_longer_than_allowed": (pathlen_exceeded, "path length"),
    "a_name_outside_the_constraint": (bad_constraint, "permitted subtree"),
    "an_rsa_key_of_1024_bits": (
        lambda: Made("server", root, key="1024"), "key too"),
    "a_sha_1_signature": (
        lambda: Made("server", root, digest=hashes.SHA1), "too weak"),
    "an_expired_intermediate": (
        lambda: Made("server", Made("between", root, ca=True,
                                    days=(-20, -1))),
        "has expired: certificate 1"),
    "an_unknown_critical_extension": (
        lambda: Made("server", root, more=[(UNKNOWN, True)]),
        "unhandled critical extension"),
    "a_zero_byte_inside_a_name": (
        lambda: Made("server", root, san=("localhost\0.evil.test",)), ""),
    "a_name_that_is_a_star": (
        lambda: Made("server", root, san=("*",)), "hostname mismatch"),
    "a_name_that_only_begins_well": (
        lambda: Made("server", root, san=("localhost.evil",)),
        "hostname mismatch"),
    "a_star_within_a_word": (
        lambda: Made("server", root, san=("loc*host",)),
        "hostname mismatch"),
    "a_name_with_a_dot_behind_it": (
        lambda: Made("server", root, san=("localhost.",)),
        "hostname mismatch"),
    "a_name_for_mail_alone": (
        lambda: Made("localhost", root, san=(), more=[(
            x509.SubjectAlternativeName([x509.RFC822Name("a@localhost")]),
            False)]), "hostname mismatch"),
    "no_basic_constraints_in_an_authority": (
        lambda: below(without=[x509.BasicConstraints]), "invalid CA"),
    "basic_constraints_that_may_be_ignored": (
        lambda: below(critical=False), "not marked critical"),
    "an_authority_that_may_not_sign": (
        lambda: below(usage=usage("crl_sign", "digital_signature")),
        "certificate 1"),
    "an_authority_for_clients_alone": (
        lambda: below(more=[(x509.ExtendedKeyUsage([CLIENT_AUTH]), False)]),
        "unsuitable certificate purpose: certificate 1"),
    "an_authority_not_yet_valid": (
        lambda: below(days=(1, 20)), "not yet valid: certificate 1"),
    "an_authority_with_a_sha_1_signature": (
        lambda: below(digest=hashes.SHA1), "too weak: certificate 1"),
    "an_authority_with_an_rsa_key_of_1024_bits": (
        lambda: below(key="1024"), "key too weak: certificate 1"),
    "an_unknown_critical_extension_in_an_authority": (
        lambda: below(more=[(UNKNOWN, True)]),
        "unhandled critical extension: certificate 1"),
    "no_identifier_of_the_issuers_key": (
        lambda: Made("server", root, without=[x509.AuthorityKeyIdentifier]),
        "Missing Authority Key Identifier"),
    "no_identifier_of_an_authoritys_key": (
        lambda: below(without=[x509.SubjectKeyIdentifier]),
        "Missing Subject Key Identifier"),
    "an_authority_on_a_curve_of_192_bits": (
        lambda: below(key="weak ec"), "key too weak: certificate 1"),
    "a_name_that_is_excluded": (
        lambda: constrained(None, [x509.DNSName("localhost")], "localhost"),
        "excluded subtree"),
    "a_policy_that_must_be_there_and_is_not": (
        explicit_policy, "no explicit policy"),
    "more_than_64_kib_of_names": (many_names, "excessive message size"),
    "seventy_certificates_of_junk": (with_junk, "excessive message size"),
    "a_chain_of_thirty": (lambda: chain(30), "chain too long"),
    "a_chain_of_six": (lambda: chain(5), "chain too long"),
}


def add(name, case):
    case.__name__ = name
    test(case)


def certificate_case(make, words):
    refused(tls_play(answer_all, server_context(make())), "SERVER_REFUSED",
            "server_refused", words)


for title, (make, words) in CERTIFICATES.items():
    add(f"refused_{title}", functools.partial(certificate_case, make, words))


@test
def refused_an_address_that_stands_as_a_name():
    made = Made("server", root, san=("localhost",))
    with RawServer(tls_play(answer_all, server_context(made))) as server:
        result, = posts(f"https://127.0.0.1:{server.port}/")
    expect(result, "SERVER_REFUSED", words="IP address mismatch")
    check_equal(server.got, b"")


@test
def refused_an_address_written_as_a_name():
    made = Made("server", root, san=(), more=[(as_address("127.0.0.1"),
                                               False)])
    with RawServer(tls_play(answer_all, server_context(made))) as server:
        result, = posts(f"https://127.0.0.1:{server.port}/")
    expect(result, "SERVER_REFUSED", words="IP address mismatch")
    check_equal(server.got, b"")


@test
def refused_a_root_of_ours_that_has_expired():
    old = Made("root", ca=True, days=(-20, -1))
    context = server_context(Made("server", old))
    refused(tls_play(answer_all, context), "SERVER_REFUSED",
            words="has expired: certificate 1", ca=write(old.pem()))


@test
def a_name_in_capital_letters_and_other_kinds_of_keys_are_taken():
    for made in (Made("server", root, san=("LOCALHOST",)),
                 Made("server", root, key="2048"),
                 Made("server", root, key="ed25519")):
        with RawServer(tls_play(answer_all, server_context(made))) as server:
            expect(posts(server.url)[0], "ANSWERED")


@test
def a_chain_of_four_intermediates_is_taken():
    play = tls_play(answer_all, server_context(chain(4)))
    with RawServer(play) as server:
        expect(posts(server.url)[0], "ANSWERED")


@test
def refused_a_signature_with_a_flipped_bit():
    made = Made("server", root)
    context = server_context(made, pem=made.flipped())
    refused(tls_play(answer_all, context), "SERVER_REFUSED",
            words="signature failure")


def pointing_to(url):
    """Where there is more to be had: issuer, answers of OCSP, lists."""
    place = x509.UniformResourceIdentifier(url)
    access = x509.AuthorityInformationAccess(
        [x509.AccessDescription(method, place) for method in (
            AuthorityInformationAccessOID.CA_ISSUERS,
            AuthorityInformationAccessOID.OCSP)])
    lists = x509.CRLDistributionPoints([x509.DistributionPoint(
        [place], None, None, None)])
    return [(access, False), (lists, False)]


@test
def nothing_is_fetched_from_where_a_certificate_points_to():
    """To a port that is open to us: the server's own."""
    for issuer, outcome in ((root, "ANSWERED"),
                            (Made("not sent", root, ca=True),
                             "SERVER_REFUSED")):
        with RawServer(None) as server:
            made = Made("server", issuer, more=pointing_to(
                f"http://127.0.0.1:{server.port}/more"))
            server.play = tls_play(answer_all, server_context(
                made, pem=made.cert.public_bytes(PEM)))
            expect(posts(server.url)[0], outcome)
            check_equal((server.connections, server.errors == []),
                        (1, outcome == "ANSWERED"), outcome)


main()
