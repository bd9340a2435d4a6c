"""The schema: numbered SQL files in `sinks/schema`, one statement each, applied in order and recorded.

On exception and on kill -9 the next start goes on where this one stopped: a statement that was applied and not recorded
is applied again, so each of them must bear that (`IF NOT EXISTS`). Two sinks starting at once do the same twice.
"""

import logging
from pathlib import Path

from sinks.connection import Client

SCHEMA = Path(__file__).with_name("schema")

_LOG = logging.getLogger(__name__)
_RECORD = """
CREATE TABLE IF NOT EXISTS schema_migrations
(version UInt32, name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = ReplacingMergeTree ORDER BY version
"""


def migrate(client: Client, schema: Path = SCHEMA) -> list[str]:
    """Bring the database to the newest schema; returns the names of the files applied now."""
    client.command(_RECORD)
    done = {version for (version,) in client.query("SELECT version FROM schema_migrations").result_rows}
    applied = []
    for file in sorted(schema.glob("[0-9]*.sql")):
        version = int(file.name.partition("_")[0])
        if version in done:
            continue
        client.command(file.read_text(encoding="utf-8"))
        client.insert("schema_migrations", [[version, file.name]], column_names=["version", "name"])
        applied.append(file.name)
        _LOG.info("schema: applied %s", file.name)
    return applied
