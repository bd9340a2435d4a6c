"""Scans and runs of one partition, in every order they may come in."""

import itertools
import json

from sink_records import JUDGED, entry, label, run, scan, tick

from sinks.join import PartitionJoin
from sinks.rows import UNJUDGED, micros
from sinks.runs import parse_run


def joined(events, start=None):
    """What comes of events (offset, scan) and (offset, run) brought in that order; told as [offset, decision]."""
    join = PartitionJoin("log-a", 3)
    rows, revisions, position = [], [], None
    for kind, offset, value in events:
        if kind == "run":
            join.add_run(offset, parse_run(value))
        elif kind == "scan":
            join.add_scan(offset, 1_000, value)
        else:
            join.reached(offset)
        if taken := join.take():
            rows += taken.rows
            revisions += taken.revisions
            position = taken.next_verdict
    return rows, revisions, position


def scans(first, last):
    return [("scan", n, scan(n)) for n in range(first, last + 1)]


def told(rows):
    return [(row.offset, row.decision) for row in rows]


def test_listed_scans_take_their_verdict_and_the_others_are_plain():
    rows, _, position = joined([("run", 7, run(10, 12, entry(11, scan(11)))), *scans(10, 12)])
    assert told(rows) == [(10, "allow"), (11, "deny"), (12, "allow")]
    assert position == 8
    plain, denied, _ = rows
    assert (plain.verdict, plain.judged_at, plain.violations) == ("", micros(JUDGED), ())
    assert denied.violations == ["INSPECTION_OVERDUE_FILL"]
    expected = entry(11, scan(11)) | {"judged_at": JUDGED}
    del expected["offset"]
    assert json.loads(denied.verdict) == expected
    assert (plain.log, plain.partition, plain.verdict_offset, plain.net_kg) == ("log-a", 3, 7, 14.4)


def test_every_interleaving_of_scans_and_runs_gives_the_same_rows():
    a = scans(0, 3)
    b = [("run", 0, run(0, 1, entry(1, scan(1)))), ("run", 1, run(2, 3))]
    for places in itertools.combinations(range(1, 6), 1):
        # Reading scans begins with the first run, so that comes first; the second at any place among the scans.
        events = [b[0], *a]
        events.insert(places[0], b[1])
        rows, _, position = joined(events)
        assert told(rows) == [(0, "allow"), (1, "deny"), (2, "allow"), (3, "allow")]
        assert position == 2


def test_a_run_waits_for_its_last_scan():
    rows, _, position = joined([("run", 0, run(0, 4)), *scans(0, 3)])
    assert rows == []
    assert position is None


def test_ticks_retired_labels_gaps_and_unreadable_records_leave_no_row():
    retired = json.dumps({"type": "retired", "label": label(1), "by": label(2), "time": "2026-11-23T10:00:00+08:00"})
    events = [
        ("run", 0, run(0, 9)),
        ("scan", 0, tick(0)),
        ("scan", 1, scan(1)),
        ("scan", 2, retired.encode()),
        ("scan", 3, b"\xff not json"),
        ("scan", 4, None),
        ("scan", 7, scan(7)),
        ("end", 10, None),
    ]
    rows, _, position = joined(events)
    assert told(rows) == [(1, "allow"), (7, "allow")]
    assert position == 1


def test_repeats_and_rejects_leave_no_row():
    repeat = entry(1, scan(0), duplicate=True)
    reject = {"offset": 2, "scan_id": "scan-00000000", "rejected": {"field": "scan_id", "reason": "HISTORY_CONFLICT"}}
    rows, _, _ = joined([("run", 0, run(0, 3, repeat, reject)), *scans(0, 3)])
    assert told(rows) == [(0, "allow"), (3, "allow")]


def test_a_run_told_again_adds_nothing():
    first = ("run", 0, run(0, 3, entry(2, scan(2))))
    rows, _, position = joined([first, *scans(0, 3), ("run", 1, first[2])])
    assert told(rows) == [(0, "allow"), (1, "allow"), (2, "deny"), (3, "allow")]
    assert position == 2


def test_runs_that_overlap_add_only_what_is_new():
    events = [("run", 0, run(0, 3, entry(2, scan(2)))), *scans(0, 3)]
    events += [("run", 1, run(2, 5, entry(2, scan(2)), entry(5, scan(5)))), *scans(4, 5)]
    rows, _, position = joined(events)
    assert told(rows) == [(0, "allow"), (1, "allow"), (2, "deny"), (3, "allow"), (4, "allow"), (5, "deny")]
    assert position == 2


def test_a_scan_between_two_runs_is_kept_unjudged():
    rows, _, _ = joined([("run", 0, run(0, 1)), *scans(0, 4), ("run", 1, run(3, 4))])
    assert told(rows) == [(0, "allow"), (1, "allow"), (2, UNJUDGED), (3, "allow"), (4, "allow")]
    assert rows[2].judged_at is None


def test_of_a_scan_that_kafka_no_longer_has_the_verdict_is_kept():
    rows, _, _ = joined([("run", 0, run(0, 3, entry(1, scan(1)))), ("end", 3, None), ("scan", 3, scan(3))])
    assert sorted(told(rows)) == [(1, "deny"), (3, "allow")]
    assert rows[-1].label == label()


def test_revisions_are_handed_on_with_the_offset_of_their_scan():
    revision = entry(2, scan(2), revision=1)
    rows, revisions, _ = joined([("run", 0, run(10, 10, revision)), ("scan", 10, scan(10))])
    assert told(rows) == [(10, "allow")]
    assert [(r.entry.offset, r.entry.revision, r.verdict_offset) for r in revisions] == [(2, 1, 0)]
