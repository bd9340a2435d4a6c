"""One arrival at a label: what is at hand for it, and what came of it."""

from msgspec import Struct

from processors.cylinder import Cylinder
from processors.due import next_alarm
from processors.findings import verdict_of
from processors.ledger import Entry, Ledger, Told, current
from processors.model import Alert, DeliverScan, LoadScan, Scan, Verdict
from processors.parameters import Schedule
from processors.registry import Registry
from processors.telling import ARRIVED, Telling
from processors.times import day_of
from processors.walk import Revised, Walk


class Moved(Struct, frozen=True, gc=False):
    """News for a second key (customer or vehicle): whether it has the cylinder now, and the scan to be looked at, if any.

    `undone` is the offset of a scan that was taken back; `counts` that of an earlier `scan` which counts since the rules
    ran again, `uncounts` of one that counts no more, or whose alert now stands by what is counted alone.
    """

    key: str
    holds: bool
    scan: DeliverScan | LoadScan | None = None
    undone: int | None = None
    counts: int | None = None
    uncounts: int | None = None


class Replaced(Struct, frozen=True, gc=False):
    """News for a label that another takes the place of, from that instant on; or does not after all."""

    label: str
    at: int
    by: str
    undone: bool = False


class Judgement(Struct, frozen=True, gc=False):
    """What one arrival came to: its verdict, the alerts to send at once, and what others must hear.

    A verdict of None is a plain one, which need not be told: allowed, no violations, not late, no repeat, nothing asked.
    """

    verdict: Verdict | None
    alerts: tuple[Alert, ...] = ()
    revisions: tuple[Revised, ...] = ()
    changed: bool = False  # whether the ledger is another than before
    is_history: bool = False  # beyond the window: LATE_UPLOAD
    moved: tuple[Moved, ...] = ()
    replaced: tuple[Replaced, ...] = ()
    aliases: tuple[str, ...] = ()  # codes that mean this label from now on


class Arrival:
    """One scan at its label's ledger; without one, the news that another label replaced it."""

    def __init__(
        self,
        label: str,
        scanned: tuple[Scan, Entry] | None,
        ledger: Ledger,
        clock: int,
        registry: Registry,
        schedule: Schedule,
    ) -> None:
        self.label = label
        self._scanned = scanned
        self.ledger = ledger
        ledger.open()  # whatever comes of it, it may change what was kept
        self.clock = clock
        self.registry = registry
        self.schedule = schedule
        self.parameters = schedule.on(day_of(scanned[1].at if scanned else clock))
        cause = (scanned[0].type, scanned[1].at, ARRIVED) if scanned else None
        self.telling = Telling(ledger, clock, cause)
        self.before = Before(current(ledger))

    @property
    def scan(self) -> Scan:
        """The scan that arrives."""
        assert self._scanned is not None
        return self._scanned[0]

    @property
    def entry(self) -> Entry:
        """Its entry."""
        assert self._scanned is not None
        return self._scanned[1]

    def walk(self, state: Cylinder) -> Walk:
        """A walk from a state on, for this arrival."""
        return Walk(self.label, self.ledger, state, self.telling, self.registry, self.schedule)

    def answer(
        self, told: Told | None, walk: Walk | None = None, undone: Moved | None = None, *, is_history: bool = False
    ) -> Judgement:
        """What this arrival came to."""
        ledger = self.ledger
        ledger.known = None
        ledger.alarm = next_alarm(ledger, self.clock, self.schedule)
        return Judgement(
            None if told is None else verdict_of(self.scan, self.entry.at, told),
            self.telling.alerts,
            tuple(walk.revisions) if walk else (),
            changed=True,
            is_history=is_history,
            moved=(*self._moved(), *self._recounted(walk), *([undone] if undone else ())),
            replaced=self.before.replaced(self.label, current(ledger)),
            aliases=tuple(walk.aliases) if walk else (),
        )

    def _moved(self) -> tuple[Moved, ...]:
        counts = self._scanned is not None and self._is_fact(self.entry)
        had, has = self.before.holder, current(self.ledger).holder
        news = moved(had, has, self.scan if counts else None)
        if has is not None and has == had and self._is_another_model():
            return (*news, Moved(has, holds=True))
        return news

    def _is_another_model(self) -> bool:
        """Whether it is another than it was held to be, as a late `bind` may show."""
        return self.before.model != current(self.ledger).model

    def _recounted(self, walk: Walk | None) -> list[Moved]:
        has, news = current(self.ledger).holder, []
        for entry, scan in walk.recounted if walk else ():
            key = second_key(scan)
            if key is None or not isinstance(scan, DeliverScan):
                continue
            if entry.has_effect:
                news.append(Moved(key, has == key, scan, counts=entry.offset))
            else:
                news.append(Moved(key, has == key, uncounts=entry.offset))
        for entry, scan in walk.fallen if walk else ():
            key = second_key(scan)
            if key is not None:
                news.append(Moved(key, has == key, uncounts=entry.offset))
        return news

    def _is_fact(self, entry: Entry) -> bool:
        return entry.has_effect and any(entry is other for other in self.ledger.entries)


class Before:
    """What others have heard of a label before an arrival."""

    def __init__(self, state: Cylinder) -> None:
        self.holder = state.holder
        self.model = state.model
        self._replaces = state.replaces
        self._bound_at = state.bound_at

    def replaced(self, label: str, state: Cylinder) -> tuple[Replaced, ...]:
        """What a label that this `label` replaces must hear."""
        if (self._replaces, self._bound_at) == (state.replaces, state.bound_at):
            return ()
        # The new before the old, so that a label that stays replaced is never thought to live in between.
        news = [] if state.replaces is None else [Replaced(state.replaces, state.bound_at, label)]
        if self._replaces is not None:
            news.append(Replaced(self._replaces, self._bound_at, label, undone=True))
        return tuple(news)


def moved(had: str | None, has: str | None, scan: Scan | None) -> tuple[Moved, ...]:
    """What second keys must hear: which had the cylinder before an arrival, which has it now, and by which fact, if any."""
    to = None if scan is None else second_key(scan)
    if had is None and has is None and to is None:
        return ()
    news = []
    if had is not None and had != has:
        news.append(Moved(had, holds=False))
    if to is not None and isinstance(scan, DeliverScan | LoadScan):
        news.append(Moved(to, has == to, scan))
    if has is not None and has not in (had, to):
        news.append(Moved(has, holds=True))
    return tuple(news)


def second_key(scan: Scan) -> str | None:
    """The customer or the vehicle that a scan brings a cylinder to."""
    if isinstance(scan, DeliverScan):
        return f"customer/{scan.data.customer}" if scan.data.customer else None
    return f"vehicle/{scan.data.vehicle}" if isinstance(scan, LoadScan) else None
