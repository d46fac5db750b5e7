# SPDX-License-Identifier: Apache-2.0
# Runs in: a developer's shell.  Runs the simulated fleet (fleet.c) and writes
# what it shows into docs/fleet.svg and the table of docs/fleet.md:
#
#   tests/bench/fleet.py BUILD-DIRECTORY
import collections
import concurrent.futures
import math
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SVG = ROOT / "docs/fleet.svg"
PAGE = ROOT / "docs/fleet.md"

AGENTS, INTERVAL = 10000, 10
LIVE = AGENTS // INTERVAL           # requests a second when all is well
OUTAGE, BACK = 120, 1920            # seconds, as in fleet.h
STEADY = OUTAGE + 300               # every back-off has reached its cap

SCENARIOS = {
    "refused": "the receiver is down, connections are refused",
    "silent": "packets vanish, every connection runs into its time-out",
    "busy": "503 with Retry-After: 60",
    "restart": "refused; then all agents start again in one second",
    "weak": "refused; then 3,000 requests a second are taken, 503 for the rest",
}
# Words for the program, and what they leave out.
FLEETS = {
    (): "Sluice",
    ("no-jitter",): "no jitter",
    ("no-phase", "no-jitter"): "in step",
}

Second = collections.namedtuple("Second",
                                "second attempts requests taken backlog")


def simulate(program, scenario, without=()):
    """A Second for each second of one run."""
    # meson asks malloc to fill what it gives: forty gigabytes here
    env = {key: value for key, value in os.environ.items()
           if key != "MALLOC_PERTURB_"}
    out = subprocess.run([program, scenario, *without], text=True, check=True,
                         stdout=subprocess.PIPE, env=env).stdout
    return [Second(*map(int, line.split())) for line in out.splitlines()[1:]]


def simulate_all(build):
    """{(scenario, without): seconds}"""
    program = pathlib.Path(build) / "tests/bench/fleet"
    runs = [(s, w) for s in SCENARIOS for w in FLEETS]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(zip(runs, pool.map(
            lambda run: simulate(program, *run), runs)))


def peak(seconds, what, start, end=None):
    return max(getattr(s, what) for s in seconds[start:end])


def mean(seconds, what, start, end=None):
    part = seconds[start:end]
    return sum(getattr(s, what) for s in part) / len(part)


def through(seconds):
    """Seconds after its return until nothing waits any more, or None."""
    for s in seconds[BACK:]:
        if s.backlog < LIVE // 10:
            return s.second - BACK
    return None


def row(name, without, seconds):
    done = through(seconds)
    return [name if not without else "", FLEETS[without],
            f"{peak(seconds, 'attempts', OUTAGE, STEADY):,}",
            f"{mean(seconds, 'attempts', STEADY, BACK):,.0f}",
            f"{peak(seconds, 'attempts', STEADY, BACK):,}",
            f"{peak(seconds, 'requests', STEADY, BACK):,}",
            f"{peak(seconds, 'attempts', BACK):,}",
            f"{peak(seconds, 'requests', BACK):,}",
            f"{done} s" if done is not None else "not within 1,080 s"]


def table(results):
    heads = ["outage", "fleet", "connections a second: peak, first 5 min",
             "mean, then", "peak, then", "requests a second: peak, then",
             "once it is back, connections: peak", "requests: peak",
             "all is through after"]
    rows = [heads, ["---", "---"] + ["---:"] * (len(heads) - 2)]
    rows += [row(name, without, results[name, without])
             for name in SCENARIOS for without in FLEETS]
    return "".join(f"| {' | '.join(r)} |\n" for r in rows)


# The picture.
WIDTH, HEIGHT, GAP, LEFT, TOP = 300, 100, 40, 46, 76
ROW = HEIGHT + 52
BUCKET = 10                         # seconds: a point a pixel
DECADES = 4.3                       # from 1 to 20,000
COLOURS = {(): "#1f6fb4", ("no-phase", "no-jitter"): "#d9822b"}


def y_log(value):
    return HEIGHT - HEIGHT * math.log10(max(value, 1)) / DECADES


def points(seconds, what, y):
    """The most of each bucket, as the points of a line."""
    found = []
    for x, start in enumerate(range(0, len(seconds), BUCKET)):
        value = peak(seconds, what, start, start + BUCKET)
        found.append(f"{x},{y(value):.1f}")
    return " ".join(found)


def text(x, y, words, more=""):
    return f'<text x="{x:g}" y="{y:g}"{more}>{words}</text>'


def frame(ticks):
    """The outage's shade, then (y, word) of each line."""
    lines = [f'<rect x="{OUTAGE / BUCKET:g}" y="0" width='
             f'"{(BACK - OUTAGE) / BUCKET:g}" height="{HEIGHT}" '
             f'fill="#eeeeee"/>']
    for y, word in ticks:
        lines.append(f'<path d="M0 {y:.1f}h{WIDTH}" stroke="#cccccc"/>')
        lines.append(text(-4, round(y + 4, 1), word, ' text-anchor="end"'))
    for minute in range(0, 51, 10):
        lines.append(text(minute * 60 / BUCKET, HEIGHT + 14, f"{minute}",
                          ' text-anchor="middle"'))
    return lines


def chart(results, name, what):
    if what == "backlog":
        def y(value):
            return HEIGHT - HEIGHT * value / 2e6
        ticks = [(y(n * 1e6), f"{n} M") for n in range(3)]
    else:
        y = y_log
        ticks = [(y(10 ** n), f"{10 ** n:,}") for n in range(5)]
    lines = frame(ticks)
    for without in reversed(COLOURS):
        lines.append(f'<polyline points="'
                     f'{points(results[name, without], what, y)}" fill="none" '
                     f'stroke="{COLOURS[without]}" stroke-width="1.4"/>')
    return lines


def legend():
    words = {(): "as it is",
             ("no-phase", "no-jitter"): "the same code, all hosts with one "
             "phase and without jitter"}
    lines, x = [], LEFT
    for without, colour in COLOURS.items():
        lines.append(f'<path d="M{x} 40h24" stroke="{colour}" '
                     f'stroke-width="3"/>')
        lines.append(text(x + 30, 44, words[without]))
        x += 120
    return lines


def svg(results):
    columns = {"attempts": "connection attempts a second",
               "requests": "requests a second", "backlog": "time steps queued"}
    wide = LEFT + len(columns) * (WIDTH + GAP + 10)
    high = TOP + len(SCENARIOS) * ROW
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height='
             f'"{high}" font-family="sans-serif" font-size="11">',
             f'<rect width="{wide}" height="{high}" fill="#ffffff"/>',
             text(LEFT, 22, f"{AGENTS:,} agents, one receiver, an outage of 30 "
                  f"minutes (grey); minutes from the start, the busiest second "
                  f"of each {BUCKET}", ' font-size="14"'), *legend()]
    for line, (name, words) in enumerate(SCENARIOS.items()):
        top = TOP + line * ROW
        lines.append(text(LEFT, top - 8 + 6, f"{name}: {words}",
                          ' font-weight="bold"'))
        for column, (what, title) in enumerate(columns.items()):
            x = LEFT + column * (WIDTH + GAP + 10)
            lines.append(f'<g transform="translate({x},{top + 18})">')
            lines += chart(results, name, what)
            lines += [text(WIDTH, -4, title, ' text-anchor="end"'), "</g>"]
    return "\n".join(lines + ["</svg>"]) + "\n"


def page(old, results):
    """The page with today's table in it."""
    return re.sub(r"(?s)(<!-- made by fleet.py -->\n).*?(<!-- end -->)",
                  lambda m: m[1] + table(results) + m[2], old)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: tests/bench/fleet.py BUILD-DIRECTORY")
    results = simulate_all(sys.argv[1])
    SVG.write_text(svg(results))
    PAGE.write_text(page(PAGE.read_text(), results))


if __name__ == "__main__":
    main()
