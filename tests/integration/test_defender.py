# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The real pair reports to something like AWS IoT: a name
# that DNS knows, a client certificate, HTTPS publish, and a receiver that was
# written from the rules.  Its five minutes pass in a second, on a clock of the
# pair's own.
import pathlib
import re
import subprocess
import tempfile
import types

from defenderrules import Broker, judge, thing_of
from dnslab import record, zone
from hurried import HurriedPair
from keys import Keys
from netlab import SERVERS, NetLab, need_nets
from nginx import Nginx
from pair import build_root
from receiver import Receiver
from supervisor import Supervisor
from tap import check, check_equal, main, test, until

HOST = "a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com"
THING = "gateway:7_a"
INTERVAL = 300
TURN_MS = 25            # for ten seconds of the pair's own
HEADERS = ("proxy_set_header Host $http_host; "
           "proxy_set_header X-SNI $ssl_server_name; "
           "proxy_set_header X-ALPN $ssl_alpn_protocol; "
           "proxy_set_header X-Verify $ssl_client_verify; "
           "proxy_set_header X-TLS $ssl_protocol; ")

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)
CERTIFICATE = keys.authority.issue("iot", "serverAuth", [f"DNS:{HOST}"])


def settings(port, **defender):
    return {"collect": {"sources": {"sockdiag": {"enabled": True}}},
            "ship": {"timeout": "2m",
                     "endpoints": [f"https://{HOST}:{port}"],
                     "defender": {"thing": THING, **defender}}}


class Cloud:
    """with Cloud(port) as cloud: cloud.pair, .broker"""

    def __init__(self, port=8443, managed=False, **defender):
        need_nets()
        self.port = port
        self.managed = managed
        self.defender = defender
        self.lab = NetLab()
        self.open = []

    def enter(self, thing):
        self.open.append(thing)
        return thing.__enter__()

    def serve(self):
        self.broker = self.enter(Broker())
        self.front = self.enter(Nginx(
            types.SimpleNamespace(server=CERTIFICATE, ca=keys.ca),
            f"http://127.0.0.1:{self.broker.port}",
            extra=f"listen {SERVERS[0]}:{self.port} ssl; {HEADERS}"))

    def __enter__(self):
        try:
            self.enter(self.lab)
            with self.lab.serving():
                self.serve()
            self.enter(self.lab.name_server(
                zone(record(HOST, SERVERS[0]))))
            pair = HurriedPair(
                "", keys, TURN_MS, interval="10s", encoding="device-defender",
                settings=settings(self.port, **self.defender))
            pair.prefix = self.lab.prefix(pair.folder) + pair.prefix
            self.pair = pair
            self.manager = self.enter(Supervisor(pair) if self.managed else pair)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *error):
        while self.open:
            self.open.pop().__exit__(*error)

    def reports(self, count, seconds=60):
        def enough():
            check_equal(self.broker.wrong, [], "what the receiver refused")
            return len(self.broker.taken) >= count
        until(enough, seconds, f"{count} reports")
        return self.broker.taken[:count]


def check_spacing(reports):
    """By the steps that they are made of, which are ten seconds apart."""
    gaps = [b.number - a.number for a, b in zip(reports, reports[1:])]
    check(all(INTERVAL - 10 <= gap <= INTERVAL * 1.1 + 20 for gap in gaps),
          f"seconds between reports: {gaps}")


def received(space):
    """Bytes that came over the cable so far, as the kernel counts them."""
    text = subprocess.run(["ip", "netns", "exec", space, "cat",
                           "/proc/net/dev"], check=True, text=True,
                          capture_output=True).stdout
    return int(re.search(r"^ *cable: *(\d+)", text, re.MULTILINE)[1])


@test
def reports_arrive_as_aws_wants_them_and_no_more_often():
    with Cloud(custom_metrics={
            "load": "system.cpu.load_average.1m",
            "free": "system.memory.usage system.memory.state=free",
            "cpus": "system.cpu.logical.count list"}) as cloud:
        reports = cloud.reports(4)
        most = received(cloud.lab.client)
    check_spacing(reports)
    traffic = [r.report["metrics"]["network_stats"] for r in reports[1:]]
    # each report but the last one is in the next one's traffic
    least = sum(len(r.body) for r in reports[:-1]) // 2
    check(least < sum(t["bytes_in"] for t in traffic) <= most and
          all(t["packets_out"] > 0 for t in traffic), f"{most}: {traffic}")
    for n, publish in enumerate(reports):
        metrics, custom = (publish.report[name] for name in
                           ("metrics", "custom_metrics"))
        check_equal((publish.thing, publish.short), (THING, False), "report")
        check_equal("network_stats" in metrics, n > 0, f"report {n}")
        check(custom["free"][0]["number"] > 0 and
              custom["load"][0]["number"] >= 0 and
              custom["cpus"][0]["number_list"][0] >= 1, custom)
        h = publish.headers
        check_equal((h["X-SNI"], h["X-Verify"], h["X-TLS"], h["X-ALPN"],
                     h["Host"]),
                    (HOST, "SUCCESS", "TLSv1.3", None, f"{HOST}:8443"),
                    "handshake and head")


@test
def short_names_say_the_same():
    with Cloud(names="short") as cloud:
        reports = cloud.reports(2)
    for publish in reports:
        check(publish.short, publish.body)
    check("network_stats" in reports[1].report["metrics"], reports[1].body)


@test
def ports_connections_and_traffic_are_the_host_s():
    with Cloud() as cloud:
        space = f"/run/netns/{cloud.lab.client}"
        cloud.reports(1)
        # nobody listens in there but who is started now
        words = ["nsenter", f"--net={space}", "python3", "-c", LISTENER]
        with subprocess.Popen(words, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as process:
            check_equal(process.stdout.readline(), "ready\n", "listener")
            ports = None

            def seen():
                nonlocal ports
                ports = cloud.broker.taken[-1].report["metrics"]
                return ports["listening_tcp_ports"]["total"] == 60
            until(seen, 60, "the ports are reported")
            process.stdin.close()
    tcp, udp = ports["listening_tcp_ports"], ports["listening_udp_ports"]
    check_equal(len(tcp["ports"]), 50, "ports in the list")
    check({p["port"] for p in tcp["ports"]} <= set(range(2000, 2060)), tcp)
    check_equal(udp, {"ports": [{"port": 3000}], "total": 1}, "UDP")
    check_equal(ports["tcp_connections"]["established_connections"]
                ["total"] >= 2, True, ports["tcp_connections"])
    check_equal(cloud.broker.wrong, [], "refused")


LISTENER = """
import socket, sys
held = []
for port in range(2000, 2060):
    held.append(socket.create_server(("127.0.0.1", port)))
held.append(socket.create_server(("::1", 2000), family=socket.AF_INET6))
udp = socket.socket(type=socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", 3000))
held += [udp, socket.create_connection(("127.0.0.1", 2000))]
print("ready", flush=True)
sys.stdin.read()
"""


@test
def a_report_that_was_not_taken_is_made_up_for_by_the_next():
    with Cloud() as cloud:
        first = cloud.reports(1)[0]
        cloud.broker.answers += [503, 503, 403]
        cloud.reports(3)
        events = [(e.name, e.fields.get("reason")) for e in cloud.pair.events
                  if e.level <= 4]
    check(("delivery_failed", "http_503") in events and
          ("batch_dropped", "http_403") in events, events)
    second = cloud.broker.taken[1]
    # the second one was refused for good: this is the third
    check(second.number - first.number >= 2 * INTERVAL - 20,
          f"{second.number} after {first.number}")


@test
def a_restart_reports_no_sooner_and_no_spike():
    with Cloud(managed=True) as cloud:
        cloud.manager.wait_ready()
        cloud.reports(2)
        cloud.manager.life.signal(15)
        cloud.manager.wait_ready(1)
        reports = cloud.reports(6)
    check_spacing(reports)
    bare = [n for n, r in enumerate(reports)
            if "network_stats" not in r.report["metrics"]]
    check(len(bare) == 2 and bare[0] == 0 and bare[1] >= 2,
          f"first reports of a process: {bare}")


@test
def port_443_is_asked_for_by_the_alpn_that_aws_wants():
    need_nets()
    chosen, names = [], []

    class Listening(Receiver):
        def wrap(self, plain):
            made = super().wrap(plain)
            chosen.append(made.selected_alpn_protocol())
            return made

    def note(_, name, __):
        names.append(name)
    with NetLab() as lab, lab.name_server(zone(record(HOST, SERVERS[0]))):
        with lab.serving():
            receiver = Listening(keys, 443, server=CERTIFICATE,
                                 address=SERVERS[0])
        receiver.context.set_alpn_protocols(["x-amzn-http-ca"])
        receiver.context.sni_callback = note
        pair = HurriedPair("", keys, TURN_MS, interval="10s",
                           encoding="device-defender",
                           settings=settings(443))
        pair.prefix = lab.prefix(pair.folder) + pair.prefix
        with receiver, pair:
            requests = receiver.wait(2, 60)
            pair.wait_event("first_delivery")
    check_equal((set(chosen), set(names)), ({"x-amzn-http-ca"}, {HOST}),
                "ALPN and SNI")
    for request in requests:
        check_equal((thing_of(request.path), request.headers["Host"]),
                    (THING, HOST), "head")
        judge(request.body)


@test
def what_sluice_show_prints_is_a_report():
    with tempfile.TemporaryDirectory() as place:
        file = pathlib.Path(place, "sluice.conf")
        pair = HurriedPair("", keys, 1, interval="10s",
                           encoding="device-defender", settings=settings(443))
        try:
            file.write_text(pair.config_file.read_text())
            words = [build_root() / "tools/sluice", "show", "-c", file]
            raw = subprocess.run([*words, "--raw"], check=True,
                                 capture_output=True).stdout
            text = subprocess.run(words, check=True, capture_output=True,
                                  text=True).stdout
        finally:
            pair.__exit__(None, None, None)
    report, short = judge(raw)
    check(not short and "network_stats" not in report["metrics"], report)
    check(text.startswith(f"# POST https://{HOST}:443/topics/%24aws%2Fthings"),
          text.splitlines()[0])
    judge(text.splitlines()[-1].encode())


main()
