"""The customers of the registry, held packed: a city has 1.6 million of them, and a look-up wants one.

A row is a MessagePack array without names; what repeats (kind, district, name verified or not, premises; enterprises) is
held once and numbered. Which customer a token leads to lies in a few thousand byte strings, 11 B a customer, made when
first asked for: a worker never asks.

Figures (load_tests/registry_load.py, 1.6 million customers): 201 B of resident memory a customer with all indexes, where
a Struct a row took 911; 50 of them are the dict, 48 its key, 80 the packed row, 32 of which are its token. A look-up
takes 2 µs, one by token 2.5.
"""

from binascii import a2b_hex
from collections.abc import Iterable
from datetime import date
from typing import Any, TypeVar

import msgspec

from processors.registry_rows import OPEN_START, Contract, Customer

_DAY_ZERO = date(2000, 1, 1).toordinal()  # days around it take 3 B
_BEFORE_ALL = OPEN_START - _DAY_ZERO - 1
_TOKEN, _CONTRACTS = 4, 5  # their places in a packed row
_TOKEN_DIGITS = 64  # stream/gateway/tokens.py: a SHA-256, hexadecimal
_SHELVES = 4096  # of 400 records each in a whole city
_HEAD = 4  # characters of a token in its record; the row it leads to has them all

_RECORD = b"\xff"  # begins a record on a shelf (`_record`): no UTF-8 has it, nor the 0xfe between head and id

Packed = bytes | tuple[bytes, ...]
T = TypeVar("T")

_encode_into = msgspec.msgpack.Encoder().encode_into
_decode = msgspec.msgpack.Decoder().decode
_day = date.fromordinal


class Numbered(dict[Any, int]):
    """Values that repeat, each held once and known by a small number: `numbered[value]`, and back by `held`."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Any] = []

    def __missing__(self, value: Any) -> int:
        number = self[value] = len(self.held)
        self.held.append(value)
        return number


class Customers:
    """Every row of every customer, and which customer an identity token leads to."""

    def __init__(self) -> None:
        # By id: the packed row; where there are several, all of them, latest start first. In order of last arrival.
        self._rows: dict[bytes, Packed] = {}
        self._further = 0  # rows beyond one for each customer
        # By the hash of a token, records of who has it, in order of last arrival; none before it is first asked for.
        self._shelves: list[bytearray] | None = None
        self._profiles = Numbered()  # of (customer_kind, district, realname_verified, premises)
        self._enterprises = Numbered()

    def __len__(self) -> int:
        return len(self._rows) + self._further

    def put(self, arrived: Iterable[T | Customer]) -> list[T]:
        """Take the customers' rows in, in order, and hand all else back.

        One that begins the same day as another of its customer corrects that one. `received` and `id_number` are not
        kept. One loop, since a city goes through it 1.6 million times: 1.2 µs a row beside 0.6 for the parsing.
        """
        others: list[T] = []
        rows, profiles, enterprises = self._rows, self._profiles, self._enterprises
        buffer = bytearray()
        for row in arrived:
            if type(row) is not Customer:
                others.append(row)  # type: ignore[arg-type] # mypy does not narrow by `is not`
                continue
            token: str | bytes | None = row.id_token
            if token is not None and len(token) == _TOKEN_DIGITS:
                try:
                    half = a2b_hex(token)
                except ValueError:
                    pass  # none of ours: kept as it is
                else:
                    token = half if half.hex() == token else token  # capitals would be lost
            first, last, checked = row.valid_from, row.valid_to, row.home_check
            start = None if first is None else first.toordinal() - _DAY_ZERO
            fields = [
                start,
                None if last is None else last.toordinal() - _DAY_ZERO,
                profiles[row.customer_kind, row.district, row.realname_verified, row.premises],
                None if checked is None else checked.toordinal() - _DAY_ZERO,
                token,
            ]
            for contract in row.contracts:
                first, last = contract.valid_from, contract.valid_to
                fields.append(enterprises[contract.enterprise])
                fields.append(None if first is None else first.toordinal() - _DAY_ZERO)
                fields.append(None if last is None else last.toordinal() - _DAY_ZERO)
            _encode_into(fields, buffer)
            packed = bytes(buffer)  # of its own length: what `encode` returns keeps the room it grew by, 16 B
            key = row.id.encode()
            known = rows.setdefault(key, packed)
            if known is not packed:
                self._put_among(key, known, start, packed)
            elif self._shelves is not None:
                self._shelve(key, packed)
        return others

    def on(self, id: str, day: int) -> Customer | None:
        """The row that counts on a day, made anew for the caller."""
        day -= _DAY_ZERO
        for packed in _each(self._rows.get(id.encode(), ())):
            fields = _decode(packed)
            start, end = fields[0], fields[1]
            if (start is None or start <= day) and (end is None or day <= end):
                return self._customer(id, fields)
        return None

    def of_token(self, token: str) -> str | None:
        """The customer with a row that has the token; of several the one of whom a row came last."""
        shelf = self._shelf(token)
        mark = _record(token, b"")
        for found in reversed(bytes(shelf).split(mark)[1:]):
            key = found.partition(_RECORD)[0]
            if token in _tokens(self._rows[key]):
                return key.decode()
        return None

    def index_tokens(self) -> None:
        """Get ready for `of_token`, which does so by itself at first: 2 µs a row, 3 s for a city."""
        self._shelves = [bytearray() for _ in range(_SHELVES)]
        for key, rows in self._rows.items():
            self._shelve(key, rows)

    def _shelf(self, token: str) -> bytearray:
        if self._shelves is None:
            self.index_tokens()
        assert self._shelves is not None
        return self._shelves[hash(token) % _SHELVES]

    def _shelve(self, key: bytes, rows: Packed) -> None:
        for token in _tokens(rows):
            self._shelf(token).extend(_record(token, key))

    def _unshelve(self, key: bytes, rows: Packed) -> None:
        for token in _tokens(rows):
            shelf, record = self._shelf(token), _record(token, key)
            place = shelf.find(record + _RECORD)
            if place < 0:  # then it is the last
                place = len(shelf) - len(record)
            del shelf[place : place + len(record)]

    def _put_among(self, key: bytes, known: Packed, start: int | None, packed: bytes) -> None:
        """Take in a row of a customer who has some."""
        rows = {_decode(other)[0]: other for other in _each(known)}
        self._further += start not in rows
        rows[start] = packed
        latest_first = sorted(rows, key=lambda begins: _BEFORE_ALL if begins is None else begins, reverse=True)
        del self._rows[key]  # it comes last now
        self._rows[key] = packed if len(rows) == 1 else tuple(rows[begins] for begins in latest_first)
        if self._shelves is not None:
            self._unshelve(key, known)
            self._shelve(key, self._rows[key])

    def _customer(self, id: str, fields: list[Any]) -> Customer:
        start, end, profile, checked, token = fields[:_CONTRACTS]
        kind, district, verified, premises = self._profiles.held[profile]
        contracts = []
        for place in range(_CONTRACTS, len(fields), 3):
            enterprise, first, last = fields[place : place + 3]
            contracts.append(
                Contract(
                    enterprise=self._enterprises.held[enterprise],
                    valid_from=None if first is None else _day(first + _DAY_ZERO),
                    valid_to=None if last is None else _day(last + _DAY_ZERO),
                )
            )
        return Customer(
            id=id,
            valid_from=None if start is None else _day(start + _DAY_ZERO),
            valid_to=None if end is None else _day(end + _DAY_ZERO),
            customer_kind=kind,
            district=district,
            realname_verified=verified,
            contracts=contracts,
            premises=premises,
            home_check=None if checked is None else _day(checked + _DAY_ZERO),
            id_token=_whole_token(token),
        )


def _whole_token(packed: Any) -> Any:
    """A token as it came, from how a packed row has it."""
    return packed.hex() if type(packed) is bytes else packed


def _each(rows: Packed) -> tuple[bytes, ...]:
    return (rows,) if isinstance(rows, bytes) else rows


def _tokens(rows: Packed) -> set[str]:
    return {_whole_token(token) for token in (_decode(packed)[_TOKEN] for packed in _each(rows)) if token}


def _record(token: str, key: bytes) -> bytes:
    """What a shelf has for a customer: the token's head, and the id."""
    return b"\xff%b\xfe%b" % (token[:_HEAD].encode(), key)
