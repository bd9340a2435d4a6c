"""What `scans.rejected` keeps: the bytes as received, identity numbers blanked, and headers that say why.

Headers: `why` is JSON with `field`, `reason`, `scan_id` and, of a conflict, `code`; `from` says who refused; `at` is in
Unix milliseconds.
"""

from hashlib import sha256
from typing import Any

import orjson

from processors.judge import CONFLICT
from processors.model import Reject

_FIELD = "id_number"


def blanked(raw: bytes | None) -> bytes:
    """The bytes as received, every `id_number` in them blanked; of what does not parse, its length and SHA-256 only."""
    body = raw or b""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.dumps({"unparseable": {"length": len(body), "sha256": sha256(body).hexdigest()}})
    # Bytes that hold none stay exactly as received. Parsing first sees a field name in any JSON spelling.
    return orjson.dumps(document) if _blank(document) else body


def reject_headers(reject: Reject, source: str, at_ms: int) -> list[tuple[str, bytes]]:
    """The headers of one refused record."""
    why = {"field": reject.field, "reason": reject.reason, "scan_id": reject.scan_id}
    if reject.reason == CONFLICT:
        why["code"] = "HISTORY_CONFLICT"
    return [("why", orjson.dumps(why)), ("from", source.encode()), ("at", str(at_ms).encode())]


def _blank(node: Any) -> bool:
    found = False
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            if _FIELD in here:
                here[_FIELD] = ""
                found = True
            stack.extend(here.values())
        elif isinstance(here, list):
            stack.extend(here)
    return found
