"""`pingliu registry load`: every line is checked before the first is written, so that a file goes in whole or not at all."""

from datetime import UTC, datetime
from pathlib import Path

from processors.model import Reject, encode
from processors.registry import AnyRow, Customer, parse_row
from stream import kafka, topics
from stream.gateway.tokens import Tokens
from stream.settings import Settings
from stream.terminal import bar

_ERRORS_SHOWN = 20
_FLUSH_SECONDS = 60
# A bar for what takes seconds: a city's customers are some 300 MB.
_LONG_BYTES = 8_000_000
_LONG_ROWS = 20_000
_BAR_EVERY = 1024  # lines between two looks at how far we are


class RegistryFileError(Exception):
    """Lines that cannot be taken; the message has a line for each, up to a bound: file, line, field, reason."""


def read(path: Path) -> list[AnyRow]:
    """The rows of a registry file. Raises RegistryFileError."""
    rows: list[AnyRow] = []
    wrong: list[str] = []
    with path.open("rb") as lines, bar("checking", shown=path.stat().st_size > _LONG_BYTES) as progress:
        task = progress.add_task("", total=path.stat().st_size)
        for number, line in enumerate(lines, 1):
            if number % _BAR_EVERY == 0:
                progress.update(task, completed=lines.tell())
            if not line.strip():
                continue
            row = parse_row(line)
            if isinstance(row, Reject):
                wrong.append(f"{path}:{number}: {row.field or 'the line'}: {row.reason}")
            else:
                rows.append(row)
    if wrong:
        more = [f"… and {len(wrong) - _ERRORS_SHOWN} more"] if len(wrong) > _ERRORS_SHOWN else []
        raise RegistryFileError("\n".join(wrong[:_ERRORS_SHOWN] + more))
    return rows


def load(settings: Settings, path: Path) -> int:
    """Check a file and write it to `registry`; how many rows. Identity numbers become tokens here."""
    rows = read(path)
    if not rows:
        raise RegistryFileError(f"{path}: there is no row in it")
    tokens = Tokens(settings.token_key.get_secret_value())
    producer = kafka.producer(settings)
    failures: list[str] = []
    now = datetime.now(UTC)
    with bar("loading", shown=len(rows) > _LONG_ROWS) as progress:
        for row in progress.track(rows):
            row.received = now
            if isinstance(row, Customer):
                tokens.veil_customer(row)
            while True:
                try:
                    producer.produce(
                        topics.REGISTRY.name,
                        key=row.key().encode(),
                        value=encode(row),
                        on_delivery=lambda error, _: failures.append(error.str()) if error else None,
                    )
                    break
                except BufferError:
                    producer.poll(1.0)
    left = producer.flush(_FLUSH_SECONDS)
    if left or failures:
        why = failures[0] if failures else f"no answer in {_FLUSH_SECONDS} s"
        raise kafka.BrokerError(
            f"{left + len(failures)} of {len(rows)} rows were not taken by Kafka at {settings.broker}: {why}; "
            "once it answers (`pingliu doctor`), load the file again: rows that are there already stay as they are"
        )
    return len(rows)
