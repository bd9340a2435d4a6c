"""The same scan again when the first has long left the window: it counts once, whatever beyond the window counts."""

import json
from collections.abc import Iterator
from datetime import datetime

import pytest
from example_lines import scans
from test_examples import CITY, SITES, heard

from processors.cylinder import Scrapping
from processors.ledger import Entry, Ledger, Past
from processors.model import Incident, IncidentScan
from processors.origins import Origin
from processors.parameters import DEFAULT
from processors.registry import parse_row
from processors.repeats import know_for_good, know_taken_back
from processors.replay import Replay
from processors.times import SHANGHAI, day_of, instant

WINDOW_LEFT = "11-10 10:00 station1 precheck"
LATER = "2026-11-11T10:00:00+08:00"


def answers(*lines: str) -> Iterator[tuple[str, list[str]]]:
    """What each line is answered, and what is told by it. `void 1` takes back the scan of that line, `again 1` repeats it."""
    replay = Replay([parse_row(json.dumps(row).encode()) for row in CITY], DEFAULT)
    sent: list[dict] = []
    for number, line in enumerate(lines):
        words = line.split()
        if words[0] == "again":
            scan = sent[int(words[1])] | {"received": LATER} | json.loads(" ".join(words[2:]) or "{}")
        elif words[3:4] == ["void"]:
            taken = sent[int(words[4])]
            (scan,) = scans(number, f"{words[0]} {words[1]} office1 scrap", SITES)
            data = {"device": taken["device"], "scan_id": taken["scan_id"], "reason": "a mistake"}
            scan |= {"type": "void", "label": taken["label"], "data": data}
        else:
            (scan,) = scans(number, line, SITES)
        sent.append(scan)
        printed = [json.loads(answer.line()) for answer in replay.take(json.dumps(scan).encode())]
        said = next(one for one in printed if "type" not in one or one["type"] not in ("timer", "revision"))
        told = [f"{alert['code']} {alert['status']}" for one in printed for alert in one.get("alerts", [])]
        yield ("rejected" if "rejected" in said else heard(said)), told


@pytest.mark.parametrize("kind", ["missing kind=lost", "incident kind=leak"])
def test_a_report_is_told_once(kind: str) -> None:
    *_, again, move = answers(
        "11-01 10:00 bind", f"11-02 10:00 office1 {kind}", "11-03 10:00 station1 receive", WINDOW_LEFT, "again 1",
        "11-11 11:00 station1 receive",
    )  # fmt: skip
    code = "REPORTED_MISSING" if kind.startswith("missing") else "INCIDENT_REPORTED"
    assert again == (f"again allow {code}", [])
    assert move == ("allow", [])


@pytest.mark.parametrize("void", ["11-02 11:00 office1 void 1", "11-10 10:01 office1 void 1"])
def test_a_scrap_that_was_taken_back_scraps_no_more(void: str) -> None:
    lines = ["11-01 10:00 bind", "11-02 10:00 office1 scrap", WINDOW_LEFT]
    lines.insert(2 if void < WINDOW_LEFT else 3, void)
    *_, again, once_more, move = answers(*lines, "again 1", "again 1", "11-11 11:00 station1 receive")
    assert again == once_more == ("again allow", [])
    assert move == ("allow", [])


def test_a_transfer_that_was_taken_back_moves_nobody_s_cylinder() -> None:
    *_, again, fill = answers(
        "11-01 10:00 bind", "11-02 10:00 office1 transfer to=E2", "11-02 11:00 office1 void 1", WINDOW_LEFT, "again 1",
        "11-10 10:30 station1 fill",
    )  # fmt: skip
    assert again == ("again allow", [])
    assert fill == ("allow", []), "its owner is the same as before"


def test_a_suspect_inspection_clears_nothing_the_second_time() -> None:
    *_, again, move = answers(
        "11-01 10:00 bind", "11-02 10:00 agency1 inspect result=fail", "11-02 11:00 station1 receive",
        "11-02 12:00 agency1 inspect result=pass next_due=2029-01-01", WINDOW_LEFT, "again 3",
        "11-11 11:00 station1 receive",
    )  # fmt: skip
    assert again == ("again warn INSPECTION_RECORD_SUSPECT", [])
    assert move == ("deny INSPECTION_FAILED_IN_USE", ["INSPECTION_FAILED_IN_USE suspected"])


def test_a_scrap_of_a_code_that_was_bound_long_after_scraps_nothing() -> None:
    *_, again, move = answers(
        "11-01 10:00 office1 scrap", "11-10 10:00 bind", "again 0", "11-11 11:00 station1 receive"
    )
    assert again == ("again deny UNKNOWN_LABEL", [])
    assert move == ("allow", [])


def test_a_move_from_beyond_the_window_need_not_be_known() -> None:
    *_, again, load = answers(
        "11-01 10:00 bind", "11-02 10:00 station1 receive full=true", "11-02 10:05 courier1 deliver customer=C1",
        "11-10 10:00 courier1 collect customer=C1", "again 1", "11-11 11:00 station1 load at=S1+900",
    )  # fmt: skip
    assert again == load == ("allow", []), "it fills nothing again"


def test_another_body_is_a_conflict_then_too() -> None:
    *_, again = answers(
        "11-01 10:00 bind", "11-02 10:00 office1 incident kind=leak", WINDOW_LEFT, 'again 1 {"operator": "K1"}'
    )
    assert again == ("rejected", [])


@pytest.mark.parametrize("known_first", [False, True])
def test_whose_token_it_is_may_be_known_the_second_time_alone(known_first: bool) -> None:
    token, named = {"id_token": "t" * 64}, {"id_token": "t" * 64, "customer": "C1"}
    then = token if known_first else named
    lines = ["11-01 10:00 bind", f"11-02 10:00 courier1 deliver id_token={'t' * 64}"]
    if known_first:
        lines[1] += " customer=C1"
    *_, repeated = answers(*lines, f"again 1 {json.dumps({'data': then})}")
    assert repeated[0].startswith("again")
    *_, conflict = answers(*lines, f"again 1 {json.dumps({'data': then | {'vehicle': 'V2'}})}")
    assert conflict == ("rejected", [])


@pytest.mark.parametrize("first", ["11-01 10:00 bind", "11-02 10:00 office1 transfer to=E1"])
def test_a_slow_fact_that_had_its_whole_effect_is_history_when_it_comes_again_from_beyond_the_window(
    first: str,
) -> None:
    *_, again = answers("11-01 09:00 bind", first, WINDOW_LEFT, "again 1")
    assert not again[0].startswith("again"), "nothing need be known of it, since it can have no effect"


def test_one_that_names_a_customer_is_not_one_that_names_nobody() -> None:
    *_, again = answers("11-01 10:00 bind", "11-02 10:00 courier1 deliver", 'again 1 {"data": {"customer": "C1"}}')
    assert again == ("rejected", [])


@pytest.mark.parametrize(("data", "is_same"), [({}, True), ({"vehicle": "V2"}, False)])
def test_whose_token_a_question_carried_may_be_known_the_second_time_alone(data: dict, is_same: bool) -> None:
    token = {"id_token": "t" * 64}
    again = f"again 1 {json.dumps({'data': token | {'customer': 'C1'} | data})}"
    *_, repeated = answers("11-01 10:00 bind", f"11-02 10:00 courier1 deliver dry_run=true id_token={'t' * 64}", again)
    assert repeated[0].startswith("again") is is_same
    assert (repeated[0] == "rejected") is not is_same


def test_what_is_known_for_good_is_known_once() -> None:
    scan = IncidentScan(
        scan_id="scan-0001", label="A1", time=datetime(2026, 11, 1, tzinfo=SHANGHAI), device="D1", data=Incident("leak")
    )
    ledger, parameters = Ledger(), DEFAULT.on(day_of(instant(scan.time)))
    entry = Entry(instant(scan.time), scan, Origin("D1"), 1, instant(scan.time))
    others = [Past("D1", f"other-00{number}", b"", None) for number in range(10)]
    for other in others:
        ledger.ask(other, parameters)
    for _ in range(2):
        know_for_good(ledger, entry, parameters)
        know_taken_back(ledger, Scrapping("D1", "scan-0002", "E1"), parameters)
    known = [past.scan_id for past in ledger.asked]
    assert known == [*(other.scan_id for other in others), "scan-0001", "scan-0002"]


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ("11-02 10:00 bind serial=B", "DUPLICATE_BINDING"),
        ("11-02 10:00 station2 transfer to=E2", "TRANSFER_NOT_BY_OWNER"),
        ("11-02 10:00 agency1 inspect result=pass next_due=2039-01-01", "INSPECTION_RECORD_SUSPECT"),
    ],
)
def test_a_slow_fact_under_a_rule_is_known_when_it_comes_again_from_beyond_the_window(fact: str, code: str) -> None:
    _, first, *_, again = answers("11-01 10:00 bind", fact, WINDOW_LEFT, "again 1")
    assert code in first[0]
    assert again[0] == f"again {first[0]}"
    assert again[1] == []
