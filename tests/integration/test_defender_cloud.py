# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The real pair reports to an emulator of AWS IoT that others
# wrote, behind nginx, which wants a client certificate as AWS does.
import contextlib
import tempfile
import types

from defenderrules import judge, thing_of
from dnslab import record, zone
from hurried import HurriedPair
from keys import Keys
from moto import ROUTE, Moto
from netlab import SERVERS, NetLab, need_nets
from nginx import Nginx
from owned import free_port
from tap import check_equal, main, test, until

HOST = "a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com"
THING = "gateway:7_a"
PORT = 8443
TURN_MS = 25            # for ten seconds of the pair's own
REPORTS = 3

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)
CERTIFICATE = keys.authority.issue("iot", "serverAuth", [f"DNS:{HOST}"])


def reports_of(names):
    """What the emulator kept of them, and nginx's lines."""
    settings = {"ship": {"timeout": "2m",
                         "endpoints": [f"https://{HOST}:{PORT}"],
                         "defender": {"thing": THING, "names": names}}}
    need_nets()
    cloud = Moto(free_port())
    front = Nginx(types.SimpleNamespace(server=CERTIFICATE, ca=keys.ca),
                  f"http://127.0.0.1:{cloud.port}",
                  extra=f"listen {SERVERS[0]}:{PORT} ssl; {ROUTE}")
    with NetLab() as lab, contextlib.ExitStack() as open_:
        with lab.serving():
            open_.enter_context(cloud)
            open_.enter_context(front)
        open_.enter_context(lab.name_server(zone(record(HOST, SERVERS[0]))))
        pair = HurriedPair("", keys, TURN_MS, interval="10s",
                           encoding="device-defender", settings=settings)
        pair.prefix = lab.prefix(pair.folder) + pair.prefix
        with pair:
            until(lambda: len(cloud.kept()) >= REPORTS, 60,
                  f"{REPORTS} reports")
            check_equal(pair.stop(), 0, "exit status")
        return cloud.kept(), front.requests()


@test
def the_emulator_takes_and_keeps_each_report_whole():
    for names in ("long", "short"):
        kept, seen = reports_of(names)
        check_equal({row.topic for row in kept},
                    {f"$aws/things/{THING}/defender/metrics/json"}, "topics")
        judged = [judge(row.body) for row in kept]
        numbers = [report["header"]["report_id"] for report, _ in judged]
        check_equal(numbers, sorted(set(numbers)), "numbers of the reports")
        check_equal({short for _, short in judged}, {names == "short"}, names)
        check_equal([(status, tls, verified, thing_of(path)) for
                     status, _, tls, verified, _, path in seen],
                    [(200, "TLSv1.3", "SUCCESS", THING)] * len(kept), "asked")


main()
