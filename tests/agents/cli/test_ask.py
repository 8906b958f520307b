"""`nimue ask` and `nimue serve` on the command line: mistakes before models, events as JSON, exit codes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from agents.assistant.events import TextDelta
from agents.cli.ask_screen import LiveScreen
from agents.cli.front_door import run
from agents.cli.nimue import app
from agents.runs.event_log import read_events
from agents.tools.lab_runs import RunTold
from backends.lab.registry import PACKAGES_SETTING
from tests.agents.assistant.conversations import Script, use


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PACKAGES_SETTING, "tests.backends.lab.shelf")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """The model that provider `scripted` opens."""
    written = Script()
    monkeypatch.setattr("agents.llm.scripted.open_model", written.open)
    return written


def events(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_events_come_as_json_lines_and_the_run_is_named(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    script.moves = [use("avalon_rules", players=5), "Five play."]
    assert run(app, ["ask", "How many play?", "--model", "scripted", "--json"]) == 0
    told = events(capsys.readouterr().out)
    kinds = [one["event"] for one in told if one["event"] != "text"]
    assert kinds == [
        "opened", "asked", "tool_started", "tool_ended", "cost", "finished", "cost",
    ]  # fmt: skip
    assert told[-2]["text"] == "Five play." and Path(told[0]["run"], "events.jsonl").is_file()


def test_the_answer_is_on_stdout_and_all_else_on_stderr(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    script.moves = [use("avalon_rules", players=5), "Five \x1b[31mplay."]
    assert run(app, ["ask", "How", "many", "play?", "--model", "scripted"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "Five [31mplay.\n"
    assert '> avalon_rules {"players": 5}' in printed.err and "nimue ask --resume" in printed.err


def test_where_nobody_can_be_asked_the_answer_is_no_and_yes_allows_all(
    script: Script, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = use("run_job", system="vision.efficient_train", job="train", params={"data": "no-such-set"})
    script.moves = [asked, "Then not."]
    assert run(app, ["ask", "Train.", "--model", "scripted", "--json"]) == 0
    told = {one["event"]: one for one in events(capsys.readouterr().out)}
    assert told["approval_given"]["allowed"] is False and "--yes" in told["approval_given"]["note"]
    assert "--yes" in told["tool_ended"]["told"]["message"]
    script.heard, script.moves = [], [asked, "Then so."]
    monkeypatch.setattr("agents.tools.lab_runs.LabHands._work", _work_nothing)
    assert run(app, ["ask", "Train.", "--model", "scripted", "--json", "--yes"]) == 0
    assert "approval_asked" not in {one["event"] for one in events(capsys.readouterr().out)}


async def _work_nothing(*given: object) -> RunTold:
    return RunTold(run="r", system="s", job="j", state="finished")


@pytest.mark.parametrize(
    ("typed", "allowed", "note"),
    [("y", True, ""), ("a", True, ""), ("", False, ""), ("too long", False, "too long")],
)
def test_at_a_terminal_a_person_decides_and_may_say_why_not(
    typed: str,
    allowed: bool,
    note: str,
    script: Script,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script.moves = [use("run_job", system="vision.efficient_train", job="train"), "So be it."]
    monkeypatch.setattr("agents.tools.lab_runs.LabHands._work", _work_nothing)
    ours, theirs = os.openpty()
    os.write(ours, f"{typed}\n".encode())
    with open(theirs, encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        assert run(app, ["ask", "Train.", "--model", "scripted"]) == 0
    os.close(ours)
    assert "It wants to use run_job: vision.efficient_train train takes minutes." in capsys.readouterr().err
    (events_file,) = Path("runs").glob("assistant-*/events.jsonl")
    (given,) = [line.data for line in read_events(events_file) if line.kind == "approval_given"]
    assert (given["allowed"], given["note"]) == (allowed, note)


def test_a_conversation_goes_on_by_its_id(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    script.moves = ["One."]
    assert run(app, ["ask", "First?", "--model", "scripted", "--json"]) == 0
    folder = events(capsys.readouterr().out)[0]["run"]
    script.heard, script.moves = [], ["Two."]
    assert run(app, ["ask", "Second?", "--resume", Path(folder).name, "--json"]) == 0
    assert [message.text for message in script.heard[0][1:]] == ["First?", "One.", "Second?"]
    capsys.readouterr()
    assert run(app, ["ask", "--resume", folder]) == 2
    assert "Nothing of" in capsys.readouterr().err


def test_a_spent_budget_is_exit_code_3(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    script.moves = [use("avalon_rules", players=5), "Five."]
    assert run(app, ["ask", "How many?", "--model", "scripted", "--max-tokens", "1"]) == 3
    assert "budget is spent" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ask"], "What do you want to know"),
        (["ask", "  "], "What do you want to know"),
        (["ask", "x", "--model", "nobody:x"], "Unknown model"),
        (["ask", "x", "--model", "scripted", "--max-steps", "0"], "max_steps"),
        (["ask", "x", "--resume", "none"], "No run 'none'"),
        (["ask", "x", "--resume", "r", "--form", "json"], "as it was begun"),
        (["serve", "--http", "99999"], "port"),
        (["serve", "--most-jobs", "0"], "--most-jobs"),
        (["serve", "--jobs", "toy.linefit"], "did you mean toy.line_fit"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_told_in_one_line_before_anything_is_made(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, words) == 2
    assert told in capsys.readouterr().err
    assert not Path("runs").exists()


def test_a_repeated_call_voids_what_was_shown(capsys: pytest.CaptureFixture[str]) -> None:
    screen = LiveScreen()
    for event in (TextDelta(text="Half an"), TextDelta(text="", restart=True), TextDelta(text="Whole.")):
        screen.show(event)
    assert capsys.readouterr().out == "Half an\nWhole."
