"""Labels: GS1 GRAI with a mod 10 check digit, serial with an ISO 7064 MOD 37,36 check character."""

import re
from functools import cache

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SHAPE = re.compile(r"0[0-9]{13}[0-9A-Z]{2,16}", re.ASCII)
CODE = re.compile(r"[0-9A-Za-z-]{4,40}", re.ASCII)
LINK = re.compile(r"https://[^/]+/8003/(.+)", re.ASCII)


def bare(label: str) -> str:
    """The label of a Digital Link; anything else as it is."""
    link = LINK.fullmatch(label)
    return link[1] if link else label


def check_digit(digits: str) -> str:
    """GS1 mod 10: weights 3, 1, 3, ... from the right; what is missing to the next ten."""
    total = sum(int(d) * (3, 1)[place % 2] for place, d in enumerate(reversed(digits)))
    return str(-total % 10)


def check_character(body: str) -> str:
    """ISO 7064 MOD 37,36, a hybrid system: P = 36; then for each character P = ((P + a) mod 36, or 36) * 2 mod 37."""
    product = 36
    for character in body:
        product = ((product + ALPHABET.index(character)) % 36 or 36) * 2 % 37
    return ALPHABET[(1 - product) % 36]


def make(asset_type: str, serial: str) -> str:
    """The label of a 12-digit type and a serial without its check character."""
    return f"0{asset_type}{check_digit(asset_type)}{serial}{check_character(serial)}"


@cache
def is_ours(label: str) -> bool:
    """Whether a label has the shape and both checks are right."""
    if not SHAPE.fullmatch(label):
        return False
    return label[13] == check_digit(label[1:13]) and label[-1] == check_character(label[14:-1])
