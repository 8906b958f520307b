"""Avalon: the form, and the table as it is opened, played, waited at, over, looked into, broken."""

from collections.abc import Sequence
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from agents.recon.config import GameConfig
from agents.runs.folder import RunFolder
from games.avalon.actions import Decision
from games.avalon.events import Event
from games.avalon.transcript import read, write
from games.avalon.view import view
from tests.tui.driving import key_of, screen_text, until
from tests.tui.made_up_runs import HOSTILE, game_run
from tests.tui.states.steps import Steps
from tui.app import NimueApp
from tui.game_host import GameHost
from tui.screens.table import TableScreen
from tui.widgets.run_table import RunTable
from tui.widgets.scrubber import Scrubber


def whole_game(folder: Path) -> Sequence[Event]:
    """The game that is kept in the working folder."""
    return read(folder / "game.jsonl").events


async def form(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await pilot.press(key_of("avalon"))
    await until(pilot, lambda: "A table" in screen_text(app))
    await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 2)


async def form_empty(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await pilot.press(key_of("avalon"))
    await until(pilot, lambda: "No games here yet" in screen_text(app))


async def form_wrong(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await form(app, pilot, folder)
    app.screen.query_one("#agents", Input).value = "nobody"
    await pilot.press("ctrl+s")
    await until(pilot, lambda: "Unknown agent 'nobody'" in screen_text(app))


async def opening(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    run = game_run(folder / "runs", "avalon-play-9", ())
    await app.push_screen(TableScreen(run.path, _host(run)))
    await until(pilot, lambda: "opening the table" in screen_text(app) and "logic" in screen_text(app))


async def asks(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    """Seat 3 is asked for its vote on the first team."""
    events = whole_game(folder)
    so_far = events[: next(number for number, event in enumerate(events) if event.type == "vote")]
    run = game_run(folder / "runs", "avalon-play-9", so_far, human=3)
    host = _host(run)
    host.state = "playing"
    vote = Decision("q1a1/vote/3", "vote", 3)
    host.waiting, host.asked = (vote,), (view(so_far, 3), vote)
    await app.push_screen(TableScreen(run.path, host))
    await until(pilot, lambda: "Do you approve?" in screen_text(app))
    await _shown(app, pilot)


def _host(run: RunFolder) -> GameHost:
    """What would play the game, and does not begin."""
    return GameHost(run, GameConfig(**run.asked()))


async def _table_at(app: NimueApp, pilot: Pilot[None], path: Path, *keys: str) -> None:
    await app.push_screen(TableScreen(path))
    await _shown(app, pilot)
    await pilot.press(*keys)


async def _shown(app: NimueApp, pilot: Pilot[None]) -> None:
    await until(pilot, lambda: app.screen.query_one(Scrubber).length > 0)


async def running(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _table_at(app, pilot, folder / "runs" / "avalon-play-2-stopped")


async def finished(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _table_at(app, pilot, folder / "runs" / "avalon-play-1-done", "p")
    await until(pilot, lambda: "leader: team" in screen_text(app))


async def beliefs(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    path = folder / "runs" / "avalon-play-1-done"
    await _table_at(app, pilot, path, "left_square_bracket", "p", "p")
    await until(pilot, lambda: "Evil, in %" in screen_text(app))


async def in_full(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _table_at(app, pilot, folder / "game.jsonl", *["right_square_bracket"] * 3, "enter")
    await until(pilot, lambda: "Esc" in screen_text(app) and app.screen.is_modal)


async def hostile(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    said = Event("speech", 1, 1, 2, "all", {"text": HOSTILE})
    write(folder / "hostile.jsonl", "g1", [*whole_game(folder)[:20], said])
    await _table_at(app, pilot, folder / "hostile.jsonl", "end")
    await until(pilot, lambda: "[red]no[/red]" in screen_text(app))


async def broken(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    whole = (folder / "game.jsonl").read_text(encoding="utf-8")
    (folder / "torn.jsonl").write_text(whole[: len(whole) // 2], encoding="utf-8")
    await app.push_screen(TableScreen(Path("torn.jsonl")))
    await until(pilot, lambda: "broken" in screen_text(app))


STATES: dict[str, Steps] = {
    "form": form,
    "form-empty": form_empty,
    "form-wrong": form_wrong,
    "table-opening": opening,
    "table-asks": asks,
    "table-running": running,
    "table-finished": finished,
    "table-beliefs": beliefs,
    "table-in-full": in_full,
    "table-hostile": hostile,
    "table-broken": broken,
}
