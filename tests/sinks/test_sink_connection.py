"""Where an archive lies, by its DSN."""

from pathlib import Path

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from sinks.connection import absolute, connect_reader


@pytest.mark.parametrize(
    ("dsn", "path"),
    [
        ("chdb:///.pingliu/archive", "{cwd}/.pingliu/archive"),
        ("chdb:///./archive", "{cwd}/archive"),
        ("chdb:////srv/archive", "/srv/archive"),
        ("chdb:///srv/archive", "/srv/archive"),
        ("chdb:////srv/archive?database=q", "/srv/archive?database=q"),
    ],
)
def test_a_path_is_relative_where_it_begins_with_a_dot(dsn, path):
    assert absolute(dsn) == f"chdb://{path.format(cwd=Path.cwd())}"


def test_a_servers_dsn_is_left_alone():
    assert absolute("clickhouse://u:p@h:8123/db") == "clickhouse://u:p@h:8123/db"


def test_a_reader_cannot_write(dsn, client):
    reader = connect_reader(dsn)
    try:
        with pytest.raises(DatabaseError, match="READONLY"):
            reader.command("TRUNCATE TABLE scans")
    finally:
        reader.close()
