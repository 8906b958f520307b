"""The laboratory: its systems, a job's form, runs as they begin, work, stop, end or fail; what they left."""

from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from agents.runs.event_log import EventLog
from backends.lab.registry import find_job, find_system
from tests.tui.driving import key_of, screen_text, until
from tests.tui.made_up_runs import lab_run, make_run
from tests.tui.states.steps import Steps
from tui.app import NimueApp
from tui.screens.compare_runs import CompareRunsScreen
from tui.screens.job_form import JobFormScreen
from tui.widgets.run_table import RunTable


async def systems(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    lab_run(folder / "runs", "lab-5", rate=0.3)
    lab_run(folder / "runs", "lab-6", rate=0.6, finished=False)
    await pilot.press(key_of("lab"))
    await until(pilot, lambda: "arXiv 2405.08768" in " ".join(screen_text(app).split()))
    await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 2)


async def not_found(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await pilot.press(key_of("lab"), "slash", *"nothing")
    await until(pilot, lambda: "No system holds these words." in screen_text(app))


async def job_form(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    system = find_system("vision.efficient_train")
    await app.push_screen(JobFormScreen(system, find_job(system, "train")))
    await until(pilot, lambda: "Start (^s)" in screen_text(app))


async def job_form_wrong(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await job_form(app, pilot, folder)
    app.screen.query_one("#epochs", Input).value = "many"
    await pilot.press("ctrl+s")
    await until(pilot, lambda: "valid number" in " ".join(screen_text(app).split()))


async def _run_at(app: NimueApp, pilot: Pilot[None], path: Path, told: str) -> None:
    app.open_run(path)
    await until(pilot, lambda: told in screen_text(app) and "┤" in screen_text(app))


async def starting(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    params = {"seed": 0, "device": "auto", "steps": 30, "rate": 0.3, "pause": 0.0}
    asked = {"system": "toy.line_fit", "job": "train", "params": params, "processes": 1}
    app.open_run(make_run(folder / "runs", "lab-5-held", "lab", asked, []).path)
    await until(pilot, lambda: "Starting ..." in screen_text(app) and "running" in screen_text(app))


async def running(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _run_at(app, pilot, lab_run(folder / "runs", "lab-5-held", finished=False), "▸ running")


async def stopped(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _run_at(app, pilot, lab_run(folder / "runs", "lab-5", finished=False), "■ stopped")


async def finished(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _run_at(app, pilot, lab_run(folder / "runs", "lab-5"), "✓ finished")


async def failed(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    path = lab_run(folder / "runs", "lab-5", finished=False)
    with EventLog(path / "events.jsonl") as log:
        log.append(
            "failed", {"message": "toy.line_fit train broke: ArithmeticError: x", "details": "Traceback"}
        )
    await _run_at(app, pilot, path, "✗ failed")


async def log(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await finished(app, pilot, folder)
    await pilot.press("p", "p", "p")
    await until(pilot, lambda: "Log (4 of 4, p)" in screen_text(app) and "Fitting." in screen_text(app))


async def result(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await finished(app, pilot, folder)
    await pilot.press("f")
    await until(pilot, lambda: "slope" in screen_text(app) and "value" in screen_text(app))


async def picture(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await finished(app, pilot, folder)
    await pilot.press("p", "down", "down", "enter")
    await until(pilot, lambda: "▀▀▀" in screen_text(app))


async def compared(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    paths = [lab_run(folder / "runs", f"lab-{number}", rate=0.3 * number) for number in (1, 2)]
    await app.push_screen(CompareRunsScreen(paths))
    await until(pilot, lambda: "b lab-2" in screen_text(app) and "┤" in screen_text(app))


STATES: dict[str, Steps] = {
    "lab": systems,
    "lab-not-found": not_found,
    "job-form": job_form,
    "job-form-wrong": job_form_wrong,
    "lab-starting": starting,
    "lab-running": running,
    "lab-stopped": stopped,
    "lab-finished": finished,
    "lab-failed": failed,
    "lab-log": log,
    "lab-result": result,
    "lab-picture": picture,
    "compared": compared,
}
