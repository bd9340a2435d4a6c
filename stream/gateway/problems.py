"""RFC 9457 problem documents: every error of the gateway as one shape."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, ready to send."""

    status: int
    body: bytes
    headers: Headers = field(default_factory=list)


def problem(status: HTTPStatus, detail: str, headers: Headers | None = None, **members: Any) -> Reply:
    """A problem document; `members` are extensions such as `field` and `reason`."""
    document = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail, **members}
    return Reply(
        status.value, orjson.dumps(document), [(b"content-type", b"application/problem+json"), *(headers or [])]
    )


def answer(status: HTTPStatus, document: Any, headers: Headers | None = None) -> Reply:
    """A JSON answer."""
    return Reply(status.value, orjson.dumps(document), [(b"content-type", b"application/json"), *(headers or [])])
