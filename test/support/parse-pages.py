"""Parses exposition pages with Prometheus' official parsers: a JSON list in, a JSON list out."""

import json
import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as text

PARSERS = {
    "text": text.text_string_to_metric_families,
    "openmetrics": openmetrics.text_string_to_metric_families,
}


def number(value):
    return repr(float(value))


def exemplar(found):
    if found is None:
        return None
    timestamp = None if found.timestamp is None else number(found.timestamp)
    return {"labels": found.labels, "value": number(found.value), "timestamp": timestamp}


def family(found):
    return {
        "name": found.name,
        "type": found.type,
        "help": found.documentation,
        "unit": found.unit,
        "samples": [
            {
                "name": it.name,
                "labels": it.labels,
                "value": number(it.value),
                "exemplar": exemplar(it.exemplar),
            }
            for it in found.samples
        ],
    }


def parse(request):
    try:
        return {"families": [family(it) for it in PARSERS[request["format"]](request["page"])]}
    except Exception as error:  # A page may break a parser in any way; all of them are findings.
        return {"error": f"{type(error).__name__}: {error}"}


json.dump([parse(it) for it in json.load(sys.stdin)], sys.stdout)
