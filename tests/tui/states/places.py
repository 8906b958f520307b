"""Home, the runs, the settings, and what belongs to no place."""

from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.driving import key_of, screen_text, until
from tests.tui.states.steps import Steps
from tui.app import NimueApp
from tui.widgets.run_table import RunTable


async def home(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await until(
        pilot, lambda: app.screen.query_one(RunTable).row_count == 4 and "not set" in screen_text(app)
    )


async def home_empty(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await until(pilot, lambda: "No runs yet" in screen_text(app) and "not set" in screen_text(app))


async def keys(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await home(app, pilot, folder)
    await pilot.press("question_mark")
    await until(pilot, lambda: "Quit" in screen_text(app) and bool(app.screen.query("HelpPanel")))


async def palette(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await home(app, pilot, folder)
    await pilot.press("ctrl+p", *"lab")
    await until(pilot, lambda: "Go to Lab" in screen_text(app))


async def all_runs(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await pilot.press(key_of("runs"))
    await until(pilot, lambda: bool(app.screen.query("#runs")))
    await until(pilot, lambda: app.screen.query_one("#runs", RunTable).row_count == 4)


async def runs_empty(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await pilot.press(key_of("runs"))
    await until(pilot, lambda: "No runs in the folder runs yet" in screen_text(app))


async def runs_not_found(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await all_runs(app, pilot, folder)
    await pilot.press("slash", *"nothing")
    await until(pilot, lambda: "No run holds these words" in screen_text(app))


async def runs_delete(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await all_runs(app, pilot, folder)
    await pilot.press("d")
    await until(pilot, lambda: "Delete (y)" in screen_text(app))


async def run_broken(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    app.open_run(Path("runs/lab-4-broken"))
    await until(pilot, lambda: '"version": 1' in screen_text(app))


async def settings(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await pilot.press(key_of("settings"))
    await until(pilot, lambda: "table [tui]" in screen_text(app))


async def settings_wrong(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await settings(app, pilot, folder)
    app.screen.query_one("#seconds_a_moment", Input).value = "soon"
    await pilot.press("ctrl+s")
    await until(pilot, lambda: "valid number" in " ".join(screen_text(app).split()))


STATES: dict[str, Steps] = {
    "home": home,
    "home-empty": home_empty,
    "keys": keys,
    "palette": palette,
    "runs": all_runs,
    "runs-empty": runs_empty,
    "runs-not-found": runs_not_found,
    "runs-delete": runs_delete,
    "run-broken": run_broken,
    "settings": settings,
    "settings-wrong": settings_wrong,
}
