"""What `pingliu rules` and `pingliu rules show CODE` print: a rule as it is declared, with the parameters in force.

The pages docs/rules.md and docs/parameters.md say the same, by the defaults.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from processors.parameters import Parameters
from processors.rules import BY_CODE, RULES, Rule
from processors.rules.declaration import EVERY_SCAN, Authority, Wait, in_words
from processors.rules.explained import shown
from processors.times import HOUR, MINUTE
from stream import rules_show_zh
from stream.rule_parameters import InForce, in_force
from stream.settings import Settings, SettingsError

# Those of the facts that a JSON object has in words as well.
_IN_WORDS = ("responsible", "at a precheck", "alerted")
_KEYS = {"label": "the cylinder, by its label", "customer": "the customer", "vehicle": "the vehicle"}


def rule_of(code: str) -> Rule:
    """The rule of that code, or number. Raises SettingsError."""
    rule = BY_CODE.get(code.upper()) or next((rule for rule in RULES if str(rule.no) == code), None)
    if rule is None:
        raise SettingsError(f"{code}: no such rule; `pingliu rules` lists them")
    return rule


def listing() -> Iterator[str]:
    """The rules, one a line."""
    for rule in RULES:
        yield f"{rule.no:>2}  {rule.code:27} {rule.severity:8}  {rule.zh} · {rule.en}"


def explanation(rule: Rule, settings: Settings, today: date) -> Iterator[str]:
    """All there is to say of a rule, in lines."""
    parameters = settings.schedule.on(today.toordinal())
    text = rule.explained.at(parameters)
    yield from (f"{rule.code} (rule {rule.no})", f"{rule.zh} · {rule.en}", "", text.when, text.when_zh, "")
    yield from (f"{name:14} {value}" for name, value in facts(rule, parameters))
    yield ""
    yield from (f"{name}：{value}" for name, value in rules_show_zh.facts(rule, parameters))
    for told in _in_force(rule, settings, today):
        one = told.parameter
        yield from ("", f"{one.name} = {told}", f"  {one.meaning} ({one.basis})")
        yield f"  {one.meaning_zh}（{rules_show_zh.basis(one.basis)}）"
    is_default = all(told.value == told.parameter.default for told in _in_force(rule, settings, today))
    english, chinese = ("", "") if is_default else (" (by the defaults)", "（按默认值）")
    yield from ("", f"Example{english}: {text.example}", f"例{chinese}：{text.example_zh}")


def document(rule: Rule, settings: Settings, today: date) -> dict[str, Any]:
    """The same as one JSON object."""
    parameters = settings.schedule.on(today.toordinal())
    text = rule.explained.at(parameters)
    return {
        "no": rule.no,
        "code": rule.code,
        "title": rule.title,
        "when": {"zh": text.when_zh, "en": text.when},
        "example": {"zh": text.example_zh, "en": text.example},
        "severity": rule.severity,
        "scans": rule.scans,
        "key": rule.key,
        "counted_at": rule.counts[0] if rule.counts else None,
        "basis": [in_words(basis) for basis in rule.basis],
        "to": _names(rule.to),
        "to_at_delivery": _names(rule.to_at_delivery),
        "cc": _names(rule.cc),
        "device": rule.device,
        "sterner": rule.sterner,
        "zh": dict(rules_show_zh.facts(rule, parameters)),
        **{name.replace(" ", "_"): value for name, value in facts(rule, parameters) if name in _IN_WORDS},
        "parameters": [
            {
                "name": told.parameter.name,
                "value": told.value,
                "default": told.parameter.default,
                "unit": told.parameter.unit,
                "meaning": told.parameter.meaning,
                "meaning_zh": told.parameter.meaning_zh,
                "basis": told.parameter.basis,
                "later": [{"from": day, "value": value} for day, value in told.later],
            }
            for told in _in_force(rule, settings, today)
        ],
    }


def facts(rule: Rule, parameters: Parameters) -> Iterator[tuple[str, str]]:
    """What is declared of a rule beside its texts: names and values."""
    yield "severity", rule.severity
    yield "scans", "time that passes" if rule.runs else "all" if rule.scans == EVERY_SCAN else ", ".join(rule.scans)
    yield "looks at", _KEYS[rule.key] + (f", and {_KEYS[rule.counts[0]]}" if rule.counts else "")
    yield "basis", ", ".join(in_words(basis) for basis in rule.basis)
    yield "authorities", rule.heard_by
    yield "responsible", f"the enterprise {rule.duty.value}"
    yield "device hears", _answer(rule)
    yield "at a precheck", _at_precheck(rule)
    yield "alerted", _wait(rule, parameters)


def _answer(rule: Rule) -> str:
    if rule.device is None:
        return "nothing: an alert only"
    answer = rule.device if rule.sterner is None else f"{rule.device}, in the graver case {rule.sterner}"
    return answer + (f" (what is counted at {_KEYS[rule.counts[0]]} is an alert only)" if rule.counts else "")


def _at_precheck(rule: Rule) -> str:
    if rule.fact_at_precheck:
        return "judged, told and alerted as at any scan"
    return "asked as if it were the fill; what it stops is prevented, not alerted" if rule.at_precheck else "not asked"


def _wait(rule: Rule, parameters: Parameters) -> str:
    short = f"{shown(Wait.SHORT.of(parameters) / MINUTE)} minutes"
    if not (rule.to or rule.to_at_delivery):
        return "never: the device alone hears it"
    if rule.runs:
        after = rule.told_after(parameters) / HOUR
        limit = f"{shown(after)} hours after the limit" if after else "past the limit"
        return f"{limit}, no sooner than {short} after the arrival of the scan that began the time"
    if rule.wait is Wait.NONE:
        return "at once" + (f"; what is counted at {_KEYS[rule.counts[0]]} after {short}" if rule.counts else "")
    wait = short if rule.wait is Wait.SHORT else f"{shown(Wait.LONG.of(parameters) / HOUR)} hours"
    return f"{wait} after the scan's arrival, if nothing that came by then answers it"


def _in_force(rule: Rule, settings: Settings, today: date) -> list[InForce]:
    changes = [change["from"] for change in settings.rules.get("changes", ())]
    return [in_force(name, settings.schedule, changes, today) for name in rule.parameters]


def _names(authorities: tuple[Authority, ...]) -> list[str]:
    return [authority.value for authority in authorities]
