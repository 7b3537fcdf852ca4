"""Reads exports of OTLP as strictly as protoc's own decoders can: one JSON object a line in, one out."""

import base64
import json
import re
import sys

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

REQUESTS = {
    "traces": trace_service_pb2.ExportTraceServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
    "logs": logs_service_pb2.ExportLogsServiceRequest,
}
ID_BYTES = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}


def is_map_or_many(field):
    return field.label == field.LABEL_REPEATED


def walk(message, path, found):
    """Reports unknown fields and ids of a wrong length, in whatever depth."""
    for unknown in message.UnknownFields():
        found.append(f"{path} has an unknown field {unknown.field_number}")
    for field, value in message.ListFields():
        at = f"{path}.{field.name}"
        if field.name in ID_BYTES and field.type == field.TYPE_BYTES:
            if len(value) != ID_BYTES[field.name] or not any(value):
                found.append(f"{at} has {len(value)} bytes: {value.hex()}")
        elif field.type == field.TYPE_ENUM:
            for number in value if is_map_or_many(field) else [value]:
                if number not in field.enum_type.values_by_number:
                    found.append(f"{at} is {number}, which is none of its values")
        elif field.message_type is not None:
            for index, each in enumerate(value if is_map_or_many(field) else [value]):
                walk(each, f"{at}[{index}]" if is_map_or_many(field) else at, found)


def from_protobuf(signal, body, found):
    request = REQUESTS[signal]()
    request.ParseFromString(body)
    walk(request, signal, found)
    return request


INTEGERS_64 = {"int64", "uint64", "fixed64", "sfixed64", "sint64"}


def scalar(field, value, path, found):
    """Checks one value against the JSON mapping as OTLP narrows it; returns it as protobuf has it."""
    types = {getattr(field, name): name[5:].lower() for name in dir(field) if name.startswith("TYPE_")}
    kind = types[field.type]
    if kind in INTEGERS_64:
        if not (isinstance(value, str) and re.fullmatch(r"-?\d+", value)):
            found.append(f"{path} is {value!r}; a 64-bit integer is a string of digits")
        return int(value)
    if kind == "enum":
        if type(value) is not int or value not in field.enum_type.values_by_number:
            found.append(f"{path} is {value!r}; an enum is one of its numbers")
        return value
    if kind == "bytes":
        if field.name in ID_BYTES:
            if not re.fullmatch("[0-9a-f]{%d}" % (2 * ID_BYTES[field.name]), value):
                found.append(f"{path} is {value!r}; an id is in hexadecimal")
            return bytes.fromhex(value)
        return base64.b64decode(value, validate=True)
    if kind == "double":
        if type(value) not in (int, float) and value not in ("NaN", "Infinity", "-Infinity"):
            found.append(f"{path} is {value!r}; expected a number")
        return float(value)
    expected = {"bool": bool, "string": str}.get(kind, int)
    if type(value) is not expected:
        found.append(f"{path} is {value!r}; expected {kind}")
    return value


def from_json(message, value, path, found):
    fields = {field.json_name: field for field in message.DESCRIPTOR.fields}
    for name, given in value.items():
        field = fields.get(name)
        at = f"{path}.{name}"
        if field is None:
            found.append(f"{at} is an unknown field")
            continue
        many = is_map_or_many(field)
        for index, each in enumerate(given if many else [given]):
            here = f"{at}[{index}]" if many else at
            if field.message_type is not None:
                slot = getattr(message, field.name)
                if not many:
                    slot.SetInParent()
                from_json(slot.add() if many else slot, each, here, found)
            elif many:
                getattr(message, field.name).append(scalar(field, each, here, found))
            else:
                setattr(message, field.name, scalar(field, each, here, found))
    return message


def count(signal, request):
    """Counts spans, data points or log records."""
    if signal == "traces":
        return sum(len(s.spans) for r in request.resource_spans for s in r.scope_spans)
    if signal == "logs":
        return sum(len(s.log_records) for r in request.resource_logs for s in r.scope_logs)
    metrics = [m for r in request.resource_metrics for s in r.scope_metrics for m in s.metrics]
    return sum(len(getattr(m, m.WhichOneof("data")).data_points) for m in metrics)


for line in sys.stdin:
    given = json.loads(line)
    signal, found = given["signal"], []
    body = base64.b64decode(given["body"])
    try:
        if given["isJson"]:
            request = from_json(REQUESTS[signal](), json.loads(body), signal, found)
        else:
            request = from_protobuf(signal, body, found)
        print(json.dumps({"found": found, "count": count(signal, request), "text": str(request)}), flush=True)
    except Exception as error:
        print(json.dumps({"found": [*found, f"{type(error).__name__}: {error}"], "count": 0, "text": ""}), flush=True)
