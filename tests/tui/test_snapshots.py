"""Pictures of the screens in their states, at the smallest size and at a large one.

`NIMUE_UPDATE_SNAPSHOTS=1` writes them anew; a commit that changes one says why.
"""

import os
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable

from games.avalon.events import Event
from games.avalon.transcript import write
from tests.tui.driving import screen_text, until
from tests.tui.made_up_runs import HOSTILE, make_world
from tui.app import NimueApp
from tui.screens.expel_run import ExpelRunScreen, TaskTable
from tui.screens.table import TableScreen
from tui.widgets.run_table import RunTable
from tui.widgets.scrubber import Scrubber

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "NIMUE_UPDATE_SNAPSHOTS"
SIZES = {"small": (80, 24), "large": (140, 45)}

Steps = Callable[[NimueApp, Pilot[None], Path], Awaitable[None]]


@pytest.fixture(autouse=True)
def _fixed_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui import installation_facts
    from tui.installation_facts import InstallationFacts

    facts = InstallationFacts(
        model="local:default (no key found: the embedded model)",
        model_state="ready",
        keys="ANTHROPIC_API_KEY not set, OPENAI_API_KEY not set",
        memory="1 attempts, 2 insights in 1 sets, 0.1 MB",
        problems=(),
    )
    monkeypatch.setattr(installation_facts, "installation_facts", lambda memory, model: facts)


async def home(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await until(
        pilot, lambda: app.screen.query_one(RunTable).row_count == 4 and "not set" in screen_text(app)
    )


async def home_empty(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await until(pilot, lambda: "No runs yet" in screen_text(app) and "not set" in screen_text(app))


async def all_runs(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await pilot.press("5")
    await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 4)


async def form(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await pilot.press("2")
    await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 2)


async def _table_at(app: NimueApp, pilot: Pilot[None], path: Path, *keys: str) -> None:
    await app.push_screen(TableScreen(path))
    await until(pilot, lambda: app.screen.query_one(Scrubber).length > 0)
    await pilot.press(*keys)
    await pilot.pause(0.05)


async def table_running(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await _table_at(app, pilot, runs / "avalon-play-2-stopped")


async def table_finished(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await _table_at(app, pilot, runs / "avalon-play-1-done", "p")


async def table_beliefs(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await _table_at(app, pilot, runs / "avalon-play-1-done", "left_square_bracket", "p", "p")
    await until(pilot, lambda: "Evil, in %" in screen_text(app))


async def table_hostile(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await _table_at(app, pilot, runs.parent / "hostile.jsonl", "end")


async def run_broken(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    app.open_run(Path("runs/lab-4-broken"))
    await until(pilot, lambda: '"version": 1' in screen_text(app))


async def training(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await app.push_screen(ExpelRunScreen(Path("runs/expel-3")))
    await until(
        pilot, lambda: app.screen.query_one(TaskTable).row_count == 3 and "fold 0" in screen_text(app)
    )


async def trajectory(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await training(app, pilot, runs)
    await pilot.press("down", "enter")
    await until(pilot, lambda: "Reflection" in screen_text(app))


async def insights(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await pilot.press("4")
    await until(pilot, lambda: bool(app.screen.query("#insights")))
    await until(pilot, lambda: app.screen.query_one("#insights", DataTable).row_count == 2)
    await pilot.press("o")
    await until(pilot, lambda: "1. Open the drawer" in screen_text(app))


async def settings(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await pilot.press("6")
    await pilot.pause(0.05)


SCREENS: dict[str, tuple[Steps, Sequence[str]]] = {
    "home": (home, ("small", "large")),
    "home-empty": (home_empty, ("small",)),
    "runs": (all_runs, ("small",)),
    "form": (form, ("small", "large")),
    "table-running": (table_running, ("small",)),
    "table-finished": (table_finished, ("small", "large")),
    "table-beliefs": (table_beliefs, ("small",)),
    "table-hostile": (table_hostile, ("small",)),
    "run-broken": (run_broken, ("small",)),
    "training": (training, ("small", "large")),
    "trajectory": (trajectory, ("small",)),
    "insights": (insights, ("small", "large")),
    "settings": (settings, ("small",)),
}


@pytest.mark.parametrize(
    ("name", "size"), [(name, size) for name, (_, sizes) in SCREENS.items() for size in sizes]
)
async def test_the_screen_looks_as_it_did(
    app: NimueApp, name: str, size: str, tmp_path: Path, memory: Path, game: tuple[Event, ...]
) -> None:
    if name != "home-empty":
        make_world(tmp_path / "runs", game)
        said = Event("speech", 1, 1, 2, "all", {"text": HOSTILE})
        write(tmp_path / "hostile.jsonl", "g1", [*game[:20], said])
    async with app.run_test(size=SIZES[size]) as pilot:
        await SCREENS[name][0](app, pilot, tmp_path / "runs")
        picture = await settled_picture(app, pilot)
    file = SNAPSHOTS / f"{name}-{size}.svg"
    if os.environ.get(UPDATE):
        file.parent.mkdir(exist_ok=True)
        file.write_text(picture, encoding="utf-8")
    seen = tmp_path / file.name
    seen.write_text(picture, encoding="utf-8")
    assert file.exists(), f"there is no {file.name} yet: look at {seen}, then set {UPDATE}=1"
    assert picture == file.read_text(encoding="utf-8"), f"look at {seen}; if it is right, set {UPDATE}=1"


async def settled_picture(app: NimueApp, pilot: Pilot[None]) -> str:
    """The screen once it has stopped changing: widths of columns come a moment after their cells."""
    before = ""
    while True:
        await pilot.pause(0.05)
        picture = without_unique_names(app.export_screenshot(title="nimue"))
        if picture == before:
            return picture
        before = picture


def without_unique_names(svg: str) -> str:
    """The picture without the number that keeps its styles apart from those of other pictures on a page."""
    return re.sub(r"terminal-\d+", "terminal", svg)
