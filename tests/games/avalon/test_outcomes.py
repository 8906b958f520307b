"""The vectorised outcomes against the rules themselves, given the same choices."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from games.avalon.actions import Action, Bid, Card, Decision, HoldFire, Inspect, Propose, Shoot, Speak, Vote
from games.avalon.draws import Deal
from games.avalon.outcomes import (
    REASONS,
    ROLES,
    Choices,
    outcomes,
    random_choices,
    teams_of,
)
from games.avalon.rules import legal_actions
from games.avalon.setup import Rules, Setup, preset
from games.avalon.state import State
from games.errors import GameError
from tests.games.avalon.playthrough import Chooser, seeds, setups, steps


def choose_as_listed(choices: Choices, game: int) -> Chooser:
    """Play one game of the arrays by hand."""

    def choose(state: State, decision: Decision) -> Action:
        quest, attempt, seat = state.quest - 1, state.attempt - 1, decision.seat
        match decision.kind:
            case "propose":
                teams = teams_of(state.setup.num_players, state.setup.team_size(state.quest))
                return Propose(teams[choices.teams_BQA[game, quest, attempt]])
            case "vote":
                return Vote(bool(choices.approving_BQA[game, quest, attempt] >> (seat - 1) & 1))
            case "card":
                wish = bool(choices.failing_BQ[game, quest] >> (seat - 1) & 1)
                return Card(wish and seat in state.secrets.evil)
            case "shoot":
                if state.successes < 3 and choices.holds_BQ[game, quest]:
                    return HoldFire()
                return Shoot(int(choices.shot_BQ[game, quest]))
            case "inspect":
                target = legal_actions(state, decision)[0]
                assert isinstance(target, Inspect)
                return target
            case "bid":
                return Bid(0)
            case "speak" | "evil_talk":
                return Speak("")

    return choose


@settings(max_examples=60, deadline=None)
@given(setups, seeds)
def test_the_same_choices_end_the_same_way_with_and_without_events(setup: Setup, seed: int) -> None:
    choices = random_choices(setup, seed, num_games=5)
    found = outcomes(setup, choices)
    for game in range(5):
        roles = tuple(ROLES[place] for place in choices.roles_BN[game])
        dealt = Deal(roles, int(choices.first_leader_B[game]))
        history = steps(setup, dealt, choose_as_listed(choices, game))
        state, events = history[-1][0], [event for _, told in history for event in told]
        proposals = [event for event in events if event.type == "propose" and event.data["final"]]
        assert found.ending(game) == state.ending
        assert (found.successes_B[game], found.fails_B[game]) == (state.successes, state.fails)
        assert found.num_proposals_B[game] == len(proposals)


def test_the_same_seed_gives_the_same_choices() -> None:
    setup = preset("6-recon")
    first, again = (outcomes(setup, random_choices(setup, 3, 100)) for _ in range(2))
    assert (first.reason_B == again.reason_B).all()


def test_the_hammer_comes_as_often_as_coin_flips_say() -> None:
    # A coin-flip vote of six approves with probability 22/64; a quest is rejected five times over with
    # (42/64)^5 = .1217. At least three quests are tried, at most five: the rate lies between the two.
    setup = preset("6-recon")
    rejected = (42 / 64) ** 5
    rate = outcomes(setup, random_choices(setup, 1, 40_000)).rates()["five_rejections"]
    margin = 4 * 0.5 / 40_000**0.5
    assert 1 - (1 - rejected) ** 3 - margin < rate < 1 - (1 - rejected) ** 5 + margin


def test_rates_add_up_to_one_over_all_reasons() -> None:
    setup = preset("7-standard", Rules(hammer_rule="auto_approve_5"))
    rates = outcomes(setup, random_choices(setup, 1, 1000)).rates()
    assert tuple(rates) == REASONS
    assert sum(rates.values()) == pytest.approx(1)
    assert rates["five_rejections"] == rates["three_successes"] == 0


def test_random_choices_deal_every_role_to_every_seat_alike() -> None:
    setup = preset("6-recon")
    roles_BN = random_choices(setup, 9, 6000).roles_BN
    merlins_N = (roles_BN == ROLES.index(setup.roles[0])).sum(axis=0)
    assert merlins_N.sum() == 6000
    assert np.abs(merlins_N - 1000).max() < 5 * (6000 * 1 / 6 * 5 / 6) ** 0.5


def test_a_forbidden_shot_is_refused() -> None:
    setup = preset("6-recon")
    choices = random_choices(setup, 2, 200)
    assassin_B = (choices.roles_BN == ROLES.index(setup.assassin)).argmax(axis=1) + 1
    suicidal = replace(choices, shot_BQ=np.repeat(assassin_B[:, None], 5, axis=1))
    with pytest.raises(GameError, match="a shot names seat"):
        outcomes(setup, suicidal)
