"""A worker without Kafka: its log, what others hear of it, its changelog, and its crashes at any point between."""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from processors.ledger import Ledger
from processors.model import encode
from processors.packed import LedgerPacking
from stream.lane.chunk import ChunkJudge
from stream.lane.effects import Effects
from stream.tables.partition import Partition, Position
from tests.stream.scans import PARAMETERS, registry

Changelog = dict[bytes, bytes | None]
Said = tuple[str, Any]

_LIVES = 6  # so many crashes at most: the last life comes to the end


@dataclass
class Record:
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0


def records(scans: list[Any], first: int = 0) -> list[Record]:
    """A partition's log: scans under their labels, other bytes as they are."""
    return [
        Record(
            first + place,
            one["label"].encode() if isinstance(one, dict) and "label" in one else None,
            encode(one) if isinstance(one, dict) else one,
        )
        for place, one in enumerate(scans)
    ]


def whole(steps: Generator[None, None, Effects], between: Callable[[], object] = lambda: None) -> Effects:
    """What the steps of a count come to; `between` is called after each but the last."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            effects: Effects = end.value
            return effects
        between()


def kept(changelog: Changelog) -> dict[bytes, bytes]:
    """What compaction leaves of a changelog."""
    return {key: value for key, value in changelog.items() if value is not None}


def known(changelog: Changelog) -> tuple[dict[str, Ledger], Position]:
    """What a changelog says, whatever the numbers it gives to origins."""
    state: Partition[Ledger] = Partition.restored(kept(changelog), LedgerPacking())
    found = {label: state.get(label) for label in state}
    for one in found.values():
        if one is not None:
            one.open()
    return {label: one for label, one in found.items() if one is not None}, state.position


class Worker:
    """Partition 0 of `scans`: a memory restored from a changelog, and a judge."""

    def __init__(self, changelog: Changelog) -> None:
        self.changelog = changelog
        self.state: Partition[Ledger] = Partition.restored(kept(changelog), LedgerPacking())
        self._judge = ChunkJudge(registry(), PARAMETERS)

    def judge(self, chunk: list[Record]) -> Effects:
        return self._judge.judge(0, self.state, chunk, "now")

    def take(self, chunk: list[Record]) -> Effects:
        """Judge a chunk and write its changelog."""
        effects = self.judge(chunk)
        self.changelog.update(effects.changelog())
        return effects


def said(effects: Effects) -> list[Said]:
    """What others hear, in the order in which the outbox sends it."""
    return [
        *(("verdicts", run) for run in effects.verdicts),
        *(("alert", alert) for alert in effects.alerts),
        *(("rejected", (record.offset, reject)) for record, reject in effects.rejected),
        *(("handed on", change) for change in effects.handed_on),
        *(("alias", alias) for alias in effects.aliases),
        *(("retired", retired) for retired in effects.retired),
        *([("tick", effects.tick)] if effects.tick else []),
    ]


def lives(
    data: st.DataObject, log: list[Record], start: Callable[[Changelog], Callable[[list[Record]], Effects]]
) -> tuple[list[Said], Changelog]:
    """Take a log to its end over crashes: all that others heard, and the changelog. `start` restores and judges.

    Chunks of any size go out in groups; a crash comes while a group is told, while its changelog is written, or before
    Faust has committed it.
    """
    changelog: Changelog = {}
    heard: list[Said] = []
    committed = 0
    for life in range(_LIVES):
        judge, position, crash = start(changelog), committed, "none"
        crashes = ["none", "none", "while told", "in changelog", "before commit"] if life < _LIVES - 1 else ["none"]
        while position < len(log) and crash == "none":
            group = []
            for size in data.draw(st.lists(st.integers(1, 8), min_size=1, max_size=3), label="chunks"):
                group.append(judge(log[position : position + size]))
                position += size
            crash = data.draw(st.sampled_from(crashes), label="crash")
            telling = [one for effects in group for one in said(effects)]
            writing = [record for effects in group for record in effects.changelog()]
            if crash == "while told":
                heard += telling[: data.draw(st.integers(0, len(telling)), label="told")]
                continue
            heard += telling
            if crash == "in changelog":
                writing = writing[: data.draw(st.integers(0, len(writing)), label="written")]
            changelog.update(writing)
            if crash == "none":
                committed = position
    return heard, changelog


def verdicts(heard: list[Said]) -> dict[tuple[int, int], Any]:
    """What a sink learns of each offset, by revision; a run told again must say the same."""
    learnt: dict[tuple[int, int], Any] = {}
    for what, run in heard:
        if what != "verdicts":
            continue
        record = json.loads(run)
        said = {(offset, 0): "plain" for offset in range(record["from"], record["to"] + 1)}
        said |= {(one["offset"], one.get("revision", 0)): one for one in record["verdicts"]}
        for place, one in said.items():
            assert learnt.setdefault(place, one) == one, f"{place} was told twice and differently"
    return learnt


def first_told(heard: list[Said], what: str) -> list[Any]:
    """All of a kind in the order in which it was first heard; what is told again to the letter is no news."""
    return list(dict.fromkeys(encode(one) if what == "alert" else one for kind, one in heard if kind == what))
