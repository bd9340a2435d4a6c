"""The engine against the oracle over small histories, drawn step by step: what differs is cut down to the steps it takes.

The steps are written as in `examples/`, in the city of `examples/city.jsonl`, so that a difference found here reads as one.
Scans come in order of time, some of them late; what comes out of order is `test_oracle.py`'s.
"""

import json
from datetime import UTC, datetime, timedelta

from example_lines import scans
from hypothesis import given, settings
from hypothesis import strategies as st
from judged import differences
from test_examples import CITY, SITES

from tests.oracle import Oracle

# Papers of the city end on 20 November 2026, and new ones begin on 1 December.
BEGINNINGS = [datetime.fromisoformat(day) for day in ("2026-11-10T10:00+08:00", "2026-11-20T22:00+08:00")]
GAPS = [
    timedelta(**gap)
    for gap in (
        {"minutes": 10}, {"seconds": 0}, {"minutes": 15}, {"minutes": 30}, {"hours": 2}, {"hours": 24}, {"hours": 48},
        {"hours": 72}, {"days": 10, "hours": 2}, {"days": 15}, {"days": 30}, {"days": 90}, {"days": 365},
    )
]  # fmt: skip
EDGES = [timedelta(0), timedelta(milliseconds=1), timedelta(milliseconds=-1)]
DELAYS = [timedelta(0), timedelta(minutes=5), timedelta(minutes=5, milliseconds=1), timedelta(hours=20)]
LABELS = ["first", "second"]
STATES = [
    "checked", "filled", "loaded", "delivered", "filled again", "delivered again", "delivered customer=C10 again",
    "checked inspected=2022-11-20 made=2018-11-20", "loaded model=YSP118 net_kg=49.5", "filled owner=E2",
    "delivered owner=E5", "loaded vehicle=V4", "loaded vehicle=V4 again",
]  # fmt: skip
STEPS = [
    "bind", "bind serial=B", "bind aliases=JZ-2011-0471", "bind label=second replaces=first", "bind inspected=2022-12-11",
    "station1 precheck", "station1 precheck passed=false", "station2 precheck operator=-", "station1 fill",
    "station1 fill net_kg=15.401", "station1 fill net_kg=14.399", "station1 fill operator=F2", "station2 fill",
    "station3 fill site=S1", "station4 fill", "station1 fill at=S1+300.001", "station1 postcheck",
    "station1 postcheck passed=false", "station1 load", "station1 load vehicle=V2", "vehicle1 load vehicle=V3 driver=-",
    "station1 load vehicle=V4", "station1 load driver=D2 escort=X2", "station1 unload", "vehicle1 unload at=S1+9000",
    "station1 receive", "station1 receive full=true", "station2 receive", "station1 receive label=JZ-2011-0471",
    "courier1 deliver customer=C1", "courier1 deliver customer=C2", "courier1 deliver", "courier2 deliver customer=C1",
    "courier1 deliver customer=stranger", "courier1 deliver customer=C6 vehicle=V2", "courier5 deliver customer=C8",
    "courier1 deliver customer=C9 operator=K3", "courier1 collect customer=C1", "courier9 collect customer=C1 full=true",
    "courier1 collect customer=C1 at=S1 acc=10", "courier9 collect customer=C1 at=S1+20000 acc=10",
    "office1 transfer to=E2", "office2 transfer to=E1", "station1 send_inspection agency=A1", "agency1 receive",
    "agency1 inspect result=pass next_due=2030-11-10", "agency2 inspect result=pass next_due=2026-12-01",
    "agency1 inspect result=fail", "agency1 inspect result=scrap", "office1 scrap", "public1 incident kind=leak",
    "office1 missing kind=lost", "public1 lookup", "courier1 home_check customer=C1 result=hazard",
    "courier1 home_check customer=C7 result=ok",
]  # fmt: skip
ASKED = [False, False, False, True]
AFTER = [timedelta(0), timedelta(minutes=15), timedelta(hours=24), timedelta(days=400)]


@st.composite
def small_histories(draw: st.DrawFn) -> tuple[list[bytes], datetime]:
    """Lines in order of time and of arrival, and until when the clock then goes on."""
    moment = clock = draw(st.sampled_from(BEGINNINGS))
    lines: list[bytes] = []
    for number in range(draw(st.integers(1, 12))):
        moment += max(draw(st.sampled_from(GAPS)) + draw(st.sampled_from(EDGES)), timedelta(0))
        words = draw(st.sampled_from(STATES) | st.sampled_from(STEPS))
        if "label=" not in words and "home_check" not in words:
            words += f" label={draw(st.sampled_from(LABELS))}"
        if words in STATES or words.split()[0] in {state.split()[0] for state in STATES}:
            moment += timedelta(minutes=10)  # its scans are made a minute apart, up to then
        elif draw(st.sampled_from(ASKED)):
            words += " dry_run"
        clock = max(clock, moment + draw(st.sampled_from(DELAYS)))
        made = scans(number, f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z {words}", SITES)
        lines += [json.dumps(scan | {"received": clock.isoformat()}).encode() for scan in made]
    return lines, clock + draw(st.sampled_from(AFTER)) + draw(st.sampled_from(EDGES[:2]))


@given(small_histories())
@settings(max_examples=300, deadline=None)
def test_engine_and_oracle_say_the_same_of_a_small_history(history: tuple[list[bytes], datetime]) -> None:
    lines, until = history
    oracle = Oracle(CITY)
    outputs = [*(oracle.answers(line) for line in lines), oracle.until(until)]
    assert not list(differences(CITY, lines, until, outputs))
