"""Five rejections in a row, and the three rules that tables have for them."""

import pytest

from games.avalon.actions import Speak
from games.avalon.roles import Side
from games.avalon.rules import legal_actions, pending
from games.avalon.setup import Rules, preset
from games.avalon.state import Ending
from tests.games.avalon.playthrough import HandGame


def six_players(**switches: object) -> HandGame:
    return HandGame(preset("6-recon", Rules(**switches)))  # type: ignore[arg-type]


def test_the_fifth_rejection_in_a_row_wins_for_evil_at_once() -> None:
    game = six_players()
    for _ in range(5):
        game.reject()
    assert game.state.ending == Ending(Side.EVIL, "five_rejections")
    assert [event.type for event in game.events][-2:] == ["vote", "end"]
    assert pending(game.state) == ()


def test_five_rejections_leave_no_phantom_quest_behind() -> None:
    game = six_players()
    game.succeed()
    for _ in range(5):
        game.reject()
    assert [result.quest for result in game.state.quests] == [1]
    assert (game.state.successes, game.state.fails) == (1, 0)
    assert len(game.told("quest")) == 1


def test_four_rejections_and_an_approval_go_on_a_quest() -> None:
    game = six_players()
    for _ in range(4):
        game.reject()
    game.succeed()
    assert game.state.quests[0].attempt == 5


def test_auto_approve_5_sends_the_fifth_team_without_asking_for_votes() -> None:
    game = six_players(hammer_rule="auto_approve_5")
    for _ in range(4):
        game.reject()
    told = game.propose(1, 2)
    assert told[-1].data == {"votes": {}, "approved": True, "forced": True}
    assert game.state.phase == "quest"
    assert game.state.attempt == 5


def test_auto_approve_5_lets_the_table_talk_before_the_fifth_team_goes() -> None:
    game = six_players(hammer_rule="auto_approve_5", talk="round_robin")
    for _ in range(4):
        game.propose(1, 2)
        for _ in range(5):
            game.answer(Speak(""))
        game.vote()
    game.propose(1, 2)
    assert game.state.phase == "talk"
    for _ in range(5):
        told = game.answer(Speak("so be it"))
    assert [event.type for event in told] == ["speech", "vote"]
    assert told[-1].data["forced"] is True


def test_auto_approve_4_silent_sends_the_fourth_team_with_neither_talk_nor_vote() -> None:
    game = six_players(hammer_rule="auto_approve_4_silent", talk="round_robin")
    for _ in range(3):
        game.propose(1, 2)
        for _ in range(5):
            game.answer(Speak("hm"))
        game.vote()
    told = game.propose(1, 2, speech="not heard by anybody")
    assert [event.type for event in told] == ["propose", "vote"]
    assert told[-1].data["forced"] is True
    assert game.state.phase == "quest"
    assert game.state.attempt == 4


@pytest.mark.parametrize("talk", ["leader_first_then_all", "tentative_then_final", "bid"])
def test_the_silent_fourth_attempt_is_one_final_proposal_under_every_talk_protocol(talk: str) -> None:
    game = six_players(hammer_rule="auto_approve_4_silent", talk=talk)
    while game.state.attempt < 4:
        kind = pending(game.state)[0].kind
        game.answer(legal_actions(game.state, pending(game.state)[0])[0] if kind != "speak" else Speak(""))
    told = game.propose(1, 2)
    assert [event.type for event in told] == ["propose", "vote"]
    assert told[0].data["final"] is True
