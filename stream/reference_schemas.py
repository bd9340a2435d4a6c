"""The JSON Schemas of docs/schemas/ (draft 2020-12): the types as they are, and what contract.md says beyond types.

What others write is open: fields the contract does not know are ignored. What we write is closed, and a field that is
always written is required. A schema sees one document by itself: it does not know whether a device is registered, a
label's check characters are right, or one day lies before another.
"""

from typing import get_args

from processors.model import Alert, AnyScan, HomeCheckScan, Reject, Scan, Verdict
from processors.registry import AnyRow, Row
from processors.scan_types import SENDERS
from stream.reference_schema_parts import (
    BARE,
    BASE,
    DATE,
    DATE_TIME,
    NULL,
    OFFSET,
    PRINTED,
    RULE_CODE,
    SCAN_ID,
    SCAN_TYPE,
    TEXT,
    TO_AUTHORITIES,
    Schema,
    doc,
    file,
    read,
    whole,
    written,
)
from stream.reference_schema_records import records

_STATES = ("in_service", "with_courier", "on_vehicle", "at_customer", "at_agency", "failed", "scrapped")
_ANSWER = {"anyOf": [{"$ref": "#/$defs/Verdict"}, {"$ref": "#/$defs/Rejected"}]}
_ALERTS = {"type": "array", "items": {"$ref": "#/$defs/Alert"}}


def schemas() -> dict[str, Schema]:
    """Each schema by the name of its file."""
    made = (_scan(), _registry(), _verdict(), _timer(), _alert(), _verdicts_run(), *records())
    return {schema["$id"].removeprefix(BASE): schema for schema in made}


def _scan() -> Schema:
    root, defs = read(AnyScan)
    for scan_class in get_args(AnyScan):
        one = defs[scan_class.__name__]
        if scan_class is HomeCheckScan:
            one["properties"]["label"]["description"] = "Not needed, and dropped: a household check has no cylinder."
        else:
            one["properties"]["label"] = PRINTED
        one["description"] = f"Sent by {', '.join(sorted(SENDERS[scan_class.__struct_config__.tag]))} devices."
    bind = defs["Bind"]["properties"]
    bind["aliases"]["items"] = BARE
    bind["replaces"]["anyOf"] = [PRINTED, NULL]
    defs["Inspect"] |= {
        "if": {"properties": {"result": {"const": "pass"}}},
        "then": {"required": ["next_due"], "properties": {"next_due": TEXT}},
    }
    for somebody in ("Collect", "HomeCheck"):
        defs[somebody]["anyOf"] = [
            {"required": [name], "properties": {name: {"type": "string", "minLength": 1}}}
            for name in ("customer", "id_token", "id_number")
        ]
    return file("scan", "Scan", doc(Scan), root, defs)


def _registry() -> Schema:
    return file("registry", "Registry line", doc(Row), *read(AnyRow))


def _alert() -> Schema:
    return file("alert", "Alert", doc(Alert), {"$ref": "#/$defs/Alert"}, _alert_parts())


def _verdict() -> Schema:
    parts = _answer_parts()
    alerts = _ALERTS | {"description": "All that this arrival caused at once; only `pingliu judge` prints it."}
    parts["Verdict"]["description"] = "The answer to one scan."
    parts["Verdict"]["properties"] |= {"judged_at": DATE_TIME, "alerts": alerts}
    parts["Verdict"]["required"].append("judged_at")
    text = "What `Prefer: wait` and `pingliu judge` answer to one scan: its verdict, or why it may not enter."
    return file("verdict", "Verdict", text, _ANSWER, parts | _alert_parts())


def _timer() -> Schema:
    text = (
        "What `pingliu judge` prints before the answer to an arrival, where anything fell due by then: times that ran "
        "out and alerts that waited. `time` is the arrival clock; after the last arrival, that of `--until`."
    )
    root = whole({"type": {"const": "timer"}, "time": DATE_TIME, "alerts": _ALERTS | {"minItems": 1}})
    return file("timer", "What fell due", text, root, _alert_parts())


def _verdicts_run() -> Schema:
    parts = _answer_parts()
    parts["Verdict"]["description"] = "The verdict on the scan at `offset` of the same partition of `scans`."
    parts["Verdict"]["properties"]["revision"] = {
        "description": "Of a verdict told before, which this one replaces.",
        "type": "integer",
        "minimum": 1,
    }
    for listed in (parts["Verdict"], parts["Rejected"]):
        listed["properties"] = {"offset": OFFSET, **listed["properties"]}
        listed["required"].insert(0, "offset")
    text = (
        "One record of `verdicts`: the scans at the offsets `from` to `to`, both included, are judged. Those not listed "
        "are plain: allowed, no violations, not late, no repeat."
    )
    listed = {"type": "array", "items": _ANSWER}
    root = whole({"from": OFFSET, "to": OFFSET, "judged_at": DATE_TIME, "verdicts": listed})
    return file("verdicts-run", "Run of verdicts", text, root, parts)


def _alert_parts() -> dict[str, Schema]:
    parts = written(Alert)
    parts["Alert"]["properties"] |= {
        "code": RULE_CODE,
        "title": whole({"zh": TEXT, "en": TEXT}),
        "time": DATE_TIME,
        "raised_at": DATE_TIME,
        "label": BARE,
        "scan_id": SCAN_ID,
        "type": SCAN_TYPE,
        "to": TO_AUTHORITIES,
        "cc": TO_AUTHORITIES,
    }
    parts["Alert"] |= {
        "if": {"properties": {"status": {"enum": ["retracted", "resolved"]}}},
        "then": {"required": ["reason"]},
    }
    return parts


def _answer_parts() -> dict[str, Schema]:
    """The verdict but its `judged_at`, and what stands in its place for a scan that may not enter."""
    parts = written(Verdict, Reject)
    parts["Verdict"]["properties"] |= {
        "scan_id": SCAN_ID,
        "label": {"anyOf": [BARE, {"description": "A `home_check` has none.", "const": ""}]},
        "type": SCAN_TYPE,
        "prevented": {"type": "array", "items": RULE_CODE},
        "time": DATE_TIME,
        "duplicate": {"description": "A repeat; of a first arrival it is not said.", "const": True},
    }
    del parts["Verdict"]["properties"]["judged_at"]
    parts["Verdict"]["dependentSchemas"] = {"condition": {"properties": {"type": {"enum": ["lookup", "precheck"]}}}}
    parts["Violation"]["properties"]["code"] = RULE_CODE
    day = {"anyOf": [DATE, NULL]}
    parts["Condition"]["properties"] |= {
        "state": {"enum": [*_STATES, None]},
        "next_inspection": day,
        "end_of_life": day,
    }
    reject = parts.pop("Reject")
    scan_id = reject["properties"].pop("scan_id")  # stands beside the reject; null where none could be read
    reject["required"].remove("scan_id")
    parts["Rejected"] = {"title": "Rejected", **whole({"scan_id": scan_id, "rejected": reject})}
    return parts
