"""How a rule explains itself, in both languages: its function's docstring, taken apart.

A docstring says in English when the rule fires, then in paragraphs that begin `zh:`, `Example:` and `例：` the same in
Chinese and one example in each language. `{name}` in it stands for the value of that parameter.
"""

import re
from typing import NamedTuple

from msgspec.structs import asdict

from processors.parameters import Parameters

_PARTS = re.compile(r"^ *(zh:|Example:|例：)", re.MULTILINE)


class Explained(NamedTuple):
    """When a rule fires, and an example, which is told by the default values."""

    when: str
    when_zh: str
    example: str
    example_zh: str

    def at(self, parameters: Parameters) -> "Explained":
        """With the values of these parameters. Raises KeyError where a text names one that does not exist."""
        values = {name: shown(value) for name, value in asdict(parameters).items()}
        return Explained._make(text.format_map(values) for text in self)


def explained_in(docstring: str | None) -> Explained:
    """A docstring's texts; one that is missing is empty."""
    when, *parts = _PARTS.split(docstring or "")
    found = dict(zip(parts[::2], parts[1::2], strict=True))
    return Explained(
        _english(when),
        _chinese(found.get("zh:", "")),
        _english(found.get("Example:", "")),
        _chinese(found.get("例：", "")),
    )


def shown(value: float) -> float:
    """A number as people write it: 2, where it is held as 2.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _english(text: str) -> str:
    return " ".join(text.split())


def _chinese(text: str) -> str:
    return "".join(line.strip() for line in text.splitlines())
