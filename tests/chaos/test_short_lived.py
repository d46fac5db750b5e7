# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Certificates of one hour for a day, on a clock of the pair's
# own: ours and the server's are renewed every half an hour, by a restart each
# time, and the ring's books are right in the end.
import os
import tempfile
import time

from hurried import HurriedPair
from keys import Keys
from ledger import Bookkeeper, Ledger
from managed import HOST, drain
from pair import COLLECTOR, need_root
from phase import collects_ms
from receiver import NO_CHECK_TIME
from supervisor import Supervisor
from tap import check, check_equal, main, test, until

HALF_HOUR, HOUR, DAY = 1800, 3600, 86400
MARGIN = 600            # a certificate is good before it is needed
MINUTE_MS = 40          # of ours, for one of theirs
SETTINGS = {"collect": {"profile": "minimal"},
            "ship": {"timeout": "2m"}, "resource": {"host.id": HOST}}

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)


class Day:
    """The clock of the pair, and what is good at which time of it."""

    def __init__(self, manager, receiver):
        self.manager, self.receiver = manager, receiver
        self.began = time.time()
        self.made = []

    def now(self):
        """Seconds since it began."""
        return time.time() - self.began + self.manager.pair.virtual

    def issue(self, count):
        """Before the pair is started: it takes its time."""
        for n in range(count):
            first = (n * HALF_HOUR - MARGIN) / DAY
            days = {"first_day": first, "last_day": first + HOUR / DAY}
            self.made.append((
                keys.authority.issue(f"server{n}", "serverAuth", Keys.LOCAL,
                                     **days),
                keys.authority.issue(f"client{n}", "clientAuth", **days)))

    def renew(self, n):
        server, client = self.made[n]
        self.receiver.context.load_cert_chain(server.cert, server.key)
        for name, source in (("client.pem", client.cert),
                             ("client.key", client.key)):
            path = self.manager.pair.folder / name
            made = path.with_name(name + ".new")
            made.write_bytes(source.read_bytes())
            os.chmod(made, 0o400)
            os.chown(made, COLLECTOR, COLLECTOR)
            os.replace(made, path)

    def restart(self):
        life, number = self.manager.life, len(self.manager.lives)
        life.signal(15)
        check_equal(self.manager.wait_end(life), 0, "exit status")
        self.manager.wait_ready(number)

    def slow_down(self):
        """From the next start on it goes as ours, in steps of a second: what
        waits is sent at a multiple of that, and of no step that is longer."""
        pair = self.manager.pair
        pair.prefix = [word.replace(f"HURRY_MS={MINUTE_MS}", "HURRY_MS=1000")
                       for word in pair.prefix]
        text = pair.config_file.read_text()
        pair.config_file.write_text(text.replace('"1m"', '"1s"', 1))

    def wait(self, moment):
        until(lambda: self.now() >= moment, 60, f"it is {moment} s")

    def troubles(self):
        return [e for life in self.manager.lives for e in life.events
                if e.name == "delivery_failed"]


@test
def certificates_of_an_hour_last_a_day_and_no_record_is_lost():
    need_root()
    ledger = Ledger(collects_ms(HOST, 60000), 60)

    def ended(life):
        for _, fd in manager.store:
            ledger.committed(fd)
    with Bookkeeper(keys, ledger, verify_flags=NO_CHECK_TIME) as receiver:
        manager = Supervisor(HurriedPair(
            receiver.url, keys, MINUTE_MS, interval="1m", settings=SETTINGS),
            on_end=ended)
        day = Day(manager, receiver)
        day.issue(DAY // HALF_HOUR + 5)
        day.began = time.time()
        day.renew(0)
        with manager:
            manager.wait_ready()
            for n in range(1, DAY // HALF_HOUR + 1):
                day.wait(n * HALF_HOUR)
                day.renew(n)
                day.restart()
            check(day.now() >= DAY, f"it is {day.now()} s")
            check_equal([e.line for e in day.troubles()], [], "troubles")
            subjects = {r.subject["commonName"] for r in receiver.requests}
            check(len(subjects) >= DAY // HALF_HOUR - 1, subjects)
            taken = len(receiver.requests)
            check(taken > 1200, f"{taken} requests in a day")
            # nobody renews: it is refused, and kept
            until(day.troubles, 60, "a certificate that expired is refused")
            check("expired" in day.troubles()[0].line, day.troubles()[0].line)
            day.renew(int(day.now() // HALF_HOUR))
            day.slow_down()
            day.restart()
            drain(manager, receiver, ledger)


main()
