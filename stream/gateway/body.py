"""A request's body, read with a limit: a device that sends too much, too slowly or a bomb is stopped early."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Protocol

import zstandard

from stream.gateway.problems import Reply, problem

MAX_BYTES = 256 * 1024  # decompressed (contract.md, HTTP)
_READ_SECONDS = 15.0  # between two pieces of a body; uvicorn itself has no such bound

Receive = Callable[[], Awaitable[Any]]

# The rest of a refused body is not read: the connection ends with the answer.
_CLOSE = [(b"connection", b"close")]
TOO_LARGE = problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body is at most {MAX_BYTES} bytes, decompressed", _CLOSE)
_TOO_SLOW = problem(HTTPStatus.REQUEST_TIMEOUT, f"no more of the body came in {_READ_SECONDS:.0f} s", _CLOSE)


class _BrokenError(Exception):
    """The body ends early or does not decompress."""


class _Decoder(Protocol):
    def feed(self, piece: bytes, room: int) -> bytes: ...
    def finished(self) -> bool: ...


class _Plain:
    def feed(self, piece: bytes, room: int) -> bytes:  # noqa: ARG002 - a plain body is already in memory
        return piece

    def finished(self) -> bool:
        return True


class _Gzip:
    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    def feed(self, piece: bytes, room: int) -> bytes:
        # One byte more than fits, so that too much is seen without inflating all of a bomb.
        return self._inflate.decompress(piece, room + 1)

    def finished(self) -> bool:
        # What follows the first member would be lost in silence: such a body is refused.
        return self._inflate.eof and not self._inflate.unused_data


class _Zstd:
    def __init__(self) -> None:
        # A window larger than the largest body is refused: it is what a small frame could make us allocate.
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024)
        self._packed = bytearray()

    def feed(self, piece: bytes, room: int) -> bytes:
        self._packed += piece
        if len(self._packed) > room:
            return bytes(room + 1)
        return b""

    def finished(self) -> bool:
        return True

    def unpack(self) -> bytes:
        with self._decompressor.stream_reader(bytes(self._packed)) as reader:
            return reader.read(MAX_BYTES + 1)


async def read_body(receive: Receive, encoding: str, declared: int | None) -> bytes | Reply:
    """The whole body, decompressed, or why not. `declared` is the Content-Length."""
    if declared is not None and declared > MAX_BYTES:
        return TOO_LARGE
    decoder = _decoder(encoding)
    if decoder is None:
        detail = f"Content-Encoding {encoding[:40]!r} is not taken: use gzip, zstd or none"
        return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, [*_CLOSE, (b"accept-encoding", b"gzip, zstd")])
    try:
        return await _collect(receive, decoder)
    except (_BrokenError, zlib.error, zstandard.ZstdError):
        return problem(
            HTTPStatus.BAD_REQUEST, f"the body is not whole, or is not {encoding or 'what it says it is'}", _CLOSE
        )
    except TimeoutError:
        return _TOO_SLOW


async def _collect(receive: Receive, decoder: _Decoder) -> bytes | Reply:
    body = bytearray()
    more = True
    while more:
        async with asyncio.timeout(_READ_SECONDS):  # `wait_for` makes a task of each piece
            message = await receive()
        if message["type"] == "http.disconnect":
            raise _BrokenError
        body += decoder.feed(message.get("body", b""), MAX_BYTES - len(body))
        if len(body) > MAX_BYTES:
            return TOO_LARGE
        more = message.get("more_body", False)
    if not decoder.finished():
        raise _BrokenError
    if isinstance(decoder, _Zstd):
        body += decoder.unpack()
        if len(body) > MAX_BYTES:
            return TOO_LARGE
    return bytes(body)


def _decoder(encoding: str) -> _Decoder | None:
    match encoding:
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip()
        case "zstd":
            return _Zstd()
        case _:
            return None
