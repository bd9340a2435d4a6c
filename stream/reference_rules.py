"""The pages docs/rules.md and docs/parameters.md, from the declarations of the rules and of their parameters."""

from collections.abc import Callable, Sequence

from processors.parameters import Parameters
from processors.rules import RULES, Rule
from stream import rules_show_zh
from stream.rule_parameters import PARAMETERS, Parameter, as_toml
from stream.rules_show import facts

Table = Callable[[tuple[str, ...], Sequence[tuple[str, ...]]], str]

_RULES = """\
Each rule looks at one scan, at what is known of the cylinder before it, and at the registry on the scan's own day. A scan
may break several. A scan that is late is never refused: where a rule here says deny, it brings a warning. With `dry_run`
a scan asks what it would be answered; nothing is alerted then.

Numbers are those of the defaults ([parameters](parameters.md)); `pingliu rules show CODE` has those in force.

"""

_PARAMETERS = """\
What the rules are judged by. A city changes them in `pingliu.toml`, and can do so by date:

```toml
[rules]
due_soon_days = 45         # from the beginning of time, in place of the default

[[rules.changes]]
from = 2027-01-01          # from this day on (Asia/Shanghai)
inspection_years = 3       # this changes; all else stays as it was
```

A scan is judged by the parameters in force on its own day, however late it arrives, so that a change by date judges no
past scan anew; a time that runs (rules 33 and 35) by those of the day it began. Every service of a city must be given the
same: on other machines as the same file, or in `PINGLIU_RULES` as JSON. A wrong name or value stops the service as it
starts, with the name and what is allowed.

"""


def rules_page(table: Table) -> str:
    """The rules in a table, and each with all there is to say of it."""
    rows = [
        (
            str(rule.no),
            f"[`{rule.code}`](#{rule.code.lower()})",
            f"{rule.zh} · {rule.en}",
            rule.severity,
            rule.device if rule.sterner is None else f"{rule.device}/{rule.sterner}",
            rule.heard_by,
        )
        for rule in RULES
    ]
    head = ("no.", "code", "title", "severity", "device", "authorities (cc)")
    shown = [tuple(cell or "–" for cell in row) for row in rows]
    return _RULES + table(head, shown) + "".join(_section(rule) for rule in RULES)


def _section(rule: Rule) -> str:
    declared = [*facts(rule, Parameters()), ("parameters", ", ".join(map(_linked, rule.parameters)) or "none")]
    return (
        f"\n## {rule.code}\n\n**{rule.no} · {rule.zh} · {rule.en}**\n\n{rule.when}\n\n{rule.when_zh}\n\n"
        + "".join(f"- {name}: {value}\n" for name, value in declared)
        + "".join(f"- {name}：{value}\n" for name, value in rules_show_zh.facts(rule, Parameters()))
        + f"\nExample: {rule.example}\n\n例：{rule.example_zh}\n"
    )


def _linked(name: str) -> str:
    parameter = PARAMETERS[name]
    return f"[`{name}`](parameters.md) {parameter.written(parameter.default)}"


def parameters_page(table: Table) -> str:
    """Every parameter, and how to change it by date."""
    rows = [
        (
            f"`{parameter.name}`",
            as_toml(parameter.default),
            parameter.unit or "–",
            parameter.limits,
            f"{parameter.meaning} · {parameter.meaning_zh}",
            parameter.basis,
            _read_by(parameter),
        )
        for parameter in PARAMETERS.values()
    ]
    return _PARAMETERS + table(("parameter", "default", "unit", "allowed", "what it is", "basis", "rules"), rows)


def _read_by(parameter: Parameter) -> str:
    readers = [f"[{rule.no}](rules.md#{rule.code.lower()})" for rule in RULES if parameter.name in rule.parameters]
    return ", ".join(readers) or "none: every scan"
