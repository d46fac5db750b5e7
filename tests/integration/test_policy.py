# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Before the lock: the system's OpenSSL policy is in force or
# nothing starts, and the three credential files are what they should be.
import os
import pathlib
import re
import subprocess

from tap import Skip, check, check_equal, main, test
from tlslab import (CLIENT_AUTH, FOLDER, Made, RawServer, answer_all, drive,
                    expect, house, key_pem, posts, read_request, OK,
                    server_context, tls_play, write)

POLICY = """
openssl_conf = init
[init]
ssl_conf = ssl
providers = providers
[ssl]
system_default = policy
[providers]
default = default_provider
{providers}
[default_provider]
activate = 1
[policy]
{commands}
"""


def policy(commands="MinProtocol = TLSv1.2", providers="", after=""):
    text = POLICY.format(commands=commands, providers=providers) + after
    return {"OPENSSL_CONF": str(write(text.encode()))}


def refuses_to_start(words, **options):
    status, results, said = drive("https://127.0.0.1:1/", **options)
    check_equal((status, results), (1, []), f"the end ({said})")
    check(words in said, f"{said!r} does not say {words!r}")


def suite(**options):
    seen = []

    def play(server, tls):
        read_request(server, tls)
        seen.append(tls.cipher()[0])
        tls.sendall(OK)
    with RawServer(tls_play(play)) as server:
        expect(posts(server.url, **options)[0], "ANSWERED")
    return seen[0]


@test
def a_policy_chooses_the_cipher_suite():
    check_equal(suite(), "TLS_AES_256_GCM_SHA384")
    for name in ("TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"):
        check_equal(suite(env=policy(f"Ciphersuites = {name}")), name)


@test
def a_policy_in_an_included_file_is_in_force():
    name = "TLS_CHACHA20_POLY1305_SHA256"
    included = write(f"Ciphersuites = {name}\n".encode())
    check_equal(suite(env=policy(f".include = {included}")), name)


@test
def a_policy_may_ask_for_more_than_we_do():
    with RawServer(tls_play(answer_all)) as server:
        expect(posts(server.url, env=policy("Groups = P-521"))[0],
               "ANSWERED")
        strict = policy("CipherString = DEFAULT@SECLEVEL=5")
        status, results, said = drive(server.url, env=strict)
        check_equal(status, 1, "a 256-bit key is too small at level 5")
        check("key too small" in said, said)


@test
def a_policy_may_not_ask_for_less_than_we_do():
    weak = policy("CipherString = ALL:@SECLEVEL=0\nMinProtocol = TLSv1\n"
                  "Options = UnsafeLegacyRenegotiation,KTLS")
    made = Made("server", house.root, key="1024")
    with RawServer(tls_play(answer_all, server_context(made))) as server:
        expect(posts(server.url, env=weak)[0], "SERVER_REFUSED")
        check_equal(server.got, b"")


# What the back-ends of system-wide policies set, crypto-policies(7).
GENERAL = """CipherString = @SECLEVEL=2:kEECDH:kEDH:-aDSS:-3DES:!RC4:!eNULL:!aNULL
TLS.MinProtocol = TLSv1.2
TLS.MaxProtocol = TLSv1.3
DTLS.MinProtocol = DTLSv1.2
DTLS.MaxProtocol = DTLSv1.2
Ciphersuites = TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
"""
APPROVED = """CipherString = @SECLEVEL=2:kEECDH:kEDH:!aNULL
TLS.MinProtocol = TLSv1.2
Ciphersuites = TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256
Groups = secp256r1:secp384r1:secp521r1
SignatureAlgorithms = ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA+SHA256
"""
FUTURE = APPROVED.replace("SECLEVEL=2", "SECLEVEL=3")


@test
def the_policies_of_whole_systems_are_taken_as_they_stand():
    for commands in (GENERAL, APPROVED, FUTURE):
        check_equal(suite(env=policy(commands)), "TLS_AES_256_GCM_SHA384")


def refused_under(commands, context, outcome):
    with RawServer(tls_play(answer_all, context)) as server:
        expect(posts(server.url, env=policy(commands))[0], outcome)
        check_equal(server.got, b"")
    with RawServer(tls_play(answer_all, context)) as server:
        expect(posts(server.url)[0], "ANSWERED")


@test
def what_the_policy_forbids_is_not_spoken():
    curve = server_context()
    curve.set_ecdh_curve("prime256v1")
    refused_under("Groups = secp384r1", curve, "CLIENT_REFUSED")
    edwards = server_context(Made("server", house.root, key="ed25519"))
    refused_under(APPROVED, edwards, "CLIENT_REFUSED")
    short = server_context(Made("server", house.root, key="2048"))
    refused_under(FUTURE, short, "SERVER_REFUSED")


FIPS = "require: fips: "


@test
def fips_that_is_required_needs_its_provider_and_its_property():
    refuses_to_start(FIPS + "OpenSSL's configuration activates no fips",
                     fips=1)
    legacy = next(pathlib.Path("/usr/lib").glob("*/ossl-modules/legacy.so"),
                  None)
    if legacy is None:
        raise Skip("there is no second provider")
    env = policy(providers="fips = named", after=f"""
[named]
activate = 1
module = {legacy}
""")
    refuses_to_start(FIPS + "OpenSSL's configuration lacks default_prop",
                     env=env, fips=1)


@test
def nothing_is_used_that_a_module_for_fips_does_not_have():
    """With its property alone, and no such module, nothing can be fetched:
    nothing of ours is left over."""
    env = policy(after="[evp]\ndefault_properties = fips=yes\n")
    file = pathlib.Path(env["OPENSSL_CONF"])
    file.write_text(file.read_text().replace(
        "[init]\n", "[init]\nalg_section = evp\n"))
    status, results, said = drive("https://127.0.0.1:1/", env=env)
    check_equal((status, results), (1, []), said)
    folder = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"], "shipperd")
    code = "".join(p.read_text() for p in sorted(folder.glob("tls*.c")))
    named = set(re.findall(r"\bEVP_(?!MD|PKEY)[a-z]+[0-9_a-z]*\(\)", code))
    check_equal(named, {"EVP_sha256()"}, "digests and ciphers by name")


@test
def kernel_tls_is_switched_off_whatever_the_policy_says():
    """It would need a system call that the lock kills for."""
    suite(env=policy("Options = KTLS"))


@test
def further_providers_are_loaded_before_the_lock():
    extra = write(b"[legacy_provider]\nactivate = 1\n")
    env = policy(providers="legacy = legacy_provider",
                 after=f".include = {extra}\n")
    check_equal(suite(env=env), "TLS_AES_256_GCM_SHA384")


@test
def nothing_starts_without_the_configuration_of_openssl():
    for path in (FOLDER / "missing.cnf", ""):
        refuses_to_start("OpenSSL configuration cannot be read",
                         env={"OPENSSL_CONF": str(path)})


@test
def nothing_starts_with_a_malformed_one():
    for text in (b"openssl_conf = init\n[init\n", b"[init]\nx\n"):
        refuses_to_start("OpenSSL configuration cannot be read",
                         env={"OPENSSL_CONF": str(write(text))})
    for text in (b"openssl_conf = init\n",
                 b"openssl_conf = init\n[init]\nssl_conf = none\n",
                 b"openssl_conf = init\n[init]\nalg_section = a\n[a]\nx = y\n"):
        refuses_to_start("OpenSSL configuration has a fault",
                         env={"OPENSSL_CONF": str(write(text))})


@test
def nothing_starts_with_an_include_that_is_not_there():
    refuses_to_start("missing.inc", env=policy(
        f".include = {FOLDER}/missing.inc"))


@test
def nothing_starts_with_a_policy_that_is_taken_in_part():
    for command in ("Nonsense = 1", "Groups = no-such-group"):
        refuses_to_start("a command of system_default", env=policy(command))


@test
def nothing_starts_without_a_provider_that_was_to_be_loaded():
    env = policy(providers="special = special_provider", after="""
[special_provider]
activate = 1
module = /nonexistent.so
""")
    refuses_to_start("a provider of the OpenSSL configuration", env=env)


@test
def nothing_starts_where_the_policy_forbids_tls_1_3():
    for commands in ("MaxProtocol = TLSv1.2", "Protocol = -TLSv1.3"):
        refuses_to_start("forbids TLS 1.3", env=policy(commands))


@test
def an_encrypted_key_is_refused_and_no_password_asked_for():
    key = write(key_pem(house.client.key, b"secret"))
    refuses_to_start("key: it is encrypted", key=key)
    old = FOLDER / "old.key"
    subprocess.run(["openssl", "ec", "-aes128", "-passout", "pass:secret",
                    "-in", house.key, "-out", old], check=True,
                   stderr=subprocess.DEVNULL)
    check(b"Proc-Type: 4,ENCRYPTED" in old.read_bytes(), "the old form")
    refuses_to_start("key: it is encrypted", key=old)


@test
def a_key_must_belong_to_the_certificate():
    refuses_to_start("key: it does not belong to cert",
                     key=write(key_pem(house.server.key)))


@test
def files_that_are_not_what_they_should_be_are_named():
    half = house.root.pem()[:300]
    for name, content, words in (
            ("ca", b"", "ca: not a list"), ("ca", b"nonsense", "ca: not"),
            ("ca", house.root.pem() + half, "ca: not a list"),
            ("ca", key_pem(house.client.key), "ca: not a list"),
            ("ca", b"x" * (1 << 20), "ca: 1 MiB or more"),
            ("cert", b"", "cert: not a PEM"),
            ("cert", house.client.pem() + half, "cert: not a PEM"),
            ("key", b"", "key: not a PEM"),
            ("key", house.client.pem(), "key: not a PEM")):
        refuses_to_start(words, **{name: write(content)})


@test
def our_own_certificate_that_has_expired_stops_no_start():
    old = Made("client", house.root, san=(), eku=(CLIENT_AUTH,),
               days=(-20, -1))
    result, = posts("https://127.0.0.1:1/", cert=write(old.pem()),
                    key=write(key_pem(old.key)))
    expect(result, "UNREACHABLE", "connect_failed")


@test
def a_whole_trust_store_is_taken():
    pems = b"".join(Made(f"root {i}", ca=True).pem() for i in range(300))
    with RawServer(tls_play(answer_all)) as server:
        result, = posts(server.url, ca=write(pems + house.root.pem()))
    expect(result, "ANSWERED")


main()
