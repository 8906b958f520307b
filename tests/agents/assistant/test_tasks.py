"""Tasks that the assistant is set, with a scripted model: the right tool, and what happens when it fails."""

from contextlib import AbstractContextManager
from pathlib import Path

from agents.assistant.events import ApprovalAsked, CostChanged, Recalled, TextDelta, ToolProgress
from agents.assistant.opening import reminder
from agents.lab.runs import all_runs, summary
from agents.llm.model import Model
from agents.tools.lab_cards import jobs_named_in
from agents.tools.memory_shelf import MemoryShelf
from agents.tools.toolbox import Toolbox
from agents.tools.workbench import open_workbench
from games.avalon.bots import BOTS
from memory.embedders import HashingEmbedder
from memory.opening import open_memory
from memory.records import Experience, Step
from memory.runs import Run
from tests.agents.assistant.conversations import (
    Script,
    answer,
    conversing,
    endings,
    heard,
    observation,
    tools_used,
    use,
    workplace,
)


async def test_a_plain_question_is_answered_without_tools_and_streams(tmp_path: Path) -> None:
    script = Script("A workbench for agents.")
    async with conversing(tmp_path, script) as session:
        events = await heard(session.ask("What is nimue?"))
    grown = [event.text for event in events if isinstance(event, TextDelta)]
    assert len(grown) > 1 and "".join(grown) == "A workbench for agents."
    assert answer(events).ending == "answered" and answer(events).text == "A workbench for agents."
    assert tools_used(events) == []


async def test_a_job_is_found_described_and_run(tmp_path: Path) -> None:
    script = Script(
        use("find_job", words="fit a line"),
        lambda read: use("describe_job", system=observation(read)["jobs"][0]["system"], job="train"),
        lambda read: use("run_job", system="toy.line_fit", job="train", params={"steps": 40}),
        lambda read: f"The slope is {observation(read)['result']['slope']:.2f}.",
    )
    async with conversing(tmp_path, script) as session:
        events = await heard(session.ask("Fit a line in forty steps."))
    assert [name for name, _ in tools_used(events)] == ["find_job", "describe_job", "run_job"]
    assert "steps" in endings(events)[1].told["params"]["properties"]
    told = endings(events)[2].told
    assert told["state"] == "finished"
    assert answer(events).text == f"The slope is {told['result']['slope']:.2f}."
    assert any(isinstance(event, ToolProgress) for event in events)
    assert any(isinstance(event, CostChanged) for event in events)


async def test_wrong_settings_are_mended_from_the_hint(tmp_path: Path) -> None:
    script = Script(
        use("run_job", system="toy.line_fit", job="train", params={"stepps": 9}),
        use("run_job", system="toy.line_fit", job="train", params={"steps": 9}),
        lambda read: f"{observation(read)['state']}",
    )
    async with conversing(tmp_path, script) as session:
        events = await heard(session.ask("Fit a line in nine steps."))
    first, second = endings(events)
    assert "stepps" in first.told["message"] and not first.ok
    assert second.ok and answer(events).text == "finished"
    assert len(list((tmp_path / "runs").glob("lab-*"))) == 1


async def test_a_job_that_breaks_is_told_with_its_reason_and_the_model_recovers(tmp_path: Path) -> None:
    script = Script(
        use("run_job", system="toy.line_fit", job="fail", params={"how": "overheated"}),
        lambda read: f"It failed: {observation(read)['message']}",
    )
    async with conversing(tmp_path, script) as session:
        events = await heard(session.ask("Break on purpose."))
    told = endings(events)[0].told
    assert told["error"] == "failed" and "overheated" in told["message"] and "describe_job" in told["hint"]
    assert "overheated" in answer(events).text


async def test_an_unknown_system_is_answered_with_the_nearest(tmp_path: Path) -> None:
    script = Script(
        use("describe_job", system="toy.linefit"),
        lambda read: use("describe_job", system="toy.line_fit"),
        "It fits a line.",
    )
    async with conversing(tmp_path, script) as session:
        events = await heard(session.ask("What is linefit?"))
    assert "did you mean toy.line_fit" in endings(events)[0].told["message"]
    assert endings(events)[1].told["title"] == "Line fit"


async def test_the_impossible_is_found_to_be_so(tmp_path: Path) -> None:
    script = Script(
        use("find_job", words="brew espresso"),
        lambda read: f"That cannot be done here: {observation(read)['error']}.",
    )
    async with conversing(tmp_path, script) as session:
        events = await heard(session.ask("Brew me an espresso."))
    assert endings(events)[0].told["error"] == "not_found"
    assert "list them all" in endings(events)[0].told["hint"]
    assert answer(events).text == "That cannot be done here: not_found."


async def test_training_for_minutes_is_asked_about_and_not_begun_when_refused(tmp_path: Path) -> None:
    script = Script(
        use("run_job", system="vision.efficient_train", job="train", params={"data": "digits"}),
        "Then I leave it.",
    )
    async with conversing(tmp_path, script) as session:
        events = await heard(session.ask("Train a classifier."), session, allow=False)
    (question,) = [event for event in events if isinstance(event, ApprovalAsked)]
    assert question.reason == "vision.efficient_train train takes minutes."
    assert endings(events)[0].told["error"] == "refused"
    assert list((tmp_path / "runs").glob("lab-*")) == []


async def test_files_outside_the_workspace_are_refused_before_a_run_is_made(tmp_path: Path) -> None:
    outside = "../../etc/passwd"
    script = Script(
        use("run_job", system="vision.efficient_train", job="predict", params={"weights": outside}),
        use("see", picture="/etc/hostname"),
        "I may not.",
    )
    async with conversing(tmp_path, script) as session:
        events = await heard(session.ask("Classify with those weights."))
    weights, picture = endings(events)
    assert weights.told["error"] == "refused" and "outside the workspace" in weights.told["message"]
    assert not picture.ok and "lies outside" in picture.told["message"]
    assert list((tmp_path / "runs").glob("lab-*")) == []


async def test_bots_play_a_game_whose_record_can_be_read(tmp_path: Path) -> None:
    script = Script(
        use("avalon_play", players=5, good="naive", evil="naive", seed=3),
        lambda read: use("avalon_game", game=observation(read)["game"], quest=1),
        lambda read: observation(read)["record"].splitlines()[0],
    )
    async with conversing(tmp_path, script) as session:
        events = await heard(session.ask("Let five bots play."))
    played, record = (ended.told for ended in endings(events))
    assert played["winner"] in ("good", "evil") and len(played["roles"]) == 5
    assert record["game"] == played and answer(events).text.startswith("RECORD Quest 1, proposal 1")


async def test_games_of_language_models_are_refused_with_the_bots_that_there_are(tmp_path: Path) -> None:
    script = Script(use("avalon_play", good="recon"), "You can play it yourself, with avalon play.")
    async with conversing(tmp_path, script) as session:
        events = await heard(session.ask("Let ReCon play."))
        assert "avalon play" in session.toolbox["avalon_play"].summary
    told = endings(events)[0].told
    assert told["error"] == "bad_arguments"
    assert all(bot in told["message"] for bot in BOTS)
    assert list((tmp_path / "runs").glob("avalon-*")) == []


async def test_the_rules_are_told_for_the_number_of_players(tmp_path: Path) -> None:
    script = Script(use("avalon_rules", players=7), "Two of three.")
    async with conversing(tmp_path, script) as session:
        events = await heard(session.ask("How many fails does quest four need with seven players?"))
    assert "quest 4 needs two" in endings(events)[0].told["rules"]


async def test_jobs_that_the_user_names_are_tools_of_their_own(tmp_path: Path) -> None:
    named = jobs_named_in("Please run toy_line_fit_train, or the fail of line fit.", 4)
    assert [(system.id, job.name) for system, job in named] == [
        ("toy.line_fit", "train"),
        ("toy.line_fit", "fail"),
    ]
    script = Script(use("toy_line_fit_train", steps=3), "Fitted.")

    def workbench(model: Model) -> AbstractContextManager[Toolbox]:
        return open_workbench(workplace(tmp_path), None, jobs=named)

    async with conversing(tmp_path, script, tools=workbench) as session:
        assert "see" not in session.toolbox
        events = await heard(session.ask("Run it."))
    assert endings(events)[0].told["state"] == "finished"


async def test_memory_is_told_unasked_and_can_be_looked_into(tmp_path: Path) -> None:
    with open_memory(tmp_path / "memory", "alfworld", HashingEmbedder()) as memory:
        memory.runs.begin(
            Run(run_id="r", kind="train", domain="alfworld", config={}, manifest={}, status="running")
        )
        memory.experiences.remember(
            Experience(
                run_id="r", domain="alfworld", env_name="clean", task_id="1", task="clean a mug", trial=0,
                phase="gather", outcome="success", steps=(Step("action", "go to sink"),),
            )
        )  # fmt: skip
        memory.insights.create_set("one", "alfworld")
        memory.insights.add("one", "Look into the sink first.")
    shelf = MemoryShelf(tmp_path / "memory", tmp_path / "models")
    script = Script(
        use("recall", task="clean a mug"),
        lambda read: observation(read)["domains"][0]["recalled"]["insights"][0]["text"],
        "I know nothing of it.",
    )
    async with conversing(tmp_path, script, recall=reminder(shelf)) as session:
        events = await heard(session.ask("clean a mug"))
        unlike = await heard(session.ask("train a transformer quickly"))
    (recalled,) = [event for event in events if isinstance(event, Recalled)]
    assert recalled.insights == ("Look into the sink first.",)
    assert recalled.successes == ("clean a mug -> action: go to sink",)
    assert "(From memory, as data." in script.heard[0][-1].text
    assert answer(events).text == "Look into the sink first."
    assert not any(isinstance(event, Recalled) for event in unlike)


async def test_a_job_that_is_stopped_keeps_its_run_and_is_gone_on_with(tmp_path: Path) -> None:
    script = Script(
        use("run_job", system="toy.line_fit", job="train", params={"steps": 60, "pause": 0.02}),
        lambda read: observation(read)["state"],
    )
    async with conversing(tmp_path, script) as session:
        async for event in session.ask("Fit slowly."):
            if isinstance(event, ToolProgress) and event.done:
                await session.stop()
        run = session.run
        (lab_run,) = all_runs(tmp_path / "runs")
        assert summary(lab_run).state == "cancelled"
    async with conversing(tmp_path, script, run=run) as session:
        events = await heard(session.resume())
    assert answer(events).text == "finished"
    assert endings(events)[0].told["run"] == lab_run.folder.id
    assert len(all_runs(tmp_path / "runs")) == 1
