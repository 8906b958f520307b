"""OPER's experiments: what the bandit's behaviour comes to, and agents with either kind of priorities."""

from pathlib import Path

import pytest

from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.rl.oper.reproduce import reproduce
from backends.rl.oper.reproduce_agents import reproduce_agents
from backends.rl.oper.spec import SYSTEM, ReproduceAgentsParams, ReproduceParams


@pytest.fixture
def report(tmp_path: Path) -> Reporter:
    return Reporter(EventList(), tmp_path, "cpu")


def test_the_bandit_comes_to_what_the_authors_notebook_has(report: Reporter) -> None:
    result = reproduce(ReproduceParams(bandits=2), report)
    for row, figure in zip(result.table, SYSTEM.figures, strict=True):
        assert row["return"] == pytest.approx(figure.value, abs=0.05)
    shares = [row["effective_share"] for row in result.table]
    assert shares == sorted(shares, reverse=True)


def test_agents_are_compared_on_the_same_data_and_a_stopped_experiment_goes_on(report: Reporter) -> None:
    asked = ReproduceAgentsParams(agents=("bc",), seeds=2, steps=100, fit_steps=10, episodes=10)
    result = reproduce_agents(asked, report)
    assert [(row["agent"], row["priorities"]) for row in result.table] == [
        ("bc", "uniform"),
        ("bc", "oper_r"),
        ("bc", "oper_a"),
    ]
    for row in result.table:
        assert float(row["final_low"]) <= float(row["final"]) <= float(row["final_high"])
        assert float(row["best"]) >= float(row["final"]) - 1e-9
    assert reproduce_agents(asked, report) == result
