"""The table: replay, eyes, a live game, a seat at it, leaving and going on."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.widgets import Button, Input, Select

from agents.runs.event_log import read_events
from agents.runs.folder import create_run
from games.avalon.events import Event
from games.avalon.transcript import write
from tests.tui.driving import key_of, screen_text, until
from tests.tui.made_up_runs import HOSTILE, game_run
from tui.app import NimueApp
from tui.game_host import GameHost
from tui.run_shelf import look_at
from tui.screens.place_screen import PlaceScreen
from tui.screens.table import TableScreen
from tui.table_form import TableForm, WrongField, config_of
from tui.widgets.decision_panel import DecisionPanel
from tui.widgets.scrubber import Scrubber

SMALL = (80, 24)


def table_of(app: NimueApp) -> TableScreen:
    assert isinstance(app.screen, TableScreen)
    return app.screen


def scrubber_of(app: NimueApp) -> Scrubber:
    return app.screen.query_one(Scrubber)


async def test_a_transcript_is_scrubbed_by_keys_and_mouse(
    app: NimueApp, game: Sequence[Event], tmp_path: Path
) -> None:
    write(tmp_path / "game.jsonl", "g1", game)
    async with app.run_test(size=SMALL) as pilot:
        await app.push_screen(TableScreen(tmp_path / "game.jsonl"))
        await until(pilot, lambda: scrubber_of(app).length == len(game))
        assert scrubber_of(app).position == 0
        await pilot.press("right_square_bracket")
        assert scrubber_of(app).label == "propose"
        await pilot.press("end")
        await until(pilot, lambda: "Evil wins" in screen_text(app))
        await pilot.press("left", "left")
        assert scrubber_of(app).position == len(game) - 2
        await pilot.click(Scrubber, offset=(1, 0))
        await pilot.pause()
        assert scrubber_of(app).position == 0
        await pilot.press("space")
        await until(pilot, lambda: scrubber_of(app).position == len(game))


async def test_each_pair_of_eyes_sees_what_it_may(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await opened(app, runs / "avalon-play-2-stopped")
        await until(pilot, lambda: scrubber_of(app).length > 0)
        assert "◆" in screen_text(app)
        await pilot.press("u")
        await pilot.pause()
        assert "public view" in screen_text(app)
        assert "◆" not in screen_text(app)
        await pilot.press("3")
        await pilot.pause()
        assert "seat 3's view" in screen_text(app)
        assert "(you)" in screen_text(app)
        await pilot.press("9")
        await pilot.pause()
        assert "seat 3's view" in screen_text(app)


async def test_a_public_transcript_shows_no_other_view(
    app: NimueApp, game: Sequence[Event], tmp_path: Path
) -> None:
    public = [event for event in game if event.visible_to == "all"]
    write(tmp_path / "game.jsonl", "g1", public, public=True)
    async with app.run_test(size=SMALL) as pilot:
        await app.push_screen(TableScreen(tmp_path / "game.jsonl"))
        await until(pilot, lambda: scrubber_of(app).length == len(public))
        await pilot.press("g", "1")
        await pilot.pause()
        assert "public view" in screen_text(app)


async def test_panels_turn_to_votes_and_beliefs(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await opened(app, runs / "avalon-play-1-done")
        await until(pilot, lambda: scrubber_of(app).length > 0)
        await pilot.press("p")
        await pilot.pause()
        assert "leader: team" in screen_text(app)
        await pilot.press("p")
        await until(pilot, lambda: "Evil, in %" in screen_text(app))
        assert " 99 " in screen_text(app)


async def test_what_agents_write_is_text_and_can_be_read_in_full(
    app: NimueApp, game: Sequence[Event], tmp_path: Path
) -> None:
    long = f"{HOSTILE} {'word ' * 200}the last word"
    thought = Event("draft", 1, 1, 2, (2,), {"think": long, "speak": HOSTILE})
    speech = Event("speech", 1, 1, 2, "all", {"text": HOSTILE})
    run = game_run(tmp_path / "runs", "avalon-play-7", [*game[:20], thought, speech])
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(app, run.path)
        await until(pilot, lambda: "[red]no[/red]" in screen_text(app))
        assert "\x1b" not in screen_text(app)
        assert "\u202e" not in screen_text(app)
        await pilot.press("left", "enter")
        await until(pilot, lambda: "the last word" in screen_text(app))
        await pilot.press("escape", "t")
        await pilot.pause()
        assert "would say" not in screen_text(app)


async def test_a_game_that_another_process_plays_is_followed(
    app: NimueApp, game: Sequence[Event], tmp_path: Path
) -> None:
    run = game_run(tmp_path / "runs", "avalon-play-8", game[:30])
    lines = game_run(tmp_path / "other", "x", game).events.read_bytes().splitlines(keepends=True)
    async with app.run_test(size=SMALL) as pilot:
        await opened(app, run.path)
        await until(pilot, lambda: scrubber_of(app).position == 30)
        with run.events.open("ab") as file:
            file.writelines(lines[31:51])
        await until(pilot, lambda: scrubber_of(app).position == 50)
        await pilot.press("home")
        with run.events.open("ab") as file:
            file.writelines(lines[51:61])
        await until(pilot, lambda: scrubber_of(app).length == 60)
        assert scrubber_of(app).position == 0


async def opened(app: NimueApp, path: Path) -> None:
    await app.push_screen(TableScreen(path))


async def fill(app: NimueApp, **values: str) -> None:
    for name, value in values.items():
        app.screen.query_one(f"#{name}", Input).value = value


async def test_a_game_is_stepped_paused_left_and_finished_later(app: NimueApp, tmp_path: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("avalon"))
        await fill(app, agents="human_table", seed="3")
        form = TableForm(agents="human_table", seed=3, begin="paused")
        config = config_of(form)
        app.screen.query_one("#begin", Select).value = "paused"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, TableScreen))
        screen = table_of(app)
        host = screen.host
        assert host is not None
        await until(pilot, lambda: "paused" in screen_text(app) and host.state == "playing")
        await until(pilot, lambda: scrubber_of(app).length > 0)
        before = scrubber_of(app).length
        await pilot.press("n")
        await until(pilot, lambda: scrubber_of(app).length > before)
        await pilot.press("escape", "y")
        await until(pilot, lambda: isinstance(app.screen, PlaceScreen))
        host.join(10)
        run = look_at(host.run.path)
        assert run.resumable
        app.resume_run(run)
        await until(pilot, lambda: isinstance(app.screen, TableScreen))
        await until(pilot, lambda: "wins" in screen_text(app))
    assert host.config == config
    other = GameHost(create_run(tmp_path / "straight", "avalon.play", config.model_dump()), config)
    other.start()
    other.join(30)
    assert game_of(host) == game_of(other)


def game_of(host: GameHost) -> list[object]:
    return [event.data for event in read_events(host.run.events) if event.kind == "game"]


async def test_a_person_takes_a_seat_and_finishes_by_legal_choices_alone(
    app: NimueApp, tmp_path: Path
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("avalon"))
        await fill(app, agents="human_table", seed="3", human="2")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, TableScreen))
        screen = table_of(app)
        asked: set[str] = set()
        done: set[str] = set()
        while True:
            await until(pilot, lambda: bool(fresh_panel(screen, done)) or "wins" in screen_text(app))
            panel = fresh_panel(screen, done)
            if panel is None:
                break
            assert "seat 2's view" in screen_text(app)
            asked.add(panel.decision.kind)
            done.add(panel.decision.id)
            await decide(panel, pilot_press=pilot.press)
        await pilot.press("g")
        await until(pilot, lambda: "god view" in screen_text(app))
    assert asked >= {"speak", "vote"}


def fresh_panel(screen: TableScreen, done: set[str]) -> DecisionPanel | None:
    panels = [
        panel for panel in screen.query(DecisionPanel) if panel.decision.id not in done and panel.is_mounted
    ]
    return panels[0] if panels and panels[0].query("Button, Input") else None


async def decide(panel: DecisionPanel, pilot_press: "object") -> None:
    press = pilot_press
    assert callable(press)
    match panel.decision.kind:
        case "propose":
            for seat in panel.query(".choices Button").results(Button):
                if not panel.query_one("#propose", Button).disabled:
                    break
                if seat.id != "propose":
                    panel._toggle(int((seat.id or "").removeprefix("seat-")))
            panel.query_one("#propose", Button).press()
        case "speak":
            panel.query_one(Input).value = HOSTILE
            await press("enter")
        case _:
            panel.query("Button").first(Button).press()


@pytest.mark.parametrize(
    ("field", "values"),
    [("agents", {"agents": "nobody"}), ("human", {"human": 9}), ("model", {"model": "openai:x"}),
     ("agents", {"agents": "1=human,2-6=naive"})],
)  # fmt: skip
def test_what_makes_no_game_is_refused_at_its_field(field: str, values: dict[str, object]) -> None:
    with pytest.raises(WrongField) as refused:
        config_of(TableForm(**{"model": "scripted", **values}))
    assert refused.value.field == field


async def test_a_wrong_lineup_is_shown_in_the_form(app: NimueApp, runs: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("avalon"))
        await fill(app, agents="nobody")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Unknown agent 'nobody'" in screen_text(app))
        assert app.focused is app.screen.query_one("#agents")


async def test_leaving_the_app_in_a_game_asks_first(app: NimueApp, tmp_path: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key_of("avalon"))
        await fill(app, agents="human_table", seed="3", human="2")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(app.screen.query(DecisionPanel)))
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "under way" in screen_text(app))
        assert "background" not in screen_text(app)
        await pilot.press("s")
        await until(pilot, lambda: not app.is_running or app._exit)
    (host,) = app.hosts
    host.join(10)
    assert host.state == "stopped"
    assert look_at(host.run.path).resumable
