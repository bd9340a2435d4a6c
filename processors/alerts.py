"""From a finding to the alert that authorities read."""

from hashlib import blake2b

from msgspec.structs import replace

from processors.cylinder import Move
from processors.model import Alert
from processors.registry import Registry
from processors.routing import authorities, districts, districts_of_case, named, responsible
from processors.rules.case import Case
from processors.rules.declaration import STERNER, Evidence, Rule, in_full
from processors.times import day_of, rfc3339


def alert_of(rule: Rule, evidence: Evidence, case: Case, clock: int) -> Alert:
    """The alert of a rule that a scan broke, told at that arrival clock."""
    scan = case.scan
    party = responsible(rule, case)
    time = rfc3339(case.at)
    return Alert(
        alert_id=_id(scan.device, scan.scan_id, rule.code),
        code=rule.code,
        title=rule.title,
        severity=rule.severity,
        status="suspected",
        time=time,
        raised_at=rfc3339(clock),
        label=scan.label,
        scan_id=scan.scan_id,
        type=scan.type,
        responsible=party,
        districts=districts_of_case(case, party.id),
        to=authorities(rule, scan.type),
        cc=tuple(authority.value for authority in rule.cc),
        basis=tuple(in_full(basis, time) for basis in rule.basis),
        evidence={name: value for name, value in evidence.items() if name != STERNER},
    )


def timer_alert(rule: Rule, label: str, began: Move, limit: int, clock: int, registry: Registry) -> Alert:
    """The alert of a time that is over; type, scan and enterprise are those of the move that began it."""
    day = day_of(began.at)
    party = named(began.enterprise, registry, day)
    site, customer = registry.site(began.site, day), registry.customer(began.customer, day)
    since = rfc3339(began.at)
    names = ("type", "site", "vehicle", "customer")
    evidence = {"since": since} | {name: who for name in names if (who := getattr(began, name)) is not None}
    time = rfc3339(limit)
    return Alert(
        alert_id=_id(label, rule.code, since),
        code=rule.code,
        title=rule.title,
        severity=rule.severity,
        status="suspected",
        time=time,
        raised_at=rfc3339(clock),
        label=label,
        scan_id=began.scan_id,
        type=began.type,
        responsible=party,
        districts=districts(site, customer, party.id, party.id, registry, day),
        to=authorities(rule, began.type),
        cc=tuple(authority.value for authority in rule.cc),
        basis=tuple(in_full(basis, time) for basis in rule.basis),
        evidence=evidence,
    )


def retracted(alert: Alert, clock: int, reason: str) -> Alert:
    """It was never so."""
    return replace(alert, status="retracted", raised_at=rfc3339(clock), reason=reason)


def _id(*parts: str) -> str:
    """The same violation of the same scan is the same alert, whoever computes it and however often."""
    return blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()
