"""What is wrong with a code, in words: `pingliu labels check`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal
from urllib.parse import urlsplit

from processors.labels import bare, check_character, check_digit, has_label_shape, is_code, is_ours

SHORTEST, LONGEST = 16, 30  # characters of a label: 14 digits, and a serial of 2 to 16
_ALIKE = (("0", "O"), ("0", "D"), ("0", "Q"), ("1", "I"), ("1", "L"), ("2", "Z"), ("5", "S"), ("6", "G"), ("8", "B"))
_DIGIT_OF = str.maketrans({letter: digit for digit, letter in _ALIKE})
_GUESSES = 3


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `expected` and `found` where it is one character or number."""

    what: str
    good: bool
    says: str
    expected: str | None = None
    found: str | None = None


@dataclass
class Report:
    """What a code is. A legacy code is good as far as can be seen: it has no check characters."""

    given: str
    code: str
    kind: Literal["label", "legacy", "neither"]
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    maybe: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong with it."""
        return all(finding.good for finding in self.findings)


def explain(given: str, our_host: str | None = None) -> Report:
    """What a link or a bare code is and what is wrong with it; a link to another host than ours is noted."""
    code = bare(given)
    if code != given:
        report = Report(given, code, "label", list(_label(code)))
        host = urlsplit(given).netloc
        report.findings.insert(0, Finding("link", True, f"a GS1 Digital Link to {host}"))
        if our_host and host.lower() != our_host.partition("/")[0].lower():
            report.notes.append(f"the link leads to {host}, not to {our_host}: who printed it?")
    elif "://" in given:
        fault = "not a link to a returnable asset: https://HOST/8003/LABEL wanted"
        return Report(given, given, "neither", [Finding("link", False, fault)])
    elif _meant_as_label(given):
        report = Report(given, code, "label", list(_label(code)))
    elif is_code(code):
        report = Report(given, code, "legacy", [Finding("shape", True, "a legacy code: 4 to 40 of 0-9 A-Z a-z -")])
        report.notes.append(
            "it has no check characters; it counts as the label whose `bind` named it as alias, if one did"
        )
        if re.fullmatch(r"[1-9]\d{13}[0-9A-Z]{2,16}", code, re.ASCII):
            report.notes.append(f"were it meant as a label, it would begin with 0, not with {code[0]}")
        return report
    else:
        fault = "neither a label (0, 13 digits, 2 to 16 of 0-9 A-Z) nor a legacy code (4 to 40 of 0-9 A-Z a-z -)"
        return Report(given, given, "neither", [Finding("shape", False, fault)], maybe=_guesses(given))
    if not report.good:
        if code == given and is_code(code) and not has_label_shape(code):
            report.notes.append("a scan takes it for a legacy code, as it has not the shape of a label")
        report.maybe = _guesses(code)
    return report


def _meant_as_label(code: str) -> bool:
    """Whether it begins as labels do, slips forgiven; with another first digit only where all else is right."""
    tidy = _tidy(code)
    digits = sum(letter in "0123456789" for letter in tidy[1:14])
    return len(tidy) > 13 and digits >= 12 and (tidy[0] == "0" or is_ours("0" + tidy[1:]))


def _tidy(code: str) -> str:
    """As it was surely meant: no spaces, capital letters, digits where only digits may stand."""
    tidy = re.sub(r"[\s().]", "", code).upper().removeprefix("8003")
    return tidy[:14].translate(_DIGIT_OF) + tidy[14:]


def _label(code: str) -> Iterator[Finding]:
    foreign = "".join(dict.fromkeys(re.sub(r"[0-9A-Z]", "", code, flags=re.ASCII)))
    if foreign:
        which = "capital letters" if foreign.isascii() and foreign.isalpha() else "0-9 and A-Z"
        yield Finding("characters", False, f"{foreign!r} in it: a label and its check character are {which} only")
    length = len(code)
    fits = SHORTEST <= length <= LONGEST
    fault = "" if fits else f"; a label has {SHORTEST} to {LONGEST}"
    yield Finding("length", fits, f"{length} characters{fault}", f"{SHORTEST}-{LONGEST}", str(length))
    first = code[:1]
    says = "0" if first == "0" else f"{first or 'nothing'} found, 0 expected: a returnable asset's code begins with 0"
    yield Finding("first digit", first == "0", says, "0", first)
    if not re.fullmatch(r"[0-9]{13}", code[1:14], re.ASCII):
        yield Finding("type", False, f"{code[1:14]}: 12 digits and a check digit wanted after the first 0")
    else:
        yield Finding("type", True, code[1:13])
        yield _compared("check digit", check_digit(code[1:13]), code[13], "of the type")
    serial = code[14:]
    if len(serial) >= 2 and re.fullmatch(r"[0-9A-Z]+", serial, re.ASCII):
        yield Finding(
            "serial", len(serial) <= 16, serial[:-1] + ("" if len(serial) <= 16 else ": 15 characters at most")
        )
        yield _compared("check character", check_character(serial[:-1]), serial[-1], "of the serial")


def _compared(what: str, expected: str, found: str, whose: str) -> Finding:
    if expected == found:
        return Finding(what, True, found, expected, found)
    says = f"{found} found, {expected} expected: a character {whose} is wrong, or this one"
    return Finding(what, False, says, expected, found)


def _guesses(code: str) -> list[str]:
    """Labels that are right and one slip away: look-alikes, two neighbours swapped; none where too many are."""
    tidy = _tidy(code)
    slips = chain(
        [tidy],
        (
            tidy[:place] + other + tidy[place + 1 :]
            for place, letter in enumerate(tidy)
            for pair in _ALIKE
            if letter in pair
            for other in pair
        ),
        (tidy[:place] + tidy[place + 1] + tidy[place] + tidy[place + 2 :] for place in range(max(0, len(tidy) - 1))),
    )
    right = list(dict.fromkeys(slip for slip in slips if is_ours(slip)))
    return right if len(right) <= _GUESSES else []
