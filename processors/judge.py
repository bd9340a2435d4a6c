"""State, scan, registry → state, verdict, alerts. The heart: everything else brings scans here or carries answers away.

Pure: the same cylinder, scan, registry and arrival clock give the same judgement, live, in a replay and in a back-test.
The cylinder is changed in place, and only after every rule has seen it as it was.
"""

from hashlib import blake2b

from msgspec import UNSET, Struct
from msgspec.structs import astuple, replace

from processors.cylinder import Cylinder, Move, Past, Told
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
    decode_alert,
    encode,
)
from processors.parameters import Parameters
from processors.registry import Registry
from processors.routing import authorities, districts, responsible
from processors.rules import BY_CODE, FOR_PRECHECK, FOR_SCAN, Rule
from processors.rules.case import Case
from processors.rules.declaration import STERNER, Evidence, in_full
from processors.scan_types import MOVES
from processors.times import MINUTE, instant, rfc3339

FOUND = "the cylinder was scanned in use again"
CONFLICT = "was used before for another scan of this device (HISTORY_CONFLICT)"

UNKNOWN_LABEL = BY_CODE["UNKNOWN_LABEL"]

_Finding = tuple[Rule, Evidence]


class Judgement(Struct, frozen=True, gc=False):
    """What one arrival came to: its verdict or why it is none, and the alerts to send at once.

    A verdict of None is a plain one, which need not be told: allowed, no violations, not late, no repeat, nothing asked.
    """

    verdict: Verdict | Reject | None
    alerts: tuple[Alert, ...] = ()
    changed: bool = False  # whether the cylinder's state is another than before


def judge(cylinder: Cylinder, scan: Scan, clock: int, registry: Registry, parameters: Parameters) -> Judgement:
    """Judge one scan of a cylinder and let it have its effect.

    `clock` is the arrival clock (instant): the latest `received` of the scan's partition, this scan included. A repeat
    changes nothing and gets its verdict again; the same ids with another body are a `Reject`.
    """
    digest = digest_of(scan)
    at = instant(scan.time)
    past = cylinder.repeat_of(scan)
    if past is not None:
        if past.digest != digest:
            return Judgement(Reject("scan_id", CONFLICT, scan.scan_id))
        return Judgement(replace(_verdict(scan, at, past.told), duplicate=True))

    case = Case(scan, at, cylinder, registry, parameters)
    findings = _findings(FOR_PRECHECK if isinstance(scan, PrecheckScan) else FOR_SCAN[scan.type], case)
    told = _told(case, findings, is_late(scan, at, parameters))
    alerts = [_alert(rule, evidence, case, clock) for rule, evidence in findings if _is_alerted(rule, scan)]
    if scan.type in MOVES and not scan.dry_run and cylinder.reported:
        alerts += _found_again(cylinder, clock)

    _take(
        case, findings, [alert for alert in alerts if alert.code == "REPORTED_MISSING" and alert.status == "suspected"]
    )
    past = Past(scan.device, scan.scan_id, digest, at, told)
    if scan.dry_run or isinstance(scan, LookupScan):
        cylinder.remember_question(past, parameters)
    else:
        cylinder.remember(past, parameters)
    return Judgement(None if told is None else _verdict(scan, at, told), tuple(alerts), changed=True)


def _take(case: Case, findings: list[_Finding], reports: list[Alert]) -> None:
    """Let the scan have its effect on the cylinder, now that every rule has seen it as it was."""
    scan, cylinder = case.scan, case.cylinder
    if scan.dry_run or isinstance(scan, LookupScan):
        return
    codes = {rule.code for rule, _ in findings}
    if case.sighting is not None and "UNKNOWN_LABEL" not in codes:
        cylinder.see(case.sighting)
    cylinder.reported = [*cylinder.reported, *map(encode, reports)] if reports else cylinder.reported
    if not any(rule.holds_state for rule, _ in findings):
        cylinder.take(scan, _move(case), case.parameters, suspect="INSPECTION_RECORD_SUSPECT" in codes)


def _is_alerted(rule: Rule, scan: Scan) -> bool:
    """Whether an authority hears of a finding: of questions none, but that a fact shown by a precheck is a fact."""
    if scan.dry_run or isinstance(scan, LookupScan) or not (rule.to or rule.to_at_delivery):
        return False
    return rule.fact_at_precheck or not isinstance(scan, PrecheckScan)


def _found_again(cylinder: Cylinder, clock: int) -> list[Alert]:
    """The open reports that it is missing, resolved: it moves."""
    found = [
        replace(decode_alert(report), status="resolved", raised_at=rfc3339(clock), reason=FOUND)
        for report in cylinder.reported
    ]
    cylinder.reported = []
    return found


def digest_of(scan: Scan) -> bytes:
    """Eight bytes that tell one body from another, `received` aside."""
    received, scan.received = scan.received, None
    try:
        return blake2b(encode(scan), digest_size=8).digest()
    finally:
        scan.received = received


def is_late(scan: Scan, at: int, parameters: Parameters) -> bool:
    """Whether a scan, made `at`, was already old when it arrived (domain.md 5.2)."""
    return scan.received is not None and instant(scan.received) - at > parameters.late_minutes * MINUTE


def plain_verdict(scan: Scan) -> Verdict:
    """The verdict of a scan that no run of verdicts lists: allowed, and nothing to say (contract.md, `verdicts`)."""
    return _verdict(scan, instant(scan.time), None)


def _verdict(scan: Scan, at: int, told: Told | None) -> Verdict:
    told = told or Told("allow")
    violations = [BY_CODE[code] for code in told.codes]
    return Verdict(
        scan_id=scan.scan_id,
        label=scan.label,
        type=scan.type,
        decision=told.decision,
        violations=tuple(
            [
                Violation(
                    rule.code,
                    rule.severity,
                    rule.sterner if rule.sterner and rule.code in told.sterner else rule.device,
                )
                for rule in violations
            ]
        ),
        prevented=told.prevented,
        late=told.late,
        dry_run=scan.dry_run,
        time=rfc3339(at),
        condition=Condition(*told.condition) if told.condition else UNSET,  # type: ignore[arg-type] # as it was taken apart
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


def _told(case: Case, findings: list[_Finding], late: bool) -> Told | None:
    """What the device hears beyond a plain verdict, if anything."""
    scan = case.scan
    condition: tuple[str | bool | None, ...] = ()
    if isinstance(scan, LookupScan | PrecheckScan) and not any(rule is UNKNOWN_LABEL for rule, _ in findings):
        life = case.model.life_years if case.model else case.parameters.life_years
        condition = astuple(case.cylinder.condition(life, case.parameters))
    if not (findings or late or condition):
        return None
    asked = scan.dry_run or isinstance(scan, PrecheckScan)
    facts = [one for one in findings if not asked or (one[0].fact_at_precheck and not scan.dry_run)]
    answers = {_answer(rule, evidence) for rule, evidence in findings}
    strictest: Answer = "deny" if "deny" in answers else "warn" if "warn" in answers else "allow"
    return Told(
        decision="warn" if late and strictest == "deny" else strictest,
        codes=tuple([rule.code for rule, _ in facts]),
        prevented=tuple([one[0].code for one in findings if one not in facts]),
        late=late,
        condition=condition,
        sterner=tuple([rule.code for rule, evidence in facts if STERNER in evidence]),
    )


def _answer(rule: Rule, evidence: Evidence) -> str:
    return rule.sterner or rule.device if STERNER in evidence else rule.device


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
        evidence={name: value for name, value in evidence.items() if name != STERNER},
    )
