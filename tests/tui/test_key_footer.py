"""The line of keys below."""

from collections.abc import Sequence
from pathlib import Path

from textual.binding import Binding
from textual.geometry import Offset

from games.avalon.events import Event
from games.avalon.transcript import write
from tests.tui.driving import key_of, screen_text, until
from tui.app import NimueApp
from tui.screens.table import TableScreen
from tui.widgets.key_footer import KeyFooter
from tui.widgets.run_table import RunTable
from tui.widgets.scrubber import Scrubber


def footer(app: NimueApp) -> str:
    return screen_text(app).splitlines()[-1]


async def test_keys_stand_whole_or_not_at_all_and_the_way_to_all_of_them_stays(
    app: NimueApp, game: Sequence[Event], tmp_path: Path
) -> None:
    write(tmp_path / "game.jsonl", "g1", game)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(TableScreen(tmp_path / "game.jsonl"))
        await until(pilot, lambda: app.screen.query_one(Scrubber).length == len(game))
        shown = [
            f"{app.get_key_display(binding)} {binding.description}"
            for binding in Binding.make_bindings(app.screen.BINDINGS)
            if binding.show
        ]
        for width in (140, 80, 60, 40):
            await pilot.resize_terminal(width, 24)
            await until(pilot, lambda: footer(app).endswith("? Keys▏^p palette"))
            keys = footer(app).partition("…")[0].partition("▏")[0].strip()
            left = keys
            for key in shown:
                left = left.replace(key, "", 1)
            assert left.split() in ([], ["^q", "Quit"]), f"{left!r} is no whole key"
            assert ("…" in footer(app)) == (width < 140)


async def test_a_click_on_a_key_presses_it(app: NimueApp, game: Sequence[Event], tmp_path: Path) -> None:
    write(tmp_path / "game.jsonl", "g1", game)
    async with app.run_test(size=(140, 24)) as pilot:
        await app.push_screen(TableScreen(tmp_path / "game.jsonl"))
        await until(pilot, lambda: app.screen.query_one(Scrubber).length == len(game))
        await pilot.press("end")
        await until(pilot, lambda: "p Panel" in footer(app))
        await pilot.click(KeyFooter, offset=Offset(footer(app).index("p Panel") + 3, 0))
        await until(pilot, lambda: "leader: team" in screen_text(app))


async def test_the_keys_are_those_of_what_has_the_focus(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key_of("runs"))
        await until(pilot, lambda: "⏎ Open" in footer(app) and "d Delete" in footer(app))
        await pilot.press("slash")
        await until(pilot, lambda: "⏎ Open" not in footer(app))
        await pilot.press("enter")
        await until(pilot, lambda: "⏎ Open" in footer(app))
        assert app.screen.query_one(RunTable).has_focus
