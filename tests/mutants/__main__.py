"""`make mutants`: the share of mutants that the tests kill, module by module, and those that survive."""

import os
import pickle
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TextIO

from tests.mutants.operators import Mutant, mutants, unchanged
from tests.mutants.runner import ROOT, Line, Tests, each, fails_when_read, functions, kept, put_in_place, warm_up

WANTED = 95  # percent killed
SCANS = 6_000  # of made-up histories, over which engine and oracle are compared
CONTROL = ROOT / "processors" / "judge.py"
LISTED = ROOT / "docs" / "mutants.md"
EVERY_ONE = "ALL" in os.environ  # those that are listed too


class Outcome(NamedTuple):
    module: str
    name: str
    is_killed: bool


class InTests(NamedTuple):
    """What came of the mutants that run in a test only; which are left for a process that has read nothing."""

    outcomes: list[Outcome]
    others: set[int]
    reached: dict[Line, list[str]]
    seconds: dict[str, float]


def made(only: tuple[str, ...]) -> Iterator[Mutant]:
    """All mutants of the modules whose path begins so, in the same order each time."""
    for path in sorted(ROOT.glob("processors/**/*.py")):
        if str(path.relative_to(ROOT)).startswith(only):
            yield from mutants(path, ROOT)


def chosen(only: tuple[str, ...]) -> Iterator[tuple[int, Mutant]]:
    """Those that are run, by number: what is listed as surviving is taken at its word, for it costs every test there is."""
    listed = LISTED.read_text() if not EVERY_ONE else ""
    return enumerate(mutant for mutant in made(only) if f"`{mutant.name}`" not in listed)


def run(some: Iterable[Mutant], fails: Callable[[Mutant], bool], limit: int) -> Iterator[Outcome]:
    """Run mutants after one that changes nothing: tests that kill that one tell nothing of the others."""
    for mutant, is_killed in each([unchanged(CONTROL, ROOT)], fails, limit):
        if is_killed:
            raise RuntimeError(f"{mutant.module} is killed although nothing is changed")
    for number, (mutant, is_killed) in enumerate(each(some, fails, limit), 1):
        if not is_killed:
            say(f"survived: {mutant.name}")
        if number % 100 == 0:
            say(f"{number} mutants")
        yield Outcome(mutant.module, mutant.name, is_killed)


def in_tests(only: tuple[str, ...], tests: Tests) -> InTests:
    if tests.failed:
        raise RuntimeError(f"tests fail although nothing is changed: {' '.join(tests.failed)}")
    there, answers, others = functions(), kept(), set()

    def here() -> Iterator[Mutant]:
        for number, mutant in chosen(only):
            lines = {(str(ROOT / mutant.module), line) for line in mutant.lines}
            if mutant.function and not lines & tests.when_read:
                yield mutant
            else:
                others.add(number)

    def fails(mutant: Mutant) -> bool:
        put_in_place(mutant, there, answers)
        return tests.fail(mutant)

    outcomes = list(run(here(), fails, limit(tests.seconds)))
    return InTests(outcomes, others, dict(tests.reached), tests.seconds)


def limit(seconds: dict[str, float]) -> int:
    """How many seconds of CPU a mutant may take: one that takes more never ends."""
    return round(60 + 3 * sum(seconds.values()))


def elsewhere(work: Callable[[], InTests]) -> InTests:
    """The result of work in another process, which may read the product; this one must not."""
    reader, writer = os.pipe()
    if not os.fork():
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(work(), pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read()
    os.wait()
    if not told:
        raise SystemExit(2)
    result: InTests = pickle.loads(told)
    return result


def tested(only: tuple[str, ...]) -> InTests:
    found: list[InTests] = []
    Tests(lambda tests: found.append(in_tests(only, tests)))
    return found[0]


def say(line: str, to: TextIO = sys.stderr) -> None:
    to.write(line + "\n")


def main(only: tuple[str, ...]) -> int:
    """Print the scores and the survivors; 1 where too many survive."""
    os.chdir(ROOT)
    warm_up(SCANS)
    found = elsewhere(lambda: tested(only))
    rest = (mutant for number, mutant in chosen(only) if number in found.others)

    def fails(mutant: Mutant) -> bool:
        return fails_when_read(mutant, found.reached, found.seconds)

    outcomes = [*found.outcomes, *run(rest, fails, limit(found.seconds))]
    every = Counter(mutant.module for mutant in made(only))
    killed = Counter(outcome.module for outcome in outcomes if outcome.is_killed)
    for module in sorted(every):
        say(f"{killed[module]:4} of {every[module]:4} {module}", sys.stdout)
    for name in sorted(outcome.name for outcome in outcomes if not outcome.is_killed):
        say(f"survives: {name}", sys.stdout)
    listed = 0 if EVERY_ONE else every.total() - len(outcomes)
    score = 100 * killed.total() / every.total()
    say(
        f"{score:.1f} % of {every.total()} mutants killed, {WANTED} % wanted; {listed} are listed and not run",
        sys.stdout,
    )
    return score < WANTED


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or ("processors",)))
