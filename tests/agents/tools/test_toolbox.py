"""Every tool of the workbench keeps the contract of tools, and failures come back with a hint."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.errors import NimueError
from agents.lab.runs import all_runs
from agents.llm.budget import BudgetSpent
from agents.llm.scripted import scripted_model
from agents.tools.job_desk import JobDesk
from agents.tools.lab_cards import MOST_FOUND, FindRequest, find, jobs_named_in
from agents.tools.lab_runs import LabHands, RunRequest, StatusRequest, StopRequest
from agents.tools.tool import Call, Observation, Tool, ToolFailure, observation_text, without_titles
from agents.tools.toolbox import Toolbox
from agents.tools.workbench import open_workbench
from backends.lab.registry import PACKAGES_SETTING, systems
from games.errors import GameError
from tests.agents.assistant.conversations import workplace
from tests.agents.assistant.gadgets import Amount, Done


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PACKAGES_SETTING, "tests.backends.lab.shelf")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def toolbox(tmp_path: Path) -> Iterator[Toolbox]:
    every_job = [(system, job) for system in systems() for job in system.jobs]
    model = scripted_model(lambda *_: "It is a gate.")
    with open_workbench(workplace(tmp_path), lambda: model, jobs=every_job) as opened:
        yield opened


def test_every_tool_has_a_legal_name_a_sentence_and_a_described_closed_request(toolbox: Toolbox) -> None:
    assert {"find_job", "describe_job", "run_job", "job_status", "see", "avalon_play"} <= set(toolbox)
    for tool in toolbox.values():
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", tool.name)
        assert tool.summary and len(tool.summary) < 250
        assert all(field.description for field in tool.request.model_fields.values()), tool.name
        schema = tool.schema()
        assert schema["type"] == "object" and schema["additionalProperties"] is False
        json.dumps(schema)


def test_there_is_no_recall_without_a_memory_and_no_see_without_a_model(tmp_path: Path) -> None:
    with open_workbench(workplace(tmp_path), None) as bare:
        assert not {"recall", "see"} & set(bare)


def test_titles_are_left_out_of_schemas_but_not_properties_called_so() -> None:
    schema = {"title": "A", "properties": {"title": {"title": "B", "type": "string", "enum": ["title"]}}}
    assert without_titles(schema) == {"properties": {"title": {"type": "string", "enum": ["title"]}}}


async def failing(error: Exception) -> Observation:
    async def use(request: Amount, call: Call) -> Done:
        raise error

    box = Toolbox([Tool(name="break", summary="Breaks.", request=Amount, use=use)])
    return await box.use("break", {"amount": 1}, Call())


async def test_mistakes_of_all_layers_are_observations_and_bugs_are_not() -> None:
    for error in (NimueError("no such run"), GameError("no such seat")):
        seen = await failing(error)
        assert not seen.ok and seen.told() == {"error": "failed", "message": str(error)}
    seen = await failing(ToolFailure("not_found", "none", "look elsewhere"))
    assert seen.told() == {"error": "not_found", "message": "none", "hint": "look elsewhere"}
    for bug in (KeyError("x"), BudgetSpent("spent")):
        with pytest.raises(type(bug)):
            await failing(bug)


async def test_jobs_are_found_by_what_they_do_also_with_a_slip() -> None:
    for words in ("fit a line", "line fiting", "LINE FIT!"):
        best = (await find(FindRequest(words=words), Call())).jobs[0]
        assert best.system == "toy.line_fit", words
    trained = await find(FindRequest(words="network", kind="train"), Call())
    assert trained.jobs[0].system == "toy.tiny_net"
    everything = await find(FindRequest(), Call())
    num_jobs = sum(len(system.jobs) for system in systems())
    assert len(everything.jobs) == min(num_jobs, MOST_FOUND)
    assert everything.left_out == num_jobs - len(everything.jobs)


def test_a_task_names_jobs_by_whole_words_only() -> None:
    assert jobs_named_in("please train something", 4) == []
    assert jobs_named_in("train tiny_network", 4) == []
    assert [job.name for _, job in jobs_named_in("Train the tiny net.", 4)] == ["train"]


def test_long_results_are_cut_and_say_so() -> None:
    text = observation_text({"record": "x" * 100}, 50)
    assert text.endswith("(cut: 64 characters more)") and len(text) < 90


async def test_what_takes_more_than_is_allowed_is_refused_with_the_command(tmp_path: Path) -> None:
    with JobDesk(tmp_path / "runs", folders=(tmp_path,), most_at_once=1) as desk:
        hands = LabHands(desk, wait_s=1, most_effort="seconds")
        with pytest.raises(ToolFailure, match="takes minutes") as refused:
            await hands.run(RunRequest(system="vision.efficient_train", job="train"), Call())
    assert refused.value.hint == "The user can run it: nimue lab run vision.efficient_train train"
    assert not (tmp_path / "runs").exists()


async def test_a_long_job_goes_on_is_asked_after_and_stopped_and_no_second_one_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    slow = {"steps": 100_000, "pause": 0.01}
    with JobDesk(tmp_path / "runs", folders=(tmp_path,), most_at_once=1) as desk:
        hands = LabHands(desk, wait_s=0.0, most_effort="gpu")
        told = await hands.run(RunRequest(system="toy.line_fit", job="train", params=slow), Call())
        assert told.state in ("waiting", "running")
        with pytest.raises(ToolFailure, match="1 jobs are under way") as refused:
            await hands.run(RunRequest(system="toy.line_fit", job="train"), Call())
        assert "stop_job" in refused.value.hint
        stopped = await hands.stop(StopRequest(run=told.run), Call())
        assert stopped.state in ("cancelled", "interrupted", "waiting")  # it may not have begun by then
        assert [run.folder.id for run in all_runs(tmp_path / "runs")] == [told.run]
        with pytest.raises(ToolFailure, match="not at work"):
            await hands.stop(StopRequest(run=told.run), Call())
        listed = await hands.status(StatusRequest(), Call())
        assert told.run in listed.model_dump_json()


@pytest.mark.parametrize("name", ["../other", "/etc", "a/b"])
async def test_a_runs_id_is_not_a_path(tmp_path: Path, name: str) -> None:
    with JobDesk(tmp_path / "runs", folders=(tmp_path,), most_at_once=1) as desk:
        hands = LabHands(desk, wait_s=0.0, most_effort="gpu")
        with pytest.raises(ToolFailure, match="not a run's id"):
            await hands.status(StatusRequest(run=name), Call())
