"""What `--help`, the README and the pages of `docs/` say of commands: that they exist.

Every command shows an example; and each line that begins with `pledger` names a command there
is, with options that it has.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cli.main import PANELS, app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
END = {"|", ">", ">>", "&&", ";", "<", "…"}
"""What ends a command's words in a line of shell."""


def commands(command: Any, name: str = "pledger") -> Iterator[tuple[str, Any]]:
    """Every command that does something by itself, with its name."""
    parts = getattr(command, "commands", {})
    if not parts or command.invoke_without_command:
        yield name, command
    for part, below in parts.items():
        yield from commands(below, f"{name} {part}")


PLEDGER: Any = typer.main.get_command(app)
COMMANDS = dict(commands(PLEDGER))


def lines_of(text: str, name: str) -> list[str]:
    """The lines of `text` that begin with `name`, each with those that it is continued on."""
    joined = re.sub(r"\\\n\s*", "", text)
    return re.findall(rf"^[\s$]*({name} .*)$", joined, re.MULTILINE)


def unknown(line: str) -> str:
    """What of a command line there is not; empty where all is."""
    try:
        words = shlex.split(line, comments=True)[1:]
    except ValueError:
        words = line.split()[1:]
    command = PLEDGER
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    if getattr(command, "commands", {}) and not command.invoke_without_command:
        return f"no such command: {line}"
    known = {"--help"}
    for option in command.params:
        known |= {*option.opts, *option.secondary_opts}
    for word in words:
        if word in END:
            break
        found = re.match(r"--?[a-z][a-z0-9-]*", word)
        if found and found[0] not in known:
            return f"no option {found[0]}: {line}"
    return ""


def test_every_command_stands_in_a_panel() -> None:
    for name, command in PLEDGER.commands.items():
        assert command.rich_help_panel in PANELS, name


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_an_example_that_it_takes(name: str) -> None:
    examples = lines_of(COMMANDS[name].help or "", "pledger")
    assert examples, f"{name} --help shows no example"
    assert [problem for line in examples if (problem := unknown(line))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_commands_and_options_that_exist(page: Path) -> None:
    text = page.read_text()
    lines = [*lines_of(text, "pledger"), *lines_of(text, r"\.venv/bin/pledger")]
    assert [problem for line in lines if (problem := unknown(line))] == []
