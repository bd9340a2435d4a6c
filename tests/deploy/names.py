"""Which series the product exposes, and which ones a query asks for: by declaration (stream/metrics.py), not by hand."""

import re

from stream import metrics

_SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
# What Prometheus adds to every series, and to a histogram's.
_GIVEN = {"job", "instance", "le"}


def series() -> dict[str, set[str]]:
    """Every series by name, with the labels that it has."""
    found = {}
    for metric in (value for name, value in vars(metrics).items() if name.isupper() and not name.startswith("_")):
        (described,) = metric.describe()
        for suffix in _SUFFIXES[described.type]:
            found[described.name + suffix] = {*metric._labelnames, *_GIVEN}
    return found


def asked(query: str) -> set[str]:
    """The series of ours that a query, or a whole file of them, names."""
    return set(re.findall(r"\bpingliu_\w+", query))


def labels(query: str) -> set[str]:
    """The labels by which a query groups or joins."""
    grouped = re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", query)
    return {name.strip() for names in grouped for name in names.split(",") if name.strip()}


def wrong(query: str) -> list[str]:
    """What a query names and nobody exposes: series, labels matched that their series has not, labels of no series."""
    known = series()
    unknown = sorted(asked(query) - known.keys())
    if unknown:
        return unknown
    matched = {
        label
        for name, matchers in re.findall(r"\b(pingliu_\w+)\{([^}]*)\}", query)
        for label in set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", matchers)) - known[name]
    }
    return sorted(matched | labels(query) - set().union(_GIVEN, *(known[name] for name in asked(query))))
