"""`pingliu registry load`: every line is checked before the first is written, so that a file goes in whole or not at all."""

from datetime import UTC, datetime
from pathlib import Path

from processors.model import Reject, encode
from processors.registry import AnyRow, Customer, parse_row
from stream import kafka, topics
from stream.gateway.tokens import Tokens
from stream.settings import Settings

_ERRORS_SHOWN = 20


class RegistryFileError(Exception):
    """Lines that cannot be taken; the message has a line for each, up to a bound: file, line, field, reason."""


def read(path: Path) -> list[AnyRow]:
    """The rows of a registry file. Raises RegistryFileError."""
    rows: list[AnyRow] = []
    wrong: list[str] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
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
    tokens = Tokens(settings.token_key.get_secret_value())
    producer = kafka.producer(settings)
    failures: list[str] = []
    now = datetime.now(UTC)
    for row in rows:
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
    left = producer.flush(60)
    if left or failures:
        raise kafka.BrokerError(
            f"{left + len(failures)} of {len(rows)} rows were not taken: {failures[:1]}; load again"
        )
    return len(rows)
