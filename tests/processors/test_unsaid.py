"""What nobody said is as it should be: defaults of records, of verdicts, and of facts at rest."""

from msgspec import to_builtins
from test_in_order import AT, SCAN
from test_many_at_once import RETIRED
from test_packed import LABEL, receive

from processors.arrival import Judgement
from processors.cylinder import Cylinder
from processors.findings import plain_verdict
from processors.intake import read
from processors.ledger import Ledger
from processors.model import Retired
from processors.packed import LedgerPacking


def test_a_label_is_retired_where_nothing_else_is_said():
    retired = read(RETIRED)
    assert isinstance(retired, Retired)
    assert not retired.undone


def test_a_plain_verdict_allows():
    verdict = to_builtins(plain_verdict(SCAN))
    assert {name: said for name, said in verdict.items() if name not in ("time", "scan_id", "label", "type")} == {
        "decision": "allow", "violations": (), "prevented": (), "late": False, "dry_run": False,
    }  # fmt: skip


def test_what_a_scan_came_to_is_no_history_by_itself():
    assert not Judgement(None).is_history


def test_of_a_label_that_nobody_bound_nothing_is_known_at_rest():
    packing = LedgerPacking()
    for ledger in (Ledger(entries=[receive()], newest=AT), Ledger(base=Cylinder(reported=["D/scan-0000"]))):
        before = ledger.base
        rested = packing.unpack(LABEL, packing.pack(LABEL, ledger))
        rested.unpack()
        assert rested.base == before
