# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Judges a request body: is it OTLP to the letter, in the
# form that this product promises?  Google's protobuf reads it, with the
# descriptors of the official .proto files; oracle_json.py is stricter about
# JSON than any reader, oracle_rules.py knows what a request may say.
#
#   faults(body, content_type)   a list of Fault, empty for a good body
#   message(body, content_type)  the request, for comparison; ValueError
import ast
import collections
import functools
import json
import pathlib
import warnings

from tap import Skip

PROTOBUF = "application/x-protobuf"
JSON = "application/json"

# rule: a word that a test can expect; words: where and what.
Fault = collections.namedtuple("Fault", "rule words")

_PACKAGE = "python3-opentelemetry-proto"
_FILES = ("common/v1/common", "resource/v1/resource", "metrics/v1/metrics",
          "collector/metrics/v1/metrics_service")
_REQUEST = ("opentelemetry.proto.collector.metrics.v1."
            "ExportMetricsServiceRequest")


def _modules():
    """Where the package's generated modules are, installed or unpacked."""
    below = pathlib.Path("usr/lib/python3/dist-packages/opentelemetry/proto")
    if (pathlib.Path("/") / below / "metrics").is_dir():
        return pathlib.Path("/") / below
    import debs
    return pathlib.Path(debs.fetch(_PACKAGE, "trixie")) / below


def _descriptor(path):
    """The bytes that a generated module would register.  The module itself
    is not run: it may want another version of protobuf than there is."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and \
                getattr(node.func, "attr", "") == "AddSerializedFile":
            return ast.literal_eval(node.args[0])
    raise ValueError(f"{path} registers no descriptor")


@functools.cache
def request_class():
    """The official message; Skip where this machine cannot have it."""
    try:
        from google.protobuf import descriptor_pool, message_factory
    except ImportError:
        raise Skip("needs Debian's python3-protobuf") from None
    pool = descriptor_pool.DescriptorPool()
    for name in _FILES:
        pool.AddSerializedFile(_descriptor(_modules() / f"{name}_pb2.py"))
    row = pool.FindMessageTypeByName(_REQUEST)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(row)
    return message_factory.MessageFactory(pool).GetPrototype(row)


def _unknown(found, path=""):
    """Paths of fields that the .proto files do not have."""
    if len(found.UnknownFields()) > 0:
        yield f"{path}: field {found.UnknownFields()[0].field_number}"
    for field, value in found.ListFields():
        if field.message_type is None:
            continue
        rows = value if field.label == field.LABEL_REPEATED else [value]
        for at, row in enumerate(rows):
            yield from _unknown(row, f"{path}.{field.name}[{at}]")


def _from_protobuf(body):
    from google.protobuf.message import DecodeError
    found = request_class()()
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found.ParseFromString(body)
    except (DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not a request: {error}") from error
    if said:                            # bytes are left over
        raise ValueError(f"not a request: {said[0].message}")
    return found


def _protobuf_faults(body):
    found = _from_protobuf(body)
    faults = [Fault("unknown", path) for path in _unknown(found)]
    found.DiscardUnknownFields()
    if found.SerializeToString(deterministic=True) != body:
        faults.append(Fault("canonical", "the official serialiser would "
                            "write other bytes"))
    return found, faults


def _json_faults(body):
    from google.protobuf import json_format
    import oracle_json
    found, faults = oracle_json.read(body, request_class(), Fault)
    if not faults:
        # what a lenient reader gets must be what the strict one got
        try:
            same = json_format.Parse(body, request_class()()) == found
        except json_format.ParseError:
            same = False
        if not same:
            faults.append(Fault("readers", "json_format reads it otherwise"))
    return found, faults


_READERS = {PROTOBUF: _protobuf_faults, JSON: _json_faults}


def faults(body, content_type):
    import oracle_rules
    try:
        found, wrong = _READERS[content_type](body)
    except ValueError as error:
        return [Fault("decode", str(error))]
    return wrong + [Fault(rule, words)
                    for rule, words in oracle_rules.broken(found)]


def message(body, content_type):
    return _READERS[content_type](body)[0]


def _end_of_field(stream, at):
    """Where the field with a length that starts there ends."""
    length, shift, at = 0, 0, at + 1
    while True:
        length |= (stream[at] & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if stream[at - 1] < 0x80:
            return at + length


def split(stream, content_type):
    """The bodies that `sluice show --raw` wrote one after the other: in
    protobuf each is one field, in JSON one value."""
    bodies, at = [], 0
    text = stream.decode("latin-1")
    while at < len(stream):
        if content_type == PROTOBUF:
            end = _end_of_field(stream, at)
        else:
            at += text.startswith("\n", at) and at > 0     # between two
            _, end = json.JSONDecoder().raw_decode(text, at)
        bodies.append(stream[at:end])
        at = end
    return bodies
