"""What holds of any history, whatever the rules say."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged import everything, judged

from processors.parameters import DEFAULT
from processors.registry import parse_row
from processors.replay import Replay
from tests.oracle.histories import History

SCANS = 80
FOUR_YEARS = timedelta(days=1461)  # whole days that keep 29 February in its place
seeds = st.integers(0, 2**32)
few = settings(max_examples=25, deadline=None)
CLOCK = {"judged_at", "raised_at"}
NAMES_TIME = {"alert_id", "reason", "basis"}  # a law may have been numbered otherwise then
ROW = {"kind": "device", "id": "S-1", "enterprise": "E1", "device_kind": "station", "valid_from": "2020-01-01"}
LABEL = "0690123456789200047A2Y"


def without(answer: dict, names: set[str]) -> dict:
    """An answer without some of its fields."""
    return {name: value for name, value in answer.items() if name not in names}


def parsed(line: bytes) -> dict:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def walked(value, change):
    """A JSON value with every string changed."""
    if isinstance(value, dict):
        return {name: walked(part, change) for name, part in value.items()}
    if isinstance(value, list):
        return [walked(part, change) for part in value]
    return change(value) if isinstance(value, str) else value


def shifted(by: timedelta):
    """Moves what is a day or a moment and leaves all else."""

    def change(text: str) -> str:
        for kind in (date, datetime):
            try:
                return (kind.fromisoformat(text) + by).isoformat() if text[4:5] == "-" else text
            except ValueError:
                continue
        return text

    return change


@given(seeds)
@few
def test_judging_twice_is_judging_once(seed):
    history = History(seed, SCANS, disorder=False)
    once = everything(history.rows, history.lines, history.until)
    twice = everything(history.rows, [line for line in history.lines for _ in range(2)], history.until)
    assert [*twice[:-1:2], twice[-1]] == once
    for first, second in zip(once, twice[1::2], strict=False):
        if "rejected" not in first[-1]:
            assert second == [{**first[-1], "duplicate": True, "alerts": []}]


@given(seeds)
@few
def test_questions_change_nothing_after_them(seed):
    history, rng = History(seed, SCANS, disorder=False), random.Random(seed)
    answers = judged(history.rows, history.lines)
    lines, asked = [], []
    for number, line in enumerate(history.lines):
        lines.append(line)
        asked.append(False)
        scan = parsed(line)
        if "rejected" in answers[number] or scan.get("type") == "home_check" or rng.random() < 0.5:
            continue
        question = {"type": "lookup", "data": {}} if rng.random() < 0.3 else {"dry_run": True}
        question["scan_id"] = f"question-{number:05}"
        lines.append(json.dumps(scan | question).encode())
        asked.append(True)
    *printed, last = everything(history.rows, lines, history.until)
    others = [answer for answer, question in zip(printed, asked, strict=True) if not question]
    assert [*others, last] == everything(history.rows, history.lines, history.until)
    questions = [answer for answer, question in zip(printed, asked, strict=True) if question]
    assert not any(answer.get("alerts") for answers in questions for answer in answers)


@pytest.mark.parametrize("question", [{"type": "lookup"}, {"dry_run": True}])
def test_a_question_much_later_does_not_make_a_scan_forgotten(question):
    fill = {
        "scan_id": "fill-0001",
        "type": "fill",
        "label": LABEL,
        "device": "S-1",
        "time": "2026-11-10T10:00:00+08:00",
    }
    fill["data"] = {"net_kg": 14.4}
    later = {**fill, "scan_id": "later-001", "time": "2026-11-14T10:00:00+08:00", **question}
    first, _, again = judged([ROW], [json.dumps(scan).encode() for scan in (fill, later, fill)])
    assert again.get("duplicate") is True
    assert again["violations"] == first["violations"]
    assert again["alerts"] == []


def in_step(lines: list[bytes]) -> list[bytes]:
    """The lines with an arrival time each, none before the one of the line above."""
    latest, stepped = "", []
    for line in lines:
        scan = parsed(line)
        try:
            received = datetime.fromisoformat(scan.get("received") or scan["time"]).astimezone(UTC).isoformat()
        except (KeyError, TypeError, ValueError):
            continue
        latest = max(latest, received)
        stepped.append(json.dumps({**scan, "received": latest}).encode())
    return stepped


OF_OTHERS = {"USER_EXCESS_HOLDING", "ABNORMAL_PURCHASE", "VEHICLE_UNLICENSED"}  # they count other cylinders


def told_of(label: str, printed: list[list[dict]]) -> list[dict]:
    """The alerts about a label, but for those that count others and for when they were told."""
    alerts = [alert for answers in printed for answer in answers for alert in answer.get("alerts", [])]
    mine = [without(alert, CLOCK) for alert in alerts if alert["label"] == label and alert["code"] not in OF_OTHERS]
    return sorted(mine, key=lambda alert: (alert["alert_id"], alert["status"]))


@given(seeds)
@few
def test_other_cylinders_change_nothing(seed):
    history = History(seed, SCANS, disorder=False)
    rows = [without(row, {"received"}) for row in history.rows]
    lines = in_step(history.lines)
    lines = [line for line, answer in zip(lines, judged(rows, lines), strict=True) if "rejected" not in answer]
    together = everything(rows, lines, history.until)
    label_of = [printed[-1].get("label") for printed in together[:-1]]
    data_of = [parsed(line).get("data", {}) for line in lines]
    replaced = {data.get("replaces", "").rpartition("/")[2] for data in data_of}
    for cylinder in history.cylinders:
        named = [
            data.get("aliases", []) for data, label in zip(data_of, label_of, strict=True) if label == cylinder.label
        ]
        if replaced & {cylinder.label, *chain.from_iterable(named)}:
            continue  # another cylinder put this one out of use
        mine = [
            label == cylinder.label or parsed(line)["type"] == "home_check"
            for line, label in zip(lines, label_of, strict=True)
        ]
        own = [line for line, is_mine in zip(lines, mine, strict=True) if is_mine]
        alone = everything(rows, own, history.until)
        expected = [answers for answers, is_mine in zip(together, mine, strict=False) if is_mine]
        verdicts = [without(answers[-1], {"judged_at", "alerts"}) for answers in expected]
        assert [without(answers[-1], {"judged_at", "alerts"}) for answers in alone[:-1]] == verdicts
        assert told_of(cylinder.label, alone) == told_of(cylinder.label, together)


def nameless(printed: list[list[dict]]) -> list[list[dict]]:
    """Without what spells out a time, or follows from the year: a timer's id, a reason, an article."""
    return [
        [{**answer, "alerts": [without(alert, NAMES_TIME) for alert in answer.get("alerts", [])]} for answer in answers]
        for answers in printed
    ]


@given(seeds, st.integers(-4, 8).filter(bool))
@few
def test_another_year_is_judged_the_same(seed, times):
    history = History(seed, SCANS, disorder=False)
    there, back = shifted(FOUR_YEARS * times), shifted(FOUR_YEARS * -times)
    lines = [json.dumps(walked(json.loads(line), there)).encode() if parsed(line) else line for line in history.lines]
    answers = everything(walked(history.rows, there), lines, history.until + FOUR_YEARS * times)
    same = shifted(timedelta(0))  # writes fractions of a second alike
    wanted = everything(history.rows, history.lines, history.until)
    assert nameless(walked(answers, back)) == nameless(walked(wanted, same))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
good = History(1, 60, disorder=False)
lines = st.sampled_from(good.lines)


@st.composite
def nearly_good(draw):
    """A good line with one field, at the top or in its data, made anything."""
    scan = parsed(draw(lines))
    place = scan.get("data") if draw(st.booleans()) and isinstance(scan.get("data"), dict) else scan
    place[draw(st.sampled_from(sorted(place) or ["type"]))] = draw(anything)
    return json.dumps(scan).encode()


@st.composite
def cut_and_flipped(draw):
    line = bytearray(draw(lines))
    line[draw(st.integers(0, len(line) - 1))] = draw(st.integers(0, 255))
    return bytes(line[: draw(st.integers(1, len(line)))])


@given(st.lists(st.binary() | anything.map(json.dumps).map(str.encode) | nearly_good() | cut_and_flipped(), max_size=5))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_refused_or_judged(some):
    replay = Replay([parse_row(json.dumps(row).encode()) for row in good.rows], DEFAULT)
    for line in some:
        answer = json.loads(replay.take(line)[-1].line())
        assert ("rejected" in answer) != ("decision" in answer)
