"""Options that several commands share, what a shell may complete of them, and the settings they come to."""

from typing import Annotated, Any

import typer

from processors.rules import RULES
from stream import topics
from stream.settings import Settings, SettingsError, load


def code_of(incomplete: str) -> list[tuple[str, str]]:
    """Codes of rules that begin so, each with its title."""
    return [(rule.code, rule.en) for rule in RULES if rule.code.startswith(incomplete.upper())]


def _authority(incomplete: str) -> list[str]:
    return [name for name in topics.AUTHORITIES if name.startswith(incomplete)]


def _assignment(incomplete: str) -> list[tuple[str, str]]:
    return [
        (f"{name}=", field.description or "")
        for name, field in Settings.model_fields.items()
        if name.startswith(incomplete)
    ]


Broker = Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Kafka; several with commas")]
OwnBroker = Annotated[
    str | None, typer.Option("--broker", metavar="HOST:PORT", help="a Kafka you have; without it, one of its own")
]
ClickHouse = Annotated[
    str | None,
    typer.Option(metavar="DSN", help="the archive: chdb:///PATH or clickhouse://USER:PASS@HOST:PORT/DB"),
]
Insecure = Annotated[bool | None, typer.Option("--insecure-devices", help="trial: take unsigned scans")]
More = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="any other setting", autocompletion=_assignment),
]
AsJson = Annotated[bool, typer.Option("--json", help="as JSON, one object a line")]
Authorities = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help=f"of {', '.join(topics.AUTHORITIES)}; all without", autocompletion=_authority),
]


def settings_of(more: list[str] | None = None, **flags: Any) -> Settings:
    """Settings with these flags; `more` are `NAME=VALUE`. Raises SettingsError."""
    for assignment in more or ():
        name, equals, value = assignment.partition("=")
        if not equals:
            raise SettingsError(f"--set {assignment}: wanted NAME=VALUE")
        flags[name.replace("-", "_")] = value
    return load(**flags)
