# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The pair and collectd (Debian's package, unpacked to a
# folder) side by side: each posts a host's metrics every second over TLS 1.3,
# with a client certificate, to a server of its own.  Needs root.
#
#   collectd_cost.py BUILD COLLECTD-FOLDER [SECONDS]
#
# Twice: both as they come, and both with what comes of the same files.
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))
from keys import Keys  # noqa: E402
from nginx import Nginx  # noqa: E402
from pair import Pair  # noqa: E402

# As they come: what Debian's collectd.conf loads, of a host; and the standard
# profile.  Of the same files: collectd's plugins for what the profile reads,
# without processes on either side, whose number is the host's own matter.
SETS = {
    "as they come": (
        ("battery", "cpu", "df", "disk", "entropy", "interface", "irq",
         "load", "memory", "processes", "swap", "users"), {}),
    "of the same files": (
        ("cpu", "memory", "swap", "vmem", "load", "disk", "df", "interface",
         "protocols", "uptime", "entropy", "fhcount", "contextswitch"),
        {"process": {"enabled": False}}),
}
ANSWERS = "location /v1/ { client_max_body_size 0; return 200; }"
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


def cpu_ns(pid):
    """Of all its threads."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


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
    plugins, sources = SETS[title]
    with Nginx(keys, "http://127.0.0.1:9", extra=ANSWERS) as theirs, \
            Nginx(keys, "http://127.0.0.1:9", extra=ANSWERS) as ours, \
            Pair(f"https://127.0.0.1:{ours.port}/v1/metrics", keys,
                 settings={"collect": {"sources": sources}}) as pair:
        collectd = start_collectd(root, folder, keys, theirs.port, plugins)
        try:
            time.sleep(WARM)
            measure(title, collectd, pair, theirs, ours, seconds)
        finally:
            collectd.terminate()
            collectd.wait()


def measure(title, collectd, pair, theirs, ours, seconds):
    spent = {"collectd": [], "pair": []}

    def now():
        return {"collectd": cpu_ns(collectd.pid),
                "pair": cpu_ns(pair.collector) + cpu_ns(pair.shipper)}
    before, sent = now(), (len(theirs.requests()), len(ours.requests()))
    for _ in range(seconds):
        time.sleep(1)
        after = now()
        for name, values in spent.items():
            values.append((after[name] - before[name]) / 1e6)
        before = after
    requests = (len(theirs.requests()) - sent[0], len(ours.requests()) - sent[1])
    mean = {name: statistics.mean(v) for name, v in spent.items()}
    print(f"\n| {title}: ms of CPU a second | mean | median | requests |\n"
          "|---|---|---|---|")
    for name, n in zip(spent, requests):
        print(f"| {name} | {mean[name]:.2f} | "
              f"{statistics.median(spent[name]):.2f} | {n} |")
    print(f"| collectd's of the pair's | {mean['collectd'] / mean['pair']:.1f}"
          " | | |", flush=True)


def main():
    build, root = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    os.environ["SLUICE_BUILD_ROOT"] = str(build)
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        for title in SETS:
            compare(root, keys, folder, title, seconds)


main()
