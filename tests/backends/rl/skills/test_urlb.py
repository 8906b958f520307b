"""URLB's own tasks on dm_control's bodies: their sizes, their rewards, and their ends."""

import numpy as np
import pytest

from backends.rl.environments.making import widths
from backends.rl.skills.worlds import episode_steps, make_world

pytest.importorskip("dm_control")


@pytest.mark.parametrize(
    ("name", "sizes"), [("urlb-walker_flip", (24, 6)), ("urlb-quadruped_jump", (78, 12))]
)
def test_a_task_has_the_published_sizes_and_rewards_between_0_and_1(
    name: str, sizes: tuple[int, int]
) -> None:
    world = make_world(name)
    assert widths(world) == sizes
    assert episode_steps(world) == 1000
    first, _ = world.reset(seed=3)
    again, _ = world.reset(seed=3)
    np.testing.assert_array_equal(first, again)
    stream = np.random.default_rng(0)
    rewards = []
    for _ in range(5):
        state, reward, terminated, truncated, _ = world.step(
            stream.uniform(-1, 1, sizes[1]).astype(np.float32)
        )
        assert np.isfinite(state).all() and not (terminated or truncated)
        rewards.append(float(reward))
    assert all(0 <= reward <= 1 for reward in rewards) and len(set(rewards)) > 1
