"""State, scan, registry → state, verdict, alerts. The heart: everything else brings scans here or carries answers away.

Pure: the same cylinder, scan, registry and arrival clock give the same judgement, live, in a replay and in a back-test.
The cylinder is changed in place, and only after every rule has seen it as it was.
"""

from collections.abc import Iterable
from hashlib import blake2b

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from processors.cylinder import Cylinder, Move, Past
from processors.model import (
    Alert,
    Answer,
    Condition,
    LookupScan,
    PrecheckScan,
    Reject,
    Scan,
    Verdict,
    Violation,
    encode,
)
from processors.parameters import Parameters
from processors.registry import Registry
from processors.routing import authorities, districts, responsible
from processors.rules import FOR_PRECHECK, FOR_SCAN, Rule
from processors.rules.case import Case
from processors.rules.declaration import Evidence, in_full
from processors.times import MINUTE, instant, rfc3339

CONFLICT = "was used before for another scan of this device (HISTORY_CONFLICT)"

_Finding = tuple[Rule, Evidence]


class Judgement(Struct, frozen=True):
    """What one arrival came to: its verdict or why it is none, and the alerts to send at once."""

    verdict: Verdict | Reject
    alerts: tuple[Alert, ...] = ()
    changed: bool = False  # whether the cylinder's state is another than before

    @property
    def plain(self) -> bool:
        """Whether the verdict need not be told: allowed, no violations, not late, no repeat, nothing asked."""
        verdict = self.verdict
        return (
            isinstance(verdict, Verdict)
            and not (verdict.violations or verdict.prevented or verdict.late)
            and verdict.condition is UNSET
            and verdict.duplicate is UNSET
        )


def judge(cylinder: Cylinder, scan: Scan, clock: int, registry: Registry, parameters: Parameters) -> Judgement:
    """Judge one scan of a cylinder and let it have its effect.

    `clock` is the arrival clock (instant): the latest `received` of the scan's partition, this scan included. A repeat
    changes nothing and gets its verdict again; the same ids with another body are a `Reject`.
    """
    digest = digest_of(scan)
    past = cylinder.repeat_of(scan)
    if past is not None:
        if past.digest != digest:
            return Judgement(Reject("scan_id", CONFLICT, scan.scan_id))
        return Judgement(replace(past.verdict or plain_verdict(scan), duplicate=True))

    case = Case(scan, cylinder, registry, parameters)
    asked = scan.dry_run or isinstance(scan, PrecheckScan)
    findings = _findings(FOR_PRECHECK if isinstance(scan, PrecheckScan) else FOR_SCAN[scan.type], case)
    unknown = any(rule.code == "UNKNOWN_LABEL" for rule, _ in findings)

    late = is_late(scan, parameters)
    answer = _strictest(rule for rule, _ in findings)
    verdict = Verdict(
        scan_id=scan.scan_id,
        label=scan.label,
        type=scan.type,
        decision="warn" if late and answer == "deny" else answer,
        violations=() if asked else tuple(Violation(rule.code, rule.severity, rule.device) for rule, _ in findings),
        prevented=tuple(rule.code for rule, _ in findings) if asked else (),
        late=late,
        dry_run=scan.dry_run,
        time=rfc3339(case.at),
        condition=UNSET if unknown else _condition(case),
    )
    silent = asked or isinstance(scan, LookupScan)
    alerts = () if silent else tuple(_alert(rule, evidence, case, clock) for rule, evidence in findings)

    if not (scan.dry_run or isinstance(scan, LookupScan) or any(rule.holds_state for rule, _ in findings)):
        cylinder.take(scan, _move(case), parameters)
    if cylinder.bound or not isinstance(scan, LookupScan):  # anyone may look up any code: unknown ones leave no trace
        judgement = Judgement(verdict, alerts, changed=True)
        kept = None if judgement.plain else verdict
        cylinder.remember(Past(scan.device, scan.scan_id, digest, case.at, kept), parameters)
        return judgement
    return Judgement(verdict, alerts)


def digest_of(scan: Scan) -> bytes:
    """Eight bytes that tell one body from another, `received` aside."""
    received, scan.received = scan.received, None
    try:
        return blake2b(encode(scan), digest_size=8).digest()
    finally:
        scan.received = received


def is_late(scan: Scan, parameters: Parameters) -> bool:
    """Whether a scan was already old when it arrived (domain.md 5.2)."""
    if scan.received is None:
        return False
    return instant(scan.received) - instant(scan.time) > parameters.late_minutes * MINUTE


def plain_verdict(scan: Scan) -> Verdict:
    """The verdict of a scan that no run of verdicts lists: allowed, and nothing to say (contract.md, `verdicts`)."""
    return Verdict(
        scan_id=scan.scan_id,
        label=scan.label,
        type=scan.type,
        decision="allow",
        dry_run=scan.dry_run,
        time=rfc3339(instant(scan.time)),
    )


def alert_id(device: str, scan_id: str, code: str) -> str:
    """The same violation of the same scan is the same alert, whoever computes it and however often."""
    return blake2b(f"{device}\0{scan_id}\0{code}".encode(), digest_size=12).hexdigest()


def _findings(rules: tuple[Rule, ...], case: Case) -> list[_Finding]:
    found: list[_Finding] = []
    alone = False
    for rule in rules:
        if alone and not rule.always:
            continue
        evidence = rule.judges(case)
        if evidence is not None:
            found.append((rule, evidence))
            alone = alone or rule.alone
    if alone:
        found = [(rule, evidence) for rule, evidence in found if rule.alone or rule.always]
    return found


def _strictest(rules: Iterable[Rule]) -> Answer:
    answers = {rule.device for rule in rules}
    return "deny" if "deny" in answers else "warn" if "warn" in answers else "allow"


def _condition(case: Case) -> Condition | UnsetType:
    if not isinstance(case.scan, LookupScan | PrecheckScan):
        return UNSET
    life = case.model.life_years if case.model else case.parameters.life_years
    return case.cylinder.condition(life, case.parameters)


def _move(case: Case) -> Move:
    data = case.scan.data
    agency = getattr(data, "agency", None)
    if agency is None and case.device is not None and case.device.device_kind == "agency":
        agency = case.enterprise_id
    return Move(
        case.scan.type,
        case.at,
        case.scan.device,
        enterprise=case.filling_enterprise_id if case.scan.type == "fill" else case.enterprise_id,
        operator=case.scan.operator,
        site=case.site_id,
        customer=case.customer_id,
        vehicle=getattr(data, "vehicle", None),
        agency=agency,
    )


def _alert(rule: Rule, evidence: Evidence, case: Case, clock: int) -> Alert:
    scan = case.scan
    party = responsible(rule, case)
    return Alert(
        alert_id=alert_id(scan.device, scan.scan_id, rule.code),
        code=rule.code,
        title=rule.title,
        severity=rule.severity,
        status="suspected",
        time=rfc3339(case.at),
        raised_at=rfc3339(clock),
        label=scan.label,
        scan_id=scan.scan_id,
        type=scan.type,
        responsible=party,
        districts=districts(case, party.id),
        to=authorities(rule, scan.type),
        cc=tuple(authority.value for authority in rule.cc),
        basis=tuple(in_full(basis) for basis in rule.basis),
        evidence=evidence,
    )
