"""The command line. Each command is a few lines here; what it does stands in a module of its own."""

import logging
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import orjson
import typer
from rich.console import Console

from processors.rules import RULES
from processors.times import SHANGHAI
from stream import kafka, topics
from stream.alerts_tail import follow, one_line
from stream.labels.codes import LabelError
from stream.labels.commands import cards_app, labels_app
from stream.local.jars import BrokerUnavailableError
from stream.local.leash import hold
from stream.registry_load import RegistryFileError
from stream.registry_load import load as load_registry
from stream.rules_show import document, explanation, listing, rule_of
from stream.settings import Settings, SettingsError, load

USAGE_ERROR = 2

app = typer.Typer(
    help="Pingliu 瓶流: watches every bottled-gas cylinder of a city.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
registry_app = typer.Typer(help="The city's master data.", no_args_is_help=True)
alerts_app = typer.Typer(help="Alerts as the authorities get them.", no_args_is_help=True)
app.add_typer(registry_app, name="registry")
app.add_typer(alerts_app, name="alerts")
app.add_typer(labels_app, name="labels")
app.add_typer(cards_app, name="cards")
rules_app = typer.Typer(help="The rules that scans are judged by.", invoke_without_command=True)
app.add_typer(rules_app, name="rules")

Broker = Annotated[str | None, typer.Option(help="Kafka, HOST:PORT; without it `up` and `demo` start their own")]
ClickHouse = Annotated[str | None, typer.Option(help="chdb:///PATH or clickhouse://USER:PASS@HOST:PORT/DB")]
Insecure = Annotated[bool | None, typer.Option("--insecure-devices", help="trial: take unsigned scans")]
More = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="any other setting")]

out = Console()
err = Console(stderr=True)


def settings_of(more: list[str] | None = None, **flags: Any) -> Settings:
    """Settings with these flags; `more` are `NAME=VALUE`. Raises SettingsError."""
    for assignment in more or ():
        name, equals, value = assignment.partition("=")
        if not equals:
            raise SettingsError(f"--set {assignment}: wanted NAME=VALUE")
        flags[name.replace("-", "_")] = value
    return load(**flags)


def as_service(settings: Settings) -> None:
    """What every long-running command does first: a log on stderr, and the leash of whoever started it."""
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    hold()


@app.command()
def demo(
    broker: Broker = None,
    clickhouse: ClickHouse = None,
    keep: Annotated[bool, typer.Option(help="stay up until Ctrl-C")] = False,
    seconds: Annotated[float, typer.Option(help="how long the city lives", min=5)] = 40,
    seed: Annotated[int, typer.Option(help="another seed, another city")] = 1,
    more: More = None,
) -> None:
    """Everything on one machine, with a simulated city: scans judged, alerts arriving, an accident traced."""
    from stream.demo import run  # noqa: PLC0415 - only this command needs the stack

    raise typer.Exit(
        run(settings_of(more, broker=broker, clickhouse=clickhouse), keep=keep, seconds=seconds, seed=seed)
    )


@app.command()
def up(
    broker: Broker = None, clickhouse: ClickHouse = None, insecure_devices: Insecure = None, more: More = None
) -> None:
    """Broker, gateway, worker, sink and query on this machine, until Ctrl-C. Data stays in `.pingliu`."""
    from stream.up import hold_up  # noqa: PLC0415 - only this command needs the stack

    hold_up(settings_of(more, broker=broker, clickhouse=clickhouse, insecure_devices=insecure_devices), out)


@app.command()
def gateway(broker: Broker = None, insecure_devices: Insecure = None, more: More = None) -> None:
    """Take scans over HTTP."""
    from stream.gateway.server import run  # noqa: PLC0415 - each service loads only what it needs

    settings = settings_of(more, broker=broker, insecure_devices=insecure_devices)
    as_service(settings)
    run(settings)


@app.command()
def worker(broker: Broker = None, more: More = None) -> None:
    """Judge scans."""
    from stream.worker import run  # noqa: PLC0415 - as above

    settings = settings_of(more, broker=broker)
    as_service(settings)
    run(settings)


@app.command()
def sink(broker: Broker = None, clickhouse: ClickHouse = None, more: More = None) -> None:
    """Write scans, verdicts and alerts to ClickHouse; with embedded chDB the query service too."""
    settings = settings_of(more, broker=broker, clickhouse=clickhouse)
    _serve(settings, sink=True, query=settings.clickhouse.startswith("chdb:"))


@app.command()
def query(broker: Broker = None, clickhouse: ClickHouse = None, more: More = None) -> None:
    """Answer questions about cylinders; with embedded chDB `pingliu sink` does."""
    settings = settings_of(more, broker=broker, clickhouse=clickhouse)
    if settings.clickhouse.startswith("chdb:"):
        raise SettingsError("clickhouse: an embedded archive has one owner; `pingliu sink` answers queries as well")
    _serve(settings, sink=False, query=True)


def _serve(settings: Settings, *, sink: bool, query: bool) -> None:
    from sinks.service import serve  # noqa: PLC0415 - as above
    from stream.sink_metrics import SinkMetrics  # noqa: PLC0415 - as above

    as_service(settings)
    serve(settings, SinkMetrics(), sink=sink, query=query)


@app.command("topics")
def make_topics(broker: Broker = None, more: More = None) -> None:
    """Make the topics that are not there yet."""
    made = kafka.make_topics(settings_of(more, broker=broker))
    out.print(f"made {len(made)} of {len(topics.ALL)} topics" + (f": {', '.join(made)}" if made else ""))


@registry_app.command("load")
def registry_load(file: Path, broker: Broker = None, more: More = None) -> None:
    """Check a registry file (JSON lines) and write it to Kafka, whole or not at all."""
    rows = load_registry(settings_of(more, broker=broker), file)
    out.print(f"{rows} rows loaded from {file}")


@alerts_app.command("tail")
def alerts_tail(
    authority: Annotated[
        list[str] | None, typer.Option(help=f"one of {', '.join(topics.AUTHORITIES)}; all without")
    ] = None,
    broker: Broker = None,
    from_beginning: Annotated[bool, typer.Option(help="what is kept first, then what comes")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
    more: More = None,
) -> None:
    """Print alerts as they arrive, until Ctrl-C."""
    wrong = set(authority or ()) - set(topics.AUTHORITIES)
    if wrong:
        raise SettingsError(f"--authority {', '.join(wrong)}: wanted one of {', '.join(topics.AUTHORITIES)}")
    alerts = follow(
        settings_of(more, broker=broker), authority or list(topics.AUTHORITIES), from_beginning=from_beginning
    )
    for alert in alerts:
        if alert is None:
            continue
        if as_json:
            _write_line(orjson.dumps(alert))
        else:
            out.print(one_line(alert), soft_wrap=True)


AsJson = Annotated[bool, typer.Option("--json", help="as JSON, one object a line")]


@rules_app.callback()
def rules(context: typer.Context, as_json: AsJson = False, more: More = None) -> None:
    """List the rules; `rules show CODE` explains one."""
    if context.invoked_subcommand is None and as_json:
        settings = settings_of(more)
        for rule in RULES:
            _write_line(orjson.dumps(document(rule, settings, _today())))
    elif context.invoked_subcommand is None:
        for line in listing():
            _print_plain(line)


@rules_app.command("show")
def rules_show(code: str, as_json: AsJson = False, more: More = None) -> None:
    """When a rule fires, on what basis, who hears of it, what the device is told, and the parameters in force."""
    rule, settings = rule_of(code), settings_of(more)
    if as_json:
        _write_line(orjson.dumps(document(rule, settings, _today())))
        return
    for line in explanation(rule, settings, _today()):
        _print_plain(line)


@app.command()
def trace(
    label: str,
    query_url: Annotated[str | None, typer.Option("--query", metavar="URL", help="the query service")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as the service answers")] = False,
    more: More = None,
) -> None:
    """Every hand a cylinder passed through, who filled it, when it was inspected, who answers for it."""
    from sinks.query.render import print_trace  # noqa: PLC0415 - as above

    settings = settings_of(more)
    base = query_url or f"http://{settings.host}:{settings.query_port}"
    try:
        reply = httpx.get(f"{base}/v1/cylinders/{_path(label)}/trace", timeout=30)
    except httpx.TransportError as error:
        raise SettingsError(
            f"the query service at {base} does not answer ({error}); is `pingliu up` running?"
        ) from None
    if reply.status_code != httpx.codes.OK:
        err.print(f"pingliu: {label}: {reply.json().get('detail', reply.text)}", style="red")
        raise typer.Exit(1)
    if as_json:
        _write_line(reply.content)
    else:
        print_trace(reply.json(), out)


@app.command()
def judge(
    scans: Annotated[str, typer.Argument(metavar="SCANS.jsonl", help="in order of arrival; .gz too; `-` is stdin")],
    registry: Annotated[Path, typer.Option(metavar="REGISTRY.jsonl", help="the city's master data")],
    until: Annotated[str | None, typer.Option(metavar="TIME", help="then let time go on to here (RFC 3339)")] = None,
    codes: Annotated[str | None, typer.Option(metavar="A,B", help="only lines that name one of these rules")] = None,
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
    from stream import judge_command  # noqa: PLC0415 - as above

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


def _path(label: str) -> str:
    from processors.labels import bare  # noqa: PLC0415 - one use

    return bare(label)


def _print_plain(line: str) -> None:
    out.print(line, highlight=False, markup=False, soft_wrap=True)


def _today() -> date:
    return datetime.now(SHANGHAI).date()


def _write_line(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """The console script. Errors a person can mend are one line each; exit code 2."""
    try:
        app()
    except BrokenPipeError:  # whoever read us has seen enough
        sys.exit(0)
    except (SettingsError, RegistryFileError, LabelError, kafka.BrokerError, BrokerUnavailableError, OSError) as error:
        for line in str(error).splitlines():
            err.print(f"pingliu: {line}", style="red", markup=False, soft_wrap=True)
        sys.exit(USAGE_ERROR)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
