"""Games that are steered: what Reach pays and shows, plays that go on, actions kept in replay."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.lab.errors import LabError
from backends.rl.pixels.game import Steering
from backends.rl.pixels.opening import open_steered_plays
from backends.rl.pixels.reach import Reach, ReachRules
from backends.rl.pixels.replay import PixelReplay
from backends.rl.pixels.suite import TASKS

seeds = st.integers(0, 2**31 - 1)
levers = st.tuples(st.floats(-1, 1), st.floats(-1, 1))


@given(seeds, st.lists(levers, min_size=10, max_size=10))
@settings(max_examples=20, deadline=None)
def test_a_seed_and_actions_give_the_same_reach_again(seed: int, chosen: list[Steering]) -> None:
    ours, again = Reach(ReachRules(noise=0.3)), Reach(ReachRules(noise=0.3))
    np.testing.assert_array_equal(ours.begin(seed), again.begin(seed))
    for number, action in enumerate(chosen, start=1):
        one, other = ours.step(action), again.step(action)
        np.testing.assert_array_equal(one.frame, other.frame)
        assert one.reward == other.reward and 0 <= one.reward <= 1
        assert one.over == (number == 10) and not one.terminal


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_who_steers_at_the_ring_comes_to_it_and_is_paid_ever_more(seed: int) -> None:
    game = Reach(ReachRules())
    game.begin(seed)
    paid = []
    for _ in range(10):
        towards = (game.ring - game.dot) / game.rules.stride
        paid.append(game.step(tuple(towards.clip(-1, 1).tolist())).reward)
    assert paid == sorted(paid)
    assert paid[-1] == pytest.approx(1.0)


def test_reach_is_paid_by_the_distance_and_held_in_its_square() -> None:
    game = Reach(ReachRules())
    game.begin(0)
    game.dot, game.ring = np.array([0.95, 0.5]), np.array([0.75, 0.5])
    # A push of more than 1 counts as 1, and the wall stops the dot at 1: a quarter of the side from the ring.
    assert game.step((9.0, 0.0)).reward == pytest.approx(0.75)
    assert game.dot.tolist() == [1.0, 0.5]


def test_the_dot_is_drawn_where_it_is_in_a_channel_of_its_own() -> None:
    game = Reach(ReachRules(side=16))
    game.begin(3)
    game.dot, game.ring = np.array([0.25, 0.6875]), np.array([0.5, 0.5])
    frame = game.step((0.0, 0.0)).frame
    weight = frame[0].astype(float)
    rows, columns = np.mgrid[:16, :16] + 0.5
    found = [(weight * rows).sum() / weight.sum() / 16, (weight * columns).sum() / weight.sum() / 16]
    assert found == pytest.approx([0.25, 0.6875], abs=0.02)
    assert frame[1].any() and not frame[2].any()


def test_a_slide_has_one_lever_along_the_middle() -> None:
    game = Reach(ReachRules(levers=1))
    game.begin(5)
    begun = game.dot.copy()
    game.step((-1.0,))
    assert game.num_actions == 1
    assert game.dot.tolist() == pytest.approx([0.5, max(begun[1] - game.rules.stride, 0.0)])
    assert game.ring[0] == 0.5 != game.ring[1]


def test_noise_shows_in_the_share_of_pixels_that_it_should() -> None:
    game = Reach(ReachRules(noise=0.3))
    empty = np.concatenate([game.begin(seed)[2].ravel() for seed in range(40)])
    assert (empty > 0).mean() == pytest.approx(0.3, abs=0.03)


def test_plays_that_are_steered_go_on_from_where_they_stood() -> None:
    chance = np.random.default_rng(0)
    first, second = open_steered_plays("noisy_reach", 2, 4), open_steered_plays("noisy_reach", 2, 4)

    def actions() -> list[Steering]:
        return [tuple(row) for row in chance.uniform(-1, 1, (2, 2)).tolist()]

    for _ in range(14):  # into the second episode
        first.step(actions())
    second.restore(first.state())
    np.testing.assert_array_equal(first.frames, second.frames)
    push = actions()
    assert first.step(push) == second.step(push)


def test_replay_keeps_what_was_steered() -> None:
    plays = open_steered_plays("reach", 1, 0)
    replay = PixelReplay(8, plays.frame_shape, levers=2)
    for number in range(5):
        action = (number / 10, -number / 10)
        replay.append(plays.frames, [action], plays.step([action]))
    seen = replay.windows(torch.tensor([1]), torch.tensor([0]), 3)
    torch.testing.assert_close(seen.actions_BL[0], torch.tensor([[0.1, -0.1], [0.2, -0.2], [0.3, -0.3]]))
    other = PixelReplay(8, plays.frame_shape, levers=2)
    other.restore(replay.state())
    last = other.windows(torch.tensor([4]), torch.tensor([0]), 1)
    assert last.actions_BL.flatten().tolist() == pytest.approx([0.4, -0.4])


def test_a_game_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(
        LabError,
        match="no game 'hopper' to steer; there are reach, noisy_reach, slide, noisy_slide or one of",
    ):
        open_steered_plays("hopper", 1, 0)


def test_an_episode_of_the_suite_has_a_thousand_steps_of_its_own() -> None:
    assert {name: math.ceil(1000 / held) for name, held in TASKS.items()} == {
        "finger_spin": 500,
        "cartpole_swingup": 125,
        "reacher_easy": 250,
        "cheetah_run": 250,
        "walker_walk": 500,
        "ball_in_cup_catch": 250,
    }
