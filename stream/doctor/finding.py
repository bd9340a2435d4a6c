"""What one look of the doctor comes to."""

from typing import Literal

from msgspec import Struct

State = Literal["ok", "note", "trouble"]


class Finding(Struct, frozen=True):
    """One thing looked at. `note` is worth knowing and no trouble; `do` is what a person may do, empty where nothing."""

    check: str
    state: State
    says: str
    do: str = ""


def ok(check: str, says: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", says)


def note(check: str, says: str, do: str = "") -> Finding:
    """No trouble, but to be known."""
    return Finding(check, "note", says, do)


def trouble(check: str, says: str, do: str) -> Finding:
    """Something does not work, or will not."""
    return Finding(check, "trouble", says, do)


def first_line(error: object, most: int = 160) -> str:
    """What an error says, short enough for a line."""
    lines = str(error).strip().splitlines()
    return lines[0][:most].strip() if lines else type(error).__name__


def root_of(error: BaseException) -> str:
    """What began it: of an error that wraps others the innermost that says something, `Connection refused` say."""
    seen = [error]
    while (cause := seen[-1].__cause__ or seen[-1].__context__) is not None:
        seen.append(cause)
    return next(
        (one.strerror for one in reversed(seen) if isinstance(one, OSError) and one.strerror), first_line(error)
    )
