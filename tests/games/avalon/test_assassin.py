"""When the Assassin may shoot, at whom, and what Evil says before."""

import pytest

from games.avalon.actions import HoldFire, Shoot, Speak
from games.avalon.events import Event
from games.avalon.roles import Role, Side
from games.avalon.rules import IllegalAction, legal_actions, pending
from games.avalon.setup import Rules, Setup, preset
from games.avalon.state import Ending
from tests.games.avalon.playthrough import HandGame

# 7-standard by hand: Merlin 1, Percival 2, servants 3 and 4, Morgana 5, Assassin 6, Oberon 7.
MERLIN, SERVANT, MORGANA, ASSASSIN, OBERON = 1, 3, 5, 6, 7


def at_the_shot(**switches: object) -> HandGame:
    game = HandGame(preset("7-standard", Rules(**switches)))  # type: ignore[arg-type]
    while game.state.successes < 3:
        game.succeed()
    return game


def targets(game: HandGame) -> list[int]:
    actions = legal_actions(game.state, pending(game.state)[0])
    return [action.target for action in actions if isinstance(action, Shoot)]


def test_the_assassin_may_not_name_a_seat_known_to_be_evil() -> None:
    game = at_the_shot()
    assert MORGANA not in targets(game)
    with pytest.raises(IllegalAction, match=f"cannot shoot seat {MORGANA}; the Assassin may name"):
        game.answer(Shoot(MORGANA))


def test_the_assassin_may_name_oberon_whom_he_does_not_know() -> None:
    game = at_the_shot()
    assert OBERON in targets(game)
    game.answer(Shoot(OBERON))
    assert game.state.ending == Ending(Side.GOOD, "merlin_survived")


def test_a_known_evil_seat_may_be_named_where_the_rules_say_so() -> None:
    game = at_the_shot(may_shoot_known_evil=True)
    assert targets(game) == [1, 2, 3, 4, MORGANA, OBERON]
    game.answer(Shoot(MORGANA))
    assert game.state.ending == Ending(Side.GOOD, "merlin_survived")


@pytest.mark.parametrize("may_shoot_known_evil", [True, False])
@pytest.mark.parametrize("target", [ASSASSIN, 0, 8, True])
def test_the_assassin_names_another_seat_at_the_table(target: int, may_shoot_known_evil: bool) -> None:
    game = at_the_shot(may_shoot_known_evil=may_shoot_known_evil)
    with pytest.raises(IllegalAction, match=f"cannot shoot seat {target}"):
        game.answer(Shoot(target))


def test_the_last_shot_cannot_be_held_back() -> None:
    game = at_the_shot()
    with pytest.raises(IllegalAction, match=r"must answer with Shoot\(target\), not with HoldFire"):
        game.answer(HoldFire())


# -- a shot after every quest ------------------------------------------------------------------------


def early_shots(name: str = "7-standard", **switches: object) -> HandGame:
    rules = Rules(assassin_window="after_every_quest", **switches)  # type: ignore[arg-type]
    return HandGame(preset(name, rules))


def test_with_early_shots_the_assassin_is_asked_after_every_quest() -> None:
    game = early_shots()
    game.succeed()
    assert [decision.id for decision in pending(game.state)] == [f"q1/shoot/{ASSASSIN}"]
    game.answer(HoldFire())
    game.fail()
    assert [decision.id for decision in pending(game.state)] == [f"q2/shoot/{ASSASSIN}"]


def test_an_early_shot_that_hits_merlin_wins_at_once() -> None:
    game = early_shots()
    game.succeed()
    game.answer(Shoot(MERLIN))
    assert game.state.ending == Ending(Side.EVIL, "merlin_shot")


def test_an_early_miss_shows_the_assassin_spends_the_shot_and_the_game_goes_on() -> None:
    game = early_shots()
    game.succeed()
    shot = game.answer(Shoot(SERVANT))[0]
    assert (shot.seat, shot.visible_to, shot.data["hit"]) == (ASSASSIN, "all", False)
    assert (game.state.phase, game.state.quest) == ("propose", 2)
    game.succeed()
    assert game.state.phase == "propose"
    game.succeed()
    assert game.state.ending == Ending(Side.GOOD, "merlin_survived")


def test_holding_fire_tells_nobody_who_the_assassin_is() -> None:
    game = early_shots()
    game.succeed()
    held = game.answer(HoldFire())[0]
    assert (held.type, held.seat, held.decision) == ("shot", None, None)
    assert held.data == {"target": None, "hit": False}


def test_a_held_shot_must_be_taken_after_the_third_success() -> None:
    game = early_shots()
    for _ in range(2):
        game.succeed()
        game.answer(HoldFire())
    game.succeed()
    assert [decision.id for decision in pending(game.state)] == [f"shoot/{ASSASSIN}"]
    assert HoldFire() not in legal_actions(game.state, pending(game.state)[0])


def test_no_shot_is_offered_once_evil_has_three_fails() -> None:
    game = early_shots()
    game.fail()
    game.answer(HoldFire())
    game.fail()
    game.answer(HoldFire())
    game.fail()
    assert game.state.ending == Ending(Side.EVIL, "three_fails")


def test_no_shot_is_offered_without_merlin() -> None:
    game = early_shots("6-plain")
    game.succeed()
    assert game.state.phase == "propose"


def test_the_early_shot_comes_before_the_lady_of_the_lake() -> None:
    game = early_shots(lady_of_the_lake=True)
    game.succeed()
    game.answer(HoldFire())
    game.succeed()
    phases = [game.state.phase]
    game.answer(HoldFire())
    phases.append(game.state.phase)
    assert phases == ["shoot", "lady"]


# -- what Evil says before ---------------------------------------------------------------------------


def test_the_evil_seats_who_know_each_other_talk_in_turn_before_the_shot() -> None:
    game = at_the_shot(evil_talk_before_shot=True)
    ids: list[str] = []
    told: list[Event] = []
    while game.state.phase == "evil_talk":
        ids.append(pending(game.state)[0].id)
        told += game.answer(Speak("seat 2 knew too much"))
    assert ids == [f"evil_talk/{MORGANA}", f"evil_talk/{ASSASSIN}"]
    assert [(event.seat, event.visible_to) for event in told] == [
        (MORGANA, (MORGANA, ASSASSIN)),
        (ASSASSIN, (MORGANA, ASSASSIN)),
    ]
    assert game.state.phase == "shoot"


def test_oberon_neither_speaks_nor_hears_when_evil_talks() -> None:
    game = at_the_shot(evil_talk_before_shot=True)
    told = game.answer(Speak("who is it?"))
    assert not told[0].seen_by(OBERON)


def test_evil_talks_before_every_early_shot() -> None:
    game = early_shots(evil_talk_before_shot=True)
    game.succeed()
    assert [decision.id for decision in pending(game.state)] == [f"q1/evil_talk/{MORGANA}"]


def test_an_assassin_without_a_known_mate_shoots_without_talk() -> None:
    roles = (Role.MERLIN, Role.PERCIVAL, Role.SERVANT, Role.ASSASSIN, Role.OBERON)
    game = HandGame(Setup(roles=roles, rules=Rules(evil_talk_before_shot=True)))
    for _ in range(3):
        game.succeed()
    assert game.state.phase == "shoot"
