"""Going about the app: places, runs, palette, settings, broken and hostile things."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList, Select

from agents.cli.front_door import run as run_command
from games.avalon.events import Event
from tests.tui.driving import key_of, screen_text, until
from tests.tui.made_up_runs import HOSTILE, game_run, make_run
from tui import front_door
from tui.app import NimueApp
from tui.commands import NimueCommands
from tui.places import PLACES
from tui.screens.place_screen import PlaceScreen
from tui.screens.runs import RunsPlace
from tui.settings import Settings, read_settings
from tui.widgets.run_table import RunTable

SMALL = (80, 24)


@pytest.fixture(autouse=True)
def _no_look_at_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui import installation_facts
    from tui.installation_facts import InstallationFacts

    facts = InstallationFacts(
        model="scripted:0 (--model)",
        model_state="ready",
        keys="ANTHROPIC_API_KEY not set",
        memory="1 attempts",
        problems=(HOSTILE,),
    )
    monkeypatch.setattr(installation_facts, "installation_facts", lambda memory, model: facts)


async def test_every_place_is_reached_by_its_number(app: NimueApp, runs: Path, memory: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        for number, place in enumerate(PLACES, start=1):
            await pilot.press("escape", str(number))
            await pilot.pause()
            assert isinstance(app.screen, PlaceScreen)
            assert place.name == app.screen.PLACE
            app.screen.set_focus(None)  # a form's input would take the next number


async def test_a_click_on_the_bar_goes_there(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        bar = screen_text(app).splitlines()[0]
        await pilot.click("PlaceBar", offset=(bar.index("Runs"), 0))
        await pilot.pause()
        assert isinstance(app.screen, RunsPlace)


async def test_home_shows_what_is_configured_and_the_latest_runs(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "ANTHROPIC_API_KEY not set" in screen_text(app))
        await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 4)
        assert "[red]no[/red]" in screen_text(app)


async def test_without_runs_home_says_what_to_do(app: NimueApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "start a table" in screen_text(app))


async def test_the_filter_shows_what_holds_all_words(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("runs"))
        await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 4)
        await pilot.press("slash", *"game stop")
        await pilot.pause()
        table = app.screen.query_one(RunTable)
        assert table.row_count == 1
        assert table.chosen is not None
        assert table.chosen.id == "avalon-play-2-stopped"
        await pilot.press("escape")
        await pilot.pause()
        assert table.row_count == 4


async def test_the_table_has_the_keys_only_while_it_shows_runs(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("runs"))
        table = app.screen.query_one(RunTable)
        await until(pilot, lambda: app.focused is table)
        await pilot.press("slash", *"nothing is called so", "enter")
        await pilot.pause()
        assert isinstance(app.focused, Input)
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is table)
        shutil.rmtree(runs)
        await until(pilot, lambda: app.focused is None)
        assert "Open" not in screen_text(app)


async def test_a_run_is_deleted_only_after_a_yes(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("runs"))
        await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 4)
        table = app.screen.query_one(RunTable)
        assert table.chosen is not None
        victim = table.chosen.path
        await pilot.press("d", "n")
        await pilot.pause()
        assert victim.exists()
        await pilot.press("d", "y")
        await until(pilot, lambda: not victim.exists())
        await until(pilot, lambda: table.row_count == 3)


async def test_a_new_run_appears_by_itself(
    app: NimueApp, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.widgets.shelf_watch.SECONDS_BETWEEN_LOOKS", 0.05)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("runs"))
        await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 4)
        make_run(runs, "other-5", "other", {"what": "x"}, [])
        await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 5)


async def test_a_broken_run_is_shown_as_broken(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        app.open_run(runs / "lab-4-broken")
        await until(pilot, lambda: "! broken" in screen_text(app) and '"version": 1' in screen_text(app))
        await pilot.press("escape")
        assert isinstance(app.screen, PlaceScreen)


async def test_a_game_whose_log_is_broken_says_so_and_leaves(
    app: NimueApp, runs: Path, game: tuple[Event, ...]
) -> None:
    run = game_run(runs, "avalon-play-6-odd", game[:5])
    with run.events.open("a") as file:
        file.write('{"i": 9, "kind": "game", "key": null, "at": null, "data": {"event": {"type": 3}}}\n')
    async with app.run_test(size=SMALL) as pilot:
        app.open_run(run.path)
        await until(pilot, lambda: "tells no move of a game" in screen_text(app))
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, PlaceScreen)


async def test_what_a_run_is_called_is_never_markup(app: NimueApp, tmp_path: Path) -> None:
    asked = {"what": HOSTILE}
    make_run(tmp_path / "runs", "other-[b]x", "k[i]nd", asked, [("paused", {"reason": HOSTILE})])
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press(key_of("runs"))
        await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 1)
        assert "[red]no[/red]" in screen_text(app)
        assert "\x1b" not in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "k[i]nd" in screen_text(app))
        assert "[@click=app.quit]x[/]" in screen_text(app)


async def test_the_palette_offers_places_and_the_keys_that_work(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("runs"))
        await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 4)
        table = app.screen.query_one(RunTable)
        table.move_cursor(row=2)
        await pilot.pause()
        assert table.chosen is not None
        assert table.chosen.state == "finished"
        commands = NimueCommands(app.screen)
        titles = [hit.text async for hit in commands.discover()]
        assert "Go to Memory" in titles
        assert "Filter" in titles
        assert "Resume" not in titles  # the run under the cursor is not one to resume
        found = [hit async for hit in commands.search("filter")]
        assert len(found) == 1


async def test_settings_are_saved_used_and_refused_at_their_field(app: NimueApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("settings"))
        await pilot.pause()
        app.screen.query_one("#theme", Select).value = "lake-light"
        app.screen.query_one("#seconds_a_moment", Input).value = "soon"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert "should be a valid number" in screen_text(app)
        assert read_settings(Path("nimue.toml")) == Settings()
        app.screen.query_one("#seconds_a_moment", Input).value = "2"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert read_settings(Path("nimue.toml")).theme == "lake-light"
        assert app.theme == "lake-light"


async def test_copying_also_leaves_a_file(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("runs"))
        await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 4)
        await pilot.press("slash", *"expel", "enter", "c")
        await pilot.pause()
        assert app.clipboard == "expel train --resume runs/expel-3"
        assert app.copied_file.read_text() == app.clipboard


async def test_home_opens_a_place_from_its_list(app: NimueApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        app.screen.query_one("#ways", OptionList).highlighted = 5
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, RunsPlace)


def test_the_command_opens_the_app_only_in_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(front_door.app, []) == 2
    assert "needs a terminal" in capsys.readouterr().err
    assert run_command(front_door.app, ["models", "list", "--json"]) == 0


def test_help_and_commands_do_not_wait_for_textual() -> None:
    code = (
        "import sys, tui.front_door; "
        "print(sorted({'textual', 'torch', 'langgraph', 'numpy'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    told = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_app_itself_imports_nothing_heavy() -> None:
    code = (
        "import sys, tui.app; heavy = {'torch', 'langgraph', 'numpy', 'langchain_core', 'chromadb'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    told = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_settings_of_the_app_are_those_it_was_given() -> None:
    assert NimueApp(Settings(runs="elsewhere"), Path("x.toml")).settings.runs_folder() == Path("elsewhere")
