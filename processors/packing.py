"""State as the changelog keeps it: MessagePack arrays behind a format byte, so that fields are only ever added at the end."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Packing(Generic[T]):
    """How one kind of state is packed, and which version of it this is."""

    def __init__(self, kind: type[T], version: bytes) -> None:
        self._kind = kind
        self._version = version
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(kind).decode

    def pack(self, state: T) -> bytes:
        """The state in its packed form."""
        return self._version + self._encode(state)

    def unpack(self, packed: bytes) -> T:
        """The state from its packed form. Raises ValueError for a format of another version."""
        if packed[:1] != self._version:
            raise ValueError(f"{self._kind.__name__} of format {packed[:1]!r}, this version reads {self._version!r}")
        return self._decode(memoryview(packed)[1:])
