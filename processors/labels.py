"""Cylinder labels: GS1 GRAI codes, their check characters, and the Digital Link a QR code holds.

A label is `0`, 12 digits (company prefix and asset type, which is the cylinder model), a check digit, and a serial of
2–16 characters whose last is its check character. Sources: GS1 General Specifications 3.3.1 (GRAI) and 7.9 (mod 10),
ISO/IEC 7064 (MOD 37,36), GS1 Digital Link URI syntax.
"""

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}

_LABEL = re.compile(r"0[0-9]{13}[0-9A-Z]{2,16}", re.ASCII)
_LEGACY = re.compile(r"[0-9A-Za-z-]{4,40}", re.ASCII)
_LINK = re.compile(r"https?://[^/?#\s]+(?:/[^?#\s]*)?/8003/([^/?#\s]+)/?(?:[?#]\S*)?", re.ASCII | re.IGNORECASE)


def check_digit(digits: str) -> str:
    """The GS1 check digit: weights 3, 1 from the right, up to the next ten."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def check_character(serial: str) -> str:
    """The ISO 7064 MOD 37,36 check character of a serial without one. Raises KeyError outside `[0-9A-Z]`."""
    product = 36
    for character in serial:
        total = (product + _VALUE[character]) % 36 or 36
        product = total * 2 % 37
    return ALPHABET[(37 - product) % 36]


def make(asset_type: str, serial: str) -> str:
    """The label of a cylinder, both checks added: `asset_type` 12 digits, `serial` 1–15 of `[0-9A-Z]`."""
    if not (len(asset_type) == 12 and asset_type.isascii() and asset_type.isdigit()):
        raise ValueError(f"asset type: 12 digits wanted, got {asset_type!r}")
    if not (1 <= len(serial) <= 15 and all(character in _VALUE for character in serial)):
        raise ValueError(f"serial: 1 to 15 of 0-9 A-Z wanted, got {serial!r}")
    return f"0{asset_type}{check_digit(asset_type)}{serial}{check_character(serial)}"


def bare(code: str) -> str:
    """The code a device means: of a Digital Link its label, of anything else itself."""
    link = _LINK.fullmatch(code)
    return link[1] if link else code


def has_label_shape(code: str) -> bool:
    """Whether a bare code looks like a label of ours; its checks may still be wrong (rule 1 says so)."""
    return _LABEL.fullmatch(code) is not None


def is_code(code: str) -> bool:
    """Whether a bare code may enter at all: a label's shape, or a legacy code of 4–40 `[0-9A-Za-z-]`."""
    return _LEGACY.fullmatch(code) is not None


def checks(code: str) -> bool:
    """Whether a code of a label's shape carries the right check digit and check character."""
    return code[13] == check_digit(code[1:13]) and code[-1] == check_character(code[14:-1])


def is_ours(code: str) -> bool:
    """Whether a bare code is a well-formed label, checks and all."""
    return has_label_shape(code) and checks(code)


def link(label: str, host: str) -> str:
    """The GS1 Digital Link of a label, as its QR code holds it."""
    return f"https://{host}/8003/{label}"
