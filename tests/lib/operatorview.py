# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A second reader of Prometheus' text format, written apart
# from the collector's: what declared metrics of a directory ought to say.
import decimal
import pathlib
import re

from once import key

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s*(\S+)")
_LABEL = re.compile(r'([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?\s*')
_PLACES = {"integer": 0, "milli": 3, "micro": 6, "nano": 9}


def _places(how):
    _, unit, *precision = how.split()
    if precision:
        return _PLACES[precision[0]]
    return 0 if unit in ("By", "bit") or unit[0] == "{" else 6


def expected(folder, declared, labels=()):
    """Points by name and labels; declared: how by name."""
    points = {}
    for path in sorted(pathlib.Path(folder).glob("[!.]*.prom")):
        for line in path.read_text().splitlines():
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            name, inside, value = _SAMPLE.fullmatch(line.strip()).groups()
            said = {k: v for k, v in _LABEL.findall(inside or "") if v}
            if name not in declared or not said.keys() <= set(labels):
                continue
            step = decimal.Decimal(10) ** -_places(declared[name])
            points.setdefault(key(name, **said), decimal.Decimal(
                value).quantize(step, decimal.ROUND_HALF_UP))
    return points
