# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Ways to spoil a good request.  Each row is a rule's word and
# a statement that breaks that rule; the statement is the mutant's name.
# Each function yields (name, rule, body).
import gzip
import json
import re

# On the official message.  r: the request; outer, inner: its one resource
# and scope; metric(name); io: a counter's point with one attribute of the
# host and one of ours; uptime: a gauge's point.
_MESSAGE = (
    ("envelope", "r.Clear()"),
    ("envelope", "r.resource_metrics.append(outer)"),
    ("envelope", "del outer.scope_metrics[:]"),
    ("envelope", "outer.scope_metrics.append(inner)"),
    ("empty", "del inner.metrics[:]"),
    ("empty", "del metric('system.disk.io').sum.data_points[:]"),
    ("empty", "del metric('system.uptime').gauge.data_points[:]"),
    ("empty", "metric('system.uptime').ClearField('gauge')"),
    ("resource", "outer.ClearField('resource')"),
    ("resource", "del outer.resource.attributes[0]"),
    ("resource", "outer.resource.attributes[0].value.string_value = 'x'"),
    ("resource", "outer.resource.attributes[0].value.int_value = 1"),
    ("resource", "outer.resource.attributes[1].value.string_value = '9'"),
    ("resource", "outer.resource.attributes[2].value.string_value = 'A'"),
    ("resource", "del outer.resource.attributes[3]"),
    ("semconv", "outer.resource.attributes[4].value.string_value = 'x86_64'"),
    ("semconv", "outer.resource.attributes[5].value.string_value = 'Linux'"),
    ("attribute_twice",
     "outer.resource.attributes.append(outer.resource.attributes[0])"),
    ("attribute_value", "outer.resource.attributes[0].ClearField('value')"),
    ("attribute_key", "outer.resource.attributes[7].key = ''"),
    ("surplus", "outer.resource.dropped_attributes_count = 1"),
    ("schema_url", "outer.ClearField('schema_url')"),
    ("schema_url", "outer.schema_url = outer.schema_url[:-1]"),
    ("surplus", "inner.schema_url = outer.schema_url"),
    ("scope", "inner.ClearField('scope')"),
    ("scope", "inner.scope.name = 'Sluice'"),
    ("scope", "inner.scope.version = ''"),
    ("surplus", "inner.scope.attributes.add().key = 'k'"),
    ("metric_twice", "inner.metrics.append(inner.metrics[0])"),
    ("metric_twice", "inner.metrics.add().name = 'System.Uptime'"),
    ("name", "metric('system.uptime').name = ''"),
    ("name", "metric('system.uptime').name = 'system.uptime '"),
    ("name", "metric('system.network.packet.dropped').name = "
             "'system.network.dropped'"),
    ("semconv", "metric('linux.thread.count').name = 'system.thread.count'"),
    ("semconv", "metric('linux.thread.count').name = 'thread.count'"),
    ("unit", "metric('system.uptime').unit = ''"),
    ("unit", "metric('system.uptime').unit = 'ms'"),
    ("unit", "metric('system.uptime').unit = '\\u00b5s'"),
    ("semconv", "metric('system.disk.io').unit = 'bytes'"),
    ("description", "metric('system.uptime').description = ''"),
    ("surplus", "metric('system.uptime').metadata.add().key = 'k'"),
    ("kind", "metric('system.uptime').sum.data_points.append(uptime)"),
    ("kind", "metric('system.disk.io').gauge.data_points.append(io)"),
    ("kind", "metric('system.disk.io').sum.is_monotonic = False"),
    ("kind", "metric('system.memory.limit').sum.is_monotonic = True"),
    ("semconv", "metric('system.memory.limit').sum.is_monotonic = True"),
    ("surplus", "metric('system.uptime').histogram.data_points.add()"),
    ("surplus", "metric('system.uptime').summary.SetInParent()"),
    ("temporality", "metric('system.disk.io').sum"
                    ".ClearField('aggregation_temporality')"),
    ("temporality",
     "metric('system.disk.io').sum.aggregation_temporality = 1"),
    ("time", "io.ClearField('time_unix_nano')"),
    ("time", "io.time_unix_nano //= 10 ** 9"),
    ("time", "io.time_unix_nano = 1 << 63"),
    ("one_time", "io.time_unix_nano += 1"),
    ("start", "io.ClearField('start_time_unix_nano')"),
    ("start", "io.start_time_unix_nano = io.time_unix_nano + 1"),
    ("start", "io.start_time_unix_nano //= 10 ** 6"),
    ("start", "uptime.start_time_unix_nano = uptime.time_unix_nano"),
    ("value", "io.ClearField('as_int')"),
    ("value", "io.as_double = 1"),
    ("value", "uptime.as_int = 1"),
    ("finite", "uptime.as_double = -0.0"),
    ("step", "uptime.as_double = 0.125"),
    ("step", "uptime.as_double = 0.1 + 0.2"),
    ("monotonic", "io.as_int = -1"),
    ("surplus", "io.flags = 1"),
    ("surplus", "io.exemplars.add().span_id = b'12345678'"),
    ("attribute_twice", "io.attributes.append(io.attributes[0])"),
    ("attribute_key", "io.attributes[0].key = ''"),
    ("attribute_value", "io.attributes[0].value.string_value = ''"),
    ("attribute_value", "io.attributes[0].value.ClearField('string_value')"),
    ("surplus", "io.attributes[0].value.bool_value = True"),
    ("surplus", "io.attributes[0].value.double_value = 1"),
    ("surplus", "io.attributes[0].value.bytes_value = b'sda'"),
    ("surplus", "io.attributes[0].value.array_value.SetInParent()"),
    ("attributes", "io.attributes[0].value.int_value = 1"),
    ("attributes", "io.attributes[0].key = 'device'"),
    ("semconv", "io.attributes[0].key = 'device'"),
    ("attributes", "io.attributes[1].value.string_value = 'reading'"),
    ("attributes", "del io.attributes[1]"),
    ("semconv", "del io.attributes[0]"),
    ("attributes", "uptime.attributes.append(io.attributes[0])"),
    ("attributes", "cpu.attributes[0].value.string_value = '1'"),
    ("alphabet", "cpu.attributes[0].value.int_value = -1"),
    ("alphabet", "io.attributes[0].value.string_value = 'a b'"),
    ("alphabet", "io.attributes[0].value.string_value = 'd' * 97"),
    ("alphabet", "io.attributes[0].value.string_value = 'sda\\n'"),
    ("stream_twice", "metric('system.disk.io').sum.data_points.append(io)"),
    ("stream_twice", "add_reversed(metric('system.disk.io').sum, io)"),
)


def _add_reversed(data, point):
    rows = list(data.data_points.add(
        time_unix_nano=point.time_unix_nano,
        start_time_unix_nano=point.start_time_unix_nano,
        as_int=1).attributes)
    for row in reversed(list(point.attributes) + rows):
        data.data_points[-1].attributes.append(row)


def _names(request):
    outer = request.resource_metrics[0]
    inner = outer.scope_metrics[0]

    def metric(name):
        return next(m for m in inner.metrics if m.name == name)
    cpu = next(p for p in metric("system.cpu.time").sum.data_points
               if len(p.attributes) == 2)
    return {"r": request, "outer": outer, "inner": inner, "metric": metric,
            "io": metric("system.disk.io").sum.data_points[0], "cpu": cpu,
            "uptime": metric("system.uptime").gauge.data_points[0],
            "add_reversed": _add_reversed}


def _spoil(rows, good, names_of):
    """Yields (statement, rule, the spoilt copy)."""
    for rule, statement in rows:
        copy = good()
        exec(statement, names_of(copy))
        yield statement, rule, copy


def _copier(request):
    def copy():
        one = type(request)()
        one.CopyFrom(request)
        return one
    return copy


def messages(request):
    """Spoilt requests, for either encoding."""
    yield from _spoil(_MESSAGE, _copier(request), _names)


# A field that the .proto files do not have, at every level.
_UNKNOWN = tuple(("unknown", f"{where}.MergeFromString(b'\\xf8\\x07\\x01')")
                 for where in (
    "r", "outer", "outer.resource", "outer.resource.attributes[0]",
    "inner", "inner.scope", "metric('system.disk.io')",
    "metric('system.disk.io').sum", "metric('system.uptime').gauge", "io",
    "io.attributes[0].value")) + (
    # a known number as another wire type is unknown as well
    ("unknown", "io.MergeFromString(b'\\x18\\x01')"),
    # what JSON cannot say
    ("finite", "uptime.as_double = float('nan')"),
    ("finite", "uptime.as_double = float('-inf')"),
    ("temporality",
     "metric('system.disk.io').sum.aggregation_temporality = 3"))


def _varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def _within(body, path, change):
    """The body with change(bytes) of the message that the path of field
    numbers names, the first of each; every length around it is mended."""
    if not path:
        return change(body)
    at = 0
    while body[at] != path[0] << 3 | 2:
        at = _skip(body, at)
    end, (start, _) = _skip(body, at), _length(body, at + 1)
    inside = _within(body[start:end], path[1:], change)
    return (body[:at + 1] + _varint(len(inside)) + inside + body[end:])


def _length(body, at):
    """Where the bytes start, and how many there are."""
    value = shift = 0
    while True:
        value |= (body[at] & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if body[at - 1] < 0x80:
            return at, value


def _skip(body, at):
    wire, at = body[at] & 7, at + 1
    if wire == 1:
        return at + 8
    start, value = _length(body, at)
    return start if wire == 0 else start + value


def _padded(body):
    start, length = _length(body, 1)
    return body[:1] + bytes([length & 0x7f | 0x80, length >> 7 & 0x7f | 0x80,
                             length >> 14 & 0x7f | 0x80, 0x80, 0]) + \
        body[start:]


# Of the first metric, system.cpu.time: a sum; field numbers as in the .proto.
_METRIC, _SUM, _POINT = [1, 2, 2], [1, 2, 2, 7], [1, 2, 2, 7, 1]
_WIRE = (
    ("nothing", "envelope", lambda b: b""),
    ("cut short", "decode", lambda b: b[:-1]),
    ("a zero byte more", "decode", lambda b: b + b"\0"),
    ("compressed", "decode", gzip.compress),
    ("an end of group", "decode", lambda b: b + b"\x0c"),
    ("a length beyond the end", "decode", lambda b: b + b"\x0a\x7f"),
    ("a length in 5 bytes", "canonical", _padded),
    ("a tag in 2 bytes", "canonical", lambda b: b"\x8a\0" + b[1:]),
    ("a scope said twice", "canonical", lambda b: _within(
        b, [1, 2], lambda m: b"\x0a\x08\x0a\x06sluice" + m)),
    ("the resource last", "canonical", lambda b: _within(
        b, [1], lambda m: m[_skip(m, 0):] + m[:_skip(m, 0)])),
    ("a default said", "canonical", lambda b: _within(
        b, _POINT, lambda m: m + b"\x40\0")),
    ("monotonic said as 2", "canonical", lambda b: _within(
        b, _SUM, lambda m: m[:-1] + b"\x02")),
    ("temporality after monotonic", "canonical", lambda b: _within(
        b, _SUM, lambda m: m[:-4] + m[-2:] + m[-4:-2])),
    ("a name that is not UTF-8", "decode", lambda b: _within(
        b, _METRIC + [1], lambda m: m[:-1] + b"\xff")),
    ("a surrogate in a name", "decode", lambda b: _within(
        b, _METRIC + [1], lambda m: m + b"\xed\xa0\x80")),
    ("both values", "canonical", lambda b: _within(
        b, _POINT, lambda m: b"\x31" + bytes(8) + m)),
    ("a sum and a gauge", "canonical", lambda b: _within(
        b, _METRIC, lambda m: b"\x2a\0" + m)),
)


def protobuf(request):
    for name, rule, spoilt in messages(request):
        yield name, rule, spoilt.SerializeToString()
    for name, rule, spoilt in _spoil(_UNKNOWN, _copier(request), _names):
        yield name, rule, spoilt.SerializeToString()
    body = request.SerializeToString()
    for name, rule, change in _WIRE:
        yield name, rule, change(body)
    yield "JSON", "decode", b'{"resourceMetrics":[]}'


# On the JSON value.  tree; outer, inner, io, uptime as above; disk: the
# metric of io.
_TREE = (
    ("key", "io['time_unix_nano'] = io.pop('timeUnixNano')"),
    ("key", "io['TimeUnixNano'] = io['timeUnixNano']"),
    ("key", "inner['metricses'] = []"),
    ("key", "outer['instrumentationLibraryMetrics'] = []"),
    ("key", "tree['partialSuccess'] = {}"),
    ("int64", "io['timeUnixNano'] = int(io['timeUnixNano'])"),
    ("int64", "io['timeUnixNano'] = '2026-11-21T07:43:48Z'"),
    ("int64", "io['timeUnixNano'] += '.0'"),
    ("int64", "io['startTimeUnixNano'] = '0' + io['startTimeUnixNano']"),
    ("int64", "io['startTimeUnixNano'] = '-0'"),
    ("int64", "io['asInt'] = int(io['asInt'])"),
    ("int64", "io['asInt'] = '1e3'"),
    ("int64", "io['asInt'] = ' 1'"),
    ("int64", "io['asInt'] = '+1'"),
    ("int64", "io['asInt'] = ''"),
    ("int64", "io['asInt'] = None"),
    ("range", "io['asInt'] = str(1 << 63)"),
    ("range", "io['timeUnixNano'] = str(1 << 64)"),
    ("range", "io['startTimeUnixNano'] = '-1'"),
    ("int64", "cpu['attributes'][0]['value'] = {'intValue': 0}"),
    ("int64", "cpu['attributes'][0]['value'] = {'intValue': '00'}"),
    ("type", "uptime['asDouble'] = '1.5'"),
    ("type", "uptime['asDouble'] = 'NaN'"),
    ("type", "uptime['asDouble'] = True"),
    ("type", "uptime['asDouble'] = None"),
    ("oneof", "uptime['asInt'] = '1'"),
    ("oneof", "disk['gauge'] = disk['sum']"),
    ("oneof", "io['attributes'][0]['value']['intValue'] = '1'"),
    ("enum", "disk['sum']['aggregationTemporality'] = "
             "'AGGREGATION_TEMPORALITY_CUMULATIVE'"),
    ("enum", "disk['sum']['aggregationTemporality'] = '2'"),
    ("enum", "disk['sum']['aggregationTemporality'] = 2.0"),
    ("enum", "disk['sum']['aggregationTemporality'] = True"),
    ("enum", "disk['sum']['aggregationTemporality'] = 3"),
    ("type", "disk['sum']['isMonotonic'] = 'true'"),
    ("type", "disk['sum']['isMonotonic'] = 1"),
    ("type", "disk['sum']['dataPoints'] = io"),
    ("type", "io['attributes'] = {'system.device': 'sda'}"),
    ("type", "io['attributes'][0]['value'] = 'sda'"),
    ("type", "io['attributes'][0]['key'] = 1"),
    ("type", "io['attributes'].append(None)"),
    ("type", "disk['unit'] = None"),
    ("type", "io['flags'] = '0'"),
    ("utf8", "io['attributes'][0]['value']['stringValue'] = '\\ud800'"),
    ("id", "io['exemplars'] = [{'spanId': 'MTIzNDU2Nzg='}]"),
    ("surplus", "io['exemplars'] = [{'spanId': '3132333435363738'}]"),
    ("base64", "io['attributes'][0]['value'] = {'bytesValue': '!'}"),
    ("type", "tree['resourceMetrics'] = outer"),
)


def _double(body, text):
    """That text in place of the first double."""
    return re.sub(rb'"asDouble":[-+.0-9e]+', b'"asDouble":' + text, body,
                  count=1)


_TEXT = (
    ("nothing", "decode", lambda b: b""),
    ("an empty object", "envelope", lambda b: b"{}"),
    ("a list", "decode", lambda b: b"[" + b + b"]"),
    ("cut short", "decode", lambda b: b[:-1]),
    ("a brace more", "decode", lambda b: b + b"}"),
    ("a byte order mark", "decode", lambda b: b"\xef\xbb\xbf" + b),
    ("UTF-16", "decode", lambda b: b.decode().encode("utf-16")),
    ("compressed", "decode", gzip.compress),
    ("a comma too many", "decode", lambda b: b[:-1] + b",}"),
    ("a comment", "decode", lambda b: b + b"// end"),
    ("a key twice", "decode", lambda b: b[:-1] + b"," + b[1:]),
    ("a byte that is not UTF-8", "decode",
     lambda b: b.replace(b'"system.uptime"', b'"system.uptim\xe9"')),
    ("a raw tab in a string", "decode",
     lambda b: b.replace(b'"system.uptime"', b'"system.\tuptime"')),
    ("single quotes", "decode", lambda b: b.replace(b'"', b"'")),
    ("not a number", "decode", lambda b: _double(b, b"NaN")),
    ("infinity", "decode", lambda b: _double(b, b"-Infinity")),
    ("more than a double", "range", lambda b: _double(b, b"1e999")),
    ("minus zero", "finite", lambda b: _double(b, b"-0")),
    ("a zero in front", "decode", lambda b: _double(b, b"00.0")),
    ("a decimal comma", "decode", lambda b: _double(b, b"0,0")),
    ("protobuf", "decode", lambda b: b"\x0a\x02\x12\0"),
)


def _tree_names(tree):
    outer = tree["resourceMetrics"][0]
    inner = outer["scopeMetrics"][0]
    metrics = {metric["name"]: metric for metric in inner["metrics"]}
    disk = metrics["system.disk.io"]
    cpu = next(p for p in metrics["system.cpu.time"]["sum"]["dataPoints"]
               if len(p["attributes"]) == 2)
    return {"tree": tree, "outer": outer, "inner": inner, "disk": disk,
            "io": disk["sum"]["dataPoints"][0], "cpu": cpu,
            "uptime": metrics["system.uptime"]["gauge"]["dataPoints"][0]}


def plain_json(request):
    """The request as OTLP JSON, printed by other hands than ours."""
    from google.protobuf import json_format
    return json_format.MessageToDict(request, use_integers_for_enums=True)


def _text(tree):
    return json.dumps(tree, separators=(",", ":")).encode()


def as_json(request):
    for name, rule, spoilt in messages(request):
        yield name, rule, _text(plain_json(spoilt))
    body = _text(plain_json(request))
    for name, rule, spoilt in _spoil(_TREE, lambda: json.loads(body),
                                     _tree_names):
        yield name, rule, _text(spoilt)
    for name, rule, change in _TEXT:
        yield name, rule, change(body)
