"""The catalogue of systems: every one in its places, and the docs page is what the command prints."""

from dataclasses import replace
from pathlib import Path

import pytest

from agents.cli.nimue_lab import app
from agents.cli.nimue_lab_catalogue import catalogue_page
from backends.lab.contract import Paper, System
from backends.lab.registry import systems
from backends.lab.taxonomy import AREAS

ROOT = Path(__file__).parents[3]

MADE_UP = System(
    id="vision.made_up",
    title="Made up",
    summary="Shows where a system stands.",
    jobs=(),
    paper=Paper(title="On Nothing", venue="NeurIPS", year=2031),
    branches=("tasks/time-series", "backbones/static/topology"),
)


def test_the_docs_page_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    app("catalogue", result_action="return_value")
    page = (ROOT / "docs" / "systems" / "index.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == page, "write it anew: nimue lab catalogue > docs/systems/index.md"


def test_every_system_is_in_the_catalogue_and_has_the_page_that_it_links_to() -> None:
    page = catalogue_page(systems())
    for system in systems():
        assert page.count(f"[{system.id}]({system.id}.md)") == max(len(system.branches), 1)
        assert (ROOT / "docs" / "systems" / f"{system.id}.md").is_file()


def test_a_system_stands_in_each_of_its_branches_under_their_areas() -> None:
    page = catalogue_page([MADE_UP])
    backbones, _, tasks = page.partition(AREAS["tasks"])
    row = "| [vision.made_up](vision.made_up.md) | Shows where a system stands. | NeurIPS 2031 |  |"
    assert "### Static, topology\n\n| system" in backbones and row in backbones
    assert "### Time series\n\n| system" in tasks and row in tasks
    assert page.count(row) == 2


def test_branches_without_a_system_are_named() -> None:
    page = catalogue_page([MADE_UP])
    assert "None yet: pruning; quantisation; distillation." in page
    assert "time series" not in page.partition(AREAS["tasks"])[2].partition("None yet:")[2].partition("\n")[0]


def test_a_system_without_a_branch_is_not_lost() -> None:
    assert "## Elsewhere\n\n| system" in catalogue_page([replace(MADE_UP, branches=())])
    assert "## Elsewhere" not in catalogue_page([MADE_UP])
