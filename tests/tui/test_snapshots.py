"""Pictures of every screen in its states, in the smallest window and in a large one.

`NIMUE_UPDATE_SNAPSHOTS=1` writes them anew; a commit that changes one says why.
"""

import asyncio
import os
import re
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from games.avalon.events import Event
from games.avalon.transcript import write
from tests.tui.made_up_runs import make_world
from tests.tui.states.every_state import STATES
from tui.app import NimueApp

SNAPSHOTS = Path(__file__).parent / "snapshots"
SETTLED_SECONDS = 2.0
UPDATE = "NIMUE_UPDATE_SNAPSHOTS"
SIZES = {"small": (80, 24), "large": (140, 45)}


@pytest.fixture(autouse=True)
def _fixed_facts(monkeypatch: pytest.MonkeyPatch, few_systems: None) -> None:
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
    monkeypatch.setattr("tui.widgets.run_watch.is_held", lambda path: path.name.endswith("-held"))
    for module in ("tui.screens.chat_place", "tui.lab_panels", "tui.expel_panels"):
        monkeypatch.setattr(f"{module}.clock", lambda seconds: "0:42")  # no two pictures share their seconds


@pytest.mark.parametrize("name", STATES)
async def test_the_screen_looks_as_it_did(
    app: NimueApp, name: str, tmp_path: Path, game: tuple[Event, ...], request: pytest.FixtureRequest
) -> None:
    if not name.endswith("-empty"):
        make_world(tmp_path / "runs", game)
        write(tmp_path / "game.jsonl", "g1", game)
        request.getfixturevalue("memory")
    update = bool(os.environ.get(UPDATE))
    unlike: list[Path] = []
    async with app.run_test(size=SIZES["small"]) as pilot:
        await STATES[name](app, pilot, tmp_path)
        for size, (width, height) in SIZES.items():
            await pilot.resize_terminal(width, height)
            file = SNAPSHOTS / f"{name}-{size}.svg"
            expected = file.read_text(encoding="utf-8") if file.exists() else None
            picture = await settled_picture(app, pilot, None if update else expected)
            if picture != expected:
                unlike.append(tmp_path / file.name)
                (file if update else unlike[-1]).write_text(picture, encoding="utf-8")
    assert update or not unlike, f"look at {', '.join(map(str, unlike))}; if they are right, set {UPDATE}=1"


def test_every_picture_is_of_a_state_that_there_is() -> None:
    assert {file.stem for file in SNAPSHOTS.iterdir()} == {
        f"{name}-{size}" for name in STATES for size in SIZES
    }


async def settled_picture(app: NimueApp, pilot: Pilot[None], expected: str | None) -> str:
    """The screen as soon as it is the expected one, or once nothing has changed on it for a while.

    Cells get their columns' widths a moment later, and on a busy machine a moment is long: two equal pictures
    in a row do not tell that the screen has settled.
    """
    for one in app.screen.query(Input):
        one.cursor_blink = False
    loop = asyncio.get_running_loop()
    before, since = "", loop.time()
    while True:
        await pilot.pause(0.05)
        picture = without_unique_names(app.export_screenshot(title="nimue"))
        if picture != before:
            before, since = picture, loop.time()
        if picture == expected or loop.time() - since > SETTLED_SECONDS:
            return picture


def without_unique_names(svg: str) -> str:
    """The picture without the number that keeps its styles apart from those of other pictures on a page."""
    return re.sub(r"terminal-\d+", "terminal", svg)
