"""MOSS seeks surprise first and avoids it then, and the skill tells which."""

import numpy as np
import pytest

from backends.rl.moss.mixture import Mixture
from backends.rl.moss.presets import tiny, walker
from backends.rl.skills.objectives import AVOIDS, SEEKS


def modes(mixture: Mixture, every: int) -> list[int]:
    """The mode of each step of an episode, with a draw every so many steps."""
    stream = np.random.default_rng(0)
    drawn = [mixture(step, stream)[1] for step in range(0, mixture.episode_steps, every)]
    return [mode for mode in drawn for _ in range(every)]


@pytest.mark.parametrize(("steps", "switch"), [(1000, 700), (250, 200)])
def test_with_one_and_a_half_parts_the_turn_comes_where_the_published_run_has_it(
    steps: int, switch: int
) -> None:
    found = modes(Mixture(size=64, episode_steps=steps), every=50)
    assert found == [SEEKS] * switch + [AVOIDS] * (steps - switch)


def test_with_two_parts_it_is_half_and_half() -> None:
    found = modes(Mixture(size=4, episode_steps=1000, partitions=2), every=50)
    assert found == [SEEKS] * 500 + [AVOIDS] * 500


def test_the_switches_for_ablations_keep_one_mode_or_draw_it() -> None:
    assert set(modes(Mixture(size=4, episode_steps=200, schedule="explore"), 10)) == {SEEKS}
    assert set(modes(Mixture(size=4, episode_steps=200, schedule="control"), 10)) == {AVOIDS}
    assert set(modes(Mixture(size=4, episode_steps=200, schedule="random"), 10)) == {SEEKS, AVOIDS}


def test_a_skill_tells_its_mode_by_sign_by_half_or_not_at_all() -> None:
    stream = np.random.default_rng(0)
    signed = Mixture(size=8, episode_steps=200)
    assert (signed.skill(SEEKS, stream) >= 0).all() and (signed.skill(AVOIDS, stream) <= 0).all()
    assert np.ptp(signed.skill(SEEKS, stream)) > 0.3
    half = Mixture(size=8, episode_steps=200, skill_mode="half")
    assert (half.skill(SEEKS, stream)[4:] == 0).all() and (half.skill(SEEKS, stream)[:4] > 0).all()
    assert (half.skill(AVOIDS, stream)[:4] == 0).all() and (half.skill(AVOIDS, stream)[4:] > 0).all()
    same = Mixture(size=8, episode_steps=200, skill_mode="same")
    assert (same.skill(AVOIDS, stream) >= 0).all()
    discrete = Mixture(size=8, episode_steps=200, skill_mode="discrete")
    assert discrete.skill(SEEKS, stream).tolist() == [1.0] * 8
    assert discrete.skill(AVOIDS, stream).tolist() == [-1.0] * 8


def test_the_walker_has_the_computed_counts_of_the_published_networks() -> None:
    networks = walker()
    counts = [
        sum(parameter.numel() for parameter in part.parameters())
        for part in (networks.actor, networks.critic, networks.contrast)
    ]
    assert counts == [1_148_934, 2_200_578, 3_569_856]
    assert sum(parameter.numel() for parameter in tiny().parameters()) < 50_000
