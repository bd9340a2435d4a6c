"""The schemas as validators, for the tests of what comes out and of what enters."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from stream.reference_schemas import schemas

EXAMPLES = Path(__file__).parent.parent / "processors" / "examples"
CITY = [json.loads(row) for row in (EXAMPLES / "city.jsonl").read_text().splitlines()]

# contract.md, as printed there.
SCAN = """
{"scan_id": "st012-000001234", "type": "fill", "label": "0690123456789200047A2Y", "time": "2026-11-23T10:15:30.123+08:00",
 "device": "D-st012-3", "operator": "P0192", "site": "ST012", "geo": {"lon": 121.5503, "lat": 29.8746, "acc_m": 12},
 "dry_run": false, "data": {"net_kg": 14.4, "scale": "S3"}}
"""

FORMATS = FormatChecker(["date"])


@FORMATS.checks("date-time", ValueError)
def is_date_time(text: object) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


def ecma_pattern(_: Any, pattern: str, instance: object, __: Any) -> Iterator[ValidationError]:
    """As a schema means a pattern: to Python alone `$` matches before a last line break too."""
    assert pattern.startswith("^"), pattern
    assert pattern.endswith("$"), pattern
    if isinstance(instance, str) and not re.fullmatch(pattern[1:-1], instance, re.ASCII):
        yield ValidationError(f"{instance!r} does not match {pattern}")


Validator = extend(Draft202012Validator, {"pattern": ecma_pattern})
VALID = {
    # Without `$schema`, which would put the library's own validator in the place of this one.
    name.removesuffix(".schema.json"): Validator(
        {key: value for key, value in schema.items() if key != "$schema"}, format_checker=FORMATS
    )
    for name, schema in schemas().items()
}


def spoiled(document: dict[str, Any], may_miss: Any = ("alerts", "condition", "duplicate")) -> Iterator[dict[str, Any]]:
    """The document with one field missing or one too many, at every depth."""
    yield document | {"extra": 1}
    for name, value in document.items():
        if name not in may_miss:
            yield {other: kept for other, kept in document.items() if other != name}
        if isinstance(value, dict) and name != "evidence":  # which is each rule's own
            yield from (document | {name: inner} for inner in spoiled(value, may_miss))
        elif isinstance(value, list):
            for place, item in enumerate(value):
                if isinstance(item, dict):
                    yield from (
                        document | {name: [*value[:place], inner, *value[place + 1 :]]}
                        for inner in spoiled(item, may_miss)
                    )
