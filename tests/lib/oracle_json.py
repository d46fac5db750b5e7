# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  OTLP's JSON, read along the official descriptors by the
# letter of opentelemetry-proto's docs/specification.md: what protobuf's own
# JSON reader would forgive is a fault here.
import base64
import json
import math
import re

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")


def _refuse_constant(word):
    raise ValueError(f"{word} is not JSON")


def _no_duplicates(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a key given twice: {[k for k, _ in pairs]}")
    return found


def _int(text):
    return -0.0 if text == "-0" else int(text)


def _parse(body):
    tree = json.loads(body.decode("utf-8"), parse_int=_int,
                      parse_constant=_refuse_constant,
                      object_pairs_hook=_no_duplicates)
    if not isinstance(tree, dict):
        raise ValueError("not an object")
    return tree


class _Wrong(Exception):
    """The word of the rule."""


def _want(condition, rule):
    if not condition:
        raise _Wrong(rule)


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _int64(field, value):
    _want(isinstance(value, str) and _INTEGER.fullmatch(value), "int64")
    signed = field.type in (field.TYPE_INT64, field.TYPE_SFIXED64)
    low, high = (-1 << 63, 1 << 63) if signed else (0, 1 << 64)
    _want(low <= int(value) < high, "range")
    return int(value)


def _int32(_, value):
    _want(_is_number(value) and isinstance(value, int), "type")
    _want(-1 << 31 <= value < 1 << 32, "range")
    return value


def _enum(field, value):
    _want(_is_number(value) and isinstance(value, int), "enum")
    _want(value in field.enum_type.values_by_number, "enum")
    return value


def _double(_, value):
    _want(_is_number(value), "type")
    _want(math.isfinite(value), "range")
    return float(value)


def _bool(_, value):
    _want(isinstance(value, bool), "type")
    return value


def _bytes(field, value):
    """Hexadecimal where it is an id, which protobuf's JSON does not know."""
    is_id = field.name in ("trace_id", "span_id")
    try:
        return (bytes.fromhex(value) if is_id else
                base64.b64decode(value, validate=True))
    except ValueError:
        raise _Wrong("id" if is_id else "base64") from None


def _string(field, value):
    _want(isinstance(value, str), "type")
    _want(not re.search("[\ud800-\udfff]", value), "utf8")
    return _bytes(field, value) if field.type == field.TYPE_BYTES else value


def _readers(field):
    return {field.CPPTYPE_INT64: _int64, field.CPPTYPE_UINT64: _int64,
            field.CPPTYPE_INT32: _int32, field.CPPTYPE_UINT32: _int32,
            field.CPPTYPE_ENUM: _enum, field.CPPTYPE_DOUBLE: _double,
            field.CPPTYPE_BOOL: _bool, field.CPPTYPE_STRING: _string}


class _Filler:
    def __init__(self):
        self.faults = []

    def object(self, message, tree, path):
        if not isinstance(tree, dict):
            raise _Wrong("type")
        message.SetInParent()
        fields = {f.json_name: f for f in message.DESCRIPTOR.fields}
        for key, value in tree.items():
            where = f"{path}.{key}"
            try:
                _want(key in fields, "key")
                self.field(message, fields[key], value, where)
            except _Wrong as wrong:
                self.faults.append((str(wrong), f"{where}: {value!r:.80}"))

    def field(self, message, field, value, where):
        oneof = field.containing_oneof
        _want(oneof is None or message.WhichOneof(oneof.name) is None,
              "oneof")
        if field.label == field.LABEL_REPEATED:
            self.list(message, field, value, where)
        elif field.message_type is not None:
            self.object(getattr(message, field.name), value, where)
        else:
            setattr(message, field.name,
                    _readers(field)[field.cpp_type](field, value))

    def list(self, message, field, value, where):
        _want(isinstance(value, list), "type")
        rows = getattr(message, field.name)
        for at, row in enumerate(value):
            if field.message_type is not None:
                self.object(rows.add(), row, f"{where}[{at}]")
            else:
                rows.append(_readers(field)[field.cpp_type](field, row))


def read(body, request, fault):
    """The request and its faults; ValueError where it is not even JSON."""
    filler, found = _Filler(), request()
    filler.object(found, _parse(body), "")
    return found, [fault(rule, words) for rule, words in filler.faults]
