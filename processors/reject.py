"""Why a line may not enter: msgspec's message turned into a field's path and a reason."""

import re

import msgspec

from processors.model import Reject

_MESSAGE = re.compile(r"(?P<reason>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")


def explain(error: msgspec.MsgspecError, scan_id: str | None = None) -> Reject:
    """The reject for a decoding error. The path is dotted (`data.net_kg`), empty for the whole document.

    The reason never quotes the value: what a device sent by mistake may be a secret.
    """
    if not isinstance(error, msgspec.ValidationError):
        return Reject("", f"not JSON: {error}", scan_id)
    found = _MESSAGE.match(str(error))
    reason = found["reason"] if found else str(error)
    path = (found["path"] or "") if found else ""
    path = path.replace("$.", "").replace("$", "").replace("[...]", "")
    missing = _MISSING.match(reason)
    if missing:
        return Reject(f"{path}.{missing['name']}".lstrip("."), "is missing", scan_id)
    if reason.startswith(("Invalid value", "Invalid enum value")):
        reason = "is not one of those the contract knows"
    return Reject(path, reason[:1].lower() + reason[1:], scan_id)
