"""What has left the window is part of the state before it, and nothing is put before that, whatever is taken back."""

import json

import pytest
from example_lines import FIRST, scans
from judged import everything
from test_examples import CITY, SITES

CHECKS = [f"11-10 {11 + n // 60}:{n % 60:02} station1 postcheck" for n in range(64)]


def told(*lines: str) -> tuple[dict, list[str]]:
    """The last line's verdict, and the codes of all alerts of the first label; `void 3` takes back the scan of that line."""
    arrivals: list[dict] = []
    for number, line in enumerate(lines):
        words = line.split()
        if words[3:4] == ["void"]:
            (scan,) = scans(number, f"{words[0]} {words[1]} office1 scrap", SITES)
            taken = arrivals[int(words[4])]
            data = {"device": taken["device"], "scan_id": taken["scan_id"], "reason": "a mistake"}
            arrivals.append(scan | {"type": "void", "label": taken["label"], "data": data})
        else:
            arrivals += scans(number, line, SITES)
    printed = everything(CITY, [json.dumps(scan).encode() for scan in arrivals])
    alerts = [alert for answers in printed for answer in answers for alert in answer.get("alerts", [])]
    return printed[-2][-1], [f"{one['code']} {one['status']}" for one in alerts if one["label"] == FIRST]


def test_a_full_window_does_not_reach_further_back_when_one_of_its_scans_is_taken_back() -> None:
    # Made before the inspection, which has left the window: it must not be judged as if it came after.
    fill = "11-10 10:10 station1 fill net_kg=16 received=11-10T13:00"
    begun = ["11-10 10:00 bind", "11-10 10:20 agency1 inspect result=fail", *CHECKS]
    verdict, alerts = told(*begun, "11-10 12:50 office1 void 40", fill)
    assert (verdict["decision"], verdict["violations"], alerts) == ("allow", [], []), "it is history"
    verdict, alerts = told(*begun[:60], "11-10 12:50 office1 void 40", fill)
    assert "OVERFILL suspected" in alerts, "a window that is not full has room for it"


@pytest.mark.parametrize(("made", "is_history"), [("11-07 13:59:59", True), ("11-07 14:00", False)])
def test_nor_does_it_when_its_newest_scan_is_taken_back(made: str, is_history: bool) -> None:
    begun = ["11-01 10:00 bind", "11-07 13:00 station1 precheck", "11-10 09:00 station1 precheck"]
    newest = ["11-10 14:00 station1 precheck", "11-10 14:10 office1 void 3"]
    verdict, alerts = told(*begun, *newest, f"{made} station1 fill net_kg=16 received=11-10T14:20")
    assert (verdict["violations"] == []) == is_history
    assert alerts == ([] if is_history else ["OVERFILL suspected"])


def test_of_a_full_window_the_oldest_that_counts_is_its_edge() -> None:
    begun = ["11-10 10:00 bind", "11-10 10:20 station1 receive", "11-10 10:25 office1 void 1", *CHECKS[:63]]
    fill = "11-10 10:10 station1 fill net_kg=16 received=11-10T13:00"
    verdict, _ = told(*begun, fill)
    assert verdict["violations"], "63 and the bind: it comes after that"
    verdict, _ = told(
        *begun, "11-10 12:50 station1 postcheck", "11-10 10:30 station1 fill net_kg=16 received=11-10T13:00"
    )
    assert verdict["violations"] == [], "64 without the one taken back, which is older"


@pytest.mark.parametrize(("late", "times"), [("09:00", 1), ("11:00", 2)])
def test_what_came_before_a_label_was_replaced_is_judged_so_though_all_before_it_has_left_the_window(late, times):
    lines = (
        "11-01 10:00 bind", "11-02 10:00 station1 receive", "11-10 10:00 bind label=other replaces=first",
        "11-10 12:00 station1 receive", f"11-10 {late} station1 receive received=11-10T13:00",
    )  # fmt: skip
    assert told(*lines)[1] == ["SCRAPPED_IN_USE suspected"] * times


@pytest.mark.parametrize(("made", "alerts"), [("09:59", []), ("10:00", ["SCRAPPED_IN_USE suspected"])])
def test_the_newest_scan_of_a_label_that_was_replaced_may_have_been_made_before_that(made: str, alerts: list[str]):
    lines = (
        "11-09 10:00 bind", "11-09 11:00 station1 receive", "11-10 10:00 bind label=other replaces=first",
        f"11-10 {made} station1 receive received=11-10T10:30",
    )  # fmt: skip
    assert told(*lines)[1] == alerts
