# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The pair and collectd (Debian's package, unpacked to a
# folder) side by side: each posts a host's metrics every second over TLS 1.3,
# with a client certificate, to a server of its own.  Needs root.
#
#   collectd_cost.py BUILD COLLECTD-FOLDER [SECONDS [ROUNDS]]
#
# Twice: both with what comes of the same files, and both as they come.  What
# collectd costs moves by half from one minute to the next: so there are
# rounds, of 60 s each, and their median.
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))
from cost import ANSWERS, cpu_ns  # noqa: E402
from keys import Keys  # noqa: E402
from nginx import Nginx  # noqa: E402
from pair import Pair  # noqa: E402

# Of the same files: collectd's plugins for what the standard profile reads,
# without processes on either side, whose number is the host's own matter.  As
# they come: what Debian's collectd.conf loads, of a host; and that profile.
SETS = {
    "of the same files": (
        ("cpu", "memory", "swap", "vmem", "load", "disk", "df", "interface",
         "protocols", "uptime", "entropy", "fhcount", "contextswitch"),
        {"process": {"enabled": False}}),
    "as they come": (
        ("battery", "cpu", "df", "disk", "entropy", "interface", "irq",
         "load", "memory", "processes", "swap", "users"), {}),
}
WARM = 10

CONFIG = """
Interval 1
BaseDir "{folder}"
PIDFile "{folder}/pid"
PluginDir "{root}/usr/lib/collectd"
TypesDB "{root}/usr/share/collectd/types.db"
{plugins}
LoadPlugin write_http
<Plugin write_http>
  <Node "here">
    URL "https://127.0.0.1:{port}/v1/metrics"
    CACert "{ca}"
    ClientCert "{client.cert}"
    ClientKey "{client.key}"
    Format "JSON"
  </Node>
</Plugin>
"""


def start_collectd(root, folder, keys, port, plugins):
    config = pathlib.Path(folder, "collectd.conf")
    config.write_text(CONFIG.format(
        folder=folder, root=root, port=port, ca=keys.ca, client=keys.client,
        plugins="\n".join(f"LoadPlugin {name}" for name in plugins)))
    libraries = ":".join(str(p) for p in root.glob("usr/lib/*-linux-gnu"))
    return subprocess.Popen(
        [root / "usr/sbin/collectd", "-f", "-C", config],
        env={**os.environ, "LD_LIBRARY_PATH": libraries},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def compare(root, keys, folder, title, seconds):
    """ms of CPU a second of each, and requests."""
    plugins, sources = SETS[title]
    with Nginx(keys, "http://127.0.0.1:9", extra=ANSWERS) as theirs, \
            Nginx(keys, "http://127.0.0.1:9", extra=ANSWERS) as ours, \
            Pair(f"https://127.0.0.1:{ours.port}/v1/metrics", keys,
                 settings={"collect": {"sources": sources}}) as pair:
        collectd = start_collectd(root, folder, keys, theirs.port, plugins)
        try:
            time.sleep(WARM)
            return measure(collectd, pair, theirs, ours, seconds)
        finally:
            collectd.terminate()
            collectd.wait()


def measure(collectd, pair, theirs, ours, seconds):
    def now():
        return (cpu_ns(collectd.pid),
                cpu_ns(pair.collector) + cpu_ns(pair.shipper),
                len(theirs.requests()), len(ours.requests()))
    before = now()
    time.sleep(seconds)
    spent = [b - a for a, b in zip(before, now())]
    return [ns / 1e6 / seconds for ns in spent[:2]] + spent[2:]


def show(title, rounds):
    print(f"\n| {title}: ms of CPU a second | collectd | pair | times |"
          " requests |\n|---|---|---|---|---|")
    for i, (theirs, ours, *requests) in enumerate(rounds):
        print(f"| round {i + 1} | {theirs:.2f} | {ours:.2f} | "
              f"{theirs / ours:.1f} | {requests[0]}, {requests[1]} |")
    theirs, ours = (statistics.median(r[i] for r in rounds) for i in (0, 1))
    times = statistics.median(r[0] / r[1] for r in rounds)
    print(f"| median | {theirs:.2f} | {ours:.2f} | {times:.1f} | |",
          flush=True)


def main():
    build, root = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    os.environ["SLUICE_BUILD_ROOT"] = str(build)
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        for title in SETS:
            show(title, [compare(root, keys, folder, title, seconds)
                         for _ in range(rounds)])


main()
