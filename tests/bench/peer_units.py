#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Runs in: by hand.  How systemd judges the units of other agents and daemons
# as Debian ships them, as the rows of the table in docs/unit.md:
#   tests/bench/peer_units.py [UNIT-FILE...]
# Packages are fetched by apt-get from where this machine has its own, and
# unpacked in a folder that goes away; nothing is installed.
import pathlib
import re
import subprocess
import sys
import tempfile

# package, its unit
PEERS = (
    ("chrony", "chrony.service"),
    ("collectd-core", "collectd.service"),
    ("lldpd", "lldpd.service"),
    ("monit", "monit.service"),
    ("munin-node", "munin-node.service"),
    ("netdata-core", "netdata.service"),
    ("openssh-server", "ssh.service"),
    ("pcp", "pmcd.service"),
    ("prometheus", "prometheus.service"),
    ("prometheus-node-exporter", "prometheus-node-exporter.service"),
    ("snmpd", "snmpd.service"),
    ("systemd-resolved", "systemd-resolved.service"),
    ("systemd-timesyncd", "systemd-timesyncd.service"),
    ("zabbix-agent2", "zabbix-agent2.service"),
)


def run(*words, cwd=None):
    return subprocess.run(words, cwd=cwd, check=True, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True).stdout


def exposure(path):
    said = run("systemd-analyze", "security", "--offline=true", "--no-pager",
               str(path))
    return re.search(r"level for .*: ([\d.]+)", said)[1]


def unpack(package, folder):
    """The version of what is now below that folder."""
    run("apt-get", "-qq", "-oAPT::Sandbox::User=root", "download", package,
        cwd=folder)
    deb = next(folder.glob("*.deb"))
    run("dpkg-deb", "-x", str(deb), str(folder / "tree"))
    return run("dpkg-deb", "-f", str(deb), "Version").strip()


def judge(package, name):
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        version = unpack(package, folder)
        found = sorted((folder / "tree").rglob(name))
        if not found:
            raise SystemExit(f"{package} {version} has no {name}")
        return exposure(found[0]), version


def main():
    print(f"systemd {run('systemd-analyze', '--version').split()[1]}")
    for path in sys.argv[1:]:
        print(f"| `{pathlib.Path(path).name}` | {exposure(path)} | |")
    rows = [(*judge(package, name), package, name)
            for package, name in PEERS]
    for score, version, package, name in sorted(rows):
        print(f"| `{name}` | {score} | {package} {version} |")


main()
