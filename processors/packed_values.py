"""The small values of a ledger at rest: times, days and places, in as few bytes as they take.

Days count from 1970; instants from the beginning of the window, as an int in milliseconds, or a float in seconds where
they are no whole ones; a field at the end that says nothing is left out.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from processors.cylinder import Move
from processors.model import Geo
from processors.times import SECOND, SHANGHAI

_DAY_ZERO = date(1970, 1, 1).toordinal()
_DEGREES = 10_000_000  # GPS gives no more than seven decimals
_WHOLE_AT_MOST = 1 << 53


def span(microseconds: int) -> int | float:
    """How long, at rest."""
    return microseconds / SECOND if microseconds % 1000 else microseconds // 1000


def long(span: int | float) -> int:
    """How long, in microseconds."""
    return span * 1000 if isinstance(span, int) else round(span * SECOND)


def since(at: int, moves: list[Move], began: int) -> int | float:
    """A moment before the window: the number of the move that was then (-1 is the last), if there is one."""
    for number in range(-1, -1 - len(moves), -1):
        if moves[number].at == at:
            return number
    before = span(began - at)
    return before if before >= 0 else float(began - at) / SECOND


def moment_of(since: int | float, moves: list[Move], began: int) -> int:
    """The instant of such a moment."""
    return moves[since].at if isinstance(since, int) and since < 0 else began - long(since)


def time_of(at: int) -> datetime:
    """An instant as a scan says it."""
    return datetime.fromtimestamp(at // SECOND, SHANGHAI).replace(microsecond=at % SECOND)


def list_of(count: int) -> bytes:
    """The head of a MessagePack array of so many."""
    if count < 16:
        return bytes((0x90 | count,))
    return b"\xdc" + count.to_bytes(2, "big")


def shorn(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    """Without the fields at the end that say nothing."""
    end = len(fields)
    while end and fields[end - 1] is None:
        end -= 1
    return fields[:end]


def days(ordinal: int) -> int | None:
    """A day at rest; of 0, which is none, None."""
    return ordinal - _DAY_ZERO if ordinal else None


def ordinal(days: int | None) -> int:
    """The day of such."""
    return 0 if days is None else days + _DAY_ZERO


@lru_cache(1 << 14)
def days_of(day: str) -> int:
    """`2026-08-31` at rest."""
    return date.fromisoformat(day).toordinal() - _DAY_ZERO


def written(days: int) -> str:
    """The same as it was."""
    return date.fromordinal(days + _DAY_ZERO).isoformat()


def place(geo: Geo) -> tuple[float, ...]:
    """Its degrees as ints where that is the same."""
    lon, lat, accuracy = geo.lon, geo.lat, geo.acc_m
    east, north = round(lon * _DEGREES), round(lat * _DEGREES)
    if accuracy.is_integer() and accuracy < _WHOLE_AT_MOST:
        accuracy = int(accuracy)
    if east / _DEGREES == lon and north / _DEGREES == lat:
        return east, north, accuracy
    return lon, lat, accuracy


def geo_of(lon: float, lat: float, accuracy: float) -> Geo:
    """The place of such."""
    if isinstance(lon, int):
        return Geo(lon / _DEGREES, lat / _DEGREES, float(accuracy))
    return Geo(lon, lat, float(accuracy))
