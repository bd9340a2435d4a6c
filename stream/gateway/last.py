"""`GET /v1/devices/{id}/last`: the last acknowledged scan of a device, so that an app knows where to resume its queue.

What it names is in Kafka for good: it is set after the acknowledgement, or read from the log. What this gateway has
acknowledged it knows at once; what other gateways took, a tenth of a second later: it follows `scans` and `home-checks`.
A busy one passes over what is its own: to read that back took it a fifth of its time. Then it is half a second.

On a restart it reads back the newest `READ_BACK` records of each partition, behind the posts, which do not wait for it.
Until that is done a device that has sent nothing since is a 503; then one whose last scan lies further back is a 404.

Not promised: that all scans before it are in Kafka too. A request that Kafka took in part was answered 503, and its part
stands in the log all the same. A device that posts one request at a time, in order, and keeps no account of the answers
resumes one request before the last scan: a repeat changes nothing.

On an exception the process ends (stream/vital.py): a reader that is gone would give old answers for ever.
"""

import threading
import time
from http import HTTPStatus
from itertools import repeat

import msgspec
from confluent_kafka import Consumer, Message, TopicPartition

from stream import kafka, topics
from stream.gateway.admission import Admitted
from stream.gateway.own import OwnPlaces, Place
from stream.gateway.problems import Reply, answer, problem
from stream.gateway.sent import SentScans
from stream.settings import Settings
from stream.vital import VitalThread

READ_BACK = 100_000  # records of each partition; in a quiet city they are 27 hours of one gateway's ticks
_BATCH = 2_000
# So long the log is let to come together: woken for each record, the thread takes the lock of the interpreter from the
# posts, and the broker answers a fetch for each of them.
_TOGETHER_SECONDS = 0.05
_FETCH = {"fetch.min.bytes": 64 * 1024, "fetch.wait.max.ms": 50}
# So many records acknowledged since it was last asked make a gateway a busy one; then the log is not read for so long.
_BUSY_RECORDS = 500
_UNREAD_SECONDS = 0.4
_AGAIN = [(b"retry-after", b"1")]
_TOLD = ("device", "scan_id", "time", "received", "label", "type")
_TOPICS = (topics.SCANS.name, topics.HOME_CHECKS.name)


class Seen(msgspec.Struct, gc=False):
    """What is told of a scan, as it stands in the log; nothing of `data`, which may speak of persons."""

    type: str
    device: str | None = None  # ticks and records of retired labels have none
    scan_id: str = ""
    time: str = ""
    received: str | None = None
    label: str | None = None  # a home check has none


_decode = msgspec.json.Decoder(Seen).decode


class LastScans:
    """One entry a device of the registry, 0.5 KB each; `acknowledged` and `reply` belong to the event loop."""

    def __init__(self, settings: Settings, sent: SentScans | None = None, places: OwnPlaces | None = None) -> None:
        self._sent = sent or SentScans()
        self._places = places or OwnPlaces()
        self._own: dict[str, tuple[int, bytes]] = {}  # acknowledged here: when, in Unix ms, and the record
        self._read: dict[str, tuple[int, Seen]] = {}  # read from the log, and written by the thread alone
        self._consumer: Consumer = kafka.follower(settings, "last", **_FETCH)
        self._next: dict[Place, int] = {}  # the offset to be read next
        self._unread: set[Place] = set()  # not read to their ends since the start
        self._unheard: set[Place] = set()  # of which nothing came since they were assigned
        self._caught_up = threading.Event()
        self._stop = threading.Event()
        self._thread = VitalThread("last-scans", self._follow)

    def start(self) -> None:
        """Begin to read back; returns at once. Raises BrokerError."""
        for topic in _TOPICS:
            for partition in kafka.partitions_of(self._consumer, topic):
                end = kafka.end_of(self._consumer, topic, partition)
                # What retention has taken by then begins at the first record there is.
                self._next[topic, partition] = max(0, end - READ_BACK)
        self._unread = {*self._next}
        self._read_on()
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def acknowledged(self, admitted: Admitted) -> None:
        """Kafka has these: the last of each device, in the order of the request, is its last from now on."""
        now = time.time_ns() // 1_000_000
        devices = [scan.device for scan in admitted.accepted.values()]
        self._own.update(zip(devices, zip(repeat(now), admitted.values), strict=True))

    def reply(self, device: str) -> Reply:
        """The answer to a device, or to whoever asks about it."""
        caught_up = self._caught_up.is_set()
        # Half read back, the log may name a scan that is not the last; one that was acknowledged here since the start is.
        if (caught_up or device in self._own) and (found := self._find(device)):
            told = msgspec.structs.asdict(found)
            return answer(HTTPStatus.OK, {name: told[name] for name in _TOLD})
        if not caught_up:
            detail = "the log is still being read back after a start; ask again"
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, _AGAIN)
        detail = f"no scan of this device since this gateway started, nor in the {READ_BACK} records before that"
        return problem(HTTPStatus.NOT_FOUND, f"{detail} of each partition; an older one may be in the archive")

    def _find(self, device: str) -> Seen | None:
        at, value = self._own.get(device, (-1, b""))
        created, seen = self._read.get(device, (-1, None))
        # A record is made before it is acknowledged, so that one read back never outruns its own request.
        return _decode(value) if value and at >= created else seen

    def _follow(self) -> None:
        try:
            while not self._stop.is_set():
                self._hear(self._consumer.consume(_BATCH, _TOGETHER_SECONDS))
                if self._places.learn(self._next) >= _BUSY_RECORDS and not self._unread and not self._unheard:
                    self._pass_over()
        finally:
            self._consumer.close()

    def _pass_over(self) -> None:
        """Let the log come together unread, and go on after what is our own by then."""
        self._consumer.unassign()
        self._let_come_together()
        self._places.learn(self._next)
        self._next = {place: self._places.after(place, offset) for place, offset in self._next.items()}
        self._read_on()

    def _let_come_together(self) -> None:
        self._stop.wait(_UNREAD_SECONDS)

    def _read_on(self) -> None:
        self._unheard = {*self._next}
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in self._next.items()])

    def _hear(self, messages: list[Message]) -> None:
        for message in messages:
            error, place = message.error(), (message.topic(), message.partition())
            if error is None:
                offset = message.offset()
                self._next[place] = offset + 1
                if not self._places.is_own(place, offset):
                    self._take(message)
            elif kafka.at_end(message):
                self._unread.discard(place)
                if not self._unread:
                    self._caught_up.set()
            else:
                continue
            self._unheard.discard(place)

    def _take(self, message: Message) -> None:
        if message.key() is None:  # a tick; in a quiet city most are
            return
        value, created = message.value() or b"", message.timestamp()[1]
        try:
            seen = _decode(value)
        except msgspec.MsgspecError:  # someone wrote past our gateways: no scan of theirs
            return
        if seen.device is None:
            return
        self._sent.read(seen.device, seen.scan_id, value)
        known = self._read.get(seen.device)
        # Of one request many records share a millisecond, in several partitions: then the device's own order holds.
        if known is None or (known[0], known[1].time, known[1].scan_id) <= (created, seen.time, seen.scan_id):
            self._read[seen.device] = created, seen
