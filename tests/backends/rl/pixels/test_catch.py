"""Catch: what it shows, when it pays, and that an episode is a function of its seed and actions."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.rl.pixels.catch import Catch, CatchRules
from backends.rl.pixels.game import Step

FALLS = CatchRules().cells - 1
actions = st.lists(st.integers(0, 2), min_size=FALLS, max_size=FALLS)
seeds = st.integers(0, 2**31 - 1)


def played(rules: CatchRules, seed: int, chosen: list[int]) -> list[Step]:
    game = Catch(rules)
    game.begin(seed)
    return [game.step(action) for action in chosen]


@given(seeds, actions)
@settings(max_examples=30, deadline=None)
def test_only_the_last_step_pays_and_ends(seed: int, chosen: list[int]) -> None:
    steps = played(CatchRules(), seed, chosen)
    assert [step.over for step in steps] == [False] * (FALLS - 1) + [True]
    assert [step.reward for step in steps[:-1]] == [0.0] * (FALLS - 1)
    assert abs(steps[-1].reward) == 1.0 and steps[-1].terminal


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_a_paddle_that_follows_the_ball_always_catches_it_without_wind(seed: int) -> None:
    game = Catch(CatchRules())
    game.begin(seed)
    step = None
    for _ in range(FALLS):
        column = game.ball[1]
        aim = 0 if column < game.paddle else 2 if column >= game.paddle + game.rules.paddle else 1
        step = game.step(aim)
    assert step is not None and step.reward == 1.0


@given(seeds, actions)
@settings(max_examples=20, deadline=None)
def test_a_seed_and_actions_give_the_same_frames_again(seed: int, chosen: list[int]) -> None:
    rules = CatchRules(wind=0.3, noise=0.3)
    for one, other in zip(played(rules, seed, chosen), played(rules, seed, chosen), strict=True):
        np.testing.assert_array_equal(one.frame, other.frame)
        assert one.reward == other.reward


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_the_ball_is_found_where_it_is(seed: int) -> None:
    game = Catch(CatchRules(side=40))
    frame = game.begin(seed)
    assert game.ball_column(frame) == game.ball[1]
    assert game.ball_column(np.zeros_like(frame)) is None


def test_wind_blows_as_often_as_it_says() -> None:
    game = Catch(CatchRules(wind=0.2))
    blown = 0
    for seed in range(500):
        game.begin(seed)
        for _ in range(FALLS):
            column = game.ball[1]
            game.step(1)
            blown += game.ball[1] != column
    # 2,000 falls; a fifth of the winds blow against a wall. Four standard deviations are 0.035.
    assert 0.16 - 0.035 < blown / 2000 < 0.16 + 0.035


def test_noise_leaves_the_ball_and_the_paddle_as_they_are() -> None:
    plain, noisy = Catch(CatchRules()), Catch(CatchRules(noise=0.3))
    clean, disturbed = plain.begin(5), noisy.begin(5)
    np.testing.assert_array_equal(disturbed[clean > 0], clean[clean > 0])
    share = (disturbed[0] != clean[0]).sum() / (clean[0] == 0).sum()
    assert 0.15 < share < 0.45  # of 92 pixels, 30 % within three standard deviations
