"""`pingliu alerts tail`: an authority's alerts as they arrive, for a person or a pipe."""

from collections.abc import Iterator
from typing import Any

import orjson
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, TopicPartition
from rich.text import Text

from stream import kafka, topics
from stream.settings import Settings

_COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


def follow(settings: Settings, authorities: list[str], *, from_beginning: bool) -> Iterator[dict[str, Any] | None]:
    """Alerts of these authorities for ever; None whenever there is nothing new, so that the caller may stop."""
    consumer = kafka.follower(settings, "alerts-tail")
    start = OFFSET_BEGINNING if from_beginning else OFFSET_END
    try:
        consumer.assign(
            [
                TopicPartition(topic, partition, start)
                for topic in (topics.ALERTS[authority].name for authority in authorities)
                for partition in kafka.partitions_of(consumer, topic)
            ]
        )
        while True:
            messages = kafka.arrived(consumer, 0.2)
            for message in messages:
                if kafka.at_end(message) or message.error() is not None:
                    continue
                yield orjson.loads(message.value() or b"{}") | {"authority": message.topic().removeprefix("alerts.")}
            if not messages:
                yield None
    finally:
        consumer.close()


def one_line(alert: dict[str, Any]) -> Text:
    """An alert as a person reads it."""
    responsible = alert["responsible"]
    who = f"{responsible['id'] or '?'} {responsible['name'] or ''}".strip()
    return Text.assemble(
        (f"{alert['severity']:8}", _COLOURS.get(alert["severity"], "")),
        f" {alert['time'][:19].replace('T', ' ')} ",
        (alert["code"], "bold"),
        f" {alert['title']['zh']} · {alert['title']['en']}",
        ("" if alert["status"] == "suspected" else f" [{alert['status']}]", "magenta"),
        f"  {alert['label']}  {who}  → {alert['authority']} {'/'.join(alert['districts'])}",
    )
