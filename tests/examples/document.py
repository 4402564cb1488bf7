"""A worked example as a program: its files and its commands, with the output it promises.

A document is Markdown. A block whose info string has `file=NAME` is that file; a block
`console` is what a person sees:

    $ pledger balance ann
    …the output…

A command goes on after a backslash. In the promised output and in commands, `<name>` stands
for what differs from run to run:

    <time> <day> <number> <position> <positions> <sha256>
                                                    a value of that shape, any
    <anything-else>                                 one word; the first time it is met it is
                                                    learned, from then on it must be the same,
                                                    also in commands
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"```(.*)")
PLACEHOLDER = re.compile(r"<([a-z][a-z0-9-]*)>")
SHAPES = {
    "time": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?",
    "day": r"\d{4}-\d\d-\d\d",
    "position": r"[a-z-]+/\d+/\d+",
    "sha256": r"[0-9a-f]{12,64}",
    "number": r"[\d,]+",
    "positions": r"\d+: \d+(?:, \d+: \d+)*",
}
LINES = re.compile(r"[\s─━│┃┏┓┗┛┡┩┳┴┬┼╇└┘├┤┌┐╭╮╰╯]*")
"""What draws a table, and says nothing."""


@dataclass(frozen=True)
class File:
    """A file that the reader is told to write."""

    name: str
    content: str


@dataclass(frozen=True)
class Command:
    """A command, and what it is said to print."""

    line: int
    """Of the document, from 1."""
    text: str
    promised: tuple[str, ...]
    last: int
    """Last line of the promised output."""


@dataclass
class Known:
    """What the placeholders met so far stand for."""

    values: dict[str, str] = field(default_factory=dict)

    def filled(self, command: str) -> str:
        """The command with what is known; raises KeyError for a name that was never met."""
        return PLACEHOLDER.sub(lambda found: self.values[found[1]], command)

    def matches(self, promised: str, printed: str) -> bool:
        """Whether a printed line is the promised one; learns what its placeholders are."""
        names: list[str] = []

        def shape(found: re.Match[str]) -> str:
            name = found[1]
            if name in SHAPES:
                return SHAPES[name]
            if name in self.values:
                return re.escape(self.values[name])
            names.append(name)
            return r"(\S+)"

        pattern = "".join(
            shape(found) if (found := PLACEHOLDER.fullmatch(part)) else re.escape(part)
            for part in re.split(r"(<[a-z][a-z0-9-]*>)", promised)
        )
        match = re.fullmatch(pattern, printed)
        if match:
            self.values.update(zip(names, match.groups(), strict=True))
        return match is not None


def read(path: Path) -> Iterator[File | Command]:
    """The steps of a document, in its order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        fence = FENCE.fullmatch(lines[number])
        number += 1
        if not fence:
            continue
        begin = number
        while lines[number] != "```":
            number += 1
        info = fence[1].split()
        named = [word.removeprefix("file=") for word in info if word.startswith("file=")]
        if named:
            yield File(named[0], "\n".join(lines[begin:number]) + "\n")
        elif "console" in info:
            yield from _commands(lines, begin, number)
        number += 1


def _commands(lines: list[str], begin: int, end: int) -> Iterator[Command]:
    number = begin
    while number < end:
        assert lines[number].startswith("$ "), f"line {number + 1}: a block begins with a command"
        first = number
        text = lines[number][2:]
        while text.endswith("\\"):
            number += 1
            text = f"{text[:-1].rstrip()} {lines[number].strip()}"
        number += 1
        output = number
        while number < end and not lines[number].startswith("$ "):
            number += 1
        yield Command(first + 1, text, tuple(lines[output:number]), number)


def difference(known: Known, promised: tuple[str, ...], printed: str) -> str:
    """Where the output is not as promised, in words; empty where it is.

    Tables are compared by their cells: widths follow from what stands in them.
    """
    wanted, found = _said(promised), _said(printed.splitlines())
    for number, line in enumerate(wanted):
        if number >= len(found):
            return f"nothing printed for: {line}"
        if not known.matches(line, found[number]):
            return f"promised: {line}\nprinted:  {found[number]}"
    return f"also printed: {found[len(wanted)]}" if len(found) > len(wanted) else ""


def _said(lines: tuple[str, ...] | list[str]) -> list[str]:
    """Lines without what only draws them."""
    cells = (re.sub(r"\s+", " ", line.replace("┃", "│")).strip() for line in lines)
    return [line for line in cells if not LINES.fullmatch(line)]
