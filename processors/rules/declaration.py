"""What a rule declares. The catalogue, the titles, the routing and the metrics' labels all come from here."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from processors.model import Severity
from processors.rules.case import Case

Evidence = dict[str, Any]

# A key in the evidence of a rule with two answers: here the sterner one is given. It is not told.
STERNER = "sterner"

Judges = Callable[[Case], Evidence | None]


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

    FILLING = "by the last fill's site, else its scan; on a deliver the delivering enterprise"
    DELIVERING = "of the deliver scan"
    VEHICLE = "of the vehicle"
    SCANNING = "of the scan"


LAWS = {
    "SEL": "特种设备安全法",
    "ZS": "浙江特种设备条例",
    "UG": "城镇燃气管理条例",
    "ZG": "浙江燃气条例",
    "CT": "浙江反恐办法",
    "RT": "道路运输条例",
    "HC": "危化品条例",
}

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
    device: Literal["deny", "warn", "silent"]
    sterner: Literal["deny"] | None = None  # where the evidence says STERNER
    duty: Duty
    at_precheck: bool = False  # judged for `precheck` as if it were the fill
    alone: bool = False  # where it holds, nothing else is judged
    always: bool = False  # judged even beside a rule that stands alone
    fact_at_precheck: bool = False  # a fact even where a precheck only asks: told and alerted
    holds_state: bool = False  # the scan does not move the state
    judges: Judges

    @property
    def title(self) -> dict[str, str]:
        """The alert's title in both languages."""
        return {"zh": self.zh, "en": self.en}

    @property
    def when(self) -> str:
        """When it fires, in a sentence: the first line of its function's docstring."""
        return (self.judges.__doc__ or "").strip().partition("\n")[0]

    @property
    def heard_by(self) -> str:
        """The authorities that hear of it, in words; a copy in brackets."""
        to = ", ".join(authority.value for authority in self.to)
        if self.to_at_delivery:
            to += " (at delivery: " + ", ".join(authority.value for authority in self.to_at_delivery) + ")"
        cc = ", ".join(authority.value for authority in self.cc)
        return (to or "the enterprise only") + (f" (cc {cc})" if cc else "")


CATALOGUE: list[Rule] = []


def rule(**declaration: Any) -> Callable[[Judges], Judges]:
    """Declare the function below as a rule: it returns the evidence where the rule is broken, else None."""

    def declare(judges: Judges) -> Judges:
        CATALOGUE.append(Rule(judges=judges, **declaration))
        return judges

    return declare


def in_full(basis: str) -> str:
    """`ZS10(2)` as people read it: `浙江特种设备条例 Art 10(2)`. What names no known law stands as it is."""
    for short, law in LAWS.items():
        if basis.startswith(short) and (len(basis) == len(short) or basis[len(short)].isdigit()):
            article = basis[len(short) :]
            return f"{law} Art {article}" if article else law
    return basis
