"""The catalogue: every rule, in the order of its numbers, and which of them look at which scan type."""

from types import MappingProxyType

from processors.rules import custody, filling, inspection, labels, licence, ownership, places, supply, transport
from processors.rules.declaration import CATALOGUE, EVERY_SCAN, Rule
from processors.scan_types import SENDERS

__all__ = ["BY_CODE", "FOR_PRECHECK", "FOR_SCAN", "RULES", "Rule"]

# Each module declares its rules when it is read.
_MODULES = (custody, filling, inspection, labels, licence, ownership, places, supply, transport)

RULES = tuple(sorted(CATALOGUE, key=lambda rule: rule.no))
BY_CODE = MappingProxyType({rule.code: rule for rule in RULES})


def _rules_for(scan_type: str) -> tuple[Rule, ...]:
    if scan_type == "void":  # judged by no rule, not even 1 and 4
        return ()
    if scan_type == "lookup":  # judged by 1 alone
        return (BY_CODE["UNKNOWN_LABEL"],)
    return tuple(rule for rule in RULES if rule.scans == EVERY_SCAN or scan_type in rule.scans)


FOR_SCAN = MappingProxyType({scan_type: _rules_for(scan_type) for scan_type in SENDERS if scan_type != "precheck"})
FOR_PRECHECK = tuple(rule for rule in RULES if rule.at_precheck)
