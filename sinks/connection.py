"""The way to ClickHouse: embedded (chDB) or a server, by one setting.

How the path of a chDB DSN is read, here and nowhere else: after `chdb:///`, a path that begins with a dot is relative to
the working directory (`chdb:///.pingliu/archive`, `chdb:///./archive`); any other is absolute, with three slashes or
four (`chdb:///srv/archive`, `chdb:////srv/archive`). `?database=NAME` chooses a database that exists.

chDB holds one path a process and one process a path. A client has a lock of its own: make one a thread.
"""

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import clickhouse_connect

Client = Any  # clickhouse-connect ships no types that strict mode accepts

# A reader may not hold up the inserts beside it. With one thread each an insert of 20,000 rows takes 15 ms, not 56.
READER_SETTINGS: Final = {"max_threads": 1, "max_execution_time": 30, "max_memory_usage": 1_000_000_000, "readonly": 2}
SEND_RECEIVE_SECONDS: Final = 60


def is_embedded(dsn: str) -> bool:
    """Whether the archive lives in the process that opens it."""
    return dsn.startswith("chdb:")


def absolute(dsn: str) -> str:
    """The DSN with its path made absolute, as the client library wants it. A server's is left as it is."""
    if not is_embedded(dsn):
        return dsn
    parts = urlsplit(dsn)
    path = parts.path.lstrip("/")
    resolved = Path(path).resolve() if path.startswith(".") else Path("/", path).resolve()
    return parts._replace(path=f"//{resolved}").geturl()


def connect(dsn: str) -> Client:
    """A client that may write; the directory of an embedded archive is made where it is missing.

    Raises a `clickhouse_connect` error where the server does not answer or another process holds the path.
    """
    return _client(dsn, {})


def connect_reader(dsn: str) -> Client:
    """A client for one thread of queries: it reads only, on one thread, with a limit of time and memory."""
    return _client(dsn, READER_SETTINGS)


def _client(dsn: str, settings: dict[str, Any]) -> Client:
    dsn = absolute(dsn)
    if is_embedded(dsn):
        Path(urlsplit(dsn).path).mkdir(parents=True, exist_ok=True)
        return clickhouse_connect.get_client(dsn=dsn, settings=settings)
    return clickhouse_connect.get_client(
        dsn=dsn, settings=settings, send_receive_timeout=SEND_RECEIVE_SECONDS, autogenerate_session_id=False
    )
