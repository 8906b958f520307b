"""The jobs on a person's own file: data is made, weighed, learnt from, judged; bad files end in a line."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from backends.lab.checkpoint import load_weights
from backends.lab.errors import LabError
from backends.lab.events import EventList, Log
from backends.lab.reporter import Reporter
from backends.rl.data.jobs import collect, convert, describe
from backends.rl.data.spec import CollectParams, ConvertParams, DescribeParams
from backends.rl.divergence.self_excitation import SelfExcitation
from backends.rl.environments.mixtures import mixed_pendulum
from backends.rl.offline.jobs import evaluate, train
from backends.rl.offline.spec import EvaluateParams, TrainParams
from backends.rl.offline_agents.agent import OfflineAgent
from backends.rl.offline_agents.arms import Arm, train_arm
from backends.rl.offline_agents.making import AgentChoice, AgentName, build_agent
from backends.rl.oper.jobs import weigh as weigh_by_advantage
from backends.rl.oper.spec import WeighParams as OperParams
from backends.rl.red.jobs import weigh as weigh_by_return
from backends.rl.red.spec import WeighParams as RedParams
from backends.rl.red.two_stages import last_layers, train_two_stages
from backends.rl.samplers.returns import return_priorities
from backends.rl.seem.diagnosis import diagnose, judge
from backends.rl.seem.spec import DiagnoseParams
from backends.rl.transitions.opening import open_transitions, write_transitions


@pytest.fixture
def report(tmp_path: Path) -> Reporter:
    report = Reporter(EventList(), tmp_path, "cpu")
    report.artifacts.mkdir()
    return report


def said(report: Reporter) -> str:
    assert isinstance(report.sink, EventList)
    return " ".join(event.text for event in report.sink.events if isinstance(event, Log))


def mixed_file(folder: Path, episodes: int = 6) -> str:
    file = folder / "mixed.npz"
    write_transitions(mixed_pendulum(episodes, 0.5, 0), str(file))
    return str(file)


def test_a_mixture_is_collected_with_its_reference_returns_and_converted(report: Reporter) -> None:
    asked = CollectParams(transitions=500, expert_share=0.4, out=str(report.directory / "out.hdf5"))
    made = collect(asked, report)
    store = open_transitions(str(report.artifacts / made.data))
    assert len(store) == 500 and store.environment == "Pendulum-v1"
    assert store.reference is not None
    assert store.reference.expert > -300 > -900 > store.reference.random
    assert store.episode_returns[0] > store.episode_returns[-1]
    again = open_transitions(str(report.directory / "out.hdf5"))
    np.testing.assert_array_equal(again.obs, store.obs)
    converted = convert(
        ConvertParams(data=str(report.directory / "out.hdf5"), out=str(report.directory / "again.npz")),
        report,
    )
    assert len(open_transitions(converted.written)) == 500
    told = describe(DescribeParams(data=converted.written), report)
    assert told.metrics["transitions"] == 500 and "terminal" in told.remarks[0]


def test_random_data_of_a_world_without_an_expert_has_no_reference_returns(report: Reporter) -> None:
    made = collect(CollectParams(environment="Hopper-v5", kind="random", transitions=60), report)
    store = open_transitions(str(report.artifacts / made.data))
    assert len(store) == 60 and store.reference is None


def test_an_expert_no_better_than_chance_gives_no_reference_returns(
    report: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "backends.rl.data.jobs.pendulum_expert", lambda obs: np.sign(obs[:, 2:])
    )  # keeps turning
    made = collect(CollectParams(transitions=300), report)
    assert open_transitions(str(report.artifacts / made.data)).reference is None
    assert "no better than chance" in said(report)


def test_what_sac_lives_through_becomes_data(report: Reporter) -> None:
    made = collect(CollectParams(kind="replay", train_steps=120), report)
    store = open_transitions(str(report.artifacts / made.data))
    assert len(store) == 120 and store.num_episodes == 1


def test_oper_and_red_weigh_a_file_and_an_agent_takes_the_weights(report: Reporter, tmp_path: Path) -> None:
    data = mixed_file(tmp_path)
    by_advantage = weigh_by_advantage(OperParams(data=data, steps=20, iterations=2, seeds=1), report)
    weights, _ = load_weights(report.artifacts / by_advantage.weights)
    assert weights["weights"].mean() == pytest.approx(1) and weights["weights"].min() > 0
    by_return = weigh_by_return(RedParams(data=data), report)
    assert by_return.metrics["mean_return_weighted"] > by_return.metrics["mean_return"] + 100
    same = weigh_by_advantage(OperParams(data=data, kind="return"), report)
    assert same.metrics["effective_share"] == pytest.approx(by_return.metrics["effective_share"])
    file = str(report.artifacts / same.weights)
    asked = TrainParams(
        data=data, agent="iql", steps=10, hidden=(16,), batch_size=16, episodes=1, evaluations=1,
        priorities=file, device="cpu",
    )  # fmt: skip
    assert train(asked, report).diverged_at is None
    other = tmp_path / "other.npz"
    write_transitions(mixed_pendulum(2, 0.5, 0), str(other))
    with pytest.raises(LabError, match="weighs 1200 transitions"):
        train(asked.model_copy(update={"data": str(other)}), report)


def test_data_of_one_return_stays_uniform_and_that_is_said(report: Reporter, tmp_path: Path) -> None:
    store = mixed_pendulum(1, 1.0, 0)
    write_transitions(store, str(tmp_path / "one.npz"))
    found = weigh_by_return(RedParams(data=str(tmp_path / "one.npz")), report)
    assert found.uniform and found.metrics["effective_share"] == pytest.approx(1)
    assert "nothing to prefer" in said(report) and "one episode" in said(report)


def test_a_trained_agent_is_evaluated_and_diagnosed(report: Reporter, tmp_path: Path) -> None:
    data = mixed_file(tmp_path)
    asked = TrainParams(
        data=data, agent="td3_bc", steps=60, hidden=(16, 16), batch_size=32, episodes=2, evaluations=2,
        device="cpu", layer_norm=True,
    )  # fmt: skip
    result = train(asked, report)
    assert {"final_score", "best_score", "excitation"} <= result.metrics.keys()
    assert result.metrics["best_score"] >= result.metrics["final_score"]
    agent = report.artifacts / result.agent
    played = evaluate(EvaluateParams(agent=agent, episodes=3), report)
    assert len(played.returns) == 3
    assert (
        played.metrics["mean_return_low"]
        <= played.metrics["mean_return"]
        <= played.metrics["mean_return_high"]
    )
    verdict = diagnose(DiagnoseParams(agent=agent, data=data, points=32), report)
    assert "critic" in verdict.verdict and verdict.metrics["points"] == 32
    with pytest.raises(LabError, match="states of 3 numbers"):
        evaluate(EvaluateParams(agent=agent, environment="point_maze-umaze"), report)
    weights = weigh_by_return(RedParams(data=data), report)
    with pytest.raises(LabError, match="no offline agent"):
        diagnose(DiagnoseParams(agent=report.artifacts / weights.weights, data=data), report)


@pytest.mark.parametrize(
    ("eigenvalue", "excess", "norm", "told", "advice"),
    [
        (-1.0, 0.5, False, "does not excite", "Nothing has to be changed"),
        (0.5, 0.5, False, "excites itself", "LayerNorm"),
        (0.5, 3.0, True, "already too high", "learning rate"),
        (0.5, 50.0, False, "have diverged", "Discard"),
    ],
)
def test_the_verdict_follows_the_measure_and_the_size_of_the_values(
    eigenvalue: float, excess: float, norm: bool, told: str, advice: str
) -> None:
    verdict, suggestion = judge(SelfExcitation(eigenvalue, eigenvalue, 10), excess, norm=norm)
    assert told in verdict and advice in suggestion


def test_an_environment_that_does_not_fit_the_data_is_refused_before_training(
    report: Reporter, tmp_path: Path
) -> None:
    asked = TrainParams(data=mixed_file(tmp_path), environment="point_maze-umaze", device="cpu")
    with pytest.raises(LabError, match="6 and 2 numbers"):
        train(asked, report)


@pytest.mark.parametrize("name", ["bc", "td3_bc", "awac", "iql", "cql", "one_step"])
def test_the_second_stage_begins_the_last_layers_anew_and_moves_nothing_else(
    name: AgentName, tmp_path: Path
) -> None:
    store = mixed_pendulum(4, 0.5, 0)
    weights = return_priorities(store)
    assert weights is not None
    arm = Arm(choice=AgentChoice(name=name, hidden=(16, 16), steps=5), batch_size=32)

    first = train_arm(store, arm, 0, Reporter(EventList(), tmp_path / "first")).saved.agent
    last = {id(weight) for weight in last_layers(first)}

    def lower_and_last(agent: OfflineAgent) -> tuple[list[Tensor], list[Tensor]]:
        """What learns, without targets: all but last layers, and those."""
        pairs = [
            (one.detach(), id(of_first) in last)
            for one, of_first in zip(agent.parameters(), first.parameters(), strict=True)
            if of_first.requires_grad
        ]
        return [one for one, above in pairs if not above], [one for one, above in pairs if above]

    def second(steps: int) -> OfflineAgent:
        report = Reporter(EventList(), tmp_path / str(steps))
        return train_two_stages(store, arm, steps, weights, 0, report).saved.agent

    begun, short, long = (lower_and_last(agent) for agent in (first, second(1), second(12)))
    torch.testing.assert_close(short[0], begun[0], rtol=0, atol=0)
    torch.testing.assert_close(long[0], begun[0], rtol=0, atol=0)
    assert all(not torch.equal(one, other) for one, other in zip(short[1], long[1], strict=True))


def test_last_layers_are_those_of_all_networks() -> None:
    agent = build_agent(AgentChoice(name="iql", hidden=(16, 16)), 3, 1)
    assert len(last_layers(agent)) == 8  # critics, targets, value and policy
