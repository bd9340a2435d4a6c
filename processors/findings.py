"""One scan before its rules: what it breaks, and what its device hears of that."""

from msgspec import UNSET

from processors.ledger import Told
from processors.model import Answer, Condition, PrecheckScan, Scan, Verdict, Violation
from processors.parameters import Parameters
from processors.rules import BY_CODE, FOR_PRECHECK, FOR_SCAN, Rule
from processors.rules.case import Case
from processors.rules.declaration import STERNER, Evidence
from processors.times import MINUTE, instant, rfc3339

Finding = tuple[Rule, Evidence]


def is_late(scan: Scan, at: int, parameters: Parameters) -> bool:
    """Whether a scan, made `at`, was already old when it arrived (domain.md 5.2)."""
    return scan.received is not None and instant(scan.received) - at > parameters.late_minutes * MINUTE


def plain_verdict(scan: Scan) -> Verdict:
    """The verdict of a scan that no run of verdicts lists: allowed, and nothing to say (contract.md, `verdicts`)."""
    return verdict_of(scan, instant(scan.time), None)


def verdict_of(scan: Scan, at: int, told: Told | None) -> Verdict:
    """The verdict in full."""
    told = told or Told("allow")
    return Verdict(
        scan_id=scan.scan_id,
        label=scan.label,
        type=scan.type,
        decision=told.decision,
        violations=tuple([_violation(BY_CODE[code], code in told.sterner) for code in told.codes])
        if told.codes
        else (),
        prevented=told.prevented,
        late=told.late,
        dry_run=scan.dry_run,
        time=rfc3339(at),
        condition=Condition(*told.condition) if told.condition else UNSET,  # type: ignore[arg-type] # as it was taken apart
    )


def _violation(rule: Rule, is_sterner: bool) -> Violation:
    return Violation(rule.code, rule.severity, (rule.sterner if is_sterner else None) or rule.device or "silent")


def look(case: Case) -> list[Finding]:
    """The rules that a scan breaks, with the evidence, in the order of the catalogue."""
    rules = FOR_PRECHECK if isinstance(case.scan, PrecheckScan) else FOR_SCAN[case.scan.type]
    found: list[Finding] = []
    alone = False
    for rule, judges in rules:
        if alone and not rule.always:
            continue
        evidence = judges(case)
        if evidence is not None:
            found.append((rule, evidence))
            alone = alone or rule.alone
    if alone:
        found = [(rule, evidence) for rule, evidence in found if rule.alone or rule.always]
    return found


def told_of(case: Case, findings: list[Finding], late: bool) -> Told | None:
    """What the device hears beyond a plain verdict, if anything."""
    scan = case.scan
    condition: tuple[str | bool | None, ...] = ()
    if scan.type in ("lookup", "precheck") and case.cylinder.bound:
        life = case.model.life_years if case.model else case.parameters.life_years
        condition = case.cylinder.condition(life, case.parameters)
    if not findings:
        return Told("allow", late=late, condition=condition) if late or condition else None
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
    return (rule.sterner if STERNER in evidence else None) or rule.device or "silent"


def is_alerted(rule: Rule, scan: Scan) -> bool:
    """Whether an authority hears of a finding: where a precheck only asks, of a fact alone."""
    if not (rule.to or rule.to_at_delivery):
        return False
    return rule.fact_at_precheck or not isinstance(scan, PrecheckScan)
