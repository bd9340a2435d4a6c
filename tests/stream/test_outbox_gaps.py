"""Of what the outbox sends no record is given up alone: later ones that got through would hide it for ever."""

from pathlib import Path
from typing import Any

from stream import topics
from stream.lane import outbox
from stream.local.processes import free_port
from stream.settings import Settings


def test_no_record_times_out_while_kafka_is_away(tmp_path: Path) -> None:
    away = outbox.make_producer(Settings(broker=f"127.0.0.1:{free_port()}", data_dir=tmp_path))
    given_up: list[Any] = []
    for number in range(3):
        away.produce(topics.HOLDERS.name, f"{number}", partition=0, on_delivery=lambda error, _: given_up.append(error))
    # librdkafka looks for what timed out once a second.
    assert away.flush(2.5) == 3
    assert given_up == []
    away.purge()
    away.flush(1)
