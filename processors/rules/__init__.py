"""The catalogue: every rule, in the order of its numbers, and which of them look at which scan type."""

from types import MappingProxyType
from typing import NamedTuple

from processors.rules import custody, filling, inspection, labels, licence, ownership, places, supply, timers, transport
from processors.rules.declaration import CATALOGUE, EVERY_SCAN, Judges, Rule, Wait
from processors.scan_types import SENDERS

__all__ = ["BY_CODE", "FOR_GOOD", "FOR_HOLDER", "FOR_PRECHECK", "FOR_SCAN", "HOLDING", "RULES", "TIMERS", "Rule"]

# Each module declares its rules when it is read.
_MODULES = (custody, filling, inspection, labels, licence, ownership, places, supply, timers, transport)

RULES = tuple(sorted(CATALOGUE, key=lambda rule: rule.no))
BY_CODE = MappingProxyType({rule.code: rule for rule in RULES})


_AT_LABEL = tuple((rule, rule.judges) for rule in RULES if rule.key == "label" and rule.judges)


def _rules_for(scan_type: str) -> tuple[tuple[Rule, Judges], ...]:
    if scan_type == "void":  # judged by no rule, not even 1 and 4
        return ()
    if scan_type == "lookup":  # judged by 1 alone
        return tuple((rule, judges) for rule, judges in _AT_LABEL if rule.code == "UNKNOWN_LABEL")
    return tuple((rule, judges) for rule, judges in _AT_LABEL if rule.scans == EVERY_SCAN or scan_type in rule.scans)


def _rules_at(key: str) -> tuple[tuple[Rule, Judges, Wait], ...]:
    own = [(rule, rule.judges, rule.wait) for rule in RULES if rule.key == key and rule.judges]
    return tuple(own + [(rule, rule.counts[1], Wait.SHORT) for rule in RULES if rule.counts and rule.counts[0] == key])


FOR_SCAN = MappingProxyType({scan_type: _rules_for(scan_type) for scan_type in SENDERS if scan_type != "precheck"})
FOR_PRECHECK = tuple((rule, judges) for rule, judges in _AT_LABEL if rule.at_precheck)


class Asked(NamedTuple):
    """What is to be asked of a cylinder in good standing. The first evidence ends that, so that no rule stands alone."""

    once: tuple[Judges, ...]  # of all scans alike in what these read
    each: tuple[Judges, ...]  # of every scan
    by_data: bool  # whether the first read what only scans of the type say


def _asked(rules: tuple[tuple[Rule, Judges], ...]) -> Asked:
    asked = [(rule, judges) for rule, judges in rules if not rule.spares_good]
    return Asked(
        once=tuple(judges for rule, judges in asked if rule.reads is not None),
        each=tuple(judges for rule, judges in asked if rule.reads is None),
        by_data=any({"vehicle", "crew"}.intersection(rule.reads or ()) for rule, _ in asked),
    )


FOR_GOOD = MappingProxyType(
    {scan_type: _asked(rules) for scan_type, rules in (*FOR_SCAN.items(), ("precheck", FOR_PRECHECK))}
)

FOR_HOLDER = MappingProxyType({key: _rules_at(key) for key in ("customer", "vehicle")})
TIMERS = tuple(rule for rule in RULES if rule.runs)

# Under these a scan has no effect on the state.
HOLDING = frozenset(rule.code for rule in RULES if rule.holds_state)
