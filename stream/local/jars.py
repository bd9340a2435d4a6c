"""Apache Kafka's jars: fetched once through `jgo`, and run only if they are what `kafka.lock` beside this file says.

``python -m stream.local.jars`` fetches what is missing; with ``lock`` it writes the lock anew, after a change of
`COORDINATES`.
"""

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

VERSION = "4.3.1"
# kafka-clients is named because jgo's mediation picks 3.8.0 otherwise; the third carries the broker's log to stdout.
COORDINATES = (
    f"org.apache.kafka:kafka_2.13:{VERSION}",
    f"org.apache.kafka:kafka-clients:{VERSION}",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
)
LOCK = Path(__file__).with_name("kafka.lock")

_DOWNLOAD_ATTEMPTS = 3
_DOWNLOADS_AT_ONCE = 4


class BrokerUnavailableError(Exception):
    """There is no broker on this machine; the first line of the message says why and what to do."""


def unavailable(why: str, *, log: str = "") -> BrokerUnavailableError:
    """The error for `why`, with what to do instead; `log` follows on lines of its own."""
    line = f"{why}; or use a cluster of your own: --broker HOST:PORT"
    return BrokerUnavailableError(f"{line}\n{log}" if log else line)


@dataclass(frozen=True)
class _Jar:
    coordinate: str  # group:artifact:version
    size: int  # bytes
    sha256: str

    @property
    def name(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"

    def is_at(self, path: Path) -> bool:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256


def jars(cache: Path | None = None, *, progress: bool = True, lock: Path = LOCK) -> list[Path]:
    """Return the class path of the broker, every jar checked against the lock; fetch those not in `cache`.

    The first call fetches 45 MB; one that finds all 46 jars in place reads and checks them in 0.04 s. `progress` shows
    a download on stderr: a bar on a terminal, plain lines elsewhere.

    Raises:
        BrokerUnavailableError: a jar could not be fetched, or is not the one in the lock.
        OSError: `cache` cannot be written.

    """
    directory, wanted = _wanted(cache, lock)
    missing = [jar for jar in wanted if not (directory / jar.name).exists()]
    if missing:
        directory.mkdir(parents=True, exist_ok=True)
        _fetch_all(missing, directory, progress=progress)
    for jar in wanted:
        path = directory / jar.name
        if not jar.is_at(path):
            raise unavailable(
                f"{path} is not {jar.coordinate} as {lock.name} has it (SHA-256): delete it and try again"
            )
    return [directory / jar.name for jar in wanted]


@dataclass(frozen=True)
class Kept:
    """What of the lock is in the cache: `missing` files of so many bytes, and those that are not what the lock says."""

    directory: Path
    there: int
    missing: int
    missing_bytes: int
    damaged: list[Path]


def look(cache: Path | None = None, lock: Path = LOCK) -> Kept:
    """How the cache stands; nothing is fetched."""
    directory, wanted = _wanted(cache, lock)
    missing = [jar for jar in wanted if not (directory / jar.name).exists()]
    damaged = [directory / jar.name for jar in wanted if jar not in missing and not jar.is_at(directory / jar.name)]
    return Kept(directory, len(wanted) - len(missing), len(missing), sum(jar.size for jar in missing), damaged)


def _wanted(cache: Path | None, lock: Path) -> tuple[Path, list[_Jar]]:
    # Absolute: Java runs in the data directory.
    directory = (cache or _default_cache()).absolute() / f"kafka-{VERSION}"
    rows = (line.split() for line in lock.read_text().splitlines() if not line.startswith("#"))
    return directory, [_Jar(coordinate, int(size), sha256) for coordinate, size, sha256 in rows]


def _default_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pingliu"


def _fetch_all(missing: list[_Jar], directory: Path, *, progress: bool) -> None:
    # Here and below: imported where a download begins, for a broker that has its jars need not wait for them.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, DownloadColumn, Progress  # noqa: PLC0415

    total = sum(jar.size for jar in missing)
    console = Console(stderr=True, quiet=not progress, highlight=False)
    console.print(f"Fetching Apache Kafka {VERSION}: {len(missing)} files, {total / 1e6:.0f} MB")
    with (
        Progress(
            BarColumn(), DownloadColumn(), console=console, transient=True, disable=not console.is_terminal
        ) as bar,
        ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool,
    ):
        task = bar.add_task("", total=total)
        downloads = {pool.submit(_fetch, jar, directory): jar for jar in missing}
        try:
            for download in as_completed(downloads):
                download.result()
                bar.advance(task, downloads[download].size)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    console.print(f"Fetched to {directory}")


def _fetch(jar: _Jar, directory: Path) -> None:
    """Put the jar into `directory`, whole and checked or not at all. Of two that fetch it at once the later one stands."""
    failure: Exception | None = None
    for _ in range(_DOWNLOAD_ATTEMPTS):
        # A directory an attempt: jgo takes half a file left by an interrupted attempt for the whole.
        with TemporaryDirectory(dir=directory) as scratch:
            try:
                path = _download(jar.coordinate, Path(scratch))
            except (OSError, RuntimeError) as error:
                failure = error
                continue
            if not jar.is_at(path):
                raise unavailable(f"what was fetched as {jar.coordinate} is not the file in the lock (SHA-256)")
            path.replace(directory / jar.name)
            return
    why = f"{jar.coordinate} could not be fetched ({type(failure).__name__}): connect this machine and try again"
    raise unavailable(why) from failure


def _download(coordinate: str, into: Path) -> Path:
    """Fetch one jar below `into`. Repositories of the user's own jgo configuration are asked first: mirrors, say."""
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    repositories = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    context = MavenContext(repo_cache=into, remote_repos=repositories)
    return Path(context.create_dependency(coordinate).artifact.resolve())


def write_lock(lock: Path = LOCK) -> None:
    """Resolve `COORDINATES`, fetch every jar anew and write the lock."""
    import jgo  # noqa: PLC0415

    found = {f"{jar.groupId}:{jar.artifactId}:{jar.version}" for jar in jgo.resolve("+".join(COORDINATES))}
    lines = [f"# Apache Kafka {VERSION}: coordinate, bytes, SHA-256. Made by: python -m stream.local.jars lock"]
    for coordinate in sorted(found):
        with TemporaryDirectory() as scratch:
            content = _download(coordinate, Path(scratch)).read_bytes()
        lines.append(f"{coordinate} {len(content)} {hashlib.sha256(content).hexdigest()}")
    lock.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            try:
                jars()
            except BrokerUnavailableError as error:
                sys.exit(str(error))
        case ["lock"]:
            write_lock()
        case _:
            sys.exit("usage: python -m stream.local.jars [lock]")
