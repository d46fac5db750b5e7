# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/run.  Throw-away certificates, made with the openssl
# command: authorities, servers and clients, good ones and wrong ones.
import datetime
import os
import pathlib
import subprocess

_CONFIG = """
[req]
distinguished_name = subject
prompt = no
[subject]
CN = {name}
[ca]
default_ca = authority
[authority]
database = {folder}/{name}.index
new_certs_dir = {folder}
certificate = {folder}/{name}.pem
private_key = {folder}/{name}.key
default_md = sha256
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
[v3_authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""

_LEAF = """
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = {usage}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""

_NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def _openssl(*words):
    done = subprocess.run(["openssl", *map(str, words)],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr}")


class Certificate:
    """Two PEM files; the key is readable by its owner alone."""

    def __init__(self, folder, name):
        self.cert = pathlib.Path(folder) / f"{name}.pem"
        self.key = pathlib.Path(folder) / f"{name}.key"

    def lasts(self, days):
        if not self.cert.exists() or not self.key.exists():
            return False
        return subprocess.run(
            ["openssl", "x509", "-noout", "-checkend", str(days * 86400),
             "-in", str(self.cert)], stdin=subprocess.DEVNULL,
            capture_output=True).returncode == 0


def _moment(days):
    when = datetime.datetime.now(datetime.timezone.utc)
    when += datetime.timedelta(days=days)
    return when.strftime("%Y%m%d%H%M%SZ")


class Authority(Certificate):
    """Signs with a self-made root of its own."""

    def __init__(self, folder, name="ca", days=30):
        super().__init__(folder, name)
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / f"{name}.cnf"
        self.config.write_text(_CONFIG.format(folder=folder, name=name))
        (self.folder / f"{name}.index").write_text("")
        _openssl("req", "-x509", *_NEW_KEY, "-config", self.config,
                 "-extensions", "v3_authority", "-days", days,
                 "-keyout", self.key, "-out", self.cert)
        os.chmod(self.key, 0o600)

    def issue(self, name, usage, names=(), first_day=-1, last_day=29):
        """usage: serverAuth or clientAuth; names: DNS:…, IP:….  The days are
        counted from now, so last_day=-0.5 is a certificate that expired."""
        made = Certificate(self.folder, name)
        request = self.folder / f"{name}.csr"
        leaf = self.folder / f"{name}.ext"
        text = _LEAF.format(usage=usage)
        if names:
            text += "subjectAltName = " + ", ".join(names) + "\n"
        leaf.write_text(text)
        _openssl("req", "-new", *_NEW_KEY, "-config", self.config,
                 "-subj", f"/CN={name}", "-keyout", made.key, "-out", request)
        _openssl("ca", "-batch", "-notext", "-config", self.config,
                 "-extfile", leaf, "-startdate", _moment(first_day),
                 "-enddate", _moment(last_day), "-in", request,
                 "-out", made.cert)
        os.chmod(made.key, 0o600)
        return made

    def revoke(self, certificate):
        """From the next list on."""
        _openssl("ca", "-config", self.config, "-revoke", certificate.cert)

    def revocations(self, path, first_day=-1, last_day=6):
        """The revocation list as it is today, for everyone to read."""
        made = pathlib.Path(f"{path}.new")
        _openssl("ca", "-gencrl", "-config", self.config, "-crl_lastupdate",
                 _moment(first_day), "-crl_nextupdate", _moment(last_day),
                 "-out", made)
        os.chmod(made, 0o444)
        os.replace(made, path)
        return str(path)


class Keys:
    """What a receiver and a pair need to know each other."""

    LOCAL = ("DNS:localhost", "IP:127.0.0.1", "IP:::1")

    def __init__(self, folder):
        self.authority = Authority(folder)
        self.ca = self.authority.cert
        self.server = self.authority.issue("server", "serverAuth", self.LOCAL)
        self.client = self.authority.issue("client", "clientAuth")


class CachedKeys:
    """The same, kept in a folder and made anew two days before they end."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.server = Certificate(folder, "server")
        self.client = Certificate(folder, "client")
        authority = Certificate(folder, "ca")
        self.ca = authority.cert
        if not all(c.lasts(2) for c in (authority, self.server, self.client)):
            Keys(folder)
