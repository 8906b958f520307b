"""The plan is paired: every ordered pair plays every deal."""

from collections import Counter

import pytest

from agents.arena.plan import expected_calls, parse_agents, planned_games, seated_agents
from agents.errors import NimueError
from games.avalon.draws import deal
from games.avalon.roles import Side
from games.avalon.setup import preset
from tests.agents.arena.tournament_games import config_of

BOTS = ("random", "naive", "logic")


def test_every_ordered_pair_plays_every_deal_once() -> None:
    games = list(planned_games(config_of(BOTS, 4)))
    assert Counter((game.deal, game.entrant, game.opponent) for game in games) == {
        (number, entrant, opponent): 1 for number in (1, 2, 3, 4) for entrant in BOTS for opponent in BOTS
    }
    assert [game.number for game in games] == list(range(1, 37))
    assert len({game.seed for game in games}) == 4
    assert all(len({game.seed for game in games if game.deal == number}) == 1 for number in (1, 2, 3, 4))


def test_the_entrant_has_all_good_seats_and_the_opponent_all_evil_ones() -> None:
    setup = preset("5-basic")
    for game in planned_games(config_of(("random", "naive"), 3)):
        for seat, agent in seated_agents(game, setup).items():
            side = deal(setup, game.seed).roles[seat - 1].side
            assert agent.name == (game.entrant if side is Side.GOOD else game.opponent)


def test_a_guest_has_each_role_in_turn_at_a_table_of_others() -> None:
    setup = preset("5-basic")
    games = [
        game
        for game in planned_games(config_of(("random", "naive"), 10, design="guest"))
        if (game.entrant, game.opponent) == ("random", "naive")
    ]
    for game in games:
        guests = [seat for seat, agent in seated_agents(game, setup).items() if agent.name == "random"]
        assert guests == [game.guest_seat]
    roles = [deal(setup, game.seed).roles[(game.guest_seat or 0) - 1] for game in games]
    assert roles == [*setup.roles, *setup.roles]


def test_a_longer_plan_begins_with_the_shorter_one() -> None:
    short, long = (list(planned_games(config_of(BOTS, deals))) for deals in (2, 5))
    assert long[: len(short)] == short


@pytest.mark.parametrize(
    ("agents", "problem"),
    [
        ([], "Name the agents"),
        (["naive", "naive"], "named twice"),
        (["human"], "A person cannot"),
        (["good=naive"], "takes single ones"),
        (["nobody"], "Unknown agent 'nobody'"),
        (["naive@openai:x"], "no language model"),
    ],
)
def test_agents_that_make_no_tournament_are_refused(agents: list[str], problem: str) -> None:
    with pytest.raises(NimueError, match=problem):
        parse_agents(agents)


def test_one_agent_with_two_models_is_two_agents() -> None:
    assert [str(agent) for agent in parse_agents(["cot@openai:a", "cot@openai:b"])] == [
        "cot@openai:a",
        "cot@openai:b",
    ]


def test_only_language_models_are_expected_to_be_called() -> None:
    assert expected_calls(config_of(BOTS, 10)) == 0
    cot, recon = (expected_calls(config_of((name, "naive"), 10)) for name in ("cot", "recon"))
    assert 0 < 3 * cot < recon
    assert expected_calls(config_of(("cot", "naive"), 20)) == 2 * cot
