# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  `sluice` and `collectord -n` as an operator starts them, on
# a configuration in a folder that any user can reach.
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from keys import Keys
from pair import COLLECTOR, build_root, merge

ROOT = os.geteuid() == 0


class Lab:
    """A folder with good keys and a good configuration."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sluice-command-")
        self.folder = pathlib.Path(self._folder.name)
        os.chmod(self.folder, 0o711)
        self.keys = Keys(self.folder / "keys")
        os.chmod(self.folder / "keys", 0o711)
        for path in (self.keys.ca, self.keys.client.cert):
            os.chmod(path, 0o444)
        self.give(self.keys.client.key)
        self.good = {"ship": {"endpoints": ["https://127.0.0.1:1/"],
                              "ca": str(self.keys.ca),
                              "cert": str(self.keys.client.cert),
                              "key": str(self.keys.client.key)}}
        # copied: another user need not be able to reach the build
        self.sluice = self._program("tools/sluice")
        self.collectord = self._program("collectord/collectord")

    def _program(self, path):
        copy = self.folder / pathlib.Path(path).name
        shutil.copy(build_root() / path, copy)
        return copy

    def give(self, path, mode=0o400, owner=COLLECTOR):
        os.chmod(path, mode)
        if ROOT:
            os.chown(path, owner, owner)
        return path

    def write(self, content, name="sluice.conf"):
        """A dictionary laid over the good one, or bytes as they are."""
        path = self.folder / name
        if isinstance(content, dict):
            content = json.dumps(merge(self.good, content)).encode()
        path.write_bytes(content)
        os.chmod(path, 0o644)
        return path

    @staticmethod
    def run(*words, user=None, stdout=subprocess.PIPE, credentials=None,
            timeout=60):
        """Ends within a minute, whatever it was given."""
        environment = {"PATH": "/usr/bin:/bin"}
        if credentials:
            environment["CREDENTIALS_DIRECTORY"] = str(credentials)
        more = {}
        if user is not None and ROOT:
            more = {"user": user, "group": user, "extra_groups": []}
        return subprocess.run([str(word) for word in words], env=environment,
                              stdin=subprocess.DEVNULL, stdout=stdout,
                              stderr=subprocess.PIPE, check=False,
                              timeout=timeout, **more)

    def check(self, path, *more, **how):
        """As the collector's user, whose files these are."""
        how.setdefault("user", COLLECTOR)
        return self.run(self.sluice, "check", "-c", path, *more, **how)

    def show(self, path, *more, **how):
        return self.run(self.sluice, "show", "-c", path, *more, **how)
