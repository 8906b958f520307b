"""Following a training, reading its attempts, starting and stopping one."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList, Select

from agents.runs.event_log import EventLog
from tests.tui.driving import key_of, screen_text, until
from tests.tui.made_up_runs import HOSTILE, expel_events, make_run
from tui.app import NimueApp
from tui.detached import DetachedCommand
from tui.run_shelf import look_at
from tui.screens.expel_run import ExpelRunScreen, TaskTable
from tui.screens.trajectory import TrajectoryScreen
from tui.settings import Settings
from tui.train_form import TrainForm

SMALL = (80, 24)


def asked() -> Mapping[str, object]:
    return expel_events()[0][1]["settings"]  # type: ignore[no-any-return]


async def test_the_dashboard_follows_a_run_that_another_process_writes(app: NimueApp, tmp_path: Path) -> None:
    events = expel_events()
    run = make_run(tmp_path / "runs", "expel-9", "expel", dict(asked()), events[:6])
    async with app.run_test(size=SMALL) as pilot:
        await app.push_screen(ExpelRunScreen(run.path))
        await until(pilot, lambda: "gather" in screen_text(app) and "1/3" in screen_text(app))
        assert app.screen.query_one(TaskTable).row_count == 3
        with run.locked(), EventLog(run.events) as log:
            for kind, data in events[6:]:
                log.append(kind, data)
            await until(pilot, lambda: "fold 0 ADD I-1" in screen_text(app))
            await until(pilot, lambda: "extract" in screen_text(app) and "1/2" in screen_text(app))
        text = screen_text(app)
        assert "10 calls, 550 tokens" in text
        assert "2/3" in text


async def test_texts_of_insights_come_from_the_memory(app: NimueApp, tmp_path: Path, memory: Path) -> None:
    from memory.insight_store import InsightStore
    from memory.workspace import Workspace

    with Workspace(memory) as workspace:
        store = InsightStore(workspace)
        store.create_set("expel-9-fold0", "hotpotqa", fold=0)
        name = store.add("expel-9-fold0", f"Look twice. {HOSTILE}")
    events = expel_events()
    events[-1][1]["operations"][0]["insight"] = name
    run = make_run(tmp_path / "runs", "expel-9", "expel", dict(asked()), events)
    async with app.run_test(size=(140, 45)) as pilot:
        await app.push_screen(ExpelRunScreen(run.path))
        await until(pilot, lambda: "fold 0 ADD Look twice. [red]no[/red]" in screen_text(app))


async def test_attempts_are_read_with_their_reflections(app: NimueApp, tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", "expel-9", "expel", dict(asked()), expel_events(hostile=True))
    async with app.run_test(size=(140, 45)) as pilot:
        await app.push_screen(ExpelRunScreen(run.path))
        await until(pilot, lambda: app.screen.query_one(TaskTable).row_count == 3)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, TrajectoryScreen))
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count == 2)
        await until(pilot, lambda: "Reflection for the next trial" in screen_text(app))
        text = screen_text(app)
        assert "✗ failed" in text
        assert "gather trial 2 ✓ solved" in text
        assert "[red]no[/red]" in text
        assert "\x1b" not in text


async def test_a_paused_run_tells_why_and_a_broken_one_what(app: NimueApp, tmp_path: Path) -> None:
    events = [*expel_events(), ("paused", {"reason": "the budget is spent"})]
    run = make_run(tmp_path / "runs", "expel-9", "expel", dict(asked()), events)
    async with app.run_test(size=SMALL) as pilot:
        await app.push_screen(ExpelRunScreen(run.path))
        await until(pilot, lambda: "the budget is spent" in screen_text(app))
        assert "resume" in [
            active.binding.action for active in app.screen.active_bindings.values() if active.enabled
        ]
        with run.events.open("a") as file:
            file.write("nothing\n")
        await until(pilot, lambda: "no event of a run" in screen_text(app))


def test_the_form_makes_the_command_line() -> None:
    form = TrainForm(env="fever", tasks=None, model="scripted", embedder="hash", max_cost=2.5)
    assert form.words(Settings(runs="r", memory="m")) == [
        "expel", "train", "--env", "fever", "--model", "scripted", "--retries", "2", "--arms", "react,expel",
        "--embedder", "hash", "--max-cost", "2.5", "--memory", "m", "--out", "r",
    ]  # fmt: skip


def test_what_a_command_says_before_it_has_a_run_is_its_complaint() -> None:
    command = DetachedCommand(
        ["expel", "train", "--env", "nowhere", "--model", "scripted", "--embedder", "hash"]
    )
    with pytest.raises(Exception, match="nowhere"):
        command.run_folder()
    assert command.wait() == 2


async def test_a_training_starts_from_the_form_runs_beside_the_app_and_is_stopped_and_continued(
    app: NimueApp, tmp_path: Path
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("expel"))
        await pilot.pause()
        app.screen.query_one("#model", Input).value = "scripted"
        app.screen.query_one("#tasks", Input).value = "2"
        app.screen.query_one("#retries", Input).value = "0"
        app.screen.query_one("#arms", Input).value = "react"
        app.screen.query_one("#embedder", Select).value = "hash"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ExpelRunScreen), seconds=90)
        (path,) = (tmp_path / "runs").glob("expel-*")
        await until(
            pilot, lambda: "calls," in screen_text(app) and " 0 calls" not in screen_text(app), seconds=90
        )
        for at_work in app.commands_at_work:  # it may have finished just now
            app.stop_command(at_work)
        await until(pilot, lambda: not app.commands_at_work, seconds=60)
        stopped = look_at(path)
        if stopped.state != "finished":
            app.resume_command(stopped)
            await until(pilot, lambda: look_at(path).state == "finished", seconds=120)
        await until(pilot, lambda: not app.commands_at_work, seconds=60)


def test_stopping_what_has_ended_does_nothing() -> None:
    command = DetachedCommand(["avalon", "rules"])
    assert command.wait(60) == 0
    command.stop()
    assert "Merlin" in command.log.read_text()
