# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  moto, an emulator of AWS that others wrote, in a tree of the
# Debian suite that packages it.  It takes a publish and keeps it; it judges no
# topic and no schema (defenderrules.py does).
import base64
import collections
import json
import subprocess

from debtree import tree
from owned import TOGETHER, end
from tap import Failed

PACKAGES = ["python3-moto", "python3-flask", "python3-flask-cors"]
# What the package's script would have made; nobody is asked with it.
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
# It tells the service by what a signature is for; AWS does by the certificate.
ROUTE = ("proxy_set_header Authorization \"AWS4-HMAC-SHA256 Credential="
         "x/20260101/eu-west-1/iotdata/aws4_request\"; ")
ENTER = ('mount --bind /dev/null "$0/dev/null" && '
         'exec chroot "$0" python3 -c "$1" "$2"')
PROGRAM = """
import base64, json, sys
from moto.server import ThreadedMotoServer
from moto.iotdata.models import iotdata_backends
server = ThreadedMotoServer("127.0.0.1", int(sys.argv[1]), verbose=False)
server.start()
print("listens", flush=True)
for _ in sys.stdin:
    print(json.dumps([
        (topic, base64.b64encode(payload).decode())
        for account in iotdata_backends.values()
        for backend in account.values()
        for topic, payload in backend.published_payloads]), flush=True)
"""

Kept = collections.namedtuple("Kept", "topic body")


class Moto:
    """with Moto(port) as cloud: cloud.kept() -> [Kept]"""

    def __init__(self, port):
        self.port = port
        self.tree = tree("moto", PACKAGES, "trixie")
        bundle = self.tree / BUNDLE
        if not bundle.exists():
            bundle.parent.mkdir(parents=True, exist_ok=True)
            bundle.write_text("".join(
                path.read_text() for path in sorted(
                    (self.tree / "usr/share/ca-certificates")
                    .rglob("*.crt"))))

    def __enter__(self):
        self.process = subprocess.Popen(
            [*TOGETHER, "unshare", "--mount", "sh", "-c", ENTER,
             str(self.tree), PROGRAM, str(self.port)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, start_new_session=True,
            env={"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8"})
        try:
            self._answer("listens")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _answer(self, start):
        # its server says a word of its own as it starts
        for line in self.process.stdout:
            if line.startswith(start):
                return line
        raise Failed(f"moto ended with {self.process.wait(10)}")

    def __exit__(self, *_):
        end(self.process)

    def kept(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return [Kept(topic, base64.b64decode(body))
                for topic, body in json.loads(self._answer("["))]
