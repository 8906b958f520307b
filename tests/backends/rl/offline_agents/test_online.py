"""SAC that learns in an environment: what it keeps, and how it goes on after a stop."""

from pathlib import Path

import numpy as np
import pytest
import torch

from backends.lab.errors import Stopped
from backends.lab.events import EventList, Metric
from backends.lab.reporter import Reporter
from backends.rl.environments.making import make_environment
from backends.rl.environments.scripted import Policy
from backends.rl.offline_agents import online
from backends.rl.offline_agents.online import learn_online
from backends.rl.transitions.store import TransitionStore


def learn(report: Reporter, steps: int = 500) -> tuple[Policy, TransitionStore]:
    return learn_online(make_environment("Pendulum-v1"), "Pendulum-v1", steps, 3, report, hidden=(16, 16))


def test_a_stopped_learning_comes_to_the_very_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online, "_RANDOM_STEPS", 250)  # so that the stop at 400 lies among the updates
    whole, lived = learn(Reporter(EventList(), tmp_path / "whole"))
    sink = EventList()
    stopped = Reporter(sink, tmp_path / "stopped")
    stopped.cancelled = lambda: sum(isinstance(event, Metric) for event in sink.events) == 2
    with pytest.raises(Stopped):
        learn(stopped)
    torch.rand(7)  # chance that a new process would not have seen
    again, lived_again = learn(Reporter(EventList(), tmp_path / "stopped"))
    states = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    np.testing.assert_array_equal(whole(states), again(states))
    for name in ("obs", "action", "reward", "next_obs", "terminal", "ends"):
        np.testing.assert_array_equal(getattr(lived, name), getattr(lived_again, name))


def test_all_that_was_lived_through_is_kept_in_order(tmp_path: Path) -> None:
    sink = EventList()
    _, store = learn(Reporter(sink, tmp_path))
    assert len(store) == 500
    assert np.flatnonzero(store.ends).tolist() == [199, 399, 499]
    inside = ~store.ends
    np.testing.assert_array_equal(store.next_obs[inside], store.obs[1:][inside[:-1]])
    told = [event for event in sink.events if isinstance(event, Metric)]
    assert [event.step for event in told] == [200, 400]
    for event, begin in zip(told, (0, 200), strict=True):
        assert event.values["episode_return"] == pytest.approx(
            store.reward[begin : begin + 200].sum(), rel=1e-5
        )
