"""The JSON Schemas of docs/schemas/ (draft 2020-12): the types as they are, and what contract.md says beyond types.

What others write is open: fields the contract does not know are ignored. What we write is closed, and a field that is
always written is required. A schema sees one document by itself: it does not know whether a device is registered, a
label's check characters are right, or one day lies before another.
"""

import inspect
from typing import Any, get_args

import msgspec

from processors.model import Alert, AnyScan, HomeCheckScan, Reject, Scan, ScanId, Verdict
from processors.registry import AnyRow, Row
from processors.scan_types import SENDERS
from stream.topics import AUTHORITIES

Schema = dict[str, Any]

_BASE = "https://pingliu.example/schemas/"  # names the schemas; nothing answers there
_REF = "#/$defs/{name}"

# Patterns keep to what ECMA 262, RE2 and Python read alike.
_CODE = "[0-9A-Za-z-]{4,40}"
_LINK = rf"[Hh][Tt][Tt][Pp][Ss]?://[^/?#\s]+(?:/[^?#\s]*)?/8003/{_CODE}/?(?:[?#]\S*)?"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_HOURS_MINUTES = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"

# What many fields share, named once in each file that refers to it.
_SHARED: dict[str, Schema] = {
    "DateTime": {
        "description": "RFC 3339, with its offset.",
        "type": "string",
        "format": "date-time",
        # Validators may take `format` for a remark; the pattern holds in all of them, and knows no leap second.
        "pattern": rf"^{_DAY}[Tt]{_HOURS_MINUTES}:[0-5][0-9](?:\.[0-9]+)?(?:[Zz]|[+-]{_HOURS_MINUTES})$",
    },
    "Date": {"type": "string", "format": "date", "pattern": f"^{_DAY}$"},
    "Code": {
        "description": "A bare code: a label, or a legacy code printed before the system.",
        "type": "string",
        "pattern": f"^{_CODE}$",
    },
    "PrintedCode": {
        "description": "A bare code, or the GS1 Digital Link that holds it; both mean the same.",
        "type": "string",
        "pattern": f"^(?:{_CODE}|{_LINK})$",
    },
}
_DATE_TIME, _DATE, _BARE, _PRINTED = ({"$ref": _REF.format(name=name)} for name in _SHARED)
_NULL, _TEXT, _OFFSET = {"type": "null"}, {"type": "string"}, {"type": "integer", "minimum": 0}
_SCAN_ID = msgspec.json.schema(ScanId)
_SCAN_TYPE = {"enum": list(SENDERS)}
_RULE_CODE = {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$"}
_AUTHORITIES = {"type": "array", "items": {"enum": list(AUTHORITIES)}}
_STATES = ("in_service", "with_courier", "on_vehicle", "at_customer", "at_agency", "failed", "scrapped")
_ANSWER = {"anyOf": [{"$ref": "#/$defs/Verdict"}, {"$ref": "#/$defs/Rejected"}]}


def schemas() -> dict[str, Schema]:
    """Each schema by the name of its file."""
    made = (_scan(), _registry(), _verdict(), _alert(), _verdicts_run())
    return {schema["$id"].removeprefix(_BASE): schema for schema in made}


def _file(name: str, title: str, description: str, root: Schema, defs: dict[str, Schema]) -> Schema:
    said = str((root, defs))
    shared = {used: schema for used, schema in _SHARED.items() if repr(_REF.format(name=used)) in said}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{_BASE}{name}.schema.json",
        "title": title,
        "description": description,
        **root,
        "$defs": defs | shared,
    }


def _scan() -> Schema:
    root, defs = _read(AnyScan)
    for scan_class in get_args(AnyScan):
        one = defs[scan_class.__name__]
        if scan_class is HomeCheckScan:
            one["properties"]["label"]["description"] = "Not needed, and dropped: a household check has no cylinder."
        else:
            one["properties"]["label"] = _PRINTED
        one["description"] = f"Sent by {', '.join(sorted(SENDERS[scan_class.__struct_config__.tag]))} devices."
    bind = defs["Bind"]["properties"]
    bind["aliases"]["items"] = _BARE
    bind["replaces"]["anyOf"] = [_PRINTED, _NULL]
    defs["Inspect"] |= {
        "if": {"properties": {"result": {"const": "pass"}}},
        "then": {"required": ["next_due"], "properties": {"next_due": _TEXT}},
    }
    for somebody in ("Collect", "HomeCheck"):
        defs[somebody]["anyOf"] = [
            {"required": [name], "properties": {name: {"type": "string", "minLength": 1}}}
            for name in ("customer", "id_token", "id_number")
        ]
    return _file("scan", "Scan", _doc(Scan), root, defs)


def _registry() -> Schema:
    return _file("registry", "Registry line", _doc(Row), *_read(AnyRow))


def _alert() -> Schema:
    return _file("alert", "Alert", _doc(Alert), {"$ref": "#/$defs/Alert"}, _alert_parts())


def _verdict() -> Schema:
    parts = _answer_parts()
    alerts = {"type": "array", "items": {"$ref": "#/$defs/Alert"}}
    alerts["description"] = "All that this arrival caused at once; only `pingliu judge` prints it."
    parts["Verdict"]["description"] = "The answer to one scan."
    parts["Verdict"]["properties"] |= {"judged_at": _DATE_TIME, "alerts": alerts}
    parts["Verdict"]["required"].append("judged_at")
    text = "What `Prefer: wait` and `pingliu judge` answer to one scan: its verdict, or why it may not enter."
    return _file("verdict", "Verdict", text, _ANSWER, parts | _alert_parts())


def _verdicts_run() -> Schema:
    parts = _answer_parts()
    parts["Verdict"]["description"] = "The verdict on the scan at `offset` of the same partition of `scans`."
    parts["Verdict"]["properties"]["revision"] = {
        "description": "Of a verdict told before, which this one replaces.",
        "type": "integer",
        "minimum": 1,
    }
    for listed in (parts["Verdict"], parts["Rejected"]):
        listed["properties"] = {"offset": _OFFSET, **listed["properties"]}
        listed["required"].insert(0, "offset")
    text = (
        "One record of `verdicts`: the scans at the offsets `from` to `to`, both included, are judged. Those not listed "
        "are plain: allowed, no violations, not late, no repeat."
    )
    listed = {"type": "array", "items": _ANSWER}
    root = _object({"from": _OFFSET, "to": _OFFSET, "judged_at": _DATE_TIME, "verdicts": listed})
    return _file("verdicts-run", "Run of verdicts", text, root, parts)


def _alert_parts() -> dict[str, Schema]:
    parts = _written(Alert)
    parts["Alert"]["properties"] |= {
        "code": _RULE_CODE,
        "title": _object({"zh": _TEXT, "en": _TEXT}),
        "time": _DATE_TIME,
        "raised_at": _DATE_TIME,
        "label": _BARE,
        "scan_id": _SCAN_ID,
        "type": _SCAN_TYPE,
        "to": _AUTHORITIES,
        "cc": _AUTHORITIES,
    }
    parts["Alert"] |= {
        "if": {"properties": {"status": {"enum": ["retracted", "resolved"]}}},
        "then": {"required": ["reason"]},
    }
    return parts


def _answer_parts() -> dict[str, Schema]:
    """The verdict but its `judged_at`, and what stands in its place for a scan that may not enter."""
    parts = _written(Verdict, Reject)
    parts["Verdict"]["properties"] |= {
        "scan_id": _SCAN_ID,
        "label": {"anyOf": [_BARE, {"description": "A `home_check` has none.", "const": ""}]},
        "type": _SCAN_TYPE,
        "prevented": {"type": "array", "items": _RULE_CODE},
        "time": _DATE_TIME,
        "duplicate": {"description": "A repeat; of a first arrival it is not said.", "const": True},
    }
    del parts["Verdict"]["properties"]["judged_at"]
    parts["Verdict"]["dependentSchemas"] = {"condition": {"properties": {"type": {"enum": ["lookup", "precheck"]}}}}
    parts["Violation"]["properties"]["code"] = _RULE_CODE
    day = {"anyOf": [_DATE, _NULL]}
    parts["Condition"]["properties"] |= {
        "state": {"enum": [*_STATES, None]},
        "next_inspection": day,
        "end_of_life": day,
    }
    reject = parts.pop("Reject")
    scan_id = reject["properties"].pop("scan_id")  # stands beside the reject; null where none could be read
    reject["required"].remove("scan_id")
    parts["Rejected"] = {"title": "Rejected", **_object({"scan_id": scan_id, "rejected": reject})}
    return parts


def _read(union: Any) -> tuple[Schema, dict[str, Schema]]:
    """What is read as one of these types: a schema, and those it refers to."""
    (root,), parts = msgspec.json.schema_components([union], ref_template=_REF)
    # The discriminator beside `anyOf` is OpenAPI's; the `enum` of each tag says the same.
    return {"anyOf": root["anyOf"]}, _with_shared(parts)


def _written(*types: Any) -> dict[str, Schema]:
    """What we write of these types, by class: no other field, and none left out that is always written."""
    _, parts = msgspec.json.schema_components(types, ref_template=_REF)
    for one in parts.values():
        fields = one["properties"]
        # Defaults are written out, so a field without one that is not required is one that may be unset.
        one["required"] = [name for name in fields if name in one["required"] or "default" in fields[name]]
        one["additionalProperties"] = False
        for schema in fields.values():
            schema.pop("default", None)
    return parts


def _object(fields: dict[str, Schema]) -> Schema:
    """An object that we write, with all of these fields."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _with_shared(node: Any) -> Any:
    """The schema, with a reference for each date and time."""
    if isinstance(node, list):
        return [_with_shared(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "string" and "format" in node:
        return {"date-time": _DATE_TIME, "date": _DATE}[node["format"]]
    return {name: _with_shared(value) for name, value in node.items()}


def _doc(described: type) -> str:
    return " ".join((inspect.getdoc(described) or "").split())
