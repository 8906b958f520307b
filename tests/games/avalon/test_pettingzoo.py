"""The PettingZoo environment: PettingZoo's own tests, and that nobody sees more than its view."""

import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("pettingzoo")

from pettingzoo.test import api_test, seed_test

from games.avalon.actions import Card, Decision, Propose, Shoot, Vote
from games.avalon.draws import Deal, deal
from games.avalon.knowledge import consistent_assignments, knowledge_of
from games.avalon.pettingzoo import AvalonEnv, env, features
from games.avalon.setup import PRESETS, Rules, default_setup, preset
from games.avalon.view import view
from games.errors import GameError

LADY = Rules(lady_of_the_lake=True, assassin_window="after_every_quest", may_shoot_known_evil=True)


@pytest.fixture(autouse=True)
def _quiet_library() -> Iterator[None]:
    """PettingZoo's checks warn of what is allowed, such as a vector that is no picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("num_players", [5, 6, 10])
def test_the_environment_passes_the_librarys_api_test(num_players: int) -> None:
    api_test(env(default_setup(num_players), render_mode="ansi"), num_cycles=60)


@pytest.mark.parametrize("num_players", [5, 6, 10])
def test_the_environment_passes_the_librarys_seed_test(num_players: int) -> None:
    seed_test(lambda: env(default_setup(num_players)), num_cycles=40)


def test_an_environment_with_the_lady_and_early_shots_passes_the_api_test() -> None:
    api_test(env(preset("7-standard", LADY)), num_cycles=60)


@pytest.mark.parametrize(
    ("rules", "named"),
    [(Rules(talk="round_robin"), "round_robin"), (Rules(evil_talk_before_shot=True), "evil_talk")],
)
def test_a_table_that_talks_is_refused_with_the_switch_named(rules: Rules, named: str) -> None:
    with pytest.raises(GameError, match=named):
        env(preset("6-recon", rules))


def _play(table: AvalonEnv, stream: np.random.Generator) -> Iterator[str]:
    """Random legal actions to the end; the agent that is asked before each."""
    while not any(table.terminations.values()):
        agent = table.agent_selection
        yield agent
        legal = np.flatnonzero(table.observe(agent)["action_mask"])
        table.step(int(stream.choice(legal)))


@pytest.mark.parametrize("name", PRESETS)
def test_each_side_is_paid_at_the_end_and_nobody_before(name: str) -> None:
    table = AvalonEnv(preset(name))
    table.reset(seed=3)
    for _ in _play(table, np.random.default_rng(1)):
        assert not any(table.rewards.values())
    roles = deal(table.setup, 3).roles
    winners = {table.rewards[f"seat_{seat}"] for seat in table.setup.seats if roles[seat - 1].side == "evil"}
    losers = {table.rewards[f"seat_{seat}"] for seat in table.setup.seats if roles[seat - 1].side == "good"}
    assert winners | losers == {1, -1}
    assert len(winners) == len(losers) == 1


def test_votes_of_others_are_not_seen_before_all_are_in() -> None:
    observed = []
    for approve in (False, True):
        table = AvalonEnv(default_setup(6))
        table.reset(seed=1)
        table.step(table.actions.index(Propose((1, 2))))
        for _ in range(5):
            table.step(table.actions.index(Vote(approve)))
        assert table.agent_selection == "seat_6"
        observed.append({agent: table.observe(agent) for agent in table.agents})
    for agent, seen in observed[0].items():
        np.testing.assert_array_equal(seen["observation"], observed[1][agent]["observation"])
        np.testing.assert_array_equal(seen["action_mask"], observed[1][agent]["action_mask"])


@pytest.mark.parametrize("name", ["5-standard", "6-recon", "7-mordred", "10-standard"])
def test_an_observation_is_the_same_in_deals_that_look_the_same_from_the_seat(name: str) -> None:
    setup = preset(name)
    for seat in setup.seats:
        dealt = deal(setup, seat)
        known = knowledge_of(setup, dealt.roles, seat)
        twins = [roles for roles in consistent_assignments(setup, known) if roles != dealt.roles][:3]
        for roles in twins:
            tables = [AvalonEnv(setup), AvalonEnv(setup)]
            for table, given in zip(tables, (dealt, Deal(roles, dealt.first_leader)), strict=True):
                table.reset(options={"deal": given})
            stream = np.random.default_rng(seat)
            agent = f"seat_{seat}"
            while tables[0].observe(tables[0].agent_selection)["observation"][2] == 0:  # no card is asked for
                seen = [table.observe(agent) for table in tables]
                np.testing.assert_array_equal(seen[0]["observation"], seen[1]["observation"])
                np.testing.assert_array_equal(seen[0]["action_mask"], seen[1]["action_mask"])
                legal = np.flatnonzero(tables[0].observe(tables[0].agent_selection)["action_mask"])
                action = int(stream.choice(legal))
                for table in tables:
                    table.step(action)
                if any(tables[0].terminations.values()):
                    break


def test_the_cards_of_a_failed_quest_are_not_told_apart() -> None:
    setup = replace(default_setup(5), rules=Rules(shuffle_seats=False, first_leader="seat_1"))
    observed = []
    for saboteur in (4, 5):  # Morgana and the Assassin
        table = AvalonEnv(setup)
        table.reset(seed=0)
        table.step(table.actions.index(Propose((4, 5))))
        for _ in range(5):
            table.step(table.actions.index(Vote(True)))
        for seat in (4, 5):
            assert table.agent_selection == f"seat_{seat}"
            table.step(table.actions.index(Card(seat == saboteur)))
        observed.append([table.observe(agent)["observation"] for agent in table.agents])
    np.testing.assert_array_equal(observed[0], observed[1])


def test_a_servant_may_only_play_success_and_the_assassin_may_not_name_a_partner() -> None:
    setup = replace(default_setup(5), rules=Rules(shuffle_seats=False, first_leader="seat_1"))
    table = AvalonEnv(setup)
    table.reset(seed=0)
    for quest_team in ((1, 2), (1, 2, 3), (1, 2)):
        table.step(table.actions.index(Propose(quest_team)))
        for _ in range(5):
            table.step(table.actions.index(Vote(True)))
        for _ in quest_team:
            mask = table.observe(table.agent_selection)["action_mask"]
            assert [table.actions[number] for number in np.flatnonzero(mask)] == [Card(False)]
            table.step(table.actions.index(Card(False)))
    assert table.agent_selection == "seat_5"
    mask = table.observe("seat_5")["action_mask"]
    assert [table.actions[number] for number in np.flatnonzero(mask)] == [Shoot(1), Shoot(2), Shoot(3)]
    table.step(table.actions.index(Shoot(1)))
    assert table.rewards == {"seat_1": -1, "seat_2": -1, "seat_3": -1, "seat_4": 1, "seat_5": 1}


def test_the_features_follow_from_the_view_alone() -> None:
    setup = default_setup(6)
    table = AvalonEnv(setup)
    table.reset(seed=2)
    for agent in _play(table, np.random.default_rng(5)):
        seat = int(agent.removeprefix("seat_"))
        seen = table._viewers[seat].view()
        rebuilt = view(seen.events, seat)
        asked: Decision = table._asked[seat]
        np.testing.assert_array_equal(table.observe(agent)["observation"], features(rebuilt, asked))


def test_a_table_is_drawn_as_text_only_when_asked() -> None:
    table = AvalonEnv(default_setup(5), render_mode="ansi")
    table.reset(seed=0)
    table.step(table.actions.index(Propose((1, 2))))
    drawn = table.render()
    assert drawn is not None
    assert "Quest 1, proposal 1" in drawn
    assert "team 1 2" in drawn
    silent = AvalonEnv(default_setup(5))
    silent.reset(seed=0)
    assert silent.render() is None


def test_a_reset_without_a_seed_deals_anew_and_with_one_deals_what_the_seed_deals() -> None:
    table = AvalonEnv(default_setup(10))
    table.reset(seed=4)
    first = table._state.roles
    assert first == deal(table.setup, 4).roles
    table.reset()
    assert table._state.roles != first
