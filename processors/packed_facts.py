"""The facts before a window at rest, 80 bytes: a MessagePack array without names, fields added at the end alone."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from processors.cylinder import Cylinder, LastFill, Move, Precheck, Scrapping, Sighting
from processors.packed_names import Names
from processors.packed_scans import KIND, KINDS
from processors.packed_values import days, geo_of, long, moment_of, ordinal, place, shorn, since, span

# Numbers stand for these: add at the end alone.
_STATES = ("in_service", "with_courier", "on_vehicle", "at_customer", "at_agency")
_STATE = {state: number for number, state in enumerate(_STATES)}

_NOBODY = [None, None, None]  # a customer, a vehicle and an agency, where a move names none

_FULL, _FAILED, _SCRAPPED, _TO_AGENCY, _MISSED = 1, 2, 4, 8, 16

_encode = msgspec.msgpack.Encoder().encode


class FactsPacking:
    """Packs the facts of one partition's cylinders."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def pack(self, facts: Cylinder, began: int) -> bytes:
        """The facts; `began` is the instant that times are counted from."""
        word = self._names.words.number
        flags = (
            (_FULL if facts.full else 0)
            | (_FAILED if facts.failed else 0)
            | (_SCRAPPED if facts.scrapped else 0)
            | (_TO_AGENCY if facts.to_agency else 0)
            | (_MISSED if facts.missed else 0)
        )
        fill, moves = facts.last_fill, facts.moves
        last = moves[-1] if moves else None
        fields = (
            began, facts.serial, word(facts.maker), word(facts.model), word(facts.owner),
            days(facts.made), days(facts.inspected), days(facts.next_due), days(facts.extended), _STATE[facts.state],
            flags, None if fill is None else self._filled(fill, moves, began), self._moved(moves, began),
            None if last is None else (self._names.scan_id(last.scan_id, last.origin.device), span(last.arrived - last.at)),
            [self._seen(one, moves, began) for one in facts.sightings],
            [(one.site, span(began - one.at), one.passed) for one in facts.prechecks] or None,
            facts.postcheck, facts.valve, facts.reported or None, facts.retired, facts.transferred or None,
            facts.examined or None, facts.scrapping, facts.replaces, facts.bound_at or None,
        )  # fmt: skip
        return _encode(shorn(fields))

    def _moved(self, moves: list[Move], began: int) -> list[tuple[Any, ...]]:
        origin_number, word_number = self._names.origins.number, self._names.words.number
        packed: list[tuple[Any, ...]] = []
        for move in moves:
            kind, before, origin, customer = KIND[move.type], span(began - move.at), move.origin, move.customer
            number, on = origin_number(origin), None if move.vehicle is None else word_number(move.vehicle)
            if move.sent_to is not None:
                packed.append((kind, before, number, customer, on, move.sent_to))
            elif on is not None:
                packed.append((kind, before, number, customer, on))
            else:
                packed.append((kind, before, number) if customer is None else (kind, before, number, customer))
        return packed

    def _filled(self, fill: LastFill, moves: list[Move], began: int) -> Any:
        """The move that it was, if that is known still."""
        for number in range(-1, -1 - len(moves), -1):
            if moves[number].at == fill.at and moves[number].origin == fill.origin:
                return number
        return span(began - fill.at), self._names.origins.number(fill.origin)

    def _seen(self, sighting: Sighting, moves: list[Move], began: int) -> tuple[Any, ...]:
        origin, geo = sighting.origin, sighting.geo
        where = None if geo == origin.place else place(geo)
        return self._names.origins.number(origin), since(sighting.at, moves, began), where

    def facts(
        self, began: int, serial: str | None, maker: Any, model: Any, owner: Any, made: Any, inspected: Any, next_due: Any,
        extended: Any, state: int, flags: int, fill: Any, moves: Sequence[Any], last: Any, sightings: Iterable[Any],
        prechecks: Any = None, postcheck: bool | None = None, valve: str | None = None, reported: Any = None,
        retired: int | None = None, transferred: int | None = None, examined: int | None = None, scrapping: Any = None,
        replaces: str | None = None, bound_at: int | None = None,
    ) -> Cylinder:  # fmt: skip
        """The facts, from the fields they were packed in."""
        word = self._names.words.of
        hands = self._hands(moves, last, began)
        return Cylinder(  # in the order of its fields, which is half the time of their names
            serial, word(maker), word(model), word(owner), ordinal(made), ordinal(inspected), ordinal(next_due),
            ordinal(extended), valve, _STATES[state], bool(flags & _FULL), bool(flags & _FAILED), bool(flags & _SCRAPPED),
            None if fill is None else self._last_fill(fill, hands, began), hands, bool(flags & _TO_AGENCY),
            self._sightings(sightings, hands, began), reported or [],
            [Precheck(site, began - long(at), passed) for site, at, passed in prechecks] if prechecks else [],
            postcheck, retired, bool(flags & _MISSED), transferred or 0, examined or 0,
            None if scrapping is None else Scrapping(*scrapping), replaces, bound_at or 0,
        )  # fmt: skip

    def _hands(self, moves: Sequence[Any], last: Any, began: int) -> list[Move]:
        origin_of, word_of = self._names.origins.of, self._names.words.of
        scan_id, arrived, hands, left = "", 0, [], len(moves)
        for kind, at, origin, *named in moves:
            left -= 1
            when = began - long(at)
            if not left:
                scan_id, arrived = self._names.scan_id_of(last[0]), when + long(last[1])
            customer, vehicle, sent_to = named + _NOBODY[len(named) :]
            on = None if vehicle is None else word_of(vehicle)
            hands.append(Move(KINDS[kind], when, origin_of(origin), customer, on, sent_to, scan_id, arrived))
        return hands

    def _last_fill(self, packed: Any, moves: list[Move], began: int) -> LastFill:
        if isinstance(packed, int):
            return LastFill(moves[packed].at, moves[packed].origin)
        return LastFill(began - long(packed[0]), self._names.origins.of(packed[1]))

    def _sightings(self, packed: Iterable[Any], hands: list[Move], began: int) -> list[Sighting]:
        seen = []
        for origin, at, own in packed:
            known = self._names.origins.of(origin)
            where = known.place if own is None else geo_of(*own)
            assert where is not None
            seen.append(Sighting(known, moment_of(at, hands, began), where))
        return seen
