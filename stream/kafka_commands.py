"""The commands that speak to Kafka: `pingliu topics`, `registry load`, `alerts tail`."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from confluent_kafka import KafkaException

from stream import kafka, topics
from stream.alerts_tail import follow, one_line
from stream.options import AsJson, Authorities, Broker, More, settings_of
from stream.registry_load import load as load_registry
from stream.settings import SettingsError
from stream.terminal import out, say, write_line

registry_app = typer.Typer(
    help="The city's master data.\n\n\b\npingliu registry load registry.jsonl", no_args_is_help=True
)
alerts_app = typer.Typer(
    help="Alerts as the authorities get them.\n\n\b\npingliu alerts tail --authority fire-rescue", no_args_is_help=True
)


def make_topics(
    broker: Broker = None,
    partitions: Annotated[
        int | None, typer.Option(metavar="N", help="of scans and what follows its keys; fixed once made")
    ] = None,
    replication: Annotated[
        int | None, typer.Option(metavar="N", help="copies of each partition; 3 in a real cluster")
    ] = None,
    as_json: AsJson = False,
    more: More = None,
) -> None:
    """Make the topics that are not there yet; those that are stay as they are.

    \b
    pingliu topics
    pingliu topics --broker kafka-1:9092,kafka-2:9092 --partitions 12 --replication 3

    Exit code 0: all are there. 2: an option is wrong. 3: Kafka does not answer, or refused.
    """
    made = kafka.make_topics(settings_of(more, broker=broker, partitions=partitions, replication=replication))
    if as_json:
        write_line(orjson.dumps({"made": made, "there": [one.name for one in topics.ALL if one.name not in made]}))
        return
    say(f"made {len(made)} of {len(topics.ALL)} topics" + (f": {', '.join(made)}" if made else ": all were there"))


@registry_app.command("load")
def registry_load(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="a registry row a line")],
    broker: Broker = None,
    as_json: AsJson = False,
    more: More = None,
) -> None:
    """Check a registry file and write it to Kafka, whole or not at all.

    A wrong line is named with its number, its field and the reason. A row whose key is there already corrects it: the
    same file again changes nothing. Identity numbers become tokens before they leave this machine.

    \b
    pingliu registry load registry.jsonl
    pingliu registry load --broker kafka-1:9092 --set token_key=OUR-KEY registry.jsonl

    Exit code 0: loaded. 2: a line or an option is wrong; nothing was loaded. 3: Kafka did not take all: load again.
    """
    rows = load_registry(settings_of(more, broker=broker), file)
    if as_json:
        write_line(orjson.dumps({"file": str(file), "rows": rows}))
    else:
        say(f"{rows} rows loaded from {file}")


@alerts_app.command("tail")
def alerts_tail(
    authority: Authorities = None,
    broker: Broker = None,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="what is kept first, then what comes")
    ] = False,
    as_json: AsJson = False,
    more: More = None,
) -> None:
    """Print alerts as they arrive, until Ctrl-C. Of several lines with one alert_id (--json) the last stands.

    \b
    pingliu alerts tail
    pingliu alerts tail --authority fire-rescue --authority transport --from-beginning
    pingliu alerts tail --json | jq -r .code

    Exit code 130: stopped with Ctrl-C. 2: an option is wrong. 3: Kafka does not answer, or the topics are not made.
    """
    wrong = set(authority or ()) - set(topics.AUTHORITIES)
    if wrong:
        raise SettingsError(f"--authority {', '.join(wrong)}: wanted one of {', '.join(topics.AUTHORITIES)}")
    settings = settings_of(more, broker=broker)
    try:
        for alert in follow(settings, authority or list(topics.AUTHORITIES), from_beginning=from_beginning):
            if alert is None:
                continue
            if as_json:
                write_line(orjson.dumps(alert))
            else:
                out.print(one_line(alert), soft_wrap=True)
    except (KafkaException, kafka.BrokerError) as error:
        why = error.args[0].str() if isinstance(error, KafkaException) else error
        raise kafka.BrokerError(f"{settings.broker}: {why}") from error
