# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/run.  The points of an OTLP metrics request in either
# encoding, decoded by hand from the .proto files' field numbers, so that a
# receiver needs no package.  The strict judge of conformance is elsewhere;
# this one only must not guess: what it does not understand is an error.
import collections
import json
import struct

Point = collections.namedtuple(
    "Point", "name unit kind attributes start time value resource")

_FIXED = {1: ("<Q", 8), 5: ("<I", 4)}


def _varint(data, at):
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("varint longer than 10 bytes")


def _fields(data):
    """Yields (number, value): an int, or bytes where it has a length."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(data, at)
        elif wire == 2:
            length, at = _varint(data, at)
            value = data[at:at + length]
            at += length
            if at > len(data):
                raise ValueError("field longer than its message")
        elif wire in _FIXED:
            form, size = _FIXED[wire]
            value, = struct.unpack_from(form, data, at)
            at += size
        else:
            raise ValueError(f"wire type {wire}")
        yield tag >> 3, value


def _gather(data):
    """The fields of a message, each a list."""
    found = collections.defaultdict(list)
    for number, value in _fields(data):
        found[number].append(value)
    return found


def _signed(value):
    return value - (1 << 64) if value >> 63 else value


def _double(value):
    return struct.unpack("<d", struct.pack("<Q", value))[0]


def _any_value(data):
    (number, value), = _fields(data)
    if number == 1:
        return value.decode()
    if number == 2:
        return bool(value)
    if number == 3:
        return _signed(value)
    if number == 4:
        return _double(value)
    raise ValueError(f"attribute value of kind {number}")


def _attributes(list_of_data):
    found = {}
    for data in list_of_data:
        pair = _gather(data)
        key = pair[1][0].decode()
        if key in found:
            raise ValueError(f"attribute {key} twice")
        found[key] = _any_value(pair[2][0])
    return found


def _kind(sum_fields):
    if sum_fields[2] != [2]:
        raise ValueError("a sum that is not cumulative")
    return "counter" if sum_fields[3] == [1] else "updown"


def _metric(data, resource):
    metric = _gather(data)
    name, unit = metric[1][0].decode(), b"".join(metric[3]).decode()
    if len(metric[5]) + len(metric[7]) != 1:
        raise ValueError(f"{name} is neither one gauge nor one sum")
    body = _gather((metric[5] + metric[7])[0])
    kind = _kind(body) if metric[7] else "gauge"
    for data_point in body[1]:
        point = _gather(data_point)
        if len(point[4]) + len(point[6]) != 1:
            raise ValueError(f"{name}: a point without one value")
        value = _double(point[4][0]) if point[4] else _signed(point[6][0])
        yield Point(name, unit, kind, _attributes(point[7]),
                    point[2][0] if point[2] else 0, point[3][0], value,
                    resource)


def _from_protobuf(body):
    for resource_metrics in _gather(body)[1]:
        outer = _gather(resource_metrics)
        resource = _attributes(_gather(b"".join(outer[1]))[1])
        for scope_metrics in outer[2]:
            for metric in _gather(scope_metrics)[2]:
                yield from _metric(metric, resource)


def _no_duplicates(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key given twice")
    return found


_JSON_VALUES = {"stringValue": str, "boolValue": bool, "intValue": int,
                "doubleValue": float}


def _json_attributes(rows):
    found = {}
    for row in rows:
        (kind, value), = row["value"].items()
        if row["key"] in found:
            raise ValueError(f"attribute {row['key']} twice")
        found[row["key"]] = _JSON_VALUES[kind](value)
    return found


def _json_metric(metric, resource):
    body = metric.get("sum", metric.get("gauge"))
    kind = "gauge"
    if "sum" in metric:
        if body["aggregationTemporality"] != 2:
            raise ValueError("a sum that is not cumulative")
        kind = "counter" if body.get("isMonotonic") else "updown"
    for point in body["dataPoints"]:
        if ("asInt" in point) == ("asDouble" in point):
            raise ValueError(f"{metric['name']}: a point without one value")
        value = (int(point["asInt"]) if "asInt" in point
                 else float(point["asDouble"]))
        yield Point(metric["name"], metric.get("unit", ""), kind,
                    _json_attributes(point.get("attributes", ())),
                    int(point.get("startTimeUnixNano", 0)),
                    int(point["timeUnixNano"]), value, resource)


def _from_json(body):
    request = json.loads(body, object_pairs_hook=_no_duplicates)
    for resource_metrics in request["resourceMetrics"]:
        resource = _json_attributes(
            resource_metrics.get("resource", {}).get("attributes", ()))
        for scope_metrics in resource_metrics["scopeMetrics"]:
            for metric in scope_metrics["metrics"]:
                yield from _json_metric(metric, resource)


_DECODERS = {"application/x-protobuf": _from_protobuf,
             "application/json": _from_json}


def decode(body, content_type):
    """The request's points; ValueError where it is not one."""
    if content_type not in _DECODERS:
        raise ValueError(f"Content-Type {content_type!r}")
    try:
        return list(_DECODERS[content_type](body))
    except (KeyError, IndexError, TypeError, AttributeError,
            struct.error) as error:
        raise ValueError(f"not an OTLP request: {error!r}") from error
