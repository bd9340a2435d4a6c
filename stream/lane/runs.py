"""Runs of verdicts: how `verdicts` says in one record what came of a stretch of offsets (contract.md, Kafka topics).

A clean scan costs nothing to write: the run covers its offset and does not list it.
"""

from processors.model import Reject, Verdict, encode
from processors.replay import as_rejected
from stream.topics import VERDICTS_MAX_BYTES


class Runs:
    """The verdicts of one chunk, cut into records below the size limit. Offsets come in ascending order."""

    def __init__(self, judged_at: str, max_bytes: int = VERDICTS_MAX_BYTES) -> None:
        self.records: list[bytes] = []
        self._judged_at = judged_at.encode()
        # Less the frame around the list, and the revisions of a whole window, which stay with their arrival.
        self._room = max_bytes - 200 - min(40_000, max_bytes // 4)
        self._start: int | None = None
        self._end = 0
        self._listed: list[bytes] = []
        self._size = 0

    def cover(self, offset: int) -> None:
        """The record at this offset needs no words: a plain scan, or a tick."""
        if self._start is None:
            self._start = offset
        self._end = offset

    def tell(self, offset: int, verdict: Verdict | Reject) -> None:
        """List what came of the scan at this offset."""
        said = encode(as_rejected(verdict) if isinstance(verdict, Reject) else verdict)
        told = b'{"offset":%d,%s' % (offset, said[1:])
        if self._listed and self._size + len(told) > self._room:
            self.cut()
        self.cover(offset)
        self._list(told)

    def revise(self, offset: int, revision: int, verdict: Verdict) -> None:
        """List the new verdict of an earlier scan. It follows the record whose arrival caused it."""
        self._list(b'{"offset":%d,"revision":%d,%s' % (offset, revision, encode(verdict)[1:]))

    def _list(self, told: bytes) -> None:
        self._listed.append(told)
        self._size += len(told) + 1

    def cut(self) -> None:
        """End the record here: what follows does not join on, or would make it too large."""
        if self._start is not None:
            frame = (self._start, self._end, self._judged_at, b",".join(self._listed))
            self.records.append(b'{"from":%d,"to":%d,"judged_at":"%s","verdicts":[%s]}' % frame)
        self._start, self._listed, self._size = None, [], 0
