"""What holds of any history, whatever the rules say."""

import json
import random
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged import judged

from processors.parameters import DEFAULT
from processors.registry import parse_row
from processors.replay import Replay
from tests.oracle.histories import History

SCANS = 80
FOUR_YEARS = timedelta(days=1461)  # whole days that keep 29 February in its place
seeds = st.integers(0, 2**32)
few = settings(max_examples=25, deadline=None)
CLOCK = {"judged_at", "raised_at"}
ROW = {"kind": "device", "id": "S-1", "enterprise": "E1", "device_kind": "station", "valid_from": "2020-01-01"}
LABEL = "0690123456789200047A2Y"


def without(answer: dict, names: set[str]) -> dict:
    """An answer and its alerts without some of their fields."""
    alerts = [{name: alert[name] for name in alert if name not in names} for alert in answer.get("alerts", [])]
    return {name: value for name, value in answer.items() if name not in names | {"alerts"}} | {"alerts": alerts}


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
    history = History(seed, SCANS)
    once = judged(history.rows, history.lines)
    twice = judged(history.rows, [line for line in history.lines for _ in range(2)])
    assert twice[::2] == once
    for first, second, expected in zip(once, twice[1::2], history.answers, strict=True):
        if "rejected" not in expected:
            assert second == {**first, "duplicate": True, "alerts": []}


@given(seeds)
@few
def test_questions_change_nothing_after_them(seed):
    history, rng = History(seed, SCANS), random.Random(seed)
    lines, asked = [], []
    for number, line in enumerate(history.lines):
        lines.append(line)
        asked.append(False)
        scan = parsed(line)
        if "rejected" in history.answers[number] or scan.get("type") == "home_check" or rng.random() < 0.5:
            continue
        question = {"type": "lookup", "data": {}} if rng.random() < 0.3 else {"dry_run": True}
        question["scan_id"] = f"question-{number:05}"
        lines.append(json.dumps(scan | question).encode())
        asked.append(True)
    answers = judged(history.rows, lines)
    others = [answer for answer, question in zip(answers, asked, strict=True) if not question]
    assert others == judged(history.rows, history.lines)
    assert not any(answer.get("alerts") for answer, question in zip(answers, asked, strict=True) if question)


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


def concerns(label: str, scan: dict) -> bool:
    """A scan of this label, or a household check, which is of no cylinder but counts for all."""
    return str(scan.get("label", "")).endswith(label) or scan.get("type") == "home_check"


@given(seeds)
@few
def test_other_cylinders_change_nothing(seed):
    history = History(seed, SCANS)
    rows = [{name: value for name, value in row.items() if name != "received"} for row in history.rows]
    together = judged(rows, history.lines)
    for cylinder in history.cylinders:
        mine = [concerns(cylinder.label, parsed(line)) for line in history.lines]
        alone = judged(rows, [line for line, is_mine in zip(history.lines, mine, strict=True) if is_mine])
        expected = [answer for answer, is_mine in zip(together, mine, strict=True) if is_mine]
        assert [without(answer, CLOCK) for answer in alone] == [without(answer, CLOCK) for answer in expected]


@given(seeds, st.integers(-4, 8).filter(bool))
@few
def test_another_year_is_judged_the_same(seed, times):
    history = History(seed, SCANS)
    there, back = shifted(FOUR_YEARS * times), shifted(FOUR_YEARS * -times)
    lines = [json.dumps(walked(json.loads(line), there)).encode() if parsed(line) else line for line in history.lines]
    answers = judged(walked(history.rows, there), lines)
    same = shifted(timedelta(0))  # writes fractions of a second alike
    assert walked(answers, back) == walked(judged(history.rows, history.lines), same)


@given(seeds)
@few
def test_alert_ids_tell_device_scan_and_code(seed):
    history = History(seed, SCANS)
    answers = judged(history.rows, history.lines)
    devices, seen = {}, {}
    for line, answer in zip(history.lines, answers, strict=True):
        if "rejected" not in answer:
            devices[answer["scan_id"]] = parsed(line)["device"]
    for answer in answers:
        for alert in answer.get("alerts", []):
            key = devices[alert["scan_id"]], alert["scan_id"], alert["code"]
            seen.setdefault(alert["alert_id"], set()).add(key)
    keys = [key for keys in seen.values() for key in keys]
    assert len(keys) == len(set(keys)) == len(seen)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
good = History(1, 60)
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
        answer = replay.answer(line)
        assert ("rejected" in answer) != ("decision" in answer)
        json.dumps(answer)
