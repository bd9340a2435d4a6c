"""What a rule declares. The catalogue, the titles, the routing and the metrics' labels all come from here."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, NamedTuple

from processors.model import Severity
from processors.parameters import Parameters
from processors.rules.case import Case
from processors.rules.explained import Explained, explained_in
from processors.times import HOUR, MINUTE

Evidence = dict[str, Any]

# A key in the evidence of a rule with two answers: here the sterner one is given. It is not told.
STERNER = "sterner"


class Stay(NamedTuple):
    """How a cylinder stands since its last move: all that a timer may look at, so that what it says is kept for the next."""

    move: str  # the scan type of that
    full: bool
    missed: bool  # reported missing since


Judges = Callable[[Case], Evidence | None]
Runs = Callable[[Stay, Parameters], int | None]


class Authority(Enum):
    """Who acts on an alert; the value names its topic."""

    MARKET_SUPERVISION = "market-supervision"
    URBAN_ENFORCEMENT = "urban-enforcement"
    PUBLIC_SECURITY = "public-security"
    TRANSPORT = "transport"
    FIRE_RESCUE = "fire-rescue"


MS = Authority.MARKET_SUPERVISION
GE = Authority.URBAN_ENFORCEMENT
PS = Authority.PUBLIC_SECURITY
TR = Authority.TRANSPORT
FR = Authority.FIRE_RESCUE


class Duty(Enum):
    """Whose duty the rule guards: that enterprise is responsible."""

    FILLING = "that filled it last, by that fill's site, else by its scan; on a `deliver` the delivering one"
    DELIVERING = "that delivered it"
    VEHICLE = "that the vehicle belongs to, else the one whose device made the scan"
    SCANNING = "whose device made the scan"


class Wait(Enum):
    """How long an alert waits for what may still come (domain.md 5.5): the parameter that says so."""

    NONE = None
    SHORT = "short_wait_minutes"
    LONG = "long_wait_hours"

    def of(self, parameters: Parameters) -> int:
        """In microseconds."""
        if self is Wait.NONE:
            return 0
        return round(
            parameters.short_wait_minutes * MINUTE if self is Wait.SHORT else parameters.long_wait_hours * HOUR
        )


Key = Literal["label", "customer", "vehicle"]

# What has few values on a day. `scene`: device, operator and site, and what the registry says of them; `crew`: driver and
# escort; `owner` and `model`: the cylinder's.
Reads = Literal["scene", "vehicle", "crew", "owner", "model"]

LAWS = {
    "SEL": "特种设备安全法",
    "ZS": "浙江特种设备条例",
    "UG": "城镇燃气管理条例",
    "ZG": "浙江燃气条例",
    "CT": "浙江反恐办法",
    "RT": "道路运输条例",
    "HC": "危化品条例",
    "ZA": "治安管理处罚法",
}
# Articles that a revision gave another number, and the day from which it holds (治安管理处罚法, revised in 2025).
RENUMBERED = {"ZA31": ("2026-01-01", "ZA37")}

EVERY_SCAN = ("*",)
MOVES_BUT_SENDING = ("collect", "receive", "fill", "load", "unload", "deliver")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of the catalogue (domain.md section 4); `scans` are the scan types it looks at."""

    no: int
    code: str
    zh: str
    en: str
    severity: Severity
    scans: tuple[str, ...]
    to: tuple[Authority, ...]
    to_at_delivery: tuple[Authority, ...] = ()  # instead of `to` on deliver, collect and home_check
    cc: tuple[Authority, ...] = ()
    basis: tuple[str, ...]
    device: Literal["deny", "warn", "silent"] | None  # None: an alert only, in no verdict
    sterner: Literal["deny"] | None = None  # where the evidence says STERNER
    duty: Duty
    at_precheck: bool = False  # judged for `precheck` as if it were the fill
    alone: bool = False  # where it holds, nothing else is judged
    always: bool = False  # judged even beside a rule that stands alone
    fact_at_precheck: bool = False  # a fact even where a precheck only asks: told and alerted
    holds_state: bool = False  # the scan does not move the state
    spares_good: bool = False  # never holds for a cylinder in good standing (`Cylinder.is_good`)
    # All that it looks at, beside the day, the parameters and the registry but its customers: what it said once of these
    # it says again (ground.py). None: something of each scan's own, so that it is asked of each.
    reads: tuple[Reads, ...] | None = None
    wait: Wait = Wait.NONE
    key: Key = "label"  # whose state it looks at
    judges: Judges | None = None
    counts: tuple[Key, Judges] | None = None  # what it counts at another key besides; that waits SHORT
    runs: Runs | None = None  # a timer: how long a time may run (µs), from the last move on
    told_after: Callable[[Parameters], int] = lambda _: 0  # of a timer: so much later (µs) it is told
    parameters: tuple[str, ...] = ()  # those it looks at itself, and those that say how long its alert waits
    explained: Explained  # its function's docstring, for any parameters
    when: str  # the same by the defaults
    when_zh: str
    example: str
    example_zh: str

    @property
    def title(self) -> dict[str, str]:
        """The alert's title in both languages."""
        return {"zh": self.zh, "en": self.en}

    @property
    def heard_by(self) -> str:
        """The authorities that hear of it, in words; a copy in brackets."""
        to = ", ".join(authority.value for authority in self.to)
        if self.to_at_delivery:
            to += " (at delivery and return: " + ", ".join(authority.value for authority in self.to_at_delivery) + ")"
        cc = ", ".join(authority.value for authority in self.cc)
        return (to or "the enterprise only") + (f" (cc {cc})" if cc else "")


CATALOGUE: list[Rule] = []


def rule(**declaration: Any) -> Callable[[Judges], Judges]:
    """Declare the function below as a rule: it returns the evidence where the rule is broken, else None."""

    def declare(judges: Judges) -> Judges:
        CATALOGUE.append(_rule(judges, judges=judges, **declaration))
        return judges

    return declare


def timer(**declaration: Any) -> Callable[[Runs], Runs]:
    """Declare the function below as a timer: it returns how long a time may run (µs), None where none does."""

    def declare(runs: Runs) -> Runs:
        CATALOGUE.append(_rule(runs, runs=runs, scans=(), device=None, **declaration))
        return runs

    return declare


def _rule(function: Judges | Runs, parameters: tuple[str, ...] = (), **declaration: Any) -> Rule:
    """With its texts, and the parameters of its waits: what is counted at another key waits, and so does a timer."""
    waits = {declaration.get("wait"), Wait.SHORT if declaration.keys() & {"counts", "runs"} else Wait.NONE}
    waited = tuple(wait.value for wait in (Wait.SHORT, Wait.LONG) if wait in waits)
    explained = explained_in(function.__doc__)
    by_default = explained.at(Parameters())._asdict()
    return Rule(**declaration, parameters=(*parameters, *waited), explained=explained, **by_default)


def in_full(basis: str, day: str = "") -> str:
    """`ZS10(2)` as people read it: `浙江特种设备条例 Art 10(2)`, as it is numbered on a day (or time) in RFC 3339.

    What names no known law stands as it is.
    """
    if basis in RENUMBERED:
        since, later = RENUMBERED[basis]
        basis = later if day >= since else basis
    for short, law in LAWS.items():
        if basis.startswith(short) and (len(basis) == len(short) or basis[len(short)].isdigit()):
            article = basis[len(short) :]
            return f"{law} Art {article}" if article else law
    return basis


def in_words(basis: str) -> str:
    """The same for all days: `治安管理处罚法 Art 31, from 2026-01-01 Art 37`."""
    if basis not in RENUMBERED:
        return in_full(basis)
    since, later = RENUMBERED[basis]
    return f"{in_full(basis)}, from {since} {in_full(later).partition(' ')[2]}"
