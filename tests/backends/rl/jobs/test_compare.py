"""Agents side by side on one person's data."""

from pathlib import Path

import pytest
import torch

from backends.lab.checkpoint import save_weights
from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.rl.environments.mixtures import mixed_pendulum
from backends.rl.offline import compare as comparing
from backends.rl.offline.compare import Ended, compare
from backends.rl.offline.jobs import open_data
from backends.rl.offline.spec import CompareParams
from backends.rl.transitions.opening import write_transitions
from backends.rl.transitions.store import make_store

QUICK = {
    "seeds": 2, "steps": 8, "hidden": (16, 16), "batch_size": 32, "episodes": 1, "evaluations": 2,
}  # fmt: skip


@pytest.fixture
def report(tmp_path: Path) -> Reporter:
    return Reporter(EventList(), tmp_path, "cpu")


def test_every_agent_meets_all_kinds_of_priorities(report: Reporter) -> None:
    asked = CompareParams(agents=("bc", "td3_bc"), priorities=("uniform", "return"), **QUICK)
    result = compare(asked, report)
    assert result.unit == "normalised score"
    assert [(row["agent"], row["priorities"], row["diverged"]) for row in result.table] == [
        ("bc", "uniform", 0),
        ("bc", "return", 0),
        ("td3_bc", "uniform", 0),
        ("td3_bc", "return", 0),
    ]
    assert {"data", "bc_gain_return", "td3_bc_gain_return_half_width"} <= set(result.metrics)
    assert (report.artifacts / result.artifacts[0].path).exists()


def test_a_seed_that_diverged_is_told_and_no_score_stands_for_it(
    report: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = comparing._train
    seeds: list[int] = []

    def second_diverges(*asked: object) -> Ended:
        seeds.append(1)
        return Ended(score=None, diverged_at=5) if len(seeds) > 1 else train(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(comparing, "_train", second_diverges)
    asked = CompareParams(agents=("bc",), **{**QUICK, "seeds": 3})
    (row,) = compare(asked, report).table
    assert row["diverged"] == 2
    assert row["final"] == row["final_low"] == row["final_high"]


def test_where_all_diverged_the_row_says_only_that(report: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "_train", lambda *asked: Ended(score=None, diverged_at=5))
    result = compare(CompareParams(agents=("td3",), **QUICK), report)
    assert result.table == ({"agent": "td3", "priorities": "uniform", "diverged": 2},)
    assert result.artifacts == ()


def test_policies_need_somewhere_to_play(report: Reporter, tmp_path: Path) -> None:
    one = mixed_pendulum(2, 0.5, 0)
    columns = {name: getattr(one, name) for name in ("obs", "action", "reward", "next_obs", "terminal")}
    file = tmp_path / "nowhere.npz"
    write_transitions(make_store(columns, name="nowhere"), str(file))
    with pytest.raises(LabError, match=r"nowhere\.npz names no environment; say with --environment"):
        compare(CompareParams(data=str(file), **QUICK), report)


def test_files_of_one_name_are_kept_apart(report: Reporter, tmp_path: Path) -> None:
    store = open_data("demo", 0)
    files = []
    for number in range(2):
        file = tmp_path / f"run{number}" / "priorities.safetensors"
        weights = torch.ones(len(store))
        weights[: len(store) // 2] += number
        file.parent.mkdir()
        save_weights(file, {"weights": weights}, {})
        files.append(str(file))
    asked = CompareParams(agents=("bc",), priorities=("uniform", *files), **QUICK)
    result = compare(asked, report)
    assert [row["priorities"] for row in result.table] == ["uniform", *files]
    assert result.metrics["bc_gain_file1"] != result.metrics["bc_gain_file2"]
