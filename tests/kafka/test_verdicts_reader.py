"""The example reader in Java (docs/readers) tells of each scan what its device heard, and what became of it later.

It needs a JDK of 17 or newer; where there is none it is left out, and pytest says so. The broker's own Java has no compiler.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.local.jars import jars
from stream.up import Stack
from tests.kafka import harness
from tests.stream.scans import bind, cycle, scan

SOURCE = Path(__file__).parents[2] / "docs" / "readers" / "Verdicts.java"
JAVAC = shutil.which("javac", path=f"{os.environ['JAVA_HOME']}/bin" if "JAVA_HOME" in os.environ else None)

pytestmark = [pytest.mark.kafka, pytest.mark.skipif(JAVAC is None, reason="left out: no javac, which a JDK brings")]


@pytest.fixture
def up(kafka: str, tmp_path: Path) -> Iterator[Stack]:
    with harness.stack(kafka, tmp_path / "stack") as running:
        yield running


def read_in_java(broker: str, folder: Path) -> list[list[str]]:
    class_path = os.pathsep.join((*map(str, jars()), str(folder)))
    assert JAVAC is not None
    compiled = [JAVAC, "--release", "17", "-Xlint:all", "-Werror", "-cp", class_path, "-d", str(folder), str(SOURCE)]
    told = subprocess.run(compiled, capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode == 0, told.stderr
    java = str(Path(JAVAC).resolve().with_name("java"))
    command = [java, "-Xmx256m", "-cp", class_path, "Verdicts", broker, "--to-end"]
    read = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert read.returncode == 0, read.stderr
    return [line.split("\t") for line in read.stdout.splitlines()]


def test_it_tells_of_each_scan_what_its_device_heard_and_what_became_of_it(up: Stack, tmp_path: Path) -> None:
    unchecked = scan(40, "fill", on=1, second=4000, net_kg=14.5)
    others = [scan(41, "fill", on=2, second=4001, net_kg=14.5), scan(42, "fill", on=1, second=4002, net_kg="?")]
    answers = harness.post(up, [bind(1, on=1), *cycle(10, on=1), scan(20, "receive", on=1), unchecked, *others])
    check = scan(30, "precheck", on=1, second=3900, passed=True) | {"received": scan(43, second=4003)["time"]}
    late = harness.post(up, check)
    lines = read_in_java(up.settings.broker, tmp_path)
    heard = [one for one in (*answers, *late) if "rejected" not in one]
    first = {scan_id: (decision, codes) for _, _, revision, scan_id, decision, codes in lines if revision == "0"}
    assert first == {
        one["scan_id"]: (one["decision"], ",".join(violation["code"] for violation in one["violations"]))
        for one in heard
    }
    assert first["scan-000040"] == ("deny", "PREFILL_CHECK_MISSING")
    revised = [
        (scan_id, revision, decision, codes) for _, _, revision, scan_id, decision, codes in lines if revision != "0"
    ]
    assert revised == [("scan-000040", "1", "allow", "")]
