"""Data flows one way, and so do imports (design: load_tests → stream, sinks → processors)."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
OUTSIDE = {
    "faust",
    "mode",
    "aiokafka",
    "confluent_kafka",
    "clickhouse_connect",
    "chdb",
    "asyncio",
    "threading",
    "socket",
}

# Where sinks and stream meet: the commands, and the demo that prints a trace.
MEETING_PLACES = {"stream/cli.py", "stream/demo.py"}
SHARED_WITH_SINKS = {"stream.topics", "stream.settings"}


def imports(folder: str) -> Iterator[tuple[str, str]]:
    """(file, module) for every import below a folder."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            name = str(path.relative_to(ROOT))
            if isinstance(node, ast.Import):
                yield from ((name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name}: imports name their package in full"
                module = node.module or ""
                # `from stream import topics` imports stream.topics
                submodules = [f"{module}.{a.name}" for a in node.names if (ROOT / f"{module}/{a.name}.py").exists()]
                yield from ((name, found) for found in submodules or [module])


def top(module: str) -> str:
    return module.partition(".")[0]


def test_processors_are_pure() -> None:
    own = {"processors", "msgspec"} | set(sys.stdlib_module_names)
    assert [(f, m) for f, m in imports("processors") if top(m) not in own or top(m) in OUTSIDE] == []
    for path in (ROOT / "processors").rglob("*.py"):
        text = path.read_text()
        assert not any(clock in text for clock in ("time.time(", "datetime.now(", "utcnow(", "date.today(")), path


def test_sinks_know_nothing_of_stream_but_names_and_settings() -> None:
    wrong = [(f, m) for f, m in imports("sinks") if top(m) == "stream" and m not in SHARED_WITH_SINKS]
    assert wrong == []
    assert [(f, m) for f, m in imports("sinks") if top(m) == "load_tests"] == []


def test_stream_meets_sinks_in_the_command_line_alone() -> None:
    assert [(f, m) for f, m in imports("stream") if top(m) == "load_tests"] == []
    assert {f for f, m in imports("stream") if top(m) == "sinks"} <= MEETING_PLACES


def test_the_product_does_not_import_its_tests() -> None:
    for folder in ("processors", "stream", "sinks", "load_tests"):
        assert [(f, m) for f, m in imports(folder) if top(m) == "tests"] == []


def test_the_oracle_knows_nothing_of_the_product() -> None:
    own = {"tests.oracle", "pytest"}
    known = [
        (str(path.relative_to(ROOT)), module)
        for path in sorted((ROOT / "tests/oracle").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        for module in _modules(node)
        if top(module) not in sys.stdlib_module_names and module not in own and not module.startswith("tests.oracle.")
    ]
    assert known == []


def _modules(node: ast.AST) -> list[str]:
    """What an import names; a relative one stays in its package."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    assert node.level <= 1, "an import beyond its own package"
    return [node.module or ""] if node.level == 0 else []
