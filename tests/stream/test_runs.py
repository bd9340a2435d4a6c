"""A chunk's verdicts in runs: every offset covered once, every listed verdict there, no record too large."""

import json

from hypothesis import given
from hypothesis import strategies as st

from processors.model import Reject, Verdict, Violation
from stream.lane.runs import Runs

PLAIN, LISTED, CUT, REJECT = range(4)


def verdict(offset: int) -> Verdict:
    return Verdict(
        scan_id=f"scan-{offset:08d}", label="L", type="fill", decision="deny", time="t",
        late=False, dry_run=False, violations=(Violation("OVERFILL", "critical", "deny"),),
    )  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from([PLAIN, LISTED, CUT, REJECT]), st.integers(1, 3)), max_size=200))
def test_runs_say_exactly_what_they_were_told(steps: list[tuple[int, int]]) -> None:
    runs = Runs("now", max_bytes=900)
    offset, covered, listed = 100, [], {}
    for kind, step in steps:
        if kind == CUT:
            runs.cut()
            offset += 10  # offsets passed over are in no run
            continue
        offset += step
        covered.append((offset, kind))
        if kind == PLAIN:
            runs.cover(offset)
        elif kind == LISTED:
            runs.tell(offset, verdict(offset))
            listed[offset] = f"scan-{offset:08d}"
        else:
            runs.tell(offset, Reject("label", "is not a label", f"reject-{offset}"))
            listed[offset] = f"reject-{offset}"
    runs.cut()
    records = [json.loads(record) for record in runs.records]
    assert all(len(record) <= 900 for record in runs.records)
    told = {one["offset"]: one["scan_id"] for record in records for one in record["verdicts"]}
    assert told == listed
    for at, _ in covered:
        assert sum(record["from"] <= at <= record["to"] for record in records) == 1
    for record in records:
        assert all(record["from"] <= one["offset"] <= record["to"] for one in record["verdicts"])
        assert record["judged_at"] == "now"
