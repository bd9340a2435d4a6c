"""The schemas of what Pingliu writes to Kafka for itself: time, labels put out of use, aliases, and the second key."""

from processors.holder import Change
from processors.model import Retired, Tick
from stream.lane.holders import PassedOn
from stream.reference_schema_parts import (
    BARE,
    DATE_TIME,
    LABEL,
    OFFSET,
    SCAN_ID,
    Schema,
    doc,
    file,
    whole,
    written,
    written_short,
)

_TOLD_APART = "Its `type` stands first and without blanks: by that a reader tells it from other records."


def records() -> list[Schema]:
    """A schema a record."""
    return [_tick(), _retired(), _alias(), _holders()]


def _tick() -> Schema:
    text = f"{doc(Tick)} {_TOLD_APART}"
    return file("tick", "Tick", text, written(Tick)["Tick"])


def _retired() -> Schema:
    one = written_short(Retired)["Retired"]
    one["properties"] |= {"label": BARE, "by": LABEL}
    one["properties"]["undone"] = {"description": "The `bind` that said so was voided.", "const": True}
    return file("retired", "Label put out of use", f"{doc(Retired)} {_TOLD_APART}", one)


def _alias() -> Schema:
    text = "One record of `aliases`: what the legacy code that is its key stands for. Of several for a code the first stands."
    return file("alias", "Alias", text, whole({"label": LABEL}))


def _holders() -> Schema:
    parts = written_short(Change)
    for type in ("DeliverScan", "LoadScan"):
        parts[type]["properties"] |= {"label": BARE, "scan_id": SCAN_ID}
    del parts["Deliver"]["properties"]["id_number"]  # a token by now
    change = parts["Change"]["properties"]
    change |= {"label": BARE, "offset": OFFSET}
    change["clock"] = {
        "description": "The arrival clock then: microseconds since 1970-01-01T00:00Z.",
        "type": "integer",
    }
    parts["Tick"] = {
        "title": "Tick",
        "description": f"{doc(PassedOn)} {_TOLD_APART}",
        **whole({"type": {"const": "tick"}, "partition": OFFSET, "received": DATE_TIME}),
    }
    text = "One record of `holders`: what came to the customer or vehicle that is its key, or left it; or a tick passed on."
    root = {"anyOf": [{"$ref": "#/$defs/Change"}, {"$ref": "#/$defs/Tick"}]}
    return file("holders", "What a customer or vehicle has", text, root, parts)
