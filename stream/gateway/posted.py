"""A posted body taken apart: one object, an array or NDJSON, into scans and rejects in the order of the request."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from processors.intake import parse_all, parse_array
from processors.model import Reject, Scan
from stream.gateway.problems import Reply, problem

MAX_SCANS = 1000  # in one request (contract.md, HTTP)

_JSON = ("application/json", "")
_NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
_split_array = msgspec.json.Decoder(list[msgspec.Raw]).decode

TOO_MANY = problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_SCANS} scans in one request")


@dataclass
class Posted:
    scans: list[Scan | Reject]
    raws: Callable[[], list[bytes]]  # each as it came; nobody asks where none is refused
    single: bool = False  # one bare object: its errors are the request's


def take_apart(body: bytes, content_type: str) -> Posted | Reply:
    """The scans of a body, or why it cannot be read at all."""
    if content_type in _NDJSON:
        lines = [line for line in body.split(b"\n") if line.strip()]
        return TOO_MANY if len(lines) > MAX_SCANS else Posted(parse_all(lines), lambda: lines)
    if content_type not in _JSON:
        detail = f"Content-Type {content_type[:60]!r} is not taken: use application/json or application/x-ndjson"
        return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
    try:
        if body.lstrip()[:1] == b"[":
            return _array(body)
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return problem(HTTPStatus.BAD_REQUEST, f"not a scan, an array of scans or NDJSON: {_where(error)}")
    return Posted(parse_all([body]), lambda: [body], single=True)


def _array(body: bytes) -> Posted | Reply:
    scans = parse_array(body)
    if scans is None:
        raws = _split(body)
        return TOO_MANY if len(raws) > MAX_SCANS else Posted(parse_all(raws), lambda: raws)
    return TOO_MANY if len(scans) > MAX_SCANS else Posted(scans, lambda: _split(body))


def _split(body: bytes) -> list[bytes]:
    return [bytes(raw) for raw in _split_array(body)]


def _where(error: Exception) -> str:
    """What the parser says, which names positions and types and never a value."""
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
