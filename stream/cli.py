"""The command line. Each command is a few lines here; what it does stands in a module of its own."""

import logging
import sys
from typing import Annotated

import typer

from stream import kafka
from stream.asking import AwayError, NothingKnownError
from stream.kafka_commands import alerts_app, make_topics, registry_app
from stream.labels.codes import LabelError
from stream.labels.commands import cards_app, labels_app
from stream.local.jars import BrokerUnavailableError
from stream.local.leash import hold
from stream.local.processes import NotReadyError
from stream.options import AsJson, Broker, ClickHouse, Insecure, More, OwnBroker, settings_of
from stream.registry_load import RegistryFileError
from stream.rules_commands import judge, rules_app
from stream.settings import Settings, SettingsError
from stream.terminal import Exit, fail, out, write_line

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def pingliu() -> None:
    """Pingliu 瓶流: watches every bottled-gas cylinder of a city.

    \b
    pingliu demo                       a city lives here for a minute
    pingliu up --insecure-devices      the services, on this machine
    pingliu doctor                     what is wrong, and what to do
    pingliu rules show OVERFILL        what is judged, and on what basis

    Each command says more with --help. Settings come from flags, PINGLIU_... and pingliu.toml.

    Exit code 0: done. 1: the answer is no. 2: a command, option, setting or file is wrong. 3: what it needs does not
    answer. 130: Ctrl-C.
    """


@app.command()
def demo(
    broker: OwnBroker = None,
    clickhouse: ClickHouse = None,
    keep: Annotated[bool, typer.Option("--keep", help="stay up until Ctrl-C")] = False,
    seconds: Annotated[float, typer.Option(metavar="N", help="how long the city lives", min=5)] = 40,
    seed: Annotated[int, typer.Option(metavar="N", help="another seed, another city")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="what was found, on stdout; the story on stderr")] = False,
    more: More = None,
) -> None:
    """Everything on one machine, with a simulated city: scans judged, alerts arriving, an accident traced.

    \b
    pingliu demo
    pingliu demo --keep --seconds 120 --seed 7
    pingliu demo --broker kafka-1:9092 --clickhouse clickhouse://USER:PASS@HOST:8123/DB

    Exit code 0: every planted violation was found, no other, and the accident is traced. 1: not so. 2: an option is
    wrong, or that Kafka holds scans already. 3: Kafka does not answer or does not start.
    """
    from stream.demo import run  # noqa: PLC0415 - only this command needs the stack

    settings = settings_of(more, broker=broker, clickhouse=clickhouse)
    raise typer.Exit(run(settings, keep=keep, seconds=seconds, seed=seed, as_json=as_json))


@app.command()
def up(
    broker: OwnBroker = None, clickhouse: ClickHouse = None, insecure_devices: Insecure = None, more: More = None
) -> None:
    """Broker, gateway, worker, sink and query on this machine, until Ctrl-C. Data stays in `.pingliu`.

    \b
    pingliu up --insecure-devices
    pingliu up --insecure-devices --set gateway_port=9080 --set hotline="0574 12345"
    pingliu up --insecure-devices --broker kafka-1:9092 --clickhouse clickhouse://USER:PASS@HOST:8123/DB

    Exit code 0: stopped with Ctrl-C or SIGTERM. 2: an option is wrong. 3: a broker or a service does not start.
    """
    from stream.up import hold_up  # noqa: PLC0415 - only this command needs the stack

    hold_up(settings_of(more, broker=broker, clickhouse=clickhouse, insecure_devices=insecure_devices), out)


@app.command()
def gateway(broker: Broker = None, insecure_devices: Insecure = None, more: More = None) -> None:
    """Take scans over HTTP, until SIGTERM.

    \b
    pingliu gateway --insecure-devices --broker kafka-1:9092 --set host=0.0.0.0

    Exit code 0: stopped. 1: it broke; start it again. 2: an option is wrong. 3: Kafka or the port is not to be had.
    """
    from stream.gateway.server import run  # noqa: PLC0415 - each service loads only what it needs

    settings = settings_of(more, broker=broker, insecure_devices=insecure_devices)
    as_service(settings)
    run(settings)


@app.command()
def worker(broker: Broker = None, more: More = None) -> None:
    """Judge scans, until SIGTERM. Each worker wants a `member` name of its own that stays the same.

    \b
    pingliu worker --broker kafka-1:9092 --set member=worker-1 --set worker_port=8092

    Exit code 0: stopped. 1: it broke; start it again. 2: an option is wrong. 3: Kafka does not answer.
    """
    from stream.worker import run  # noqa: PLC0415 - as above

    settings = settings_of(more, broker=broker)
    as_service(settings)
    run(settings)


@app.command()
def sink(broker: Broker = None, clickhouse: ClickHouse = None, more: More = None) -> None:
    """Write scans, verdicts and alerts to ClickHouse, until SIGTERM; with embedded chDB the query service too.

    \b
    pingliu sink --broker kafka-1:9092 --clickhouse clickhouse://USER:PASS@HOST:8123/DB
    pingliu sink --clickhouse chdb:///srv/pingliu/archive

    Exit code 0: stopped. 1: it broke; start it again. 2: an option is wrong.
    """
    settings = settings_of(more, broker=broker, clickhouse=clickhouse)
    _serve(settings, sink=True, query=settings.clickhouse.startswith("chdb:"))


@app.command()
def query(broker: Broker = None, clickhouse: ClickHouse = None, more: More = None) -> None:
    """Answer questions about cylinders, until SIGTERM; with embedded chDB `pingliu sink` does.

    \b
    pingliu query --clickhouse clickhouse://USER:PASS@HOST:8123/DB --set gateway_url=http://gateway:8080

    Exit code 0: stopped. 1: it broke; start it again. 2: an option is wrong.
    """
    settings = settings_of(more, broker=broker, clickhouse=clickhouse)
    if settings.clickhouse.startswith("chdb:"):
        raise SettingsError("clickhouse: an embedded archive has one owner; `pingliu sink` answers queries as well")
    _serve(settings, sink=False, query=True)


app.command("topics")(make_topics)
app.add_typer(registry_app, name="registry")
app.add_typer(alerts_app, name="alerts")


@app.command()
def trace(
    label: Annotated[str, typer.Argument(metavar="LABEL", help="a link, a bare label, or an old code")],
    query_url: Annotated[str | None, typer.Option("--query", metavar="URL", help="the query service")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as the service answers")] = False,
    more: More = None,
) -> None:
    """Every hand a cylinder passed through, who filled it, when it was inspected, who answers for it.

    \b
    pingliu trace 0690123456789200047A2Y
    pingliu trace --query http://query:8081 --json NB-0001 | jq .responsible

    Exit code 0: traced. 1: no scan of it is known. 2: an option is wrong. 3: the query service does not answer.
    """
    from sinks.query.render import print_trace  # noqa: PLC0415 - as above
    from stream.asking import trace_of  # noqa: PLC0415 - as above

    answer = trace_of(settings_of(more), query_url, label)
    if as_json:
        write_line(answer.content)
    else:
        print_trace(answer.json(), out)


app.command()(judge)
app.add_typer(rules_app, name="rules")
app.add_typer(labels_app, name="labels")
app.add_typer(cards_app, name="cards")


@app.command()
def doctor(broker: Broker = None, clickhouse: ClickHouse = None, as_json: AsJson = False, more: More = None) -> None:
    """Look at this machine and at what is configured: a line for each thing, and what to do where one is not right.

    Java and the Kafka files that come with us, the ports, the disk, Kafka, ClickHouse, the clock, the settings. Nothing
    is changed. `--` marks what is to be known and is no trouble.

    \b
    pingliu doctor
    pingliu doctor --broker kafka-1:9092 --clickhouse clickhouse://USER:PASS@HOST:8123/DB
    pingliu doctor --json | jq -c 'select(.state == "trouble")'

    Exit code 0: no trouble. 1: at least one. 2: an option or a setting is wrong.
    """
    from sinks.connection import connect_reader  # noqa: PLC0415 - as above
    from stream.doctor.round import tell  # noqa: PLC0415 - as above

    well = tell(settings_of(more, broker=broker, clickhouse=clickhouse), connect_reader, as_json=as_json)
    raise typer.Exit(Exit.DONE if well else Exit.NO)


def as_service(settings: Settings) -> None:
    """What every long-running command does first: a log on stderr, and the leash of whoever started it."""
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    hold()


def _serve(settings: Settings, *, sink: bool, query: bool) -> None:
    from sinks.service import serve  # noqa: PLC0415 - as above
    from stream.sink_metrics import SinkMetrics  # noqa: PLC0415 - as above

    as_service(settings)
    raise typer.Exit(serve(settings, SinkMetrics(), sink=sink, query=query))


def main() -> None:
    """The console script. What a person can mend is a line, and an exit code of its own (stream/terminal.py)."""
    try:
        app()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # whoever read us has seen enough
            sys.exit(Exit.DONE)
        raise
    except NothingKnownError as error:
        fail(str(error))
        sys.exit(Exit.NO)
    except (kafka.BrokerError, BrokerUnavailableError, NotReadyError, AwayError) as error:
        fail(str(error))
        sys.exit(Exit.AWAY)
    except (SettingsError, RegistryFileError, LabelError) as error:
        fail(str(error))
        sys.exit(Exit.WRONG)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        sys.exit(Exit.WRONG)
    except KeyboardInterrupt:
        sys.exit(Exit.STOPPED)


if __name__ == "__main__":
    main()
