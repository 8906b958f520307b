"""The ring of frames, its windows and stacks, and where a play stands."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.rl.pixels.opening import open_plays
from backends.rl.pixels.play import Outcome
from backends.rl.pixels.replay import PixelReplay
from backends.rl.pixels.stacks import NewestFrames, stacks_of


def numbered(capacity: int, steps: int, episode: int = 10**6) -> PixelReplay:
    """A replay whose frame, action and reward at a step are the step's number."""
    replay = PixelReplay(capacity, (1, 1, 1))
    for step in range(steps):
        over = (step + 1) % episode == 0
        outcome = Outcome(float(step), terminal=over, finished=0.0 if over else None)
        replay.append(np.full((1, 1, 1, 1), step, np.uint8), [step], [outcome])
    return replay


@given(st.integers(3, 20), st.integers(3, 60))
@settings(max_examples=40, deadline=None)
def test_windows_are_steps_in_order_and_never_cross_the_seam(capacity: int, steps: int) -> None:
    seen = numbered(capacity, steps).sample(16, 3)
    np.testing.assert_array_equal(seen.actions_BL[:, 1:], seen.actions_BL[:, :-1] + 1)
    assert int(seen.actions_BL.min()) >= max(steps - capacity, 0)
    assert int(seen.actions_BL.max()) < steps
    np.testing.assert_array_equal(seen.frames_BLCHW.flatten(1), seen.actions_BL)
    np.testing.assert_array_equal(seen.rewards_BL, seen.actions_BL)


def test_every_window_is_drawn_sometimes() -> None:
    torch.manual_seed(0)
    begins = numbered(6, 9).sample(400, 3).actions_BL[:, 0]
    assert set(begins.tolist()) == {3, 4, 5, 6}


def test_a_replay_shorter_than_a_window_refuses() -> None:
    with pytest.raises(ValueError, match="4 steps"):
        numbered(10, 3).sample(1, 4)


def test_a_restored_replay_goes_on_as_the_first() -> None:
    first, second = numbered(5, 8), PixelReplay(5, (1, 1, 1))
    second.restore(first.state())
    for replay in (first, second):
        replay.append(np.full((1, 1, 1, 1), 8, np.uint8), [8], [Outcome(8.0, False, None)])
    begins, games = torch.tensor([first.oldest]), torch.tensor([0])
    assert first.windows(begins, games, 5).actions_BL.tolist() == [[4, 5, 6, 7, 8]]
    assert second.windows(begins, games, 5).actions_BL.tolist() == [[4, 5, 6, 7, 8]]


def test_stacks_do_not_reach_into_earlier_episodes() -> None:
    seen = numbered(20, 9, episode=3).windows(torch.tensor([1]), torch.tensor([0]), 8)
    stacks = stacks_of(seen, 3)[0, :, :, 0, 0].tolist()
    # Episodes are 0 1 2, 3 4 5, 6 7 8; the first whole stack is that of step 3.
    assert stacks == [[0, 0, 3], [0, 3, 4], [3, 4, 5], [0, 0, 6], [0, 6, 7], [6, 7, 8]]


def test_a_player_sees_the_stacks_that_the_replay_gives() -> None:
    newest = NewestFrames(3)
    stacks = []
    for step in range(9):
        stacks.append(newest.see(np.full((1, 1, 1), step, np.uint8))[:, 0, 0].tolist())
        if step % 3 == 2:
            newest.begin()
    seen = numbered(20, 9, episode=3).windows(torch.tensor([0]), torch.tensor([0]), 9)
    assert stacks_of(seen, 3)[0, :, :, 0, 0].tolist() == stacks[2:]


def test_a_play_is_taken_up_where_it_was() -> None:
    first, second = open_plays("windy_catch", 2, 4), open_plays("windy_catch", 2, 4)
    for step in range(17):
        first.step([step % 3, (step + 1) % 3])
    second.restore(first.state())
    np.testing.assert_array_equal(first.frames, second.frames)
    after = [plays.step([2, 0]) for plays in (first, second)]
    assert after[0] == after[1]
    np.testing.assert_array_equal(first.frames, second.frames)


def test_plays_side_by_side_differ_and_episodes_differ() -> None:
    plays = open_plays("noisy_catch", 2, 0)
    frames = [plays.frames.copy()]
    for _ in range(4):
        plays.step([1, 1])
    frames.append(plays.frames.copy())
    assert (frames[0][0] != frames[0][1]).any()
    assert (frames[0][0] != frames[1][0]).any()
