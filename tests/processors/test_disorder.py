"""A courier's night upload: whatever the order in which scans come in, the same is known in the end."""

import json
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from example_lines import FIRST, scans
from hypothesis import given, settings
from hypothesis import strategies as st
from judged import everything, printed_by
from test_examples import CITY, SITES

from processors.cylinder import Cylinder
from processors.ledger import current
from processors.parameters import DEFAULT
from processors.registry import parse_row
from processors.replay import Replay
from tests.oracle.histories import History

SCANS = 300
WINDOW = timedelta(hours=72)
# They count from arrival (domain.md 5.3), and so may differ.
FROM_ARRIVAL = {"USER_EXCESS_HOLDING", "ABNORMAL_PURCHASE", "VEHICLE_UNLICENSED"}


def night_upload(seed: int) -> tuple[list[dict], list[dict], datetime]:
    """Registry rows, the scans of three days that one night brings in, in order of time, and when that night is."""
    history = History(seed, SCANS, disorder=False)
    rows = [{name: value for name, value in row.items() if name != "received"} for row in history.rows]
    scans = {}
    for line, answers in zip(history.lines, history.outputs, strict=False):
        answer = answers[-1]
        if "rejected" in answer or answer.get("duplicate") or answer["type"] in ("lookup", "home_check"):
            continue
        scan = json.loads(line)
        data = scan.get("data", {})
        if scan.get("dry_run") or data.get("aliases"):
            continue
        scans[scan["device"], scan["scan_id"]] = scan | {"label": answer["label"]}
    inside = sorted(scans.values(), key=lambda scan: (moment(scan), scan["device"], scan["scan_id"]))
    first, last = moment(inside[0]), moment(inside[-1])
    share = (WINDOW - timedelta(minutes=1)) / max(last - first, WINDOW)  # months become three days
    night = first + WINDOW + timedelta(hours=1)
    return rows, [
        scan | {"time": (first + (moment(scan) - first) * share).isoformat(), "received": night.isoformat()}
        for scan in inside
    ], night  # fmt: skip


def moment(scan: dict) -> datetime:
    return datetime.fromisoformat(scan["time"])


def known_in_the_end(rows: list[dict], scans: list[dict], night: datetime) -> tuple[dict, dict, dict]:
    """The verdicts and the alerts as they stand when all waits are over, and the facts of each label."""
    verdicts, alerts = {}, {}
    replay = Replay([parse_row(json.dumps(row).encode()) for row in rows], DEFAULT)
    printed = printed_by(replay, [json.dumps(scan).encode() for scan in scans], night + timedelta(days=3))
    for answer in (answer for answers in printed for answer in answers):
        told = answer.get("verdict", answer)
        # A device may have no row on the day to which its scan was moved: then that is a reject in any order.
        if told.get("type") != "timer" and "scan_id" in told and "rejected" not in told:
            kept = ("label", "decision", "violations", "prevented", "late")
            verdicts[told["scan_id"]] = {name: told[name] for name in kept}
        for alert in answer.get("alerts", []):
            if alert["code"] not in FROM_ARRIVAL:
                alerts[alert["alert_id"]] = {
                    name: value for name, value in alert.items() if name not in ("raised_at", "reason")
                }
    standing = {name: alert for name, alert in alerts.items() if alert["status"] != "retracted"}
    # Of a label that was only thought to be replaced for a while nothing is known.
    facts = {label: msgspec.to_builtins(current(ledger)) for label, ledger in replay._ledgers.items()}
    nothing = msgspec.to_builtins(Cylinder())
    return verdicts, standing, {label: known for label, known in facts.items() if known != nothing}


@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_a_night_s_upload_changes_nothing_in_the_end(seed, rng):
    rows, scans, night = night_upload(seed)
    in_order = known_in_the_end(rows, scans, night)
    shuffled = scans.copy()
    rng.shuffle(shuffled)
    assert known_in_the_end(rows, shuffled, night) == in_order


@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_no_alert_stands_that_the_facts_so_far_contradict(seed, rng):
    """What stands after each prefix of a shuffled upload is what stands after that prefix in order."""
    rows, scans, night = night_upload(seed)
    shuffled = scans[:40]
    rng.shuffle(shuffled)
    cuts = sorted({rng.randrange(1, len(shuffled) + 1) for _ in range(3)}) if shuffled else []
    for cut in cuts:
        some = shuffled[:cut]
        in_order = sorted(some, key=lambda scan: (moment(scan), scan["device"], scan["scan_id"]))
        assert known_in_the_end(rows, some, night) == known_in_the_end(rows, in_order, night)
    assert all(one <= other for one, other in pairwise(cuts))


def answers(*lines: str, rows: tuple[dict, ...] = ()) -> list[dict]:
    """What is printed for these example lines, each in turn.

    `11-10 10:00 void 3` takes back that line, for office1; `void 3 office2` for that device.
    """
    arrivals = []
    for number, line in enumerate(lines):
        day, time, *words = line.split()
        if words[0] == "void":
            taken = {"device": lines[int(words[1])].split()[2], "scan_id": f"example-{int(words[1]):04}"}
            taken["device"] = "station1" if taken["device"] == "bind" else taken["device"]
            (of,) = scans(number, f"{day} {time} {words[2] if words[2:] else 'office1'} scrap", SITES)
            (named,) = scans(int(words[1]), lines[int(words[1])], SITES)
            arrivals.append(of | {"type": "void", "label": named["label"], "data": taken | {"reason": "a mistake"}})
        else:
            arrivals += scans(number, line, SITES)
    printed = everything([*CITY, *rows], [json.dumps(scan).encode() for scan in arrivals])
    return [answer for answers in printed for answer in answers]


def alerts(*lines: str, rows: tuple[dict, ...] = ()) -> list[dict]:
    """All that is told of the first label."""
    found = [alert for answer in answers(*lines, rows=rows) for alert in answer.get("alerts", [])]
    return [alert for alert in found if alert["label"] == FIRST]


def told(*lines: str, rows: tuple[dict, ...] = ()) -> list[str]:
    """The same, code and status alone."""
    return [f"{alert['code']} {alert['status']}" for alert in alerts(*lines, rows=rows)]


COLLECTED = ("11-01 10:00 bind", "11-01 12:00 courier1 collect customer=C1")
TOLD, OVER, NOT_SO = (f"CYLINDER_MISSING {status}" for status in ("suspected", "resolved", "retracted"))


def test_a_time_runs_again_where_what_ended_it_is_taken_back_and_is_told_after_a_wait():
    ended = (*COLLECTED, "11-05 12:00 station1 receive", "11-05 13:00 void 2")
    assert told(*ended, "11-05 13:15 station1 precheck") == [TOLD, OVER]
    assert told(*ended, "11-05 13:15:00.001 station1 precheck") == [TOLD, OVER, TOLD]


def test_what_had_ended_in_time_is_over_where_that_is_taken_back_and_another_end_is_known():
    first = (*COLLECTED, "11-05 12:00 station1 receive", "11-03 11:00 station1 receive received=11-05T12:10")
    assert told(*first) == [TOLD, OVER, NOT_SO]
    assert told(*first, "11-05 13:00 void 3") == [TOLD, OVER, NOT_SO, OVER]


def test_a_time_that_ended_with_a_scrap_runs_on_where_that_is_taken_back_however_late():
    def heard(scrap: str, *later: str) -> list[str]:
        lines = (*COLLECTED, "11-05 12:00 station1 precheck", f"{scrap} office1 scrap received=11-05T12:10")
        return [each for each in told(*lines, *later) if each in (TOLD, OVER, NOT_SO)]

    later = ("11-10 10:00 station1 precheck", "11-14 10:00 station1 precheck", "11-14 11:00 void 3")
    end = "11-14 11:01 station1 receive"
    assert heard("11-03 11:00", *later, end) == [TOLD, NOT_SO, OVER], "it had run beyond its limit after all"
    assert heard("11-04 13:00", *later, end) == [TOLD, OVER]
    assert heard("11-03 11:00", *later, end.replace("11:01", "12:00")) == [TOLD, NOT_SO, TOLD, OVER]


def test_what_a_time_was_told_to_have_ended_by_is_kept_in_mind_as_long_as_an_earlier_end_may_come():
    ended = (
        *COLLECTED, "11-04 20:00 station1 precheck", "11-02 08:00 station1 precheck received=11-04T20:30",
        "11-03 20:00 bind label=other replaces=first received=11-04T21:00", "11-05 10:00 station1 precheck",
    )  # fmt: skip
    found = told(*ended, "11-03 11:00 station1 receive received=11-05T12:00")
    assert [each for each in found if each in (TOLD, OVER, NOT_SO)] == [TOLD, OVER, NOT_SO]


@pytest.mark.parametrize("earliest", [(), ("11-02 08:00 station1 precheck received=11-04T20:30",)])
def test_what_a_time_ended_by_stands_where_an_earlier_end_from_beyond_the_window_is_told(earliest: tuple[str, ...]):
    ended = (
        *COLLECTED, "11-04 20:00 station1 precheck", *earliest,
        "11-04 10:00 bind label=other replaces=first received=11-04T21:00",
    )  # fmt: skip
    assert told(*ended) == [TOLD, OVER]
    assert told(*ended, "11-01 15:00 bind label=third replaces=first received=11-04T22:00")[:2] == [TOLD, OVER]
    assert NOT_SO not in told(*ended, "11-01 15:00 bind label=third replaces=first received=11-04T22:00")


def test_a_label_lives_again_where_the_one_that_replaced_it_was_replaced_before():
    lines = (
        "11-10 10:00 bind", "11-10 11:00 bind label=second replaces=first", "11-10 12:00 station1 receive",
        "11-10 10:30 bind label=third replaces=second received=11-10T13:00",
    )  # fmt: skip
    assert told(*lines[:-1]) == ["SCRAPPED_IN_USE suspected"]
    assert told(*lines) == ["SCRAPPED_IN_USE suspected", "SCRAPPED_IN_USE retracted"]


def test_a_retraction_says_what_was_taken_back():
    scrapped = ("11-10 10:00 bind", "11-10 10:05 office1 scrap", "11-10 10:10 station1 fill", "11-10 10:20 void 1")
    assert [(one["code"], one.get("reason")) for one in alerts(*scrapped)] == [
        ("SCRAPPED_IN_USE", None),
        ("SCRAPPED_IN_USE", "it was not so: the scrap of 2026-11-10T10:05:00+08:00 was taken back"),
    ]
    mistaken = ("11-10 10:00 bind", "11-10 10:05 station1 fill net_kg=16", "11-10 10:20 void 1")
    assert [one.get("reason") for one in alerts(*mistaken)] == [None, "the scan was taken back"]


def test_a_label_that_two_replaced_stays_replaced_where_the_first_is_taken_back():
    twice = (
        "11-10 10:00 bind",
        "11-10 10:05 bind label=second replaces=first",
        "11-10 10:10 bind label=third replaces=first",
    )
    undone = (*twice, "11-10 10:20 void 1")
    assert told(*undone, "11-10 10:30 station1 receive") == ["SCRAPPED_IN_USE suspected"]
    assert told(*undone, "11-10 10:07 station1 receive received=10:30") == []
    assert told(*undone, "11-10 10:25 void 2", "11-10 10:30 station1 receive") == []


def test_of_two_labels_that_replaced_one_at_the_same_moment_each_is_taken_back_alone():
    twice = (
        "11-10 10:00 bind",
        "11-10 10:05 bind label=second replaces=first",
        "11-10 10:05 bind label=third replaces=first",
    )
    either = ("11-10 10:20 void 1", "11-10 10:20 void 2")
    for undone in either:
        assert told(*twice, undone, "11-10 10:30 station1 receive") == ["SCRAPPED_IN_USE suspected"]
    assert told(*twice, *either, "11-10 10:30 station1 receive") == []


BEYOND = (
    "11-05 10:00 office1 scrap received=11-10T12:10",
    "11-02 10:00 bind label=b replaces=first received=11-10T12:20",
)


def test_what_ended_a_time_before_the_window_stands_until_what_had_ended_it_falls_away():
    """Then of two ways out of the world the first counts."""
    assert told(*COLLECTED, "11-10 12:00 station1 precheck", *BEYOND) == [TOLD, OVER]
    moved = (*COLLECTED, "11-10 12:00 station1 receive", *BEYOND)
    assert told(*moved) == [TOLD, OVER]
    assert told(*moved, "11-10 13:00 void 2") == [TOLD, OVER, NOT_SO]


def test_a_time_that_was_told_is_told_again_where_its_scan_is_judged_anew_and_reads_otherwise():
    sold = {
        "kind": "device",
        "id": "courier1",
        "enterprise": "E2",
        "device_kind": "courier",
        "valid_from": "2026-10-01",
    }
    known = (sold | {"received": "2026-11-05T00:00:00+08:00"},)
    late = "11-01 11:00 station1 receive received=11-05T12:00"
    assert [(one["code"], one["status"], one["responsible"]["id"]) for one in alerts(*COLLECTED, late, rows=known)] == [
        ("CYLINDER_MISSING", "suspected", "E1"),
        ("CYLINDER_MISSING", "suspected", "E2"),
    ]
    assert told(*COLLECTED, late) == [TOLD]


def test_what_was_taken_back_before_it_came_may_be_taken_back_again():
    early = ("11-10 10:00 bind", "11-10 10:10 station1 receive", "11-10 10:20 void 3")
    came = "11-10 10:05 station1 receive received=10:30"
    assert [answer for answer in answers(*early, came, "11-10 10:40 void 3") if "rejected" in answer] == []


def test_a_question_or_what_is_history_is_taken_back_by_its_own_enterprise_alone():
    bound = "11-01 10:00 bind"
    for of, rejected in (("1", False), ("2", True)):
        for scan in (f"11-10 10:00 station{of} lookup", f"11-02 10:00 station{of} receive received=11-10T10:00"):
            voided = answers(bound, "11-10 09:00 station1 precheck", scan, "11-10 10:20 void 2")
            assert any("rejected" in answer for answer in voided) == rejected, scan


def test_a_report_stands_again_where_the_move_that_answered_it_is_taken_back():
    found = ("11-10 10:00 bind", "11-10 10:01 office1 missing kind=lost", "11-10 10:02 station1 receive")
    status = [f"REPORTED_MISSING {one}" for one in ("suspected", "resolved", "suspected")]
    assert told(*found) == status[:2]
    assert told(*found, "11-10 10:10 void 2") == status


@pytest.mark.parametrize(
    "taken_back",
    [
        ["11-10 14:00 station1 postcheck", "11-10 14:10 void 1"],
        ["11-10 14:10 void 2", "11-10 14:00 station1 postcheck received=14:11"],
    ],
    ids=["once it had come", "before it came"],
)
def test_what_comes_in_before_a_scan_that_was_taken_back_is_judged_in_its_place(taken_back: list[str]):
    """A clock was wrong: what is made after that scan's arrival still has earlier times than it."""
    *_, fill = answers(
        "11-10 09:00 bind", *taken_back, "11-10 13:00 station1 precheck received=14:20",
        "11-10 13:30 station1 postcheck received=14:30", "11-10 13:10 station1 fill received=14:40",
    )  # fmt: skip
    assert (fill["type"], fill["decision"]) == ("fill", "allow"), "it was checked ten minutes before"


FILLED = ("11-01 10:00 bind", "11-01 10:01 station1 receive full=true")
DWELT, DWELT_OVER, DWELT_NOT = (f"FILLED_DWELL {status}" for status in ("suspected", "resolved", "retracted"))


def reason(*lines: str) -> str:
    """Of what is told last."""
    return alerts(*lines)[-1]["reason"]


def test_a_time_that_an_inspection_from_beyond_the_window_ended_says_so():
    early = "11-13 10:00 agency1 inspect result=scrap received=11-20T11:00"
    late = "11-16 12:00 agency1 inspect result=scrap received=11-20T11:00"
    told_first = (*FILLED, "11-20 10:00 station1 postcheck")
    assert told(*told_first, early) == [DWELT, DWELT_NOT]
    assert reason(*told_first, late) == "it has ended: scrap at 2026-11-16T12:00:00+08:00"
    for time, said in (
        ("11-13 10:00", "it had ended in time: inspect at 2026-11-13T10:00:00+08:00, which arrived later"),
        ("11-16 12:00", "it has ended: inspect at 2026-11-16T12:00:00+08:00"),
    ):
        inspected = f"{time} agency1 inspect result=fail received=11-20T11:00"
        assert reason(*told_first, inspected) == said
        assert len(told(*told_first, inspected, "11-20 09:00 station1 postcheck received=11-20T12:00")) == 2, "once"


@pytest.mark.parametrize(
    "end",
    ["11-20 10:00 station1 load", "11-20 10:00 bind label=second replaces=first"],
    ids=["moved", "under another label"],
)
def test_what_ended_a_time_stands_where_an_inspection_turns_out_to_have_been_first_until_it_falls_away(end: str):
    inspected = "11-13 10:00 agency1 inspect result=fail received=11-20T11:00"
    known = (*FILLED, "11-20 09:30 station1 postcheck", end, inspected)
    assert told(*known) == [DWELT, DWELT_OVER]
    assert DWELT_NOT not in told(*known, "11-20 09:00 station1 postcheck received=11-20T12:00")
    assert DWELT_NOT in told(*known, "11-20 12:00 void 3")
    assert DWELT_NOT in told(*known[:-1], "11-20 10:50 void 3", inspected), "while it waits to be told once more"


def test_of_a_cylinder_scrapped_before_the_window_it_is_said_what_ended_a_time():
    scrapped = "11-05 10:00 office1 scrap received=11-10T12:10"
    known = (*COLLECTED, "11-10 12:00 station1 precheck", scrapped)
    assert reason(*known) == "it has ended: scrap at 2026-11-05T10:00:00+08:00"


def test_where_another_scan_ends_a_time_than_was_told_the_first_way_out_of_the_world_counts():
    scrapped = (*COLLECTED, "11-10 12:00 station1 receive", "11-10 12:30 office1 scrap", BEYOND[1])
    assert told(*scrapped) == [TOLD, OVER]
    assert told(*scrapped, "11-10 13:00 void 2") == [TOLD, OVER, NOT_SO]


SHOWN = (
    "11-10 10:00 bind", "11-10 12:00 courier1 collect customer=C1", "11-10 13:00 station1 receive", "11-14 13:00 void 2",
)  # fmt: skip


def test_a_time_that_showed_again_and_had_ended_all_the_same_is_never_told():
    ended = "11-12 10:00 station1 receive received=11-14T13:10"
    assert told(*SHOWN, ended, "11-14 14:00 station1 precheck") == []
    assert told(*SHOWN, "11-14 14:00 station1 precheck") == [TOLD]
