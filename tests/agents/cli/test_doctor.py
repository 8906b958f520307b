"""`nimue doctor`: what it finds, and the line it gives for what it does not find."""

import json
from pathlib import Path

import pytest

from agents.cli import doctor as doctor_module
from agents.cli.doctor import examine, model_state
from agents.cli.front_door import run
from agents.cli.installation import Extra, Package, installed_extras
from agents.cli.nimue import app
from agents.llm.names import ModelName

REQUIREMENTS = (
    "rich>=15",
    "openai<4,>=3",
    'torch>=2.8; extra == "vision"',
    'nimue[vision]; extra == "all"',
    'ruff; extra == "dev"',
    'colorama; sys_platform == "no-such-system"',
)


def version_of(name: str) -> str | None:
    return {"rich": "15.0.0", "openai": "2.9"}.get(name)


def test_requirements_are_sorted_by_the_extra_that_brings_them() -> None:
    extras = {extra.name: extra for extra in installed_extras(REQUIREMENTS, version_of)}
    assert set(extras) == {"", "vision"}
    assert [package.name for package in extras[""].packages] == ["rich", "openai"]


def test_a_package_of_another_version_is_lacking_too() -> None:
    base, vision = installed_extras(REQUIREMENTS, version_of)
    assert base.lacking == (Package("openai", "<4,>=3", "2.9", False),)
    assert vision.lacking == (Package("torch", ">=2.8", None, False),)
    assert vision.line == "pip install 'nimue[vision]'"


def test_a_missing_base_package_keeps_one_from_playing(tmp_path: Path) -> None:
    findings = examine({}, tmp_path, installed_extras(REQUIREMENTS, version_of))
    assert not findings.can_play
    assert findings.problems == ("needed and not here: openai<4,>=3. pip install --upgrade nimue",)


def test_a_missing_extra_is_advice_and_no_problem(tmp_path: Path) -> None:
    findings = examine({}, tmp_path, installed_extras(REQUIREMENTS[2:3], version_of))
    assert findings.can_play
    assert "for vision: pip install 'nimue[vision]'" in findings.advice


def test_the_model_comes_with_the_reason(tmp_path: Path) -> None:
    hosted = examine({"ANTHROPIC_API_KEY": "k"}, tmp_path, ())
    assert hosted.model is not None
    assert hosted.model.startswith("anthropic:")
    assert hosted.reason == "ANTHROPIC_API_KEY is set"
    embedded = examine({}, tmp_path, ())
    assert embedded.model == "local:default"
    assert "nimue models pull default" in embedded.model_state


def test_a_model_that_lacks_its_key_is_a_problem(tmp_path: Path) -> None:
    findings = examine({"NIMUE_MODEL": "openai:gpt-9"}, tmp_path, ())
    assert not findings.can_play
    assert "OPENAI_API_KEY" in findings.problems[0]


def test_an_embedded_model_that_does_not_exist_is_a_problem(tmp_path: Path) -> None:
    findings = examine({"NIMUE_MODEL": "local:gpt-9"}, tmp_path, ())
    assert findings.model_state == "not usable"
    assert not findings.can_play


def test_without_the_engine_the_line_that_brings_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_module, "installed_version", lambda name: None)
    findings = examine({}, tmp_path, ())
    assert findings.problems == ("the embedded engine is not installed: pip install xllamacpp",)


def test_a_file_of_ones_own_is_looked_for(tmp_path: Path) -> None:
    own = tmp_path / "mine.gguf"
    assert model_state(ModelName("local", str(own)), tmp_path)[0] == "not usable"
    own.touch()
    assert model_state(ModelName("local", str(own)), tmp_path) == (f"ready: {own}", "")


def test_a_cache_folder_that_does_not_exist_yet_has_room(tmp_path: Path) -> None:
    assert examine({}, tmp_path / "not" / "yet", ()).free_bytes > 0


@pytest.fixture
def extras(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Extra]:
    """The extras that the command finds."""
    found: list[Extra] = []
    monkeypatch.setattr(doctor_module, "installed_extras", lambda: tuple(found))
    monkeypatch.setenv("NIMUE_CACHE", str(tmp_path))
    return found


def test_the_command_says_who_can_play_and_exits_with_it(
    extras: list[Extra], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["doctor"]) == 0
    assert capsys.readouterr().out.endswith("Ready to play: avalon play\n")
    extras.append(Extra("", (Package("rich", ">=15", None, False),)))
    assert run(app, ["doctor"]) == 1
    said = capsys.readouterr().out
    assert "Problem: needed and not here: rich>=15. pip install --upgrade nimue" in said
    assert said.endswith("A game cannot be played yet.\n")


def test_names_of_any_length_stand_apart_from_what_is_said_of_them(
    extras: list[Extra], capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = (Package("rich", ">=15", None, False),)
    extras += [Extra("see", lacking), Extra("pettingzoo-and-more", lacking)]
    assert run(app, ["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    short, long = (line for line in lines if line.endswith("1 of 1 missing: rich"))
    assert long == "pettingzoo-and-more  1 of 1 missing: rich"
    assert short == "see".ljust(long.index("1")) + "1 of 1 missing: rich"


def test_the_command_as_json(extras: list[Extra], capsys: pytest.CaptureFixture[str]) -> None:
    extras.append(Extra("vision", (Package("torch", ">=2.8", None, False),)))
    assert run(app, ["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["can_play"] is True
    assert found["model"] == "local:default"
    assert found["machine"]["physical_cores"] >= 1
    assert found["extras"][0]["packages"][0] == {
        "name": "torch",
        "wanted": ">=2.8",
        "installed": None,
        "fits": False,
    }
