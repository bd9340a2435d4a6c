"""The commands about the rules, which need no Kafka and no database: `pingliu rules`, `rules show`, `judge`."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from processors.rules import BY_CODE, RULES
from processors.times import SHANGHAI
from stream.options import AsJson, More, code_of, settings_of
from stream.rules_show import document, explanation, listing, rule_of
from stream.settings import SettingsError
from stream.terminal import say, write_line

rules_app = typer.Typer(invoke_without_command=True)


@rules_app.callback()
def rules(context: typer.Context, as_json: AsJson = False, more: More = None) -> None:
    """List the rules that scans are judged by; `rules show CODE` explains one.

    \b
    pingliu rules
    pingliu rules --json | jq -r 'select(.severity == "critical") | .code'

    Exit code 0: listed. 2: an option or a setting is wrong.
    """
    if context.invoked_subcommand is None and as_json:
        settings = settings_of(more)
        for rule in RULES:
            write_line(orjson.dumps(document(rule, settings, _today())))
    elif context.invoked_subcommand is None:
        for line in listing():
            say(line)


@rules_app.command("show")
def rules_show(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="of a rule, or its number", autocompletion=code_of, show_default=False)
    ],
    as_json: AsJson = False,
    more: More = None,
) -> None:
    """When a rule fires, on what basis, who hears of it, what the device is told, and the parameters in force.

    \b
    pingliu rules show OVERFILL
    pingliu rules show 17 --json

    Exit code 0: explained. 2: there is no such rule, or an option is wrong.
    """
    rule, settings = rule_of(code), settings_of(more)
    if as_json:
        write_line(orjson.dumps(document(rule, settings, _today())))
        return
    for line in explanation(rule, settings, _today()):
        say(line)


def _codes(incomplete: str) -> Iterator[str]:
    before, comma, last = incomplete.rpartition(",")
    return (before + comma + code for code in BY_CODE if code.startswith(last.upper()))


def judge(
    scans: Annotated[str, typer.Argument(metavar="SCANS.jsonl", help="in order of arrival; .gz too; `-` is stdin")],
    registry: Annotated[Path, typer.Option(metavar="REGISTRY.jsonl", help="the city's master data")],
    until: Annotated[str | None, typer.Option(metavar="TIME", help="then let time go on to here (RFC 3339)")] = None,
    codes: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="only lines that name one of these rules", autocompletion=_codes),
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="no lines: the summary alone, on stdout")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the summary as JSON")] = False,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="another pingliu.toml: print only what it would judge otherwise"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no summary, no progress bar")] = False,
    more: More = None,
) -> None:
    """Run the rules over a file of scans, with no Kafka and no database; prints a JSON line for each verdict.

    The rules' parameters are those of pingliu.toml. A summary goes to stderr at the end.

    With --against, the same scans are judged under both settings: a line for each scan whose verdict differs, before
    and after, and again (revised) where a later scan makes it differ; at the end a line for each alert that only one of
    them told. What still waits then is not told: --until.

    \b
    pingliu judge --registry city.jsonl scans.jsonl > verdicts.jsonl
    pingliu judge --registry city.jsonl --codes OVERFILL,UNDERFILL scans.jsonl.gz
    pingliu judge --registry city.jsonl --summary --until 2026-12-31T00:00:00+08:00 scans.jsonl
    pingliu judge --registry city.jsonl --against stricter.toml scans.jsonl
    zstdcat scans.jsonl.zst | pingliu judge --registry city.jsonl -

    Exit code 0: judged, whatever was found. 2: a file or an option is wrong.
    """
    from stream import judge_command  # noqa: PLC0415 - only this command needs the engine

    if summary and (quiet or codes):
        raise SettingsError("--summary prints the summary and no lines: leave out --quiet and --codes")
    settings = settings_of(more)
    asked = judge_command.Asked(
        scans,
        registry,
        until=judge_command.moment(until) if until else None,
        codes=frozenset() if summary else judge_command.codes(codes) if codes is not None else None,
        summary=summary,
        as_json=as_json,
        quiet=quiet,
    )
    judge_command.run(asked, settings.schedule, judge_command.schedule_in(against) if against else None)


def _today() -> date:
    return datetime.now(SHANGHAI).date()
