"""How JSON is written, where msgspec reads more than is meant.

Of a time more than RFC 3339 (`2026-11-23 10:15:30+0800`, for its blank or its offset): a decoder of its own cannot be
given to the type `datetime`, so the bytes are looked at again, 0.2 µs a time. Of lines also a value over two of them and
two in one.
"""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import msgspec

# How a time is written, but for its digits: in a city nearly all are written the first way or the second.
_UNDATED = tuple(f"--T::{part}{offset}".encode() for offset in ("+:", "Z", "-:") for part in (".", ""))

_ends = itemgetter(0, -1)
_BRACES = {tuple(b"{}")}

TIME_WANTED = "wanted: RFC 3339, as 2026-11-23T10:15:30+08:00"


def are_whole(lines: Iterable[bytes]) -> bool:
    """Whether each line begins and ends as a JSON object. Where they together hold as many as they are, each is one.

    For nothing that begins with `{` can go on a value that was left at a `}`: within one comes a comma or a bracket first.
    """
    try:
        return {*map(_ends, map(bytes.strip, lines))} <= _BRACES
    except IndexError:  # a blank line
        return False


def is_strict(raw: bytes | msgspec.Raw, name: bytes) -> bool:
    """Whether the time under a name of a JSON object is written as RFC 3339; msgspec has read it, and it is no null."""
    raw = bytes(raw)
    quoted = b'"%s"' % name
    if raw.count(quoted) == 1:
        begin = raw.find(b'"', raw.find(quoted) + len(quoted)) + 1
        time = raw[begin : raw.find(b'"', begin)]
        if b"\\" not in time:
            return _is_rfc3339(time)
    written: Any = msgspec.json.decode(raw)  # named twice, or in disguise
    return _is_rfc3339(written[name.decode()].encode())


def are_strict(lines: bytes, *names: bytes) -> bool:
    """Whether each time under these names, in many JSON objects together, surely is: False says nothing.

    Without its digits a time is one of a few words, which are counted: half the time of a search by pattern. What is in
    disguise (`\\u0074ime`), null, or no name but a value is for `is_strict` to tell; that they are times at all, and of a
    blank within one, for the decoder.
    """
    undated = lines.translate(None, b"0123456789 ")
    return b"\\" not in lines and all(_each_strict(undated, b'"%s"' % name) for name in names)


def _each_strict(undated: bytes, quoted: bytes) -> bool:
    left = undated.count(quoted)
    for written in _UNDATED:
        if not left:
            break
        left -= undated.count(b'%s:"%s"' % (quoted, written))
    return not left


def _is_rfc3339(time: bytes) -> bool:
    return time[10:11] in (b"T", b"t") and (time[-1:] in (b"Z", b"z") or time[-3:-2] == b":")
