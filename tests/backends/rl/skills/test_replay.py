"""The memory of episodes: n-step transitions stay within an episode, and the oldest steps are forgotten."""

import numpy as np
import pytest
import torch

from backends.rl.skills.phases import returns_by_step
from backends.rl.skills.replay import Episode, SkillReplay


def episode(length: int, number: int, *, ends: bool = False) -> Episode:
    """Rewards are 1, 2, 3 ...; a state names its episode and step, a skill its step."""
    steps = np.arange(length + 1, dtype=np.float32)
    states = np.stack([np.full(length + 1, number, dtype=np.float32), steps], 1)
    discounts = np.ones(length, dtype=np.float32)
    discounts[-1] = 0.0 if ends else 1.0
    return Episode(
        states_TO=states,
        actions_TA=steps[:-1, None],
        rewards_T=steps[1:],
        discounts_T=discounts,
        skills_TZ=steps[:-1, None],
        modes_T=steps[:-1] % 2,
    )


def filled(capacity: int, lengths: list[int], *, ends: bool = False) -> SkillReplay:
    replay = SkillReplay(capacity, states=2, actions=1, skills=1)
    for number, length in enumerate(lengths):
        replay.add(episode(length, number, ends=ends))
    return replay


def test_three_steps_are_summed_and_start_with_the_skill_of_the_first() -> None:
    torch.manual_seed(0)
    found = filled(100, [10, 7, 12]).sample(200)
    begin = found.state_BO[:, 1]
    assert torch.equal(found.next_BO[:, 1], begin + 3)
    assert torch.equal(found.next_BO[:, 0], found.state_BO[:, 0])
    torch.testing.assert_close(found.reward_B, (begin + 1) + 0.99 * (begin + 2) + 0.99**2 * (begin + 3))
    torch.testing.assert_close(found.discount_B, torch.full((200,), 0.99**3))
    assert torch.equal(found.skill_BZ[:, 0], begin) and torch.equal(found.mode_B, begin.long() % 2)
    assert torch.equal(found.step_B, begin.long()) and torch.equal(
        found.episode_B, found.state_BO[:, 0].long()
    )


def test_a_true_end_stops_the_bootstrap_and_a_time_limit_does_not() -> None:
    torch.manual_seed(0)
    for ends in (True, False):
        found = filled(100, [6], ends=ends).sample(100)
        last = found.step_B == 3
        assert last.any()
        assert torch.equal(found.discount_B[last] == 0, torch.full((int(last.sum()),), ends))
        assert (found.discount_B[~last] > 0.9).all()


def test_every_start_with_three_steps_ahead_is_drawn_about_as_often() -> None:
    torch.manual_seed(0)
    found = filled(100, [5]).sample(3000)
    counts = torch.bincount(found.step_B, minlength=5)
    assert counts[3:].tolist() == [0, 0]
    assert ((counts[:3] - 1000).abs() < 130).all()  # five standard deviations of a third of 3000


def test_the_oldest_steps_are_overwritten_and_what_is_left_of_their_episode_stays_whole() -> None:
    torch.manual_seed(0)
    replay = filled(20, [8, 8, 8])
    assert len(replay) == 20
    found = replay.sample(500)
    assert set(found.episode_B.tolist()) == {0, 1, 2}
    assert found.step_B[found.episode_B == 0].min() == 4
    assert torch.equal(found.next_BO[:, 1], found.state_BO[:, 1] + 3)
    newest = replay.age(torch.tensor([3]))  # 24 steps were stored in rows 0 to 19, 0 to 3
    assert newest.tolist() == [0]


def test_a_memory_comes_back_from_its_state() -> None:
    replay, other = filled(20, [8, 8, 8]), SkillReplay(20, states=2, actions=1, skills=1)
    other.restore(replay.state())
    other.add(episode(5, 3))
    replay.add(episode(5, 3))
    drawn = []
    for one in (replay, other):
        torch.manual_seed(1)
        drawn.append(one.sample(50))
    assert torch.equal(drawn[0].state_BO, drawn[1].state_BO) and len(replay) == len(other)


def test_too_short_and_too_long_episodes_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        SkillReplay(5, states=2, actions=1, skills=1).add(episode(6, 0))
    with pytest.raises(ValueError, match="No stored episode has 3 steps"):
        filled(10, [2, 2]).sample(4)


def test_returns_are_told_by_the_step_at_which_an_episode_ended() -> None:
    assert returns_by_step(filled(100, [3, 2, 4])) == ((3.0, 6.0), (5.0, 3.0), (9.0, 10.0))
    assert returns_by_step(filled(6, [3, 2, 4]))[-2:] == ((2.0, 3.0), (6.0, 10.0))  # the first is forgotten
