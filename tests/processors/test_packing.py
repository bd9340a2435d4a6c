"""State as the changelog keeps it: it comes back as it was, and another version's is refused."""

from copy import copy

import pytest

from processors.cylinder import Cylinder, Move
from processors.holder import Delivery, Held, Holder, HolderPacking
from processors.ledger import Ledger, current
from processors.origins import Origin
from processors.packed import LedgerPacking
from processors.packing import ALARM, alarm_of

FACTS = Cylinder(serial="A", made=738_000, full=True, moves=[Move("fill", 5, Origin("D", site="S1"))])
STATES = [
    (LedgerPacking, b"\x05", Ledger(offset=7, base=FACTS, newest=5, alarm=9), 9),
    (HolderPacking, b"\x04", Holder(held={"L": Held("M", 3)}, deliveries=[Delivery(1, "L", 3)], first=1), 0),
]


@pytest.mark.parametrize(("packing", "format", "state", "alarm"), STATES, ids=["ledger", "holder"])
def test_what_is_packed_comes_back(packing, format, state, alarm):
    one, state = packing(), copy(state)
    packed = one.pack("L", state)
    assert packed[:1] == format
    assert alarm_of(packed) == int.from_bytes(packed[ALARM], "little") == alarm
    found = one.unpack("L", packed)
    for ledger in (found, state):
        if isinstance(ledger, Ledger):
            ledger.open()
            current(ledger)
    assert found == state


@pytest.mark.parametrize(("packing", "format", "state", "alarm"), STATES, ids=["ledger", "holder"])
def test_another_version_is_refused_and_named(packing, format, state, alarm):
    one = packing()
    packed = b"\x07" + one.pack("L", copy(state))[1:]
    before = r" and b'\\x04'$" if isinstance(state, Ledger) else "$"
    wanted = rf"^{type(state).__name__} of format b'\\x07', this version reads b'\\x0{format[0]}'{before}"
    with pytest.raises(ValueError, match=wanted):
        one.unpack("L", packed)
    with pytest.raises(ValueError, match="format b''"):
        one.unpack("L", b"")
    with pytest.raises(ValueError, match="format"):
        one.unpack("L", one.pack("L", copy(state))[:8])


def test_what_stands_by_number_is_known_as_long_as_it_lives():
    packing = LedgerPacking()
    packing.pack("L", copy(STATES[0][2]))
    assert dict(packing.fresh()) == dict(packing.known()) != {}
    assert packing.fresh() == []
    assert dict(packing.known()) != {}


def test_nothing_of_a_holder_stands_by_number():
    packing = HolderPacking()
    assert [*packing.fresh(), *packing.known()] == []
    packing.learn({})
