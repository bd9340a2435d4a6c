"""An environment of their own for the peers written in Python, made on first use from `requirements.lock`."""

import hashlib
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).with_name("requirements.lock")


class NoEnvironmentError(Exception):
    """The peers' packages cannot be installed here; the message says why."""


def python(folder: Path) -> Path:
    """The interpreter of the peers' environment below `folder`, installed where it is not yet. Raises NoEnvironmentError."""
    home = folder / f"venv-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    interpreter, ready = home / "bin" / "python", home / "ready"
    if not ready.exists():
        _run([sys.executable, "-m", "venv", "--clear", str(home)])
        install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            str(LOCK),
        ]
        _run([str(interpreter), *install])
        ready.touch()
    return interpreter.absolute()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise NoEnvironmentError(f"the peers' packages cannot be installed: {' '.join(said)}")
