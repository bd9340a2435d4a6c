"""A body is read with a limit, whatever it is packed in."""

import asyncio
import gzip
from collections.abc import Sequence
from typing import Any

import pytest
import zstandard

from stream.gateway.body import MAX_BYTES, read_body
from stream.gateway.problems import Reply


def read(pieces: Sequence[bytes], encoding: str = "", declared: int | None = None) -> bytes | Reply:
    """Read a body that arrives in these pieces; more must not be asked for than needed."""
    coming = iter([*({"type": "http.request", "body": piece, "more_body": True} for piece in pieces[:-1]),
                   {"type": "http.request", "body": pieces[-1], "more_body": False}])  # fmt: skip

    async def receive() -> Any:
        return next(coming)

    return asyncio.run(read_body(receive, encoding, declared))


def status(result: bytes | Reply) -> int:
    assert isinstance(result, Reply), result[:50]
    return result.status


@pytest.mark.parametrize(
    ("encoding", "pack"), [("", bytes), ("gzip", gzip.compress), ("zstd", zstandard.compress), ("identity", bytes)]
)
def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not(encoding: str, pack: Any) -> None:
    body = bytes(range(256)) * (MAX_BYTES // 256)
    assert read([pack(body)], encoding) == body
    assert status(read([pack(body + b"x")], encoding)) == 413


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_bomb_is_stopped(encoding: str, pack: Any) -> None:
    bomb = pack(bytes(200_000_000))
    assert len(bomb) < MAX_BYTES
    assert status(read([bomb], encoding)) == 413


def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    async def receive() -> Any:
        raise AssertionError("nothing should be read")

    assert status(asyncio.run(read_body(receive, "", MAX_BYTES + 1))) == 413


def test_pieces_are_put_together() -> None:
    packed = gzip.compress(b'{"a": 1}' * 100)
    assert read([packed[:7], packed[7:20], packed[20:]], "gzip") == b'{"a": 1}' * 100


@pytest.mark.parametrize("cut", [1, 10, 30])
def test_a_gzip_body_cut_short_is_400_not_half_a_batch(cut: int) -> None:
    assert status(read([gzip.compress(b'{"a": 1}\n' * 100)[:-cut]], "gzip")) == 400


def test_what_follows_the_first_gzip_member_is_not_lost_in_silence() -> None:
    assert status(read([gzip.compress(b"one\n") + gzip.compress(b"two\n")], "gzip")) == 400


def test_an_unknown_encoding_is_415_and_says_which_are_taken() -> None:
    reply = read([b"x"], "br")
    assert status(reply) == 415
    assert isinstance(reply, Reply)
    assert b"gzip, zstd" in dict(reply.headers)[b"accept-encoding"]


def test_a_poster_that_hangs_up_is_400() -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    assert status(asyncio.run(read_body(receive, "", None))) == 400
