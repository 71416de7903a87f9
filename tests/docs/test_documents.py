"""What people read is true as far as a program can tell: links lead somewhere, commands exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from app.cli.main import app
from tests.archive import ROOT

SKIPPED = {".venv", "data", "build", "node_modules"}
DOCUMENTS = sorted(
    file
    for file in ROOT.rglob("*.md")
    if not any(
        part in SKIPPED or part.startswith(".") for part in file.relative_to(ROOT).parts[:-1]
    )
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"`((?:seminar|make) [a-z][^`]*)`")
MACHINE_PATH = re.compile(r"(?<![\w.<>])/(?:work|tmp|home|root|Users|mnt)/\w")
IDS = [str(file.relative_to(ROOT)) for file in DOCUMENTS]
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)


def headings(text: str) -> set[str]:
    """The anchors that a page of this text has."""
    titles = re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def commands(text: str, program: str) -> Iterator[list[str]]:
    """The calls of a program in code blocks and in running text, as words."""
    blocks = "\n".join(FENCED.findall(text)).replace("\\\n", " ")
    in_blocks = [line for line in blocks.splitlines() if line.startswith(f"{program} ")]
    in_text = [found for found in QUOTED.findall(text) if found.startswith(f"{program} ")]
    for line in in_blocks + in_text:
        yield shlex.split(line.split("  #")[0].split(" && ")[0], comments=True)[1:]


def unknown_of(words: list[str]) -> list[str]:
    """Which verbs and options of a `seminar` call do not exist."""
    command: Any = typer.main.get_command(app)
    options = {name for one in command.params for name in one.opts} | {"--help"}
    unknown = []
    for word in words:
        subcommands = getattr(command, "commands", {})
        if word.startswith("-"):
            unknown += [] if word in options else [word]
        elif word in subcommands:
            command = subcommands[word]
            options |= {name for one in command.params for name in one.opts}
        elif subcommands and re.fullmatch("[a-z]+", word):
            unknown.append(word)
    return unknown


@every_document
def test_every_link_and_picture_is_there(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (document.parent / name).resolve() if name else document
        assert file.exists(), f"{target} leads nowhere"
        if anchor:
            assert anchor in headings(file.read_text(encoding="utf-8")), f"{target}: no such part"


@every_document
def test_every_command_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for words in commands(text, "seminar"):
        assert not unknown_of(words), f"`seminar {shlex.join(words)}`"


@every_document
def test_every_verb_of_make_exists(document: Path) -> None:
    verbs = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in commands(document.read_text(encoding="utf-8"), "make"):
        called = {word for word in words if re.fullmatch("[a-z]+", word)}
        assert called <= verbs, f"`make {shlex.join(words)}`"


@every_document
def test_no_document_names_a_place_on_a_machine(document: Path) -> None:
    assert not MACHINE_PATH.findall(document.read_text(encoding="utf-8"))


def test_the_readme_shows_the_commands_that_it_promises() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {"demo", "test"} <= {words[0] for words in commands(text, "make")}
    shown = {words[0] for words in commands(text, "seminar")}
    assert shown >= set(typer.main.get_command(app).commands) - {"papers"}  # type: ignore[attr-defined]


def test_what_does_not_exist_is_noticed() -> None:
    text = "`seminar jobs mend ID`\n```\nseminar search x --fuzzy\nmake coffee   # now\n```\n"
    assert [unknown_of(words) for words in commands(text, "seminar")] == [["--fuzzy"], ["mend"]]
    assert list(commands(text, "make")) == [["coffee"]]
    assert headings("# A b\n## `seminar add`, c\n") == {"a-b", "seminar-add-c"}
