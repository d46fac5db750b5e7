# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What authorities say of their certificates afterwards:
# revocation lists and OCSP responses with any fault, a server that staples
# them, and pins.
import datetime
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tap import Skip
from tlslab import Made, OK, house, read_request, write

try:
    from OpenSSL import SSL, crypto
except ImportError:
    SSL = None

DER = serialization.Encoding.DER
PEM = serialization.Encoding.PEM
MUST_STAPLE = x509.TLSFeature([x509.TLSFeatureType.status_request])
RESPONDER = (ExtendedKeyUsageOID.OCSP_SIGNING,)
GOOD = ocsp.OCSPCertStatus.GOOD
REVOKED = ocsp.OCSPCertStatus.REVOKED
UNKNOWN = ocsp.OCSPCertStatus.UNKNOWN


def moment(days):
    return datetime.datetime.utcnow() + datetime.timedelta(days=days)


def revocations(issuer, *revoked, days=(-1, 6), signer=None, more=(),
                digest=hashes.SHA256, reason=None):
    """One list; revoked: Made or serial numbers."""
    builder = x509.CertificateRevocationListBuilder() \
        .issuer_name(issuer.cert.subject) \
        .last_update(moment(days[0])).next_update(moment(days[1])) \
        .add_extension(x509.CRLNumber(7), False) \
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
            (signer or issuer).key.public_key()), False)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical)
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(
            one if isinstance(one, int) else one.cert.serial_number) \
            .revocation_date(moment(days[0]))
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign((signer or issuer).key, digest())


def lists(*crls):
    return write(b"".join(crl.public_bytes(PEM) for crl in crls))


def staple(made, status=GOOD, days=(-1, 6), signer=None, about=None,
           digest=hashes.SHA256, name=hashes.SHA1, issuer=None):
    """The bytes of a response.  days: thisUpdate and nextUpdate, or None.
    signer: a delegate, whose certificate is sent along."""
    issuer = issuer or made.issuer
    revoked = moment(-2) if status is REVOKED else None
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=(about or made).cert, issuer=issuer.cert, algorithm=name(),
        cert_status=status, this_update=moment(days[0]),
        next_update=None if days[1] is None else moment(days[1]),
        revocation_time=revoked, revocation_reason=None).responder_id(
            ocsp.OCSPResponderEncoding.HASH, (signer or issuer).cert)
    if signer is not None:
        builder = builder.certificates([signer.cert])
    return builder.sign((signer or issuer).key, digest()).public_bytes(DER)


def staple_error(status=ocsp.OCSPResponseStatus.TRY_LATER):
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status) \
        .public_bytes(DER)


def delegate(issuer, **faults):
    faults.setdefault("eku", RESPONDER)
    return Made("responder", issuer, san=(), **faults)


def stapling(made, response):
    """A play: shakes hands with that staple (b"": none), answers all."""
    if SSL is None:
        raise Skip("python3-openssl is not here")
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate(crypto.X509.from_cryptography(made.cert))
    context.use_privatekey(crypto.PKey.from_cryptography_key(made.key))
    for between in made.between:
        context.add_extra_chain_cert(crypto.X509.from_cryptography(between))
    context.load_verify_locations(str(house.ca))
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    context.set_ocsp_server_callback(lambda *_: response)

    def play(server, connection):
        connection.settimeout(None)     # pyOpenSSL wants a blocking one
        tls = SSL.Connection(context, connection)
        tls.set_accept_state()
        try:
            tls.do_handshake()
            while read_request(server, tls):
                tls.sendall(OK)
        except SSL.Error:
            pass
    return play


def pin(made):
    return hashlib.sha256(made.key.public_key().public_bytes(
        DER, serialization.PublicFormat.SubjectPublicKeyInfo)).digest()


BACKUP = hashlib.sha256(b"a key in reserve").digest()
