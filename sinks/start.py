"""Where reading begins: at the archive's position, or at the beginning where it has none; Kafka's commits are not asked.

What retention has taken meanwhile is passed over, and the log says how much. A position after the end of its log means
that Kafka has lost records, and will give their offsets to others, which would pass for rows that are there: an error.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from sinks.batch import Source
from sinks.kafka import ADMIN_SECONDS

_LOG = logging.getLogger(__name__)


class Logs:
    """What Kafka says of its topics. Each call raises KafkaException where it does not answer within `ADMIN_SECONDS`."""

    def __init__(self, broker: str) -> None:
        # Each call tells what went wrong; librdkafka would too, a line a try on stderr.
        self._admin = AdminClient({"bootstrap.servers": broker, "log_level": 2})

    def ids(self, topics: Sequence[str]) -> dict[str, str]:
        """The id of each topic by its name: another one when the topic was made anew."""
        described = self._admin.describe_topics(TopicCollection(list(topics)), request_timeout=ADMIN_SECONDS)
        return {name: str(future.result().topic_id) for name, future in described.items()}

    def kept(self, sources: Iterable[Source]) -> dict[Source, tuple[int, int]]:
        """The first offset that is kept of each source, and the one after its last."""
        places = [TopicPartition(*source) for source in sources]
        first, end = (self._offsets(places, spec) for spec in (OffsetSpec.earliest(), OffsetSpec.latest()))
        return {source: (first[source], end[source]) for source in first}

    def _offsets(self, places: list[TopicPartition], spec: Any) -> dict[Source, int]:
        if not places:
            return {}
        found = self._admin.list_offsets(dict.fromkeys(places, spec), request_timeout=ADMIN_SECONDS)
        return {(place.topic, place.partition): future.result().offset for place, future in found.items()}


def starting_points(standing: Mapping[Source, int], kept: Mapping[Source, tuple[int, int]]) -> list[TopicPartition]:
    """Each source that is kept, with the offset to begin at. Raises RuntimeError where Kafka has lost records."""
    starts = []
    for (topic, partition), (first, end) in kept.items():
        position = standing.get((topic, partition))
        if position is None:
            _LOG.info("%s[%d]: the archive has no position, reading from offset %d", topic, partition, first)
        elif position > end:
            raise RuntimeError(
                f"{topic}[{partition}] ends at {end} and the archive has read to {position}: Kafka lost records"
            )
        elif position < first:
            _LOG.warning(
                "%s[%d]: %d offsets, %d to %d, are gone from Kafka and not in the archive",
                topic, partition, first - position, position, first - 1,
            )  # fmt: skip
        starts.append(TopicPartition(topic, partition, max(first, position or 0)))
    return starts
