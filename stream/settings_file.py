"""The file `pingliu.toml` as the project ships it: every setting and parameter at its default, commented out.

Prose begins with `# `, a setting with `#` alone: to take that away changes nothing.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from stream.rule_parameters import PARAMETERS, as_toml
from stream.settings import Settings

_HEAD = """\
# Pingliu's settings, each at its default: take away the `#` before one and change it. Flags and the environment
# (PINGLIU_BROKER ...) win over this file; docs/settings.md and docs/parameters.md say more.
# Written by `make docs`; a test says whether it is current.
"""

_RULES = """
# The parameters of the rules: unit, what is allowed and basis in brackets.
#[rules]
"""

_CHANGES = """
# From a day on, some of them are others; below the table above, once for each such day:
#     [[rules.changes]]
#     from = 2027-01-01
#     inspection_years = 3
"""


def settings_file() -> str:
    """The text of the file."""
    settings = [
        _entry(field.description, name, _literal(field.default))
        for name, field in Settings.model_fields.items()
        if name != "rules"
    ]
    parameters = [
        _entry(
            f"{one.meaning} ({', '.join(filter(None, (one.unit, one.limits)))}; {one.basis})",
            one.name,
            as_toml(one.default),
        )
        for one in PARAMETERS.values()
    ]
    return "".join([_HEAD, "\n", *settings, _RULES, *parameters, _CHANGES])


def _entry(comment: str | None, name: str, literal: str) -> str:
    return (f"# {comment}\n" if comment else "") + f"#{name} = {literal}\n"


def _literal(default: Any) -> str:
    plain = default.get_secret_value() if isinstance(default, SecretStr) else default
    return json.dumps(str(plain) if isinstance(plain, Path) else plain)
