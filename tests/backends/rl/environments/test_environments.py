"""Our pendulums are gymnasium's, walls hold, experts are experts, and unknown environments are refused."""

from typing import NoReturn

import numpy as np
import pytest
from numpy.typing import NDArray

from backends.lab.errors import LabError, LabFailure
from backends.rl.environments.episodes import Behaviour, collect, episode_returns
from backends.rl.environments.making import make_environment, widths
from backends.rl.environments.mixtures import PENDULUM_RETURNS, mixed_pendulum, pendulum_score, swing
from backends.rl.environments.pendulum import Pendulums
from backends.rl.environments.point_maze import PointMaze
from backends.rl.environments.scripted import maze_expert, pendulum_expert


def at_random(seed: int, width: int = 1):  # type: ignore[no-untyped-def]
    chance = np.random.default_rng(seed)
    return lambda obs: chance.uniform(-1, 1, (len(obs), width)).astype(np.float32)


def test_our_pendulum_moves_as_gymnasiums() -> None:
    environment = make_environment("Pendulum-v1")
    obs, _ = environment.reset(seed=4)
    ours = Pendulums.seen(obs[None])
    chance = np.random.default_rng(0)
    for _ in range(60):
        action = chance.uniform(-1, 1, 1).astype(np.float32)
        obs, reward, *_ = environment.step(action)
        ours, our_reward = ours.step(action.astype(np.float64))
        np.testing.assert_allclose(ours.obs()[0], obs, atol=1e-3)
        assert our_reward[0] == pytest.approx(float(reward), abs=1e-2)


def test_the_reference_returns_are_those_of_random_actions_and_the_expert() -> None:
    for policy, expected in (
        (pendulum_expert, PENDULUM_RETURNS.expert),
        (at_random(0), PENDULUM_RETURNS.random),
    ):
        returns = swing(policy, 1000, np.random.default_rng(0))["reward"].sum(axis=1)
        assert returns.mean() == pytest.approx(expected, abs=4 * returns.std() / np.sqrt(1000))
    assert pendulum_score(pendulum_expert, 200, 0) == pytest.approx(100, abs=3)


def test_a_mixture_has_its_experts_first_and_knows_its_episodes() -> None:
    store = mixed_pendulum(10, 0.3, 0)
    assert store.num_episodes == 10
    assert store.episode_returns[:3].min() > store.episode_returns[3:].mean()
    assert PENDULUM_RETURNS.score(store.episode_returns[:3].mean()) > 70


@pytest.mark.parametrize("layout", ["umaze", "medium"])
def test_the_mass_never_enters_a_wall_and_the_expert_reaches_the_goal(layout: str) -> None:
    maze = PointMaze(layout)
    obs, _ = maze.reset(seed=0)
    push = at_random(1, 2)
    for _ in range(300):
        obs, *_ = maze.step(3 * push(obs[None])[0])
        row, column = np.floor(obs[:2]).astype(int)
        assert not maze.walls[row, column]
    returns = episode_returns([maze], maze_expert(maze), 3, 0)
    assert returns.min() > 50
    assert episode_returns([maze], at_random(0, 2), 3, 0).mean() < returns.mean() / 2


def test_episodes_are_the_same_however_many_are_played_at_once() -> None:
    one = episode_returns([make_environment("Pendulum-v1")], pendulum_expert, 3, 5)
    several = episode_returns([make_environment("Pendulum-v1") for _ in range(3)], pendulum_expert, 3, 5)
    np.testing.assert_allclose(one, several)


def test_collected_transitions_follow_each_other_and_carry_boundaries() -> None:
    environment = make_environment("Pendulum-v1")
    store = collect(
        environment, Behaviour(pendulum_expert, 0.1, 0.2), 450, 3, name="some", environment_name="Pendulum-v1"
    )
    assert len(store) == 450 and store.num_episodes == 3
    inside = ~store.ends[:-1]
    np.testing.assert_array_equal(store.next_obs[:-1][inside], store.obs[1:][inside])
    assert store.environment == "Pendulum-v1" and not store.terminal.any()
    assert float(np.abs(store.action).max()) <= 1


@pytest.mark.parametrize("name", ["NoSuchThing-v0", "point_maze-huge", "CartPole-v1"])
def test_environments_that_cannot_be_used_are_refused(name: str) -> None:
    with pytest.raises(LabError, match=r"There is no|vectors of numbers"):
        make_environment(name)


def test_actions_are_scaled_to_one() -> None:
    environment = make_environment("Pendulum-v1")
    assert widths(environment) == (3, 1)
    space = environment.action_space
    bounds: NDArray[np.float32] = np.array([space.low[0], space.high[0]])  # type: ignore[attr-defined]
    np.testing.assert_array_equal(bounds, [-1, 1])


def test_an_environment_whose_library_is_missing_names_what_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def make(name: str, **settings: object) -> NoReturn:
        raise ModuleNotFoundError("No module named 'imageio'")

    monkeypatch.setattr("gymnasium.make", make)
    with pytest.raises(LabFailure, match=r"HalfCheetah-v5 needs more: pip install 'nimue\[rl\]'.*imageio"):
        make_environment("HalfCheetah-v5")
