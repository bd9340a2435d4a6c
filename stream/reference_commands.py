"""The page docs/commands.md: every command's own help, and what the exit codes say."""

from collections.abc import Iterator
from typing import Any

import typer

from stream.cli import app
from stream.terminal import Exit

_WIDTH = 100  # columns, whatever terminal the page is written in
_INTRO = """\
What `--help` says of each. Answers go to stdout, everything else to stderr; `--json` makes the answer JSON, one object a
line. Colours and progress bars are for a terminal only, and colours not with `NO_COLOR`. Settings come from flags, else
the environment (`PINGLIU_…`), else `pingliu.toml`: see settings.md.

`pingliu --install-completion` installs completion for your shell (bash, zsh, fish, PowerShell), `--show-completion` prints
it: commands, options, rule codes, authorities, names of settings.

"""


def commands() -> Iterator[tuple[str, Any, Any]]:
    """Every command, groups included: its name, the command, and a context to ask it for help in."""
    yield from _below(typer.main.get_command(app), "pingliu", None)


def _below(command: Any, name: str, parent: Any) -> Iterator[tuple[str, Any, Any]]:
    context = command.context_class(
        command,
        info_name=name,
        parent=parent,
        terminal_width=_WIDTH,
        max_content_width=_WIDTH,
        **command.context_settings,
    )
    yield context.command_path, command, context
    for below in getattr(command, "commands", {}):
        yield from _below(command.commands[below], below, context)


def commands_page() -> str:
    """The page below its heading."""
    codes = "".join(f"| {int(code)} | {code.said} |\n" for code in Exit)
    parts = [_INTRO, "## Exit codes\n\n| code | what it says |\n| --- | --- |\n", codes]
    for name, command, context in commands():
        parts.append(f"\n## {name}\n\n```text\n{command.get_help(context).rstrip()}\n```\n")
    return "".join(parts)
