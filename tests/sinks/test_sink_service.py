"""The process around the sink and the query service."""

import subprocess
import sys

from stream.local.processes import free_port
from stream.settings import Settings

FAILING = """
import sys
from sinks import archive
from sinks.service import serve
from stream.settings import Settings
def run(settings, stop, observer, health):
    raise RuntimeError("the sink broke")
archive.run = run
sys.exit(serve(Settings(), None, sink=True, query=True))
"""


def test_a_sink_that_fails_takes_the_query_service_with_it(dsn):
    settings = Settings(clickhouse=dsn, query_port=free_port())
    done = subprocess.run(
        [sys.executable, "-c", FAILING],
        env=settings.environment(),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "the sink broke" in done.stderr
