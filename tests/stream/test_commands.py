"""Every command's help: examples that the command line takes, the exit codes, and a page of all of it."""

import re
import shlex
from pathlib import Path

import pytest

from stream.reference_commands import commands
from stream.terminal import Exit

ROOT = Path(__file__).parents[2]
COMMANDS = {path: (command, context.command_path) for path, command, context in commands()}
GROUPS = {path for path, (command, _) in COMMANDS.items() if hasattr(command, "commands")}
HELP = {path: command.get_help(context) for path, command, context in commands()}


def examples(text: str) -> list[str]:
    """What a text shows of our commands: from `pingliu` to a pipe, a comment or the end of the line."""
    found = re.findall(r"^\s*(?:\S+ \S+ \| |\.venv/bin/)?(pingliu (?:[^|#>\n]|[|](?! ))*)", text, re.MULTILINE)
    return [re.split(r"\s{3,}", line.strip())[0] for line in found]


def parse(example: str) -> None:
    """Have the command line parse an example; nothing runs. Raises what it says of a wrong one."""
    words = shlex.split(example)
    path, rest = words[0], words[1:]
    while rest and f"{path} {rest[0]}" in COMMANDS:
        path, rest = f"{path} {rest[0]}", rest[1:]
    assert path not in GROUPS or not rest or rest[0].startswith("-"), f"{example}: no such command"
    command = COMMANDS[path][0]
    command.make_context(path, list(rest), resilient_parsing=False)


@pytest.mark.parametrize("path", HELP)
def test_the_help_of_a_command_has_examples_that_are_right(path: str) -> None:
    shown = [one for one in examples(HELP[path]) if one.startswith(path)]
    assert shown, f"{path} --help shows no example"
    for example in shown:
        parse(example)


@pytest.mark.parametrize("path", sorted(HELP.keys() - GROUPS | {"pingliu"}))
def test_the_help_of_a_command_says_its_exit_codes(path: str) -> None:
    words = re.sub(r"\s+", " ", HELP[path])
    _, said, codes = words.partition("Exit code ")
    assert said, f"{path} --help says no exit codes"
    told = {int(code) for code in re.findall(r"(?:^|\. )(\d+):", codes.partition("Options:")[0])}
    assert told <= set(Exit)
    assert {Exit.WRONG, Exit.STOPPED if "alerts tail" in path else Exit.DONE} <= told


@pytest.mark.parametrize("file", ["README.md", "README.zh.md", "docs/commands.md", "deploy/README.md"])
def test_what_a_page_says_to_type_is_right(file: str) -> None:
    shown = [one for one in examples((ROOT / file).read_text()) if "…" not in one]
    for example in shown:
        parse(example)
    assert len(shown) >= (5 if file.startswith("README") else 1), f"{file} shows too little"


def test_a_wrong_example_would_be_found() -> None:
    for wrong in ("pingliu judge --registry r.jsonl --nonsense s.jsonl", "pingliu alerts tial", "pingliu trace"):
        with pytest.raises(Exception, match=r"No such option|no such command|Missing"):
            parse(wrong)
