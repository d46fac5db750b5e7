# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/run.  Processes of ours: out of reach of the terminal's
# Ctrl-C, ended by their number, and never left behind when we are killed.
import socket
import subprocess

# The kernel ends the process when the one that started it dies (prctl(2)).
TOGETHER = ["setpriv", "--pdeathsig=TERM"]


def start(words, **options):
    return subprocess.Popen(
        TOGETHER + [str(word) for word in words], stdin=subprocess.DEVNULL,
        start_new_session=True, **options)


def end(process):
    """At first politely."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port():
    """A port that nobody had a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0
