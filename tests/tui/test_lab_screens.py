"""The laboratory from the app: a job found, its form filled in, watched, stopped, gone on with, compared."""

import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, OptionList

from agents.cli.front_door import run as run_command
from agents.cli.nimue import app as nimue_commands
from agents.lab.runs import find_run, summary
from agents.runs.event_log import EventLog
from tests.tui.driving import key_of, screen_text, until
from tests.tui.made_up_runs import HOSTILE, lab_run
from tui.app import NimueApp
from tui.run_shelf import look_at
from tui.screens.compare_runs import CompareRunsScreen
from tui.screens.job_form import JobFormScreen
from tui.screens.lab_place import LabPlace
from tui.screens.lab_run import LabRunScreen
from tui.screens.picture import PictureScreen
from tui.screens.reader import ReaderScreen
from tui.screens.result_tables import ResultTablesScreen
from tui.widgets.fitted_table import FittedTable
from tui.widgets.run_table import RunTable
from tui.widgets.system_tree import SystemTree

SMALL, LARGE = (80, 24), (140, 45)


pytestmark = pytest.mark.usefixtures("few_systems")


async def at_the_lab(app: NimueApp, pilot: Any) -> SystemTree:
    await pilot.press(key_of("lab"))
    await until(pilot, lambda: isinstance(app.screen, LabPlace) and "toy.line_fit" in screen_text(app))
    return app.screen.query_one(SystemTree)


async def test_systems_stand_by_taxonomy_family_and_kind(app: NimueApp) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await at_the_lab(app, pilot)
        assert "Systems by taxonomy" in screen_text(app)
        assert "curriculum" in screen_text(app)
        await pilot.press("b")
        await until(pilot, lambda: "Systems by family" in screen_text(app))
        assert "vision" in screen_text(app).split("Systems by family")[1]
        await pilot.press("b")
        await until(pilot, lambda: "Systems by kind" in screen_text(app))
        assert "reproduce" in screen_text(app)


async def test_the_card_tells_paper_jobs_and_published_figures(app: NimueApp) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await at_the_lab(app, pilot)
        await pilot.press("slash", *"efficienttrain", "enter")
        await until(pilot, lambda: "toy.line_fit" not in screen_text(app))
        await until(pilot, lambda: "arXiv 2405.08768" in screen_text(app))
        assert "% top-1" in screen_text(app)
        await pilot.press("down")
        await until(pilot, lambda: "Enter fills in its form." in screen_text(app))
        await pilot.press("slash", "x", "x")
        await until(pilot, lambda: "No system holds these words." in screen_text(app))


async def open_form(app: NimueApp, pilot: Any, job: str) -> None:
    """Go to the form of a job of the toy system by keys alone."""
    tree = await at_the_lab(app, pilot)
    await pilot.press("slash", *"line_fit", "enter")
    await until(pilot, lambda: tree.has_focus and tree.cursor_line == 1)
    await pilot.press(*["down"] * (1 if job == "train" else 2))
    await until(pilot, lambda: f"{job}  toy.line_fit" in screen_text(app))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, JobFormScreen))


async def test_a_form_refuses_at_its_field_and_begins_nothing(app: NimueApp, tmp_path: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_form(app, pilot, "train")
        app.screen.query_one("#steps", Input).value = "0"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "should be greater than or" in screen_text(app))
        assert not (tmp_path / "runs").exists()


async def test_a_job_runs_beside_the_app_is_stopped_and_the_command_line_finishes_it(
    app: NimueApp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_form(app, pilot, "train")
        app.screen.query_one("#steps", Input).value = "400"
        app.screen.query_one("#pause", Input).value = "0.2"  # far longer than it takes to stop it
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, LabRunScreen), seconds=60)
        await until(pilot, lambda: "/400, about" in screen_text(app), seconds=60)
        assert "▸ running" in screen_text(app)
        assert "error" in screen_text(app)
        await pilot.press("s")
        await until(pilot, lambda: "■ stopped" in screen_text(app), seconds=60)
        await until(pilot, lambda: not app.commands_at_work, seconds=60)
        (path,) = (tmp_path / "runs").glob("lab-*")
        stopped = look_at(path)
        assert stopped.resumable
        assert stopped.command == f"nimue lab run --resume {path}"
        facts = json.loads((path / "run.json").read_text())
        assert facts["asked"]["params"]["steps"] == 400
        reached = summary(find_run(path.name, tmp_path / "runs")).progress
        assert reached is not None
        facts["asked"]["params"] |= {"pause": 0.0}
        (path / "run.json").write_text(json.dumps(facts))
    assert run_command(nimue_commands, ["lab", "run", "--resume", str(path)]) == 0
    assert "slope" in capsys.readouterr().out
    steps = [
        json.loads(line)["data"]["step"]
        for line in (path / "events.jsonl").read_text().splitlines()
        if json.loads(line)["kind"] == "metric"
    ]
    assert steps == list(range(1, 401))


async def test_what_the_command_line_began_the_app_goes_on_with(app: NimueApp, tmp_path: Path) -> None:
    path = lab_run(tmp_path / "runs", "lab-1", finished=False)
    (path / "events.jsonl").write_text("")
    async with app.run_test(size=SMALL) as pilot:
        app.open_run(path)
        await until(pilot, lambda: "r goes on with it" in screen_text(app))
        await pilot.press("r")
        await until(pilot, lambda: "✓ finished" in screen_text(app), seconds=60)
        await until(pilot, lambda: not app.commands_at_work, seconds=60)
    assert look_at(path).state == "finished"


async def test_a_job_that_breaks_says_how_and_keeps_its_traceback(app: NimueApp) -> None:
    async with app.run_test(size=LARGE) as pilot:
        await open_form(app, pilot, "fail")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Field required" in screen_text(app))
        app.screen.query_one("#how", Input).value = "[red]on purpose[/red]"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "ArithmeticError: [red]on purpose[/red]" in screen_text(app), seconds=60)
        await until(pilot, lambda: "✗ failed" in screen_text(app))
        await pilot.press("p", "p", "p")
        await until(pilot, lambda: "Traceback" in screen_text(app))
        await until(pilot, lambda: not app.commands_at_work, seconds=60)


async def test_a_finished_run_shows_curve_files_settings_and_result(app: NimueApp, tmp_path: Path) -> None:
    path = lab_run(tmp_path / "runs", "lab-1", said=HOSTILE, rate=0.5)
    async with app.run_test(size=SMALL) as pilot:
        app.open_run(path)
        await until(pilot, lambda: "slope" in screen_text(app) and "┤" in screen_text(app))
        assert "took 0:02" in screen_text(app)
        assert "[red]no[/red]" in screen_text(app)
        assert "\x1b" not in screen_text(app)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, ResultTablesScreen) and "2.4" in screen_text(app))
        await pilot.press("c", "escape", "p")
        assert "slope\t2.4" in app.clipboard
        files = app.screen.query_one("#files", OptionList)
        await until(pilot, lambda: files.has_focus and files.option_count == 2)
        await pilot.press("down", "enter")
        await until(
            pilot, lambda: isinstance(app.screen, ReaderScreen) and '"slope": 1.9' in screen_text(app)
        )
        await pilot.press("escape", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, PictureScreen) and "▀▀▀" in screen_text(app))
        await pilot.press("c", "escape", "p")
        assert app.clipboard == str(path / "artifacts" / "line.png")
        await until(pilot, lambda: "rate 0.5  *" in screen_text(app))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, JobFormScreen))
        assert app.screen.query_one("#rate", Input).value == "0.5"


async def test_a_picture_that_cannot_be_read_says_why(app: NimueApp, tmp_path: Path) -> None:
    path = lab_run(tmp_path / "runs", "lab-1")
    (path / "artifacts" / "line.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    async with app.run_test(size=SMALL) as pilot:
        app.open_run(path)
        await pilot.press("p")
        files = app.screen.query_one("#files", OptionList)
        await until(pilot, lambda: files.option_count == 2)
        files.highlighted = 1
        await pilot.press("enter")
        await until(pilot, lambda: "damaged PNG" in " ".join(screen_text(app).split()))


async def test_an_artifact_outside_the_run_is_not_opened(app: NimueApp, tmp_path: Path) -> None:
    path = lab_run(tmp_path / "runs", "lab-1")
    (tmp_path / "secret.json").write_text('"secret"')
    with EventLog(path / "events.jsonl") as log:
        log.append("artifact", {"path": "../../../secret.json", "caption": "x"})
    async with app.run_test(size=SMALL) as pilot:
        app.open_run(path)
        await pilot.press("p")
        files = app.screen.query_one("#files", OptionList)
        await until(pilot, lambda: files.option_count == 3)
        files.highlighted = 2
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, LabRunScreen)


async def test_a_log_that_makes_no_sense_is_told(app: NimueApp, tmp_path: Path) -> None:
    path = lab_run(tmp_path / "runs", "lab-1", finished=False)
    with EventLog(path / "events.jsonl") as log:
        log.append("metric", {"what": 1})
    async with app.run_test(size=SMALL) as pilot:
        app.open_run(path)
        await until(pilot, lambda: "makes no sense" in screen_text(app))


async def test_marked_runs_are_compared(app: NimueApp, tmp_path: Path) -> None:
    lab_run(tmp_path / "runs", "lab-1", rate=0.3)
    lab_run(tmp_path / "runs", "lab-2", rate=0.6)
    async with app.run_test(size=SMALL) as pilot:
        await at_the_lab(app, pilot)
        table = app.screen.query_one(RunTable)
        await until(pilot, lambda: table.row_count == 2)
        table.focus()
        await pilot.press("v")  # nothing is marked yet
        assert isinstance(app.screen, LabPlace)
        await pilot.press("m", "down", "m")
        await until(pilot, lambda: screen_text(app).count("M ✓ finished") == 2)
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, CompareRunsScreen))
        compared = app.screen.query_one("#compared", FittedTable)
        await until(pilot, lambda: compared.row_count == 4)
        text = screen_text(app)
        assert "a lab-1" in text
        assert "b lab-2" in text
        await pilot.press("c")
        rows = dict(line.split("\t", 1) for line in app.clipboard.splitlines())
        assert rows["rate"] == "0.3\t0.6"
        assert rows["slope"] == "2.2\t2.5"
        assert "steps" not in rows  # they were asked the same
        assert "error" not in rows  # the result has figures of its own
        assert "┤" in text  # and yet the curve is drawn
