"""Which games can be set up, and how chance deals them."""

from collections import Counter

import numpy as np
import pytest

from games.avalon.draws import deal, rng
from games.avalon.roles import Role, Side
from games.avalon.setup import (
    DEFAULT_PRESET,
    PRESETS,
    Rules,
    Setup,
    default_setup,
    parse_roles,
    preset,
    setup_warnings,
)
from games.errors import GameError

M, P, S = Role.MERLIN, Role.PERCIVAL, Role.SERVANT
A, G, D, O, N = Role.ASSASSIN, Role.MORGANA, Role.MORDRED, Role.OBERON, Role.MINION  # noqa: E741


@pytest.mark.parametrize(
    ("num_players", "num_good", "num_evil", "team_sizes"),
    [
        (5, 3, 2, [2, 3, 2, 3, 3]),
        (6, 4, 2, [2, 3, 4, 3, 4]),
        (7, 4, 3, [2, 3, 3, 4, 4]),
        (8, 5, 3, [3, 4, 4, 5, 5]),
        (9, 6, 3, [3, 4, 4, 5, 5]),
        (10, 6, 4, [3, 4, 4, 5, 5]),
    ],
)
def test_sides_and_team_sizes_follow_the_official_table(
    num_players: int, num_good: int, num_evil: int, team_sizes: list[int]
) -> None:
    setup = default_setup(num_players)
    sides = Counter(role.side for role in setup.roles)
    assert sides == {Side.GOOD: num_good, Side.EVIL: num_evil}
    assert [setup.team_size(quest) for quest in range(1, 6)] == team_sizes


@pytest.mark.parametrize("num_players", range(5, 11))
def test_only_quest_four_needs_two_fails_and_only_from_seven_players_on(num_players: int) -> None:
    required = [default_setup(num_players).fails_required(quest) for quest in range(1, 6)]
    assert required == ([1, 1, 1, 2, 1] if num_players >= 7 else [1, 1, 1, 1, 1])


@pytest.mark.parametrize(
    ("two_fail_quest", "required"), [(5, [1, 1, 1, 1, 2]), (0, [1] * 5), (None, [1, 1, 1, 2, 1])]
)
def test_the_two_fail_quest_can_be_moved_or_switched_off(
    two_fail_quest: int | None, required: list[int]
) -> None:
    setup = preset("8-standard", Rules(two_fail_quest=two_fail_quest))
    assert [setup.fails_required(quest) for quest in range(1, 6)] == required


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("5-basic", [M, S, S, A, N]),
        ("5-standard", [M, P, S, G, A]),
        ("6-recon", [M, P, S, S, G, A]),
        ("6-plain", [S, S, S, S, N, N]),
        ("7-standard", [M, P, S, S, G, A, O]),
        ("7-mordred", [M, P, S, S, G, A, D]),
        ("8-standard", [M, P, S, S, S, G, A, N]),
        ("9-standard", [M, P, S, S, S, S, G, A, D]),
        ("10-standard", [M, P, S, S, S, S, G, A, D, O]),
    ],
)
def test_presets_hold_the_published_casts(name: str, roles: list[Role]) -> None:
    assert sorted(preset(name).roles) == sorted(roles)


def test_every_table_size_has_a_default_preset_of_that_size() -> None:
    assert {size: len(PRESETS[name]) for size, name in DEFAULT_PRESET.items()} == {n: n for n in range(5, 11)}


@pytest.mark.parametrize(
    ("roles", "complaint"),
    [
        ((M, S, A, N), "5 to 10 players, not 4"),
        ((M, *[S] * 6, A, N, N, N), "5 to 10 players, not 11"),
        ((M, M, S, A, N), "merlin stands 2 times"),
        ((M, P, S, S, A), "need 2 Evil roles, not 1"),
        ((M, P, S, G, N), "without the Assassin"),
        ((P, S, S, G, A), "without Merlin"),
    ],
)
def test_an_unplayable_cast_is_refused_with_the_reason(roles: tuple[Role, ...], complaint: str) -> None:
    with pytest.raises(GameError, match=complaint):
        Setup(roles=roles)


def test_the_assassin_may_be_a_task_of_another_evil_role() -> None:
    assert Setup(roles=(M, P, S, G, D), assassin=D).assassin is D


@pytest.mark.parametrize(
    ("roles", "assassin", "complaint"),
    [
        ((M, P, S, G, N), D, "mordred is to be the assassin but is not in play"),
        ((M, P, S, G, A), G, "the role assassin is in play too"),
        ((M, P, S, G, N), P, "percival cannot be the assassin"),
        ((M, P, S, N, N), N, "minion cannot be the assassin"),
    ],
)
def test_an_assassin_task_that_fits_nobody_is_refused(
    roles: tuple[Role, ...], assassin: Role, complaint: str
) -> None:
    with pytest.raises(GameError, match=complaint):
        Setup(roles=roles, assassin=assassin)


@pytest.mark.parametrize(
    ("switch", "value"),
    [
        ("hammer_rule", "good_wins"),
        ("talk", "shouting"),
        ("first_leader", "seat_2"),
        ("assassin_window", "never"),
        ("talk_rounds", -1),
        ("two_fail_quest", 6),
    ],
)
def test_a_rule_switch_on_an_unknown_value_is_refused_by_name(switch: str, value: object) -> None:
    with pytest.raises(GameError, match=f"{switch} is .*{value}"):
        Rules(**{switch: value})  # type: ignore[arg-type]


def test_percival_without_morgana_is_legal_but_warned_of() -> None:
    assert "knows Merlin" in setup_warnings(Setup(roles=(M, P, S, A, N)))[0]
    assert setup_warnings(preset("5-standard")) == []


@pytest.mark.parametrize("name", PRESETS)
def test_a_setup_survives_its_json(name: str) -> None:
    setup = preset(name, Rules(talk="bid", talk_rounds=8, two_fail_quest=0, leader_votes=False))
    assert Setup.from_json(setup.to_json()) == setup


def test_the_assassins_task_survives_json() -> None:
    setup = Setup(roles=(M, P, S, G, D), assassin=D)
    assert Setup.from_json(setup.to_json()) == setup


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "x", "roles": ["wizard"] * 5, "rules": {}},
        {"name": "x", "roles": ["servant"] * 3 + ["minion"] * 2, "rules": {"no_such_switch": 1}},
        {"name": "x", "roles": None, "rules": {}},
    ],
)
def test_json_that_is_no_setup_is_refused_in_one_sentence(data: dict[str, object]) -> None:
    with pytest.raises(GameError, match="no setup of a game"):
        Setup.from_json(data)


def test_the_public_setup_lists_the_roles_in_an_order_that_tells_no_seat() -> None:
    forwards, backwards = Setup(roles=(A, S, M, G, P)), Setup(roles=(P, G, M, S, A))
    assert forwards.public() == backwards.public()
    assert Counter(forwards.public().roles) == Counter(forwards.roles)


def test_roles_are_read_from_a_line_of_text() -> None:
    assert parse_roles("merlin, Percival,servant*2,morgana,assassin") == (M, P, S, S, G, A)


@pytest.mark.parametrize("text", ["merlin,wizard", "servant*x", "servant*99999999999", ""])
def test_a_line_of_text_that_names_no_roles_is_refused(text: str) -> None:
    with pytest.raises(GameError, match=r"wizard|is not a role and a count|Unknown role"):
        parse_roles(text)


def test_an_unknown_preset_is_answered_with_the_known_ones() -> None:
    with pytest.raises(GameError, match="6-recon"):
        preset("6-recno")


def test_the_same_seed_deals_the_same_game_and_another_seed_another() -> None:
    setup = preset("10-standard")
    assert deal(setup, 7) == deal(setup, 7)
    assert len({deal(setup, seed) for seed in range(50)}) == 50


def test_streams_of_different_purpose_or_index_are_independent() -> None:
    draws = {
        tuple(rng(*name).integers(0, 2**62, 4).tolist())
        for name in [(1, "deal", 0), (1, "deal", 1), (1, "bot", 0), (2, "deal", 0)]
    }
    assert len(draws) == 4


def test_drawing_leaves_the_global_generator_alone() -> None:
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    deal(preset("6-recon"), 1)
    assert np.random.random() == expected


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(GameError, match="must not be negative"):
        deal(preset("6-recon"), -1)


def test_every_role_comes_to_every_seat_and_every_seat_leads_first() -> None:
    setup = preset("6-recon")
    deals = [deal(setup, seed) for seed in range(3000)]
    merlins = Counter(dealt.roles.index(M) for dealt in deals)
    leaders = Counter(dealt.first_leader for dealt in deals)
    # 500 expected in each cell, standard deviation 20.4; five of them.
    assert all(398 < count < 602 for count in (*merlins.values(), *leaders.values()))
    assert len(merlins) == len(leaders) == 6


def test_unshuffled_seats_keep_the_listed_order_and_the_same_leader() -> None:
    shuffled, listed = preset("6-recon"), preset("6-recon", Rules(shuffle_seats=False))
    assert deal(listed, 3).roles == listed.roles
    assert deal(listed, 3).first_leader == deal(shuffled, 3).first_leader


def test_seat_one_leads_first_where_the_rules_say_so() -> None:
    setup = preset("6-recon", Rules(first_leader="seat_1"))
    assert {deal(setup, seed).first_leader for seed in range(20)} == {1}
