"""What a run wrote, compared with what it should have: nothing is timed whose outputs are wrong.

- Pingliu: every offset of `scans` in one run of verdicts and none twice; each verdict and revision as `Replay` gives it for
  the same log, to the letter but for `judged_at`; each alert that stands, and no other, `raised_at` aside (the replay has
  one clock, the worker one a partition).
- The worker that judges nothing: every offset in one run, and nothing listed.
- A peer: one record a scan and none more, each with the label of its scan and the count that a look-up of that label gives.
- Where the output is off: none.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from load_tests.bench.city_log import Log
from processors.intake import read
from processors.model import Tick
from processors.parameters import DEFAULT
from processors.registry import AnyRow, parse_row
from processors.replay import Answer, FellDue, Replay, Revision
from processors.times import instant
from stream import topics

Place = tuple[int, int]  # partition, offset


class WrongError(Exception):
    """A program wrote other than it should; the message says where."""


@dataclass(frozen=True, slots=True)
class Written:
    """A record read back; `stamp` is the broker's clock when it took it, in ms."""

    topic: str
    partition: int
    stamp: int
    key: bytes | None
    value: bytes | None


@dataclass
class Verdicts:
    """What is said of a log: of each place with more to say than "allowed"; revisions; alerts by id as they stand."""

    listed: dict[Place, bytes] = field(default_factory=dict)
    revisions: Counter[bytes] = field(default_factory=Counter)
    alerts: dict[str, bytes] = field(default_factory=dict)

    def differs(self, other: "Verdicts") -> str | None:
        """The first difference, in words."""
        for place in self.listed.keys() | other.listed.keys():
            if self.listed.get(place) != other.listed.get(place):
                return f"of {place} is said {other.listed.get(place)!r}, wanted {self.listed.get(place)!r}"
        if self.revisions != other.revisions:
            return f"revisions: {(self.revisions - other.revisions) or (other.revisions - self.revisions)}"
        for alert in self.alerts.keys() | other.alerts.keys():
            if self.alerts.get(alert) != other.alerts.get(alert):
                return f"the alert {other.alerts.get(alert)!r} stands, wanted {self.alerts.get(alert)!r}"
        return None


class Expected:
    """What should come of a log. It is judged once, on first need: about a tenth of a millisecond a scan."""

    def __init__(self, log: Log) -> None:
        self.log = log

    @cached_property
    def verdicts(self) -> Verdicts:
        """By `Replay`, the engine of `pingliu judge`, over the same log in the same order."""
        rows: list[Any] = [parse_row(line) for line in self.log.registry]
        return replayed(rows, self.log)

    @cached_property
    def counts(self) -> Counter[tuple[str, str, int]]:
        """What the peers say: scan, label and the how-manieth scan of it. A repeat counts again, as they know no better."""
        seen: Counter[str] = Counter()
        said: Counter[tuple[str, str, int]] = Counter()
        for record in self.log.records:
            if record.key is not None:
                scan = orjson.loads(record.value)
                seen[scan["label"]] += 1
                said[scan["scan_id"], scan["label"], seen[scan["label"]]] += 1
        return said


def replayed(rows: Iterable[AnyRow], log: Log) -> Verdicts:
    """The log as `Replay` judges it."""
    replay, verdicts, offsets = Replay(rows, DEFAULT), Verdicts(), [0] * log.partitions
    for record in log.records:
        place = (record.partition, offsets[record.partition])
        offsets[record.partition] += 1
        if record.key is None:
            tick = read(record.value)
            assert isinstance(tick, Tick)
            fell_due = replay.advance(instant(tick.received))
            printed: Sequence[Any] = [fell_due] if fell_due else []
        else:
            printed = replay.take(record.value)
        for one in printed:
            said = orjson.loads(one.line())
            if isinstance(one, Answer | FellDue):
                _stand(verdicts, said.pop("alerts", ()))
            if isinstance(one, Answer) and not _is_plain(said):
                verdicts.listed[place] = _spelled(said)
            elif isinstance(one, Revision):
                verdicts.revisions[_spelled(said["verdict"] | {"revision": said["revision"]})] += 1
    return verdicts


def check_pingliu(expected: Expected, written: Mapping[str, Sequence[Written]]) -> None:
    """Raises WrongError."""
    told = Verdicts()
    for partition, said in _listed(expected, written[topics.VERDICTS.name]):
        offset = said.pop("offset")
        if "revision" in said:
            told.revisions[_spelled(said)] += 1
        else:
            told.listed[partition, offset] = _spelled(said)
    for topic in topics.ALERTS.values():
        _stand(told, (orjson.loads(record.value or b"") for record in written[topic.name]))
    if (difference := expected.verdicts.differs(told)) is not None:
        raise WrongError(difference)


def check_covered(expected: Expected, written: Mapping[str, Sequence[Written]]) -> None:
    """Of a worker that judges nothing: every offset in one run, and nothing said of any. Raises WrongError."""
    for partition, said in _listed(expected, written[topics.VERDICTS.name]):
        raise WrongError(f"of partition {partition} is said {said}")


def _listed(expected: Expected, records: Sequence[Written]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What the runs list, by partition. Raises WrongError where they do not cover the log, each offset once."""
    covered = [0] * expected.log.partitions
    for record in records:
        run = orjson.loads(record.value or b"")
        if run["from"] != covered[record.partition]:
            raise WrongError(f"a run of partition {record.partition} begins at {run['from']}, wanted {covered}")
        covered[record.partition] = run["to"] + 1
        for said in run["verdicts"]:
            yield record.partition, said
    if covered != expected.log.ends():
        raise WrongError(f"verdicts go up to {covered}, the log to {expected.log.ends()}")


def check_peer(expected: Expected, written: Mapping[str, Sequence[Written]]) -> None:
    """Raises WrongError."""
    said: Counter[tuple[str, str, int]] = Counter()
    for record in written["verdicts"]:
        verdict = json.loads(record.value or b"{}")
        said[verdict.get("scan_id"), verdict.get("label"), verdict.get("count")] += 1
    if missing := expected.counts - said:
        raise WrongError(f"{missing.total()} verdicts are missing, as {next(iter(missing))}")
    if more := said - expected.counts:
        raise WrongError(f"{more.total()} verdicts are too many or wrong, as {next(iter(more))}")


def check_silent(_: Expected, written: Mapping[str, Sequence[Written]]) -> None:
    """Raises WrongError."""
    if count := len(written["verdicts"]):
        raise WrongError(f"{count} verdicts of a program that was to write none")


def _is_plain(said: dict[str, Any]) -> bool:
    """Whether a run need not list it: allowed, and nothing to say (contract.md, `verdicts`)."""
    return (
        said.get("decision") == "allow"
        and not (said["violations"] or said["prevented"] or said["late"])
        and "duplicate" not in said
        and "condition" not in said
    )


def _stand(verdicts: Verdicts, alerts: Iterable[dict[str, Any]]) -> None:
    for alert in alerts:
        verdicts.alerts[alert["alert_id"]] = orjson.dumps(alert | {"raised_at": ""}, option=orjson.OPT_SORT_KEYS)


def _spelled(said: dict[str, Any]) -> bytes:
    said.pop("judged_at", None)
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
