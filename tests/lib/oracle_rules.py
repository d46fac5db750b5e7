# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What a request may say, whichever encoding it came in: the
# rules of OTLP (metrics.proto, docs/specification.md), of the metrics data
# model, and of this product, which sends one resource, one scope, one time.
# Each rule has a word; broken() yields (word, where and what).
import math
import re

from oracle_tables import (ALPHABETS, CLAIMED, CONVENTIONS, METRICS, OWN,
                           VALUES)

SCHEMA = "https://opentelemetry.io/schemas/1.44.0"
SCOPE = "sluice"
CUMULATIVE = 2

# Nanoseconds: seconds or milliseconds in their place would be below.
EARLIEST, LATEST = 10 ** 18, 2 ** 63 - 1

_RESOURCE = ("service.name", "service.version", "service.instance.id",
             "host.name", "host.arch", "os.type")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\-/]{0,254}")

# The only fields that are ever set, by message.
_SENT = {
    "ExportMetricsServiceRequest": {"resource_metrics"},
    "ResourceMetrics": {"resource", "scope_metrics", "schema_url"},
    "Resource": {"attributes"},
    "ScopeMetrics": {"scope", "metrics"},
    "InstrumentationScope": {"name", "version"},
    "Metric": {"name", "description", "unit", "gauge", "sum"},
    "Gauge": {"data_points"},
    "Sum": {"data_points", "aggregation_temporality", "is_monotonic"},
    "NumberDataPoint": {"attributes", "start_time_unix_nano",
                        "time_unix_nano", "as_double", "as_int"},
    "KeyValue": {"key", "value"},
    "AnyValue": {"string_value", "int_value"},
}


def _surplus(message, path=""):
    allowed = _SENT.get(message.DESCRIPTOR.name, set())
    for field, value in message.ListFields():
        if field.name not in allowed:
            yield "surplus", f"{path}.{field.name}"
        elif field.message_type is not None:
            many = field.label == field.LABEL_REPEATED
            for at, row in enumerate(value if many else [value]):
                yield from _surplus(row, f"{path}.{field.name}[{at}]")


def _value(any_value):
    kind = any_value.WhichOneof("value")
    return None if kind is None else getattr(any_value, kind)


def _attributes(rows, where):
    """(faults, dictionary)"""
    faults, found = [], {}
    for row in rows:
        value = _value(row.value)
        if row.key == "":
            faults.append(("attribute_key", f"{where}: empty"))
        if row.key in found:
            faults.append(("attribute_twice", f"{where}: {row.key}"))
        if value is None or value == "":
            faults.append(("attribute_value", f"{where}: {row.key}"))
        found[row.key] = value
    return faults, found


def _among_values(where, attributes):
    for key, value in attributes.items():
        if key in VALUES and value not in VALUES[key]:
            yield "semconv", f"{where}: {key}={value!r}"


def _resource(resource, scope):
    faults, found = _attributes(resource.attributes, "resource")
    yield from faults
    for key in _RESOURCE:
        if key not in found:
            yield "resource", f"no {key}"
    for key, value in found.items():
        if not isinstance(value, str):
            yield "resource", f"{key} is {value!r}"
    yield from _among_values("resource", found)
    if found.get("service.name") != SCOPE:
        yield "resource", f"service.name {found.get('service.name')!r}"
    if found.get("service.version") != scope.version:
        yield "resource", f"service.version is not {scope.version!r}"
    if not re.fullmatch("[0-9a-f]{32}", str(found.get("host.id", "0" * 32))):
        yield "resource", f"host.id {found['host.id']!r}"


def _envelope(outer):
    if not outer.HasField("resource"):
        yield "resource", "none"
    if outer.schema_url != SCHEMA:
        yield "schema_url", outer.schema_url
    if len(outer.scope_metrics) != 1:
        yield "envelope", f"{len(outer.scope_metrics)} scopes"
    for inner in outer.scope_metrics:
        if inner.scope.name != SCOPE or inner.scope.version == "":
            yield "scope", str(inner.scope)
        if len(inner.metrics) == 0:
            yield "empty", "no metric"
        if len({metric.description == "" for metric in inner.metrics}) > 1:
            yield "description", "of some metrics and not of others"


def _kind(metric):
    if metric.WhichOneof("data") == "sum":
        return "counter" if metric.sum.is_monotonic else "updown"
    return metric.WhichOneof("data")


def _documented(metric):
    """Against docs/metrics.md."""
    name, row = metric.name, METRICS.get(metric.name)
    if row is None:
        yield "name", f"{name!r} is not in docs/metrics.md"
        return
    if metric.unit != row.unit:
        yield "unit", f"{name}: {metric.unit!r}, not {row.unit!r}"
    if _kind(metric) != row.kind:
        yield "kind", f"{name}: {_kind(metric)}, not {row.kind}"
    if metric.description not in ("", row.description):
        yield "description", f"{name}: {metric.description!r}"


def _conventional(metric):
    name, row = metric.name, CONVENTIONS.get(metric.name)
    if row is None:
        if name.startswith(CLAIMED) or not name.startswith(OWN):
            yield "semconv", f"{name!r} is no convention's name"
    elif (_kind(metric), metric.unit) != (row.kind, row.unit):
        yield "semconv", f"{name}: {_kind(metric)}, {metric.unit}"


def _metric_head(metric):
    if not _NAME.fullmatch(metric.name):
        yield "name", repr(metric.name)
    if len(metric.unit) > 63 or not metric.unit.isascii():
        yield "unit", repr(metric.unit)
    yield from _documented(metric)
    yield from _conventional(metric)
    if metric.WhichOneof("data") == "sum" and \
            metric.sum.aggregation_temporality != CUMULATIVE:
        yield "temporality", \
            f"{metric.name}: {metric.sum.aggregation_temporality}"


def _times(where, point, kind, time):
    if not EARLIEST <= point.time_unix_nano <= LATEST:
        yield "time", f"{where}: {point.time_unix_nano}"
    if point.time_unix_nano != time:
        yield "one_time", f"{where}: {point.time_unix_nano}, not {time}"
    start = point.start_time_unix_nano
    if kind == "gauge":
        if start != 0:
            yield "start", f"{where}: a gauge has none"
    elif not EARLIEST <= start <= point.time_unix_nano:
        yield "start", f"{where}: {start}"


def _in_steps(value, step):
    """Is it the double that is nearest to a whole number of steps?"""
    return not math.isfinite(value) or round(value * step) / step == value \
        or abs(value) * step >= 1 << 53


def _number(where, point, kind, row):
    which = point.WhichOneof("value")
    if which is None:
        yield "value", f"{where}: none"
        return
    value = getattr(point, which)
    if row is not None and (which == "as_int") != (row.step is None):
        yield "value", f"{where}: {which}"
    elif row is not None and row.step and not _in_steps(value, row.step):
        yield "step", f"{where}: {value!r}"
    if not math.isfinite(value) or math.copysign(1, value) < 0 == value:
        yield "finite", f"{where}: {value!r}"
    if kind == "counter" and value < 0:
        yield "monotonic", f"{where}: {value!r}"


def _instance(where, attributes, row):
    """Those attributes that name an instance."""
    for key, value in attributes.items():
        alphabet = ALPHABETS.get(key)
        if key not in row.may_carry or alphabet is None:
            yield "attributes", f"{where}: {key}={value!r}"
            continue
        if isinstance(value, int) != alphabet.is_integer:
            yield "attributes", f"{where}: {key} is {value!r}"
        text = str(value)
        if not re.fullmatch(alphabet.pattern, text) or \
                len(text.encode()) > alphabet.longest:
            yield "alphabet", f"{where}: {key}={value!r}"


def _labels(name, where, attributes, row):
    fixed = [point for point in row.points
             if all(attributes.get(key) == value for key, value in point)]
    fixed = max(fixed, key=len, default=None)
    if fixed is None:
        yield "attributes", f"{where}: no such point"
        return
    yield from _instance(where, {k: v for k, v in attributes.items()
                                 if k not in dict(fixed)}, row)
    wanted = CONVENTIONS.get(name)
    if wanted is not None and not \
            wanted.always <= attributes.keys() <= wanted.maybe:
        yield "semconv", f"{where}: attributes {sorted(attributes)}"
    yield from _among_values(where, attributes)


def _points(metric, time):
    data = getattr(metric, metric.WhichOneof("data") or "gauge")
    row, seen = METRICS.get(metric.name), set()
    for at, point in enumerate(getattr(data, "data_points", ())):
        where = f"{metric.name}[{at}]"
        if point.DESCRIPTOR.name != "NumberDataPoint":
            continue
        faults, attributes = _attributes(point.attributes, where)
        yield from faults
        yield from _times(where, point, _kind(metric), time)
        yield from _number(where, point, _kind(metric), row)
        if row is not None:
            yield from _labels(metric.name, where, attributes, row)
        stream = frozenset((k, str(v)) for k, v in attributes.items())
        if stream in seen:
            yield "stream_twice", f"{where}: {dict(stream)}"
        seen.add(stream)
    if not seen:
        yield "empty", f"{metric.name}: no points"


def _metrics(metrics):
    times = [point.time_unix_nano for metric in metrics
             for point in metric.gauge.data_points or metric.sum.data_points]
    seen = set()
    for metric in metrics:
        yield from _metric_head(metric)
        yield from _points(metric, times[0] if times else 0)
        if metric.name.lower() in seen:
            yield "metric_twice", metric.name
        seen.add(metric.name.lower())


def broken(request):
    yield from _surplus(request)
    if len(request.resource_metrics) != 1:
        yield "envelope", f"{len(request.resource_metrics)} resources"
    for outer in request.resource_metrics:
        yield from _envelope(outer)
        for inner in outer.scope_metrics:
            yield from _resource(outer.resource, inner.scope)
            yield from _metrics(inner.metrics)
