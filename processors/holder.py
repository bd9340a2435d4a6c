"""What a customer or a vehicle has: the state of the second key, one shape for both.

Fed by what came and what left, each known by its cylinder and the offset of the arrival that caused it.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from processors.model import DeliverScan, LoadScan
from processors.packing import opened, sealed


class Held(Struct, array_like=True, frozen=True, gc=False):
    """A cylinder it has, since the scan at that offset."""

    model: str
    offset: int


class Delivery(Struct, array_like=True, frozen=True, order=True, gc=False):
    at: int
    label: str
    offset: int
    enterprise: str | None = None


class Change(Struct, kw_only=True, omit_defaults=True, gc=False):
    """One record of `holders`: whether a cylinder is there now, and the `scan` that brought it, to be looked at once.

    `partition` and `offset` are those of the arrival that says so, `place` counts what it says, `clock` is the arrival
    clock then. `undone`, `counts` and `uncounts` are offsets of earlier scans: one taken back, one that counts since the
    rules ran again, one no more.
    """

    label: str
    offset: int
    clock: int
    partition: int = 0
    place: int = 0
    holds: bool
    model: str = ""
    scan: DeliverScan | LoadScan | None = None
    undone: int | None = None
    counts: int | None = None
    uncounts: int | None = None


class Pending(Struct, array_like=True, frozen=True, gc=False):
    """A count that was over: made anew when the arrival clock is past `due`."""

    due: int
    code: str
    label: str
    offset: int
    change: bytes  # as JSON
    alone: bool = False  # the label tells its alert no more, whatever the permit


class TellingOf(Struct, array_like=True, frozen=True, gc=False):
    """An alert that was told of the scan at that offset."""

    label: str
    offset: int
    alert: bytes  # as JSON


class Holder(Struct, array_like=True, gc=False):
    """A customer's or a vehicle's state.

    `offset`: of its partition of `holders`, the record whose reading made it take a change last; all changes that records
    up to there made it take are included.
    """

    offset: int = -1
    held: dict[str, Held] = {}
    deliveries: list[Delivery] = []  # by time, as far back as rule 28 looks
    first: int | None = None  # the first delivery ever
    waiting: list[Pending] = []
    told: list[TellingOf] = []  # the latest alerts, should their scan be taken back

    @property
    def alarm(self) -> int:
        """When to look at it next, by the arrival clock; 0 is never."""
        return min([pending.due for pending in self.waiting], default=0)


_FORMAT = b"\x04"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Holder).decode


class HolderPacking:
    """Packs holders: MessagePack arrays without names, fields added at the end alone."""

    def pack(self, key: str, holder: Holder) -> bytes:  # noqa: ARG002 - as every packing
        """The holder in its packed form."""
        return sealed(_FORMAT, holder.alarm) + _encode(holder)

    def unpack(self, key: str, packed: bytes) -> Holder:  # noqa: ARG002 - as every packing
        """The holder from its packed form. Raises ValueError for a format of another version."""
        return _decode(opened(packed, _FORMAT, "Holder"))

    def fresh(self) -> list[tuple[bytes, bytes]]:
        """Nothing stands by number."""
        return []

    def known(self) -> Iterator[tuple[bytes, bytes]]:
        """Nothing stands by number."""
        return iter(())

    def learn(self, records: dict[bytes, bytes]) -> None:
        """Nothing stands by number."""


encode_change = msgspec.json.Encoder().encode
decode_change = msgspec.json.Decoder(Change).decode
