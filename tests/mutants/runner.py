"""Runs the tests over mutants, each in a process of its own. Nothing is written; a mutant that never ends is stopped."""

import gc
import os
import resource
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import _lru_cache_wrapper, cache
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from itertools import pairwise
from mmap import mmap
from operator import itemgetter
from pathlib import Path
from time import process_time
from types import CodeType, FrameType, FunctionType
from typing import TypeAlias

import pytest
from hypothesis import settings

from tests.mutants.operators import Mutant
from tests.oracle import histories

ROOT = Path(__file__).parents[2]
PRODUCT = str(ROOT / "processors")
EXAMPLES = ["tests/processors/test_examples.py"]
# The properties take long to say what others say.
PROCESSORS = ["tests/processors", "--ignore=tests/processors/test_properties.py"]
TESTS = [*PROCESSORS, "tests/stream/test_rules_show.py", "tests/stream/test_format_4.py"]
# Those left out ask nothing of the product, or take many seconds to say what others say.
LEFT_OUT = "not broken_often and not declares_just and not a_city_in_order and not night_s_upload and not facts_so_far"
LONG = 0.2  # seconds
_TESTS_AT_MOST = 10_000
MEMORY = 4 << 30
SURVIVED, KILLED = 0, 1
_WITHOUT = ("terminal", "cacheprovider", "hypothesispytest")
QUIET = ["-s", "--assert=plain", "-o", "addopts=", "-k", LEFT_OUT, *(f"-pno:{plugin}" for plugin in _WITHOUT)]
Line = tuple[str, int]
Functions = dict[tuple[str, str, int], list[FunctionType]]  # each by where it stands: file, name, first line
Answers: TypeAlias = "_lru_cache_wrapper[object]"


def warm_up(scans: int) -> None:
    """What costs time and does not depend on the product, made once: the made-up histories and the oracle's answers."""
    os.environ["PINGLIU_ORACLE_SCANS"] = str(scans)
    histories.History = cache(histories.History)  # type: ignore[misc]
    for seed in range(scans // 500):
        histories.History(seed, 500)
    settings.register_profile("mutants", derandomize=True, database=None, deadline=None)
    settings.load_profile("mutants")


class Tests:
    """All tests, collected once: what each costs, and which lines of the product it reaches."""

    def __init__(self, then: Callable[["Tests"], None]) -> None:
        self.failed: list[str] = []
        self.when_read: set[Line] = set()  # lines that ran before any test
        self.reached: defaultdict[Line, list[str]] = defaultdict(list)
        self.seconds: dict[str, float] = {}
        # How often each has failed, known to all forks.
        self._kills = memoryview(mmap(-1, _TESTS_AT_MOST * 4)).cast("I")
        self._whole: dict[CodeType, set[Line]] = {}
        self._then = then
        self._lines = self.when_read
        sys.settrace(self._enter)
        pytest.main([*TESTS, *QUIET], plugins=[self])

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        sys.settrace(None)
        self.items = session.items
        for item, after in pairwise([*self.items, None]):
            began = process_time()
            _run(item, after)
            self.seconds[item.nodeid] = process_time() - began
        answers = kept()
        for item in self.items:
            forget(answers)
            self._lines = set()
            sys.settrace(self._enter if self.seconds[item.nodeid] < LONG else self._pass)
            _run(item)
            sys.settrace(None)
            for line in self._lines:
                self.reached[line].append(item.nodeid)
        self._then(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def fail(self, mutant: Mutant) -> bool:
        """Whether a test fails of those that reach a mutant, as far as is known of them."""
        reach = {test for line in mutant.lines for test in self.reached[str(ROOT / mutant.module), line]}
        chosen = [
            (self.seconds[item.nodeid] / (1 + self._kills[number]), number, item)
            for number, item in enumerate(self.items)
            if item.nodeid in reach
        ]
        chosen.sort(key=itemgetter(0))  # soonest is found first what is quick, and what often finds something
        for (_, number, item), (*_, after) in pairwise([*chosen, (0, 0, None)]):
            _run(item, after)
            if self.failed:
                self._kills[number] += 1
                return True
        return False

    def _enter(self, frame: FrameType, _event: str, _arg: object) -> Callable[..., object] | None:
        return self._line if PRODUCT in frame.f_code.co_filename else None

    def _pass(self, frame: FrameType, _event: str, _arg: object) -> None:
        """As `_enter`, of a test that takes long: what it enters counts as reached to its end."""
        code = frame.f_code
        if PRODUCT in code.co_filename:
            if code not in self._whole:
                self._whole[code] = {(code.co_filename, line) for *_, line in code.co_lines() if line}
            self._lines |= self._whole[code]

    def _line(self, frame: FrameType, _event: str, _arg: object) -> Callable[..., object]:
        self._lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line


def _run(item: pytest.Item, after: pytest.Item | None = None) -> None:
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)


class FirstFailure:
    """A pytest plugin: those tests first that reach a mutant where few do, then the quick ones; out at the first failure."""

    def __init__(self, lines: list[Line], reached: dict[Line, list[str]], seconds: dict[str, float]) -> None:
        self._seconds = seconds
        self._others: dict[str, int] = {}
        for line in sorted(lines, key=lambda line: -len(reached.get(line, ()))):
            self._others |= dict.fromkeys(reached.get(line, ()), len(reached.get(line, ())))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: (self._others.get(item.nodeid, sys.maxsize), self._seconds.get(item.nodeid, 0)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os._exit(KILLED)


def fails_when_read(mutant: Mutant, reached: dict[Line, list[str]], seconds: dict[str, float]) -> bool:
    """Whether a test fails in a process that has read nothing of the product yet."""
    sys.meta_path.insert(0, _Finder(mutant))
    lines = [(str(ROOT / mutant.module), line) for line in mutant.lines]
    by_part = (EXAMPLES, [*PROCESSORS, f"--ignore={EXAMPLES[0]}"])
    return any(pytest.main([*part, *QUIET], plugins=[FirstFailure(lines, reached, seconds)]) != 0 for part in by_part)


def put_in_place(mutant: Mutant, functions: Functions, answers: list[Answers]) -> None:
    """Give the function that a mutant changes its other code, and forget what was answered in all tests before."""
    forget(answers)
    path = str(ROOT / mutant.module)
    waiting = [compile(mutant.tree, path, "exec")]
    while waiting:
        for code in waiting.pop().co_consts:
            if isinstance(code, CodeType):
                found = functions.get((path, code.co_qualname, code.co_firstlineno), [])
                for function in found:
                    function.__code__ = code
                if not found:
                    waiting.append(code)


def functions() -> Functions:
    """Every function of the product that is there, by where it stands."""
    found = defaultdict(list)
    for one in _objects():
        if isinstance(one, FunctionType) and PRODUCT in one.__code__.co_filename:
            code = one.__code__
            found[code.co_filename, code.co_qualname, code.co_firstlineno].append(one)
    return dict(found)


def kept() -> list[Answers]:
    """Every function of the product that keeps its answers."""
    found = (one for one in _objects() if isinstance(one, _lru_cache_wrapper))
    return [one for one in found if one.__module__.startswith("processors.")]


def _objects() -> list[object]:
    """All there are: those that a gateway in this process has frozen would not be named."""
    gc.unfreeze()
    return gc.get_objects()


def forget(answers: list[Answers]) -> None:
    """Let such functions be run when they are asked again."""
    for one in answers:
        one.cache_clear()


class _Finder:
    """Reads one module in its changed form."""

    def __init__(self, mutant: Mutant) -> None:
        self._path = str(ROOT / mutant.module)
        self._name = mutant.module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self._code = compile(mutant.tree, self._path, "exec")

    def find_spec(self, name: str, _path: object, _target: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        loader = SourceFileLoader(name, self._path)
        loader.get_code = lambda _: self._code  # type: ignore[method-assign]
        return spec_from_file_location(name, self._path, loader=loader)


def each(mutants: Iterable[Mutant], fails: Callable[[Mutant], bool], seconds: int) -> Iterator[tuple[Mutant, bool]]:
    """Every mutant's name and whether it was killed, each run in a fork; as many at once as there are processors."""
    running: dict[int, Mutant] = {}
    gc.collect()
    gc.freeze()  # what is there stays shared with the forks

    def over() -> tuple[Mutant, bool]:
        process, status = os.wait()
        return running.pop(process), status != SURVIVED

    for mutant in mutants:
        if len(running) >= (os.cpu_count() or 1):
            yield over()
        process = os.fork()
        if not process:
            _alone(mutant, fails, seconds)
        running[process] = mutant
    while running:
        yield over()


def _alone(mutant: Mutant, fails: Callable[[Mutant], bool], seconds: int) -> None:
    """In a fork: quiet, and with an end."""
    gc.disable()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    for limit, value in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (value, value))
    try:
        os._exit(KILLED if fails(mutant) else SURVIVED)
    except BaseException:  # whatever it is, the product did not stand it
        os._exit(KILLED)
