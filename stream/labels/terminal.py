"""Lines for a person: coloured on a terminal and nowhere else."""

from rich.console import Console

out = Console()
err = Console(stderr=True)


def say(line: str, style: str | None = None) -> None:
    """A line on stdout, never wrapped."""
    out.print(line, style=style, highlight=False, markup=False, soft_wrap=True)


def warn(line: str) -> None:
    """A line on stderr."""
    err.print(f"pingliu: {line}", style="yellow", highlight=False, markup=False, soft_wrap=True)
