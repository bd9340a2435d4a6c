"""Which labels are asked for: the type and the serials of the command line, as whole labels with their checks.

Serials come as a list (`7A2,7A3`), a range (`0001-0500`), a file with one of these a line, or a first one and a count.
A run counts in tens where both its ends hold digits only, else by 36 (0-9 then A-Z); it never grows a place, so that
every serial of it has the length of its first.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from processors.labels import ALPHABET, bare, check_digit, is_ours
from stream.labels.check import explain

MOST = 100_000  # labels in one run: a range mistyped ends here and not when the disk is full
_SERIAL = re.compile(r"[0-9A-Z]{1,15}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]+)?(/[A-Za-z0-9._~-]+)*", re.ASCII)
_ID = re.compile(r"[!-~]{1,64}", re.ASCII)  # so many fit on a card as QR code and in words
_TYPE = re.compile(r"[0-9]{12}", re.ASCII)


class LabelError(Exception):
    """What was asked for cannot be printed; each line of the message names an option or a code, and what to do."""


def checked_type(given: str) -> str:
    """An asset type of 12 digits. Raises LabelError."""
    if _TYPE.fullmatch(given):
        return given
    if re.fullmatch(r"0?[0-9]{13}", given, re.ASCII) and given[-1] == check_digit(given[-13:-1]):
        raise LabelError(f"--type {given}: that has its check digit; give the 12 digits {given[-13:-1]}")
    raise LabelError(
        f"--type {given}: 12 digits wanted (company prefix and cylinder model), got {len(given)} characters"
    )


def checked_host(given: str) -> str:
    """A host that makes a link which reads back. Raises LabelError."""
    if not _HOST.fullmatch(given) or "8003" in given.split("/"):
        raise LabelError(
            f"--host {given}: wanted a name such as id.example.org, without https:// and in ASCII (xn--… for a Chinese one)"
        )
    return given


def listed(text: str, where: str = "--serials") -> list[str]:
    """The serials of a list such as `7A2,7A3,0001-0500`. Raises LabelError, its message beginning with `where`."""
    serials: list[str] = []
    for piece in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = (part.strip() for part in piece.partition("-"))
        serials += between(first, last, where) if dash else [_checked(piece, where)]
    return distinct(serials, where)


def in_file(path: Path) -> list[str]:
    """The serials of a file: a list or a range a line; empty lines and those that begin with # say nothing."""
    serials: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            serials += listed(line, f"{path}:{number}")
    return distinct(serials, str(path))


def between(first: str, last: str, where: str) -> list[str]:
    """Every serial from one to another. Raises LabelError."""
    _checked(first, where), _checked(last, where)
    if len(first) != len(last):
        raise LabelError(f"{where}: {first}-{last}: both ends must have the same length: write 0001-0500, not 1-500")
    base = 10 if (first + last).isdigit() else 36
    low, high = int(first, base), int(last, base)
    if high < low:
        raise LabelError(f"{where}: {first}-{last} runs backwards; write {last}-{first}")
    return _run(low, high - low + 1, len(first), base, where)


def counted(first: str, count: int) -> list[str]:
    """So many serials from one on. Raises LabelError where they would need another place."""
    _checked(first, "--from")
    base = 10 if first.isdigit() else 36
    low, past = int(first, base), base ** len(first)
    if low + count > past:
        raise LabelError(
            f"--from {first} --count {count}: only {past - low} serials of {len(first)} characters are left from there; "
            f"begin with a longer one, such as 0{first}"
        )
    return _run(low, count, len(first), base, "--count")


def whole(given: Iterable[str]) -> list[str]:
    """Labels given whole, or as their links, to be printed again. Raises LabelError."""
    wrong, labels = [], []
    for code in given:
        labels.append(bare(code))
        if not is_ours(labels[-1]):
            faults = "; ".join(
                f"{finding.what}: {finding.says}" for finding in explain(code).findings if not finding.good
            )
            wrong.append(f"{code}: not a label with right check characters: {faults or 'a code of another kind'}")
    if wrong:
        raise LabelError("\n".join([*wrong, "`pingliu labels check CODE` says more"]))
    return distinct(labels, "the labels given")


def checked_ids(given: Iterable[str], where: str) -> list[str]:
    """Customer ids that a card can carry, none twice. Raises LabelError."""
    ids = list(given)
    wrong = [one for one in ids if not _ID.fullmatch(one)]
    if wrong:
        raise LabelError(
            f"{where}: {', '.join(map(repr, wrong[:5]))}{' …' if wrong[5:] else ''}: "
            "an id on a card is 1 to 64 letters, digits and signs of ASCII, without spaces"
        )
    return distinct(ids, where)


def _run(low: int, count: int, length: int, base: int, where: str) -> list[str]:
    if count > MOST:
        raise LabelError(f"{where}: {count} labels; at most {MOST} in one run, print them in parts")
    return [_written(value, length, base) for value in range(low, low + count)]


def _written(value: int, length: int, base: int) -> str:
    places = []
    for _ in range(length):
        value, place = divmod(value, base)
        places.append(ALPHABET[place])
    return "".join(reversed(places))


def _checked(serial: str, where: str) -> str:
    if _SERIAL.fullmatch(serial):
        return serial
    if _SERIAL.fullmatch(serial.upper()):
        raise LabelError(f"{where}: {serial}: capital letters wanted: {serial.upper()}")
    if len(serial) > 15:
        raise LabelError(f"{where}: {serial}: {len(serial)} characters; 15 fit, the 16th is the check character")
    raise LabelError(f"{where}: {serial!r}: a serial is 1 to 15 of 0-9 A-Z, without its check character")


def distinct(codes: list[str], where: str) -> list[str]:
    """The codes, none of them twice and not too many. Raises LabelError."""
    if len(codes) > MOST:
        raise LabelError(f"{where}: {len(codes)} of them; at most {MOST} in one run, print them in parts")
    seen: set[str] = set()
    twice = list(dict.fromkeys(code for code in codes if code in seen or seen.add(code)))  # type: ignore[func-returns-value]
    if twice:
        raise LabelError(f"{where}: {', '.join(twice[:5])}{' …' if twice[5:] else ''} twice; each is printed once")
    return codes
