# SPDX-License-Identifier: Apache-2.0
# Runs in: tools/run.  What arrives and who sends it, as text: a page that is
# drawn again on a terminal, lines anywhere else.
import collections
import shutil
import sys

from arrivals import LANDLOCK, ROWS
from pair import status_of

_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
_HEAD = (f"{'process':<11}{'pid':>8} {'uid':<12}{'gid':<12}"
         f"{'Inh/Prm/Eff/Bnd/Amb':<21}{'NNP':<5}{'seccomp':<13}Landlock")


def human(number, unit):
    if number is None:
        return "–"
    if unit.startswith("By"):
        for prefix in ("", "Ki", "Mi", "Gi", "Ti"):
            if abs(number) < 1024 or prefix == "Ti":
                digits = 0 if prefix == "" else 1
                return f"{number:.{digits}f} {prefix}B{unit[2:]}"
            number /= 1024
    if float(number).is_integer() and not unit.endswith("/s"):
        return f"{number:.0f} {unit}".strip()
    return f"{number:.2f} {unit}".strip()


def process_line(name, pid, landlock):
    """One process, as /proc/PID/status has it; capabilities in hex."""
    status = status_of(pid)
    if not status:
        return f"{name:<11}{pid:>8} has ended"
    sets = "/".join(format(int(status[s], 16), "x") for s in _SETS)
    filters = status.get("Seccomp_filters", "?")
    seccomp = {"0": "none", "1": "strict"}.get(
        status["Seccomp"], f"{filters} filter")
    ids = ["/".join(sorted(set(status[key].split()))) for key in
           ("Uid", "Gid")]
    abi = "–" if landlock is None else f"ABI {landlock:.0f}" \
        if landlock else "not in this kernel"
    return (f"{name:<11}{pid:>8} {ids[0]:<12}{ids[1]:<12}{sets:<21}"
            f"{status['NoNewPrivs']:<5}{seccomp:<13}{abi}")


class Screen:
    def __init__(self, title, arrivals, terminal=None):
        self.title = title
        self.arrivals = arrivals
        self.terminal = sys.stdout.isatty() if terminal is None else terminal
        self.log = collections.deque(maxlen=200)
        self.before = (0, 0)            # seconds, points
        self.said = []                  # process lines, where not a terminal

    def on_log(self, line):
        self.log.append(line)
        if not self.terminal:
            print("log  " + line, flush=True)

    def draw(self, seconds, pids):
        """pids: name to process id."""
        totals = self.arrivals.look()
        passed = seconds - self.before[0]
        rate = (totals.points - self.before[1]) / passed if passed else 0
        self.before = (seconds, totals.points)
        arrived = (f"{totals.requests} requests  {totals.points} points "
                   f"({rate:.0f}/s)  {human(totals.bytes, 'By')}")
        latest = self.arrivals.latest
        processes = [process_line(name, pid, latest.reading(LANDLOCK[name]))
                     for name, pid in pids.items()]
        if self.terminal:
            self._page(f"{seconds:.0f} s  {arrived}", processes)
        else:
            self._lines(f"{seconds:4.0f} s  {arrived}", processes)
        return totals

    def _readings(self):
        return [(row.title, human(self.arrivals.latest.reading(row),
                                  row.unit)) for row in ROWS]

    def _page(self, arrived, processes):
        columns, lines = shutil.get_terminal_size()
        page = [self.title, self.arrivals.note(), "arrived: " + arrived, "",
                _HEAD, *processes, ""]
        cells = [f"{title:<20}{value:>15}" for title, value in
                 self._readings()]
        half = (len(cells) + 1) // 2
        for left, right in zip(cells[:half], cells[half:] + [""]):
            page.append(left + "    " + right)
        page.append("")
        room = max(lines - len(page) - 1, 0)
        page += list(self.log)[-room:] if room else []
        sys.stdout.write("\x1b[H" + "".join(
            line[:columns - 1] + "\x1b[K\n" for line in page) + "\x1b[J")
        sys.stdout.flush()

    def _lines(self, arrived, processes):
        if processes != self.said:
            self.said = processes
            print("\n".join([_HEAD] + processes))
        print(arrived, flush=True)

    def close(self):
        """What a log keeps: the last readings in words."""
        if not self.terminal:
            print(self.arrivals.note())
            for title, value in self._readings():
                print(f"{title:<20}{value:>15}")
