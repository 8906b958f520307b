"""What the README and the docs tell people to type exists: command lines parse, links lead somewhere."""

import re
import shlex
from pathlib import Path

import cyclopts
import pytest

from agents.cli import avalon, expel, nimue

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "benchmarks" / "README.md"]
APPS: dict[str, cyclopts.App] = {"avalon": avalon.app, "expel": expel.app, "nimue": nimue.app}


def fenced_lines(page: Path) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)\n```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def commands() -> list[list[str]]:
    """Every line that calls one of our commands, as words, without comments, pipes and settings before it."""
    found = []
    for page in PAGES:
        for line in fenced_lines(page):
            words = shlex.split(line.partition(" | ")[0], comments=True)
            while words and "=" in words[0]:
                words = words[1:]
            if words and words[0] in APPS:
                found.append(words)
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_line_of_the_docs_parses(words: list[str]) -> None:
    APPS[words[0]].parse_args(words[1:], exit_on_error=False, print_error=False)


def test_the_docs_show_commands_of_all_programs() -> None:
    assert {words[0] for words in commands()} == set(APPS)
    assert len(commands()) > 15


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_first_screen_of_the_readme_has_exactly_two_set_up_lines() -> None:
    lines = [line for line in fenced_lines(ROOT / "README.md") if "-m venv" in line]
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:25]
    assert len(lines) == 2
    assert all(line in first_screen for line in lines)
    play, test = lines
    assert play.endswith("avalon play --agents recon")
    assert test.endswith("-m pytest -n 2 --dist worksteal")
