"""A chunk in, its effects out; and a crash anywhere leaves the same state, the same verdicts and the same alerts."""

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.holder import decode_change
from processors.times import instant
from tests.stream.crashing import Record, Worker, first_told, known, lives, records, said, verdicts
from tests.stream.scans import bind, label, scan

BEGAN = datetime.fromisoformat("2026-11-20T08:00:00+08:00")
CODE = "NB-0001"  # printed before the system; some bind names it


def told(effects: Any) -> dict[int, Any]:
    """What a sink first learns of each offset."""
    return {offset: one for (offset, revision), one in verdicts(said(effects)).items() if not revision}


def test_a_poison_record_is_told_and_put_aside_and_the_partition_goes_on() -> None:
    wrong_key = records([scan(3, on=1)])[0]
    wrong_key.key = b"another"
    chunk = [
        *records([bind(1, on=1), b"\x00garbage"]),
        Record(2, label(1).encode(), wrong_key.value),
        Record(3, None, None),
    ]
    effects = Worker({}).take([*chunk, *records([scan(5, "fill", on=1, net_kg=99.0)], first=4)])
    assert [(record.offset, reject.field) for record, reject in effects.rejected] == [(1, ""), (3, "")]
    assert told(effects)[4]["decision"] == "deny"
    only = Worker({}).take([Record(0, b"another", wrong_key.value)])
    assert only.rejected[0][1].field == "label"


def test_the_same_ids_with_another_body_are_put_aside_as_a_conflict() -> None:
    effects = Worker({}).take(
        records([bind(1, on=1), scan(2, "fill", on=1, net_kg=14.0), scan(2, "fill", on=1, net_kg=15.0)])
    )
    assert effects.decisions == {"allow": 1, "deny": 1, "conflict": 1}
    assert told(effects)[2]["rejected"]["field"] == "scan_id"


def test_a_hundred_repeats_change_nothing() -> None:
    log = records([bind(1, on=1), *[scan(2, "fill", on=1, net_kg=16.0)] * 100])
    once, often = Worker({}), Worker({})
    first, all_of_them = once.take(log[:2]), often.take(log)
    assert once.changelog[label(1).encode()] == often.changelog[label(1).encode()]
    assert [one.alert_id for one in all_of_them.alerts] == [one.alert_id for one in first.alerts]
    repeats = [one for offset, one in told(all_of_them).items() if offset > 1]
    assert len(repeats) == 99
    assert all(one["duplicate"] and one["decision"] == "deny" for one in repeats)


class Log:
    """Writes a log of one partition: scans as they arrive, with the time that passes between them."""

    def __init__(self) -> None:
        self.clock = BEGAN
        self.scans: list[Any] = []

    def after(self, hours: float, *, tick: bool = False) -> None:
        self.clock += timedelta(hours=hours)
        if tick:
            self.scans.append({"type": "tick", "received": self.clock.isoformat()})

    def scan(self, type: str, on: int, back: float = 0, **data: Any) -> dict[str, Any]:
        """A scan of a type as it arrives now, a second after the last; it was made so many hours ago."""
        self.clock += timedelta(seconds=1)
        one = bind(len(self.scans), on) if type == "bind" else scan(len(self.scans), type, on=on)
        if type in ("deliver", "collect"):
            one |= {"device": "D-co1", "operator": "P2"}
        if type == "void":
            one |= {"device": "D-of1"}
        now = {"time": (self.clock - timedelta(hours=back)).isoformat(), "received": self.clock.isoformat()}
        self.scans.append(one | now | {"data": one["data"] | data})
        return self.scans[-1]

    def sent_again(self, number: int, **changed: Any) -> None:
        """An earlier scan comes again now, as it was or with another body."""
        earlier = [one for one in self.scans if isinstance(one, dict) and "scan_id" in one]
        if earlier:
            self.scans.append(earlier[number % len(earlier)] | {"received": self.clock.isoformat()} | changed)


def eventful() -> list[Any]:
    """A log with everything in it that waits, runs out, is handed on, or is forgotten."""
    log = Log()
    for on in (1, 2, 3):
        log.scan("bind", on)
    log.scan("fill", 1, net_kg=14.5)  # 15
    log.scan("load", 1, vehicle="V1", driver="P3", escort="P4")  # 16
    log.scan("incident", 9, kind="leak")
    log.scan("deliver", 2, customer="C1")  # 22, 23
    log.after(0.3, tick=True)
    log.scan("fill", 2, net_kg=14.5)  # 15, 20
    log.scan("bind", 4, replaces=label(3), aliases=[CODE])
    log.scan("incident", 9, kind="fire") | {"label": CODE}
    log.scans.append(b"{not a scan")
    log.after(26, tick=True)  # 33 in the vehicle
    log.sent_again(4)
    log.scan("deliver", 1, customer="C1", vehicle="V1")
    log.scan("bind", 1, replaces=label(5))
    log.scans.append({"type": "retired", "label": label(2), "by": label(6)} | dict.fromkeys(
        ("time", "received"), log.clock.isoformat()
    ))  # fmt: skip
    log.scan("load", 4, vehicle="V1", driver="P3", escort="P4")
    log.after(100, tick=True)  # 35
    log.sent_again(5, data={"kind": "explosion"})  # a conflict: no time passes by it
    log.scan("collect", 4, customer="C1")
    log.after(31 * 24)
    log.sent_again(5)  # 9 is just forgotten: judged anew
    log.after(31 * 24, tick=True)
    log.scan("missing", 1, kind="lost")
    return log.scans


HOURS = st.sampled_from([0, 0, 0.001, 0.1, 0.25, 0.26, 2, 24, 25, 73, 31 * 24, 400 * 24])
LATE = st.sampled_from([0, 0, 0, 0, 0.01, 1, 30, 80])
SCANS: dict[str, dict[str, Any]] = {
    "bind": {}, "precheck": {"passed": True}, "fill": {"net_kg": 14.5}, "postcheck": {"passed": True},
    "load": {"vehicle": "V1", "driver": "P3", "escort": "P4"}, "deliver": {"customer": "C1"}, "collect": {"customer": "C2"},
    "receive": {}, "missing": {"kind": "lost"}, "scrap": {"reason": "old"}, "lookup": {}, "incident": {"kind": "leak"},
}  # fmt: skip


@st.composite
def any_log(draw: st.DrawFn) -> list[Any]:
    """Anything in any order, with hours and days between."""
    log = Log()
    for _ in range(draw(st.integers(5, 40))):
        what = draw(
            st.sampled_from(
                [*SCANS, "fill", "load", "deliver", "tick", "again", "conflict", "replaces", "retired", "void"]
            )
        )
        log.after(draw(HOURS), tick=what == "tick")
        on = draw(st.integers(1, 3))
        match what:
            case "tick":
                pass
            case "again":
                log.sent_again(draw(st.integers(0, 40)))
            case "conflict":
                log.sent_again(draw(st.integers(0, 40)), operator="another")
            case "replaces":
                log.scan("bind", on, replaces=label(4), aliases=[CODE])
            case "retired":
                now = dict.fromkeys(("time", "received"), log.clock.isoformat())
                log.scans.append({"type": "retired", "label": label(on), "by": label(5)} | now)
            case "void":
                earlier = [one for one in log.scans if isinstance(one, dict) and one.get("type", "tick") in SCANS]
                if earlier:
                    one = earlier[draw(st.integers(0, 40)) % len(earlier)]
                    ids = {"scan_id": one["scan_id"], "device": one["device"]}
                    log.scan("void", on, reason="wrong", **ids)["label"] = one["label"]
            case _:
                log.scan(what, on, back=draw(LATE), **SCANS[what])
    return log.scans


def test_the_eventful_log_holds_what_may_go_wrong() -> None:
    heard = said(Worker({}).take(records(eventful())))
    told_alerts = [one for kind, one in heard if kind == "alert"]
    codes = {alert.code for alert in told_alerts}
    assert codes >= {
        "PREFILL_CHECK_MISSING", "POSTFILL_CHECK_MISSING", "DELIVER_WITHOUT_FILL", "DELIVER_WITHOUT_LOAD",
        "FILL_WITHOUT_RETURN", "FILLED_DWELL", "CYLINDER_MISSING",
    }  # fmt: skip
    assert {alert.status for alert in told_alerts} == {"suspected", "resolved"}
    assert {kind for kind, _ in heard} == {"verdicts", "alert", "rejected", "handed on", "alias", "retired", "tick"}


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_crash_anywhere_changes_nothing_that_anyone_sees(data: st.DataObject) -> None:
    log = records(data.draw(st.one_of(st.just(eventful()), any_log()), label="log"))
    whole = Worker({})
    wanted = said(whole.take(log))
    heard, changelog = lives(data, log, lambda found: Worker(found).judge)
    assert verdicts(heard) == verdicts(wanted)
    for what in ("alert", "rejected", "handed on", "alias", "retired"):
        assert first_told(heard, what) == first_told(wanted, what), what
    assert known(changelog) == known(whole.changelog)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_no_tick_is_passed_on_before_what_was_handed_on_before_it(data: st.DataObject) -> None:
    log = records(data.draw(any_log(), label="log"))
    wanted = [decode_change(change) for _, change in Worker({}).take(log).handed_on]
    heard, _ = lives(data, log, lambda found: Worker(found).judge)
    known = set()
    for what, one in heard:
        if what == "handed on":
            change = decode_change(one[1])
            known.add((change.offset, change.scan is None))
        elif what == "tick":
            now = instant(datetime.fromisoformat(json.loads(one)["received"]))
            assert {(one.offset, one.scan is None) for one in wanted if one.clock < now} <= known


def test_the_arrival_clock_runs_over_scans_that_are_passed_over() -> None:
    first, then = scan(50, "scrap", on=1, reason="old"), scan(2, "incident", on=3, kind="leak")
    log = records([bind(1, on=1), first, then])
    raised = Worker({}).take(log).alerts[-1].raised_at
    assert raised == first["received"], "the latest arrival so far, not the incident's own"
    changelog: dict[bytes, bytes | None] = {}
    Worker(changelog).take(log[:2])
    assert Worker(changelog).take(log).alerts[-1].raised_at == raised


def test_no_time_passes_by_a_conflict_that_is_passed_over() -> None:
    log = Log()
    for on in (1, 2):
        log.scan("bind", on)
    log.scan("fill", 2, net_kg=14.5)  # waits a quarter of an hour
    log.scan("precheck", 1, passed=True)
    log.after(0.4)
    log.sent_again(3, operator="another")
    log.after(0.4)
    log.scan("precheck", 1, passed=False)
    chunk = records(log.scans)
    changelog: dict[bytes, bytes | None] = {}
    Worker(changelog).take(chunk[:3])
    first = Worker(dict(changelog)).take(chunk)
    changelog.update(first.named)
    changelog[label(1).encode()] = first.touched[label(1).encode()]  # and there it crashed
    assert Worker(changelog).take(chunk).alerts == first.alerts
