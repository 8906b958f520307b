"""Whole games between bots: deterministic, replayable, and blind to what a seat may not see."""

import pytest

from games.avalon.actions import Action, Decision, Vote
from games.avalon.bots import Bot, make_bot
from games.avalon.draws import deal
from games.avalon.events import Event
from games.avalon.play import play, play_deal
from games.avalon.rules import IllegalAction, replay
from games.avalon.setup import PRESETS, Rules, Setup, preset
from games.avalon.view import View
from games.errors import GameError


def bots_named(name: str, setup: Setup, seed: int = 0) -> dict[int, Bot]:
    return {seat: make_bot(name, 100 * seed + seat) for seat in setup.seats}


@pytest.mark.parametrize("name", PRESETS)
def test_a_played_game_replays_to_the_same_ending(name: str) -> None:
    setup = preset(name, Rules(hammer_rule="auto_approve_5", talk="round_robin"))
    played = play(setup, bots_named("human_table", setup), seed=4)
    assert replay(setup, played.events).ending == played.ending


def test_the_same_seeds_give_the_same_game() -> None:
    setup = preset("7-standard", Rules(lady_of_the_lake=True))
    first, second = (play(setup, bots_named("human_table", setup), seed=9).events for _ in range(2))
    assert first == second


def test_another_seed_gives_another_game() -> None:
    setup = preset("7-standard")
    assert (
        play(setup, bots_named("random", setup), 1).events
        != play(setup, bots_named("random", setup), 2).events
    )


def test_playing_a_seed_is_playing_its_deal() -> None:
    setup = preset("5-standard")
    by_seed = play(setup, bots_named("naive", setup), seed=3)
    assert play_deal(setup, bots_named("naive", setup), deal(setup, 3)) == by_seed


def test_a_seat_without_a_bot_is_refused_before_the_game() -> None:
    setup = preset("5-basic")
    bots = bots_named("random", setup)
    del bots[4]
    with pytest.raises(GameError, match=r"Bots sit at \[1, 2, 3, 5\], but the seats are 1 to 5"):
        play(setup, bots, seed=0)


def test_an_illegal_action_of_a_bot_stops_the_game() -> None:
    class Voter:
        def act(self, view: View, decision: Decision) -> Action:
            return Vote(True)

    setup = preset("5-basic")
    with pytest.raises(IllegalAction, match="must answer with Propose"):
        play(setup, {seat: Voter() for seat in setup.seats}, seed=0)


def test_bots_are_shown_nothing_but_what_their_seat_may_see() -> None:
    shown: list[tuple[int, tuple[Event, ...]]] = []

    class Watcher:
        def __init__(self, seat: int) -> None:
            self._bot = make_bot("random", seat)

        def act(self, view: View, decision: Decision) -> Action:
            assert view.seat == decision.seat
            shown.append((view.seat, view.events))
            return self._bot.act(view, decision)

    setup = preset("6-recon")
    played = play(setup, {seat: Watcher(seat) for seat in setup.seats}, seed=5)
    for seat, events in shown:
        visible = tuple(event for event in played.events if event.seen_by(seat))
        assert events == visible[: len(events)]
    assert {seat for seat, _ in shown} == set(setup.seats)
