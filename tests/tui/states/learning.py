"""ExpeL and the memory: trainings that begin, run, stop, end or break; insights and experiences."""

import shutil
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import DataTable

from memory.workspace import FILE_NAME
from tests.tui.driving import key_of, screen_text, until
from tests.tui.made_up_runs import expel_events, make_run
from tests.tui.states.steps import Steps
from tui.app import NimueApp
from tui.screens.expel_run import ExpelRunScreen, TaskTable
from tui.widgets.run_table import RunTable

Told = list[tuple[str, dict[str, Any]]]


async def form(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await pilot.press(key_of("expel"))
    await until(pilot, lambda: "A training" in screen_text(app))
    await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 1)


async def _training(app: NimueApp, pilot: Pilot[None], folder: Path, name: str, told: Told) -> None:
    run = make_run(folder / "runs", name, "expel", dict(expel_events()[0][1]["settings"]), told)
    await app.push_screen(ExpelRunScreen(run.path))
    await until(pilot, lambda: app.screen.query_one(TaskTable).row_count == (3 if told else 0))


async def begun(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _training(app, pilot, folder, "expel-9-held", [])
    await until(pilot, lambda: "running" in screen_text(app) and "Starting" in screen_text(app))


async def running(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _training(app, pilot, folder, "expel-9-held", expel_events()[:12])
    await until(pilot, lambda: "running" in screen_text(app) and "1/3" in screen_text(app))


async def stopped(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _training(app, pilot, folder, "expel-9", expel_events())
    await until(pilot, lambda: "stopped" in screen_text(app) and "fold 0" in screen_text(app))


async def finished(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    told: Told = [*expel_events(), ("phase_done", {"phase": "extract"}), ("finished", {})]
    await _training(app, pilot, folder, "expel-9", told)
    await until(pilot, lambda: "finished" in screen_text(app) and "fold 0" in screen_text(app))


async def broken(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _training(app, pilot, folder, "expel-9", [*expel_events(), ("attempt", {"arm": "gather"})])
    await until(pilot, lambda: "makes no sense" in screen_text(app))


async def trajectory(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await stopped(app, pilot, folder)
    await pilot.press("down", "enter")
    await until(pilot, lambda: "Reflection" in screen_text(app))


async def _memory(app: NimueApp, pilot: Pilot[None]) -> None:
    await pilot.press(key_of("memory"))
    await until(pilot, lambda: bool(app.screen.query("#insights")))


async def insights(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _memory(app, pilot)
    await until(pilot, lambda: app.screen.query_one("#insights", DataTable).row_count == 2)
    await pilot.press("o")
    await until(pilot, lambda: "1. Open the drawer" in screen_text(app))


async def insight_edited(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await insights(app, pilot, folder)
    await pilot.press("e")
    await until(pilot, lambda: "The whole new text" in screen_text(app))


async def memory_empty(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _memory(app, pilot)
    await until(pilot, lambda: "Nothing was learned yet" in screen_text(app))


async def memory_broken(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    shutil.rmtree(folder / "memory")
    (folder / "memory").mkdir()
    (folder / "memory" / FILE_NAME).write_bytes(b"no database at all, but long enough to be looked at" * 20)
    await _memory(app, pilot)
    await until(pilot, lambda: "cannot be read as a memory" in screen_text(app))


async def experiences(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await insights(app, pilot, folder)
    await pilot.press("x")
    await until(pilot, lambda: "1 attempts" in screen_text(app) and "Find the spoon" in screen_text(app))


async def experiences_not_found(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await experiences(app, pilot, folder)
    await pilot.press(*"fork", "enter")
    await until(pilot, lambda: "0 attempts" in screen_text(app))


async def form_empty(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await pilot.press(key_of("expel"))
    await until(pilot, lambda: "No trainings here yet" in screen_text(app))


STATES: dict[str, Steps] = {
    "training-form": form,
    "training-form-empty": form_empty,
    "training-begun": begun,
    "training-running": running,
    "training-stopped": stopped,
    "training-finished": finished,
    "training-broken": broken,
    "trajectory": trajectory,
    "insights": insights,
    "insight-edited": insight_edited,
    "memory-empty": memory_empty,
    "memory-broken": memory_broken,
    "experiences": experiences,
    "experiences-not-found": experiences_not_found,
}
