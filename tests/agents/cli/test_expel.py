"""The command `expel`: its phases as runs that can be stopped, continued and built on."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from agents.cli.expel import app
from agents.cli.front_door import run as run_app
from agents.llm.scripted import scripted_model
from agents.runs.event_log import read_events
from agents.runs.folder import create_run
from tests.agents.cli.test_lightness import imported_by
from tests.agents.expel.riddle_runs import open_in_memory
from tests.agents.expel.riddles import answer_riddle, open_riddles

Expel = Callable[..., tuple[int, str, str]]

BARE = ("--env", "hotpotqa", "--embedder", "hash", "--retries", "1")
RIDDLES = (*BARE, "--model", "scripted", "--tasks", "4")


@pytest.fixture
def expel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Expel:
    """Run a command line over riddles in an empty folder; its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("agents.expel.pipeline.open_suite", open_riddles)
    monkeypatch.setattr("agents.llm.scripted.open_model", lambda name, options: scripted_model(answer_riddle))
    monkeypatch.setattr("memory.opening.open_index", open_in_memory)

    def call(*words: str) -> tuple[int, str, str]:
        code = run_app(app, list(words))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return call


def runs() -> list[Path]:
    return sorted(Path("runs").glob("*"), key=lambda path: path.stat().st_ctime_ns)


def objects(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("command", ["train", "eval"])
def test_help_of_a_phase_imports_nothing_heavy(command: str) -> None:
    assert imported_by("expel", [command, "--help"]) == []


def test_a_plan_says_what_would_be_done_and_does_nothing(expel: Expel, tmp_path: Path) -> None:
    code, out, _ = expel("train", *RIDDLES, "--arms", "react,reflexion", "--plan")
    assert code == 0
    for phase in ("gather:", "extract:", "evaluate:"):
        assert phase in out
    assert "8 attempts" in out
    assert "A book of riddles." in out
    assert list(tmp_path.iterdir()) == []


def test_a_whole_run_tells_what_each_arm_solved(expel: Expel) -> None:
    code, out, _ = expel("train", *RIDDLES)
    assert code == 0
    (run,) = runs()
    assert str(run) in out
    assert "Solved by kind of task" in out
    assert "react" in out and "expel" in out
    kinds = [event.kind for event in read_events(run / "events.jsonl")]
    assert kinds[0] == "started" and kinds[-1] == "finished"


def test_json_is_one_object_a_line_and_nothing_else(expel: Expel) -> None:
    code, out, err = expel("train", *RIDDLES, "--json")
    told = objects(out)
    assert (code, err) == (0, "")
    assert told[0]["kind"] == "started"
    assert told[-1]["kind"] == "result"
    rates = {one["arm"]: one["rate"]["hits"] for one in told[-1]["results"]["arms"]}
    assert rates == {"react": 1, "expel": 2}
    assert {one["phase"] for one in told if one["kind"] == "phase_done"} == {"gather", "extract", "evaluate"}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("train", "--model", "scripted"), "Name an environment"),
        (("train", *RIDDLES, "--kinds", "sea"), "has kinds river, town"),
        (("train", *RIDDLES, "--arms", "react,magic"), "choose among act, react"),
        (("train", *BARE, "--model", "nobody:x"), "Unknown model"),
        (("train", *BARE, "--model", "openai"), "needs a key"),
        (("train", *RIDDLES, "--workers", "0"), "--workers is 0"),
        (("train", *BARE, "--model", "scripted", "--tasks", "0"), "greater than or equal to 1"),
        (("train", *RIDDLES, "--folds", "1"), "greater than or equal to 2"),
        (("train", *RIDDLES, "--form", "verse"), "verse"),
        (("train", *RIDDLES, "--constrained"), "add --form json"),
        (("train", *RIDDLES, "--engine", "paper", "--structured"), "leave out --structured"),
        (("gather", *RIDDLES, "--folds", "1"), "Must be >= 2"),
        (("train", "--resume", "nothing"), "No run 'nothing'"),
        (("extract", "nothing"), "No run 'nothing'"),
        (("eval", "nothing"), "No run 'nothing'"),
    ],
)
def test_a_mistake_is_one_clear_line_before_anything_begins(
    expel: Expel, words: tuple[str, ...], problem: str
) -> None:
    code, out, err = expel(*words)
    assert code == 2
    assert problem in err
    assert len(err.splitlines()) == 1
    assert out == ""
    assert runs() == []


def test_an_unknown_environment_is_refused_before_a_model_is_fetched(
    expel: Expel, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[object] = []
    monkeypatch.setattr(
        "agents.cli.expel_session.pull_with_progress", lambda entry, quiet: fetched.append(entry)
    )
    code, _, err = expel("train", "--env", "chess", "--model", "scripted")
    assert code == 2
    assert "alfworld, hotpotqa, fever, webshop" in err
    assert runs() == []
    assert expel("train", "--env", "hotpotqa", "--model", "scripted", "--plan")[0] == 0
    assert fetched == []


def test_a_run_of_something_else_is_not_continued(expel: Expel) -> None:
    other = create_run(Path("runs"), "avalon.play", {})
    for words in (("train", "--resume", other.id), ("eval", other.id)):
        code, _, err = expel(*words)
        assert code == 2
        assert "is a run of avalon.play" in err


@pytest.mark.parametrize(
    "flag", [("--arms", "act"), ("--retries", "2"), ("--model", "scripted"), ("--env", "fever")]
)
def test_a_run_is_continued_as_it_was_asked_for(expel: Expel, flag: tuple[str, str]) -> None:
    expel("gather", *RIDDLES)
    (run,) = runs()
    code, _, err = expel("train", "--resume", run.name, *flag)
    assert code == 2
    assert "leave out" in err


def test_a_spent_budget_says_how_to_go_on_and_going_on_ends_the_run(expel: Expel) -> None:
    code, out, err = expel("train", *RIDDLES, "--max-tokens", "1500")
    (run,) = runs()
    assert code == 3
    assert "--max-tokens 1,500" in err
    assert f"expel train --resume {run}" in out
    before = (run / "calls.jsonl").read_bytes()
    code, out, _ = expel("train", "--resume", run.name, "--json")
    assert code == 0
    assert (run / "calls.jsonl").read_bytes().startswith(before)
    assert objects(out)[-1]["run"] == run.name
    assert {one["kind"] for one in objects(out)} >= {"started", "paused", "resumed", "finished", "result"}
    assert runs() == [run]


def test_phases_are_runs_of_their_own_and_each_is_continued_by_its_name(expel: Expel) -> None:
    assert expel("gather", *RIDDLES)[0] == 0
    (gathered,) = runs()
    assert expel("extract", gathered.name)[0] == 0
    extracted = runs()[1]
    assert expel("eval", extracted.name, "--json")[0] == 0
    evaluated = runs()[2]
    asked = json.loads((evaluated / "run.json").read_text())["asked"]
    assert (asked["gathered_by"], asked["extracted_by"]) == (gathered.name, extracted.name)
    for command, run in (("extract", extracted), ("eval", evaluated)):
        calls = (run / "calls.jsonl").read_bytes()
        code, out, _ = expel(command, run.name, "--json")
        assert code == 0
        assert objects(out)[-1]["run"] == run.name
        assert (run / "calls.jsonl").read_bytes() == calls
    assert len(runs()) == 3
    results = objects(expel("eval", evaluated.name, "--json")[1])[-1]["results"]
    assert {one["arm"]: one["rate"]["hits"] for one in results["arms"]} == {"react": 1, "expel": 2}


def test_other_flags_make_another_run_on_the_same_ground(expel: Expel) -> None:
    assert expel("train", *RIDDLES)[0] == 0
    (trained,) = runs()
    assert expel("eval", trained.name, "--arms", "act", "--form", "lines")[0] == 0
    assert expel("extract", trained.name, "--engine", "paper")[0] == 0
    _, evaluated, extracted = runs()
    asked = json.loads((evaluated / "run.json").read_text())["asked"]
    assert (asked["gathered_by"], asked["extracted_by"]) == (trained.name, trained.name)
    assert (asked["arms"], asked["form"], asked["phases"]) == ("act", "lines", ["evaluate"])
    asked = json.loads((extracted / "run.json").read_text())["asked"]
    assert (asked["engine"], asked["structured"]) == ("paper", False)


def test_an_evaluation_uses_the_extraction_that_is_named_and_not_an_older_one(expel: Expel) -> None:
    assert expel("train", *RIDDLES)[0] == 0
    (trained,) = runs()
    assert expel("eval", trained.name, "--arms", "react,expel,placebo")[0] == 0
    assert expel("extract", runs()[1].name, "--group-size", "1")[0] == 0
    newer = runs()[2]
    assert expel("eval", newer.name, "--arms", "expel")[0] == 0
    asked = json.loads((runs()[3] / "run.json").read_text())["asked"]
    assert (asked["gathered_by"], asked["extracted_by"]) == (trained.name, newer.name)


def test_a_folder_of_other_things_is_not_written_to(expel: Expel) -> None:
    Path("photos").mkdir()
    Path("photos/cat.jpg").write_bytes(b"")
    code, _, err = expel("train", *RIDDLES, "--memory", "photos")
    assert code in (1, 2)
    assert "photos holds 'cat.jpg' and no memory" in err
    assert [path.name for path in Path("photos").iterdir()] == ["cat.jpg"]


def test_a_run_goes_on_with_its_memory_from_another_folder(
    expel: Expel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expel("train", *RIDDLES, "--max-tokens", "1500")
    (run,) = runs()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert expel("train", "--resume", str(tmp_path / run))[0] == 0
    assert list(Path().iterdir()) == []


def test_a_run_without_a_key_opens_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Specification H 44, with real questions, Chroma on disk and the model of provider `scripted`."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a connection was opened")

    monkeypatch.chdir(tmp_path)
    for name in ("connect", "connect_ex", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    words = ["train", "--env", "hotpotqa", "--model", "scripted", "--embedder", "hash", "--tasks", "2"]
    assert run_app(app, [*words, "--retries", "0", "--max-steps", "2", "--json"]) == 0
    told = objects(capsys.readouterr().out)
    assert told[-1]["kind"] == "result"
    assert told[-1]["results"]["num_tasks"] == 2
