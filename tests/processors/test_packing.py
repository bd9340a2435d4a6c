"""State as the changelog keeps it: it comes back as it was, and another version's is refused."""

import pytest

from processors import holder, ledger
from processors.cylinder import Cylinder, Move
from processors.holder import Delivery, Held, Holder
from processors.ledger import Ledger

FACTS = Cylinder(serial="A", made=738_000, full=True, moves=[Move("fill", 5, "D", site="S1")])
STATES = [
    (ledger.PACKING, Ledger(offset=7, base=FACTS, newest=5), b"\x03"),
    (holder.PACKING, Holder(held={"L": Held("M", 3)}, deliveries=[Delivery(1, "L", 3)], first=1), b"\x03"),
]


@pytest.mark.parametrize(("packing", "state", "version"), STATES, ids=["ledger", "holder"])
def test_what_is_packed_comes_back(packing, state, version):
    packed = packing.pack(state)
    assert packed[:1] == version
    assert packing.unpack(packed) == state


@pytest.mark.parametrize(("packing", "state", "version"), STATES, ids=["ledger", "holder"])
def test_another_version_is_refused_and_named(packing, state, version):
    packed = b"\x07" + packing.pack(state)[1:]
    with pytest.raises(ValueError, match=rf"{type(state).__name__} of format b'\\x07', this version reads b'\\x0"):
        packing.unpack(packed)
    with pytest.raises(ValueError, match="format b''"):
        packing.unpack(b"")
