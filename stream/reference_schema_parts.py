"""What the schemas of docs/schemas/ are made of: patterns, shared definitions, and how a type becomes a schema."""

import inspect
from typing import Any

import msgspec

from processors.model import ScanId
from processors.scan_types import SENDERS
from stream.topics import AUTHORITIES

Schema = dict[str, Any]

BASE = "https://pingliu.example/schemas/"  # names the schemas; nothing answers there
REF = "#/$defs/{name}"

# Patterns keep to what ECMA 262, RE2 and Python read alike, but for `$`: Python's matches before a last line break too.
_CODE = "[0-9A-Za-z-]{4,40}"
_BLANK = r"\t-\r "  # not `\s`, which is more to ECMA and less to RE2
_LINK = rf"[Hh][Tt][Tt][Pp][Ss]?://[^/?#{_BLANK}]+(?:/[^?#{_BLANK}]*)?/8003/{_CODE}/?(?:[?#][^{_BLANK}]*)?"
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
DATE_TIME, DATE, BARE, PRINTED = ({"$ref": REF.format(name=name)} for name in _SHARED)
NULL, TEXT, OFFSET = {"type": "null"}, {"type": "string"}, {"type": "integer", "minimum": 0}
LABEL = {"description": "A label of ours.", "type": "string", "pattern": "^0[0-9]{13}[0-9A-Z]{2,16}$"}
SCAN_TYPE = {"enum": list(SENDERS)}
RULE_CODE = {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$"}
TO_AUTHORITIES = {"type": "array", "items": {"enum": list(AUTHORITIES)}}


def file(name: str, title: str, description: str, root: Schema, defs: dict[str, Schema] | None = None) -> Schema:
    """One file of docs/schemas/, with those of the shared definitions that it refers to."""
    said = str((root, defs))
    shared = {used: schema for used, schema in _SHARED.items() if repr(REF.format(name=used)) in said}
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE}{name}.schema.json",
        "title": title,
        "description": description,
    }
    named = (defs or {}) | shared
    return head | root | head | ({"$defs": named} if named else {})


def read(union: Any) -> tuple[Schema, dict[str, Schema]]:
    """What is read as one of these types: a schema, and those it refers to."""
    (root,), parts = msgspec.json.schema_components([union], ref_template=REF)
    return published(root), published(parts)


def written(*types: Any) -> dict[str, Schema]:
    """What we write of these types, by class: no other field, and none left out that is always written."""
    parts = written_short(*types)
    for one in parts.values():
        fields = one["properties"]
        # Defaults are written out, so a field without one that is not required is one that may be unset.
        one["required"] = [name for name in fields if name in one["required"] or "default" in fields[name]]
        for schema in fields.values():
            schema.pop("default", None)
    return parts


def written_short(*types: Any) -> dict[str, Schema]:
    """As `written`, of types that leave out what is at its default."""
    _, parts = msgspec.json.schema_components(types, ref_template=REF)
    for one in parts.values():
        one["additionalProperties"] = False
    closed: dict[str, Schema] = published(parts)
    return closed


def whole(fields: dict[str, Schema]) -> Schema:
    """An object that we write, with all of these fields."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def published(node: Any) -> Any:
    """A schema of msgspec's with a reference for each date and time, and its patterns as ECMA 262 has them."""
    if isinstance(node, list):
        return [published(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "string" and "format" in node:
        return {"date-time": DATE_TIME, "date": DATE}[node["format"]]
    if isinstance(pattern := node.get("pattern"), str):
        return node | {"pattern": pattern.replace(r"\Z", "$")}
    # The discriminator beside `anyOf` is OpenAPI's; the `enum` of each tag says the same.
    return {name: published(value) for name, value in node.items() if name != "discriminator"}


def doc(described: type) -> str:
    """The docstring of a type, in one line."""
    return " ".join((inspect.getdoc(described) or "").split())


SCAN_ID: Schema = published(msgspec.json.schema(ScanId))
