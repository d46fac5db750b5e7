# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/run.  nginx in front of a plain HTTP receiver: TLS 1.3,
# and nobody without a client certificate of ours.
import pathlib
import shutil
import subprocess
import tempfile

from owned import end, free_port, listens, start
from tap import Skip, until

BINARY = "/usr/sbin/nginx"

_CONFIG = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 64; }}
http {{
    log_format seen '$status $request_length $ssl_protocol $content_type '
                    '$request_uri $ssl_client_verify';
    access_log {folder}/access.log seen;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {server.cert};
        ssl_certificate_key {server.key};
        ssl_client_certificate {ca};
        ssl_verify_client on;
        ssl_protocols TLSv1.3;
        location / {{ proxy_pass {upstream}; }}
        {extra}
    }}
}}
"""


class Nginx:
    """with Nginx(keys, "http://127.0.0.1:8428") as front: …; front.port"""

    def __init__(self, keys, upstream, port=None, extra=""):
        if not pathlib.Path(BINARY).exists():
            raise Skip("nginx is not installed: tools/setup nginx")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-nginx-"))
        self.port = port or free_port()
        self.config = self.folder / "nginx.conf"
        self.config.write_text(_CONFIG.format(
            folder=self.folder, port=self.port, server=keys.server,
            ca=keys.ca, upstream=upstream, extra=extra))

    def __enter__(self):
        self.process = start(
            [BINARY, "-p", self.folder, "-c", self.config,
             "-e", self.folder / "error.log"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: listens(self.port) or self.process.poll(), 10,
                  "nginx listens")
            if self.process.poll() is not None:
                raise RuntimeError("nginx: " + self.log("error.log"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self, name="access.log"):
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def requests(self):
        """[(status, bytes, TLS version, client verified, type, path)]"""
        # last, because it has words: FAILED:unable to verify …
        rows = [line.split(None, 5) for line in self.log().splitlines()]
        return [(int(r[0]), int(r[1]), r[2], r[5], r[3], r[4])
                for r in rows if len(r) == 6]
