"""`pingliu judge --against`: the same scans under two settings, side by side, and what of it differs.

What a device was answered counts as it was answered and as it now stands: a verdict that the rules gave again, under one of
the settings or both, is looked at again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from processors.model import Alert, Reject, Verdict, encode
from processors.replay import Answer, Printed, Replay, Revision, as_rejected

BEFORE, AFTER = "before", "after"  # the settings in force, and the others

_Ids = tuple[str, str]  # device and scan_id
_Side = dict[str, Any]  # a verdict under one of the two schedules, as it is printed


class _Sent(msgspec.Struct):
    """Of a scan, what its verdict does not say."""

    device: str


class Comparing:
    """Two schedules side by side: a line for each verdict they give otherwise, then one for each alert only one told.

    An alert that both told is no difference, however much earlier or more often one of them did: so these lines come
    last. Nor is a changed `condition`, or a repeat. A scan that differs, at first or revised, counts once.
    """

    def __init__(self, before: Replay, after: Replay, codes: frozenset[str] | None) -> None:
        self._before, self._after = before, after
        self._codes = codes
        self._counted: dict[_Ids, set[tuple[str, ...]]] = {}  # by device and scan_id, of what differs
        self._decisions: Counter[str] = Counter()
        self._found: dict[str, dict[str, dict[str, int]]] = {"violations": {}, "prevented": {}, "alerts": {}}
        self._alone: dict[str, tuple[str, Alert]] = {}  # by alert_id, what one side alone told so far
        self._told_by_both: set[str] = set()

    def take(self, line: bytes) -> list[bytes]:
        """The lines for this arrival: where the two differ over it, and over earlier scans that it makes them judge again."""
        # Each side reads the line anew: judging writes into a scan.
        told = self._before.take(line), self._after.take(line)
        before, after = self._verdict(BEFORE, told[0]), self._verdict(AFTER, told[1])
        known = after if isinstance(before, Reject) else before
        if isinstance(known, Reject) or (_is_repeat(before) and _is_repeat(after)):
            return []
        device = msgspec.json.decode(line, type=_Sent).device
        return [*self._difference(device, known, _side(before), _side(after)), *self._revised(*map(_revisions, told))]

    def _revised(self, before: dict[_Ids, Verdict], after: dict[_Ids, Verdict]) -> Iterator[bytes]:
        """The lines for the scans that one side or both judged again: each beside what the other says of it by now."""
        for ids, known in (before | after).items():
            was = before.get(ids) or self._before.standing(known.label, *ids)
            now = after.get(ids) or self._after.standing(known.label, *ids)
            if was is not None and now is not None:
                yield from self._difference(ids[0], known, _side(was), _side(now), revised=True)

    def _difference(self, device: str, known: Verdict, was: _Side, now: _Side, **how: bool) -> Iterator[bytes]:
        if was == now:
            return
        self._count((device, known.scan_id), was, now)
        if self._codes is None or not self._codes.isdisjoint(_named(was) | _named(now)):
            scan = {"scan_id": known.scan_id, "device": device, "label": known.label, "type": known.type}
            yield encode(scan | {"time": known.time, BEFORE: was, AFTER: now} | how)

    def end(self, until: int | None) -> list[bytes]:
        """The lines for the alerts that one side alone told."""
        if until is not None:
            for name, replay in ((BEFORE, self._before), (AFTER, self._after)):
                if fell_due := replay.advance(until):
                    self._hear(name, fell_due.alerts)
        lines = []
        for name, alert in self._alone.values():
            self._note("alerts", alert.code, name)
            if self._codes is None or alert.code in self._codes:
                fields = ("alert_id", "code", "label", "scan_id", "type", "time", "status")
                lines.append(encode({"only": name} | {field: getattr(alert, field) for field in fields}))
        return lines

    def summary(self) -> dict[str, Any]:
        """How many changed, by code: found by one side and not by the other."""
        found = {kind: dict(sorted(codes.items())) for kind, codes in self._found.items()}
        return {"changed": len(self._counted), "decisions": in_order(self._decisions), **found}

    def _verdict(self, name: str, told: Iterable[Printed]) -> Verdict | Reject:
        for one in told:
            self._hear(name, one.alerts)
            if isinstance(one, Answer):
                verdict = one.verdict
        return verdict

    def _hear(self, name: str, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            if alert.alert_id in self._told_by_both:
                continue
            teller, _ = self._alone.get(alert.alert_id, (name, alert))
            if teller == name:
                self._alone[alert.alert_id] = name, alert
            else:
                del self._alone[alert.alert_id]
                self._told_by_both.add(alert.alert_id)

    def _count(self, ids: _Ids, was: _Side, now: _Side) -> None:
        counted = self._counted.setdefault(ids, set())
        answers = [side.get("decision", "rejected") for side in (was, now)]
        if answers[0] != answers[1] and _is_new(counted, *answers):
            self._decisions[" to ".join(answers)] += 1
        for kind in ("violations", "prevented"):
            had, has = set(was.get(kind, ())), set(now.get(kind, ()))
            for code in had ^ has:
                name = BEFORE if code in had else AFTER
                if _is_new(counted, kind, code, name):
                    self._note(kind, code, name)

    def _note(self, kind: str, code: str, name: str) -> None:
        self._found[kind].setdefault(code, {BEFORE: 0, AFTER: 0})[name] += 1


def _is_new(counted: set[tuple[str, ...]], *what: str) -> bool:
    if what in counted:
        return False
    counted.add(what)
    return True


def _revisions(told: Iterable[Printed]) -> dict[_Ids, Verdict]:
    return {(one.device, one.verdict.scan_id): one.verdict for one in told if isinstance(one, Revision)}


def _is_repeat(verdict: Verdict | Reject) -> bool:
    return isinstance(verdict, Verdict) and verdict.duplicate is True


def _side(verdict: Verdict | Reject) -> _Side:
    if isinstance(verdict, Reject):
        return {"rejected": as_rejected(verdict)["rejected"]}
    violations = [violation.code for violation in verdict.violations]
    prevented = list(verdict.prevented)
    return {"decision": verdict.decision, "violations": violations, "prevented": prevented, "late": verdict.late}


def _named(side: _Side) -> set[str]:
    return {*side.get("violations", ()), *side.get("prevented", ())}


def in_order(counter: Counter[str]) -> dict[str, int]:
    """A count by name."""
    return dict(sorted(counter.items()))
