# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  NIST's suite of path validation through the shipper's own
# settings: what the standard refuses is refused, each time.  Where the shipper
# refuses what the standard allows, the reason stands here, and no other case
# may join.
import os
import pathlib
import re
import subprocess

from tap import check, check_equal, main, test
from tlslab import house, write

DRIVER = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"],
                      "tests/integration/pkits_driver")
SUITE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"], "tests/fixtures/pkits")
POLICY = "2.16.840.1.101.3.2.1.48."

# Each group: why, what is said, and the cases.
STRICTER = (
    ("SHA-1 is below 112 bits, and TLS 1.3 has no DSA",
     "weak digest", ("ValidDSASignaturesTest4",
                     "ValidDSAParameterInheritanceTest5")),
    ("RFC 5280, 4.2.1.9: basic constraints of an authority are critical",
     "not marked critical", ("ValidbasicConstraintsNotCriticalTest4",)),
    ("a list must be signed with the key that signed the certificate: a second "
     "path, for a second key, is a second way in",
     "CRL", ("ValidSeparateCertificateandCRLKeysTest19",
             "ValidBasicSelfIssuedNewWithOldTest4",
             "ValidBasicSelfIssuedCRLSigningKeyTest6")),
    ("lists of some reasons, or of another issuer, are not put together",
     "CRL", ("ValidonlySomeReasonsTest18", "ValidonlySomeReasonsTest19",
             "ValidIDPwithindirectCRLTest22", "ValidIDPwithindirectCRLTest24",
             "ValidIDPwithindirectCRLTest25", "ValidcRLIssuerTest28",
             "ValidcRLIssuerTest29", "ValidcRLIssuerTest30",
             "ValidcRLIssuerTest33")),
    ("deltas are refused at the start: the file is read once",
     "crl: a delta", ("ValiddeltaCRLTest2", "ValiddeltaCRLTest5",
                      "ValiddeltaCRLTest7", "ValiddeltaCRLTest8")),
)


def pieces(name):
    found = re.findall(r"^(\w+)\n(-----BEGIN [^-]*-----\n[^-]*-----END [^-]*"
                       r"-----\n)", (SUITE / name).read_text(), re.MULTILINE)
    return dict(found)


CERTS = pieces("certs.pem")
CRLS = pieces("crls.pem")
ROWS = [line.split("\t") for line in
        (SUITE / "cases.tsv").read_text().splitlines()[1:]]
FLAGS = {"-": [], "explicit_policy": ["explicit=1"],
         "inhibit_map": ["no_mapping=1"], "inhibit_any": ["no_any=1"]}


def words(policies, flags):
    """The initial policies of a case.  OpenSSL asks for them only where a
    policy must be there at all, so that naming some makes it so."""
    named = [] if policies == "anyPolicy" else \
        ["policy=" + POLICY + p.rsplit("-", 1)[1]
         for p in policies.split(",")]
    return named + FLAGS[flags]


def verdict(row):
    chain = [CERTS[name] for name in row[4].split(",")]
    crls = "".join(CRLS[name] for name in row[5].split(",") if name)
    files = [write(text.encode()) for text in
             (chain[0], crls, chain[-1], "".join(chain[1:-1]))]
    done = subprocess.run(
        [DRIVER, files[0], files[1], house.cert, house.key, files[2],
         files[3], *words(row[6], row[7])], check=True, env={},
        capture_output=True, text=True, timeout=30)
    return done.stdout.strip()


# By name: the parts of a case share its number.
VERDICTS = {row[2]: verdict(row) for row in ROWS}


@test
def the_suite_is_whole():
    check_equal((len(CERTS), len(CRLS), len(ROWS)), (405, 173, 247))
    check_equal(sum(row[3] == "valid" for row in ROWS), 112, "valid ones")


@test
def nothing_is_taken_that_the_standard_refuses():
    lax = [f"{row[0]} {row[2]}" for row in ROWS
           if row[3] == "invalid" and VERDICTS[row[2]] == "ok"]
    check_equal(lax, [], "too lax")


@test
def what_the_standard_allows_and_we_refuse_is_known_with_its_reason():
    found = {re.sub(r"^Section\d+", "", row[2]): VERDICTS[row[2]]
             for row in ROWS
             if row[3] == "valid" and VERDICTS[row[2]] != "ok"}
    known = {case: said for _, said, cases in STRICTER for case in cases}
    check_equal(sorted(found), sorted(known), "stricter")
    for case, said in known.items():
        check(said in found[case], f"{case}: {found[case]}")


main()
