"""Two short cuts that nobody may notice: a ledger that was bytes in between, and the short way of a scan in order."""

import os
from typing import Any

import pytest
from judged import everything

from load_tests.city import registry
from load_tests.city.plan import make_plan
from processors import judge, replay
from processors.in_order import in_order
from processors.ledger import Ledger
from processors.packed import LedgerPacking
from tests.oracle.histories import History

SEEDS = min(12, max(1, int(os.environ.get("PINGLIU_ORACLE_SCANS", "100000")) // 6000))


class Forgetful(dict[str, Ledger]):
    """Ledgers that are packed as soon as another label is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.packing = LedgerPacking()
        self.last = ""
        self.sizes: list[int] = []

    def get(self, label: str, default: Ledger | None = None) -> Ledger | None:
        if label != self.last and self.last in self:
            self._pack(self.last)
        self.last = label
        return super().get(label, default)

    def _pack(self, label: str) -> None:
        packed = self.packing.pack(label, self[label])
        self[label].open()
        assert self.packing.pack(label, self[label]) == packed, "taken over in part, it is what it is when made anew"
        self.sizes.append(len(packed))
        again = self.packing.unpack(label, packed)
        assert self.packing.pack(label, again) == packed
        again.open()
        assert self.packing.pack(label, again) == packed
        self[label] = self.packing.unpack(label, packed)


@pytest.mark.parametrize("disorder", [False, True], ids=["in order", "out of order"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_it_says_the_same_as_one_that_was_kept(seed: int, disorder: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(seed, 500, disorder)
    kept = everything(history.rows, history.lines, history.until)
    forgetful = Forgetful()

    class Replay(replay.Replay):
        def __init__(self, *given: object) -> None:
            super().__init__(*given)  # type: ignore[arg-type]
            self._ledgers = forgetful

    monkeypatch.setattr("judged.Replay", Replay)
    assert everything(history.rows, history.lines, history.until) == kept
    assert len(forgetful.sizes) > 100


@pytest.mark.parametrize("disorder", [False, True], ids=["in order", "out of order"])
@pytest.mark.parametrize("seed", range(12, 12 + SEEDS))
def test_the_long_way_comes_to_the_same(seed: int, disorder: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(seed, 500, disorder)
    by_the_short = everything(history.rows, history.lines, history.until)
    monkeypatch.setattr(judge, "PLAIN", frozenset())
    assert everything(history.rows, history.lines, history.until) == by_the_short


def test_a_city_in_order_goes_the_short_way_and_the_long_way_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan(7)
    rows, lines = list(registry.rows(plan.world)), [scan.body for scan in plan.scans]
    short = 0

    def counted(*given: Any, late: bool) -> Any:
        nonlocal short
        judgement = in_order(*given, late=late)
        short += judgement is not None
        return judgement

    monkeypatch.setattr(judge, "in_order", counted)
    by_the_short = everything(rows, lines)
    assert short > 0.8 * len(lines)
    monkeypatch.setattr(judge, "PLAIN", frozenset())
    assert everything(rows, lines) == by_the_short
