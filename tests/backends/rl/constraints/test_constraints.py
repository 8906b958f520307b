"""Preferences bind where and as long as they should; families stay in their range and learn what they may."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.rl.constraints.family import BalanceModel, CoefficientRange, embedding
from backends.rl.constraints.oracles import futures_oracle
from backends.rl.constraints.preferences import PreferenceConstraint, PreferenceWeights, farthest, noisy
from backends.rl.environments.mixtures import mixed_pendulum
from backends.rl.environments.scripted import pendulum_expert
from backends.rl.famo2o.agent import TARGET_ENTROPY, FamilyConfig, FamilyIQL
from backends.rl.famo2o.bandit import BanditSettings, play_bandit
from backends.rl.oap.probe import ProbeSettings, probe_regrets
from backends.rl.oap.session import train
from backends.rl.oap.spec import TrainParams
from backends.rl.offline_agents.arms import Arm, train_arm
from backends.rl.offline_agents.batches import TransitionBatch, TransitionTensors
from backends.rl.offline_agents.iql import IQLConfig
from backends.rl.offline_agents.making import AgentChoice
from backends.rl.transitions.store import StateScaling

STORE = mixed_pendulum(4, 0.5, 0)


def tensors() -> TransitionTensors:
    return TransitionTensors.of(STORE, discount=0.99, scaling=StateScaling.of(STORE))


def batch(count: int = 32) -> TransitionBatch:
    return tensors().batch(torch.arange(count))


def family(low: float = 1.0, high: float = 5.0) -> FamilyIQL:
    torch.manual_seed(0)
    config = FamilyConfig(iql=IQLConfig(hidden=(16, 16)), range=CoefficientRange(low, high))
    return FamilyIQL(3, 1, config)


def test_without_answers_the_constraint_is_the_datas() -> None:
    data = tensors()
    constraint = PreferenceConstraint(data.rows[:, 3:4], PreferenceWeights())
    bound = constraint.at(batch())
    assert bound.weight is not None
    torch.testing.assert_close(bound.weight, torch.ones(32))
    torch.testing.assert_close(bound.target, batch().action)


@pytest.mark.parametrize("mode", ["reweight", "replace"])
def test_answers_change_weights_and_fade_over_two_rounds(mode: str) -> None:
    weights = PreferenceWeights(mode=mode)  # type: ignore[arg-type]
    constraint = PreferenceConstraint(tensors().rows[:, 3:4].clone(), weights)
    constraint.answer(torch.tensor([0, 1]), torch.tensor([[0.5], [0.6]]), torch.tensor([True, False]))
    assert constraint.strengths()[:3].tolist() == pytest.approx([0.2, 2.0, 1.0])
    target = constraint.at(batch(3)).target
    data = batch(3).action
    assert float(target[0]) == pytest.approx(0.5 if mode == "replace" else float(data[0]))
    torch.testing.assert_close(target[1:], data[1:])
    constraint.next_round()
    assert constraint.strengths()[:3].tolist() == pytest.approx([0.6, 1.5, 1.0])
    constraint.next_round()
    assert constraint.strengths()[:3].tolist() == pytest.approx([1.0, 1.0, 1.0])
    again = PreferenceConstraint(tensors().rows[:, 3:4], weights)
    again.restore(constraint.state())  # type: ignore[arg-type]
    assert again.asked == 2


def test_no_questions_is_td3_bc_bit_by_bit(tmp_path: Path) -> None:
    choice = AgentChoice(name="td3_bc", hidden=(16, 16), steps=8)
    arm = Arm(choice=choice, batch_size=32)

    def without_answers(agent: object, data: TransitionTensors) -> PreferenceConstraint:
        return PreferenceConstraint(data.rows[:, 3:4], PreferenceWeights())

    plain = train_arm(STORE, arm, 0, Reporter(EventList(), tmp_path / "a"))
    asked = train_arm(STORE, arm, 0, Reporter(EventList(), tmp_path / "b"), constrain=without_answers)
    for one, other in zip(
        plain.saved.agent.state_dict().values(), asked.saved.agent.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_the_budget_is_never_exceeded(tmp_path: Path) -> None:
    asked = TrainParams(
        steps=12, rounds=3, budget=50, episodes=4, hidden=(16, 16), batch_size=32, device="cpu"
    )
    result = train(asked, Reporter(EventList(), tmp_path))
    assert 0 < result.metrics["asked"] <= 50


def test_the_farthest_come_first() -> None:
    assert farthest(np.array([0.1, 3.0, 2.0, 0.0]), 2).tolist() == [1, 2]


def test_the_oracle_prefers_what_the_expert_does_and_mistakes_are_as_frequent_as_asked() -> None:
    obs = STORE.obs[::20]
    expert = pendulum_expert(obs)
    oracle = futures_oracle()
    upright = np.abs(np.arctan2(obs[:, 1], obs[:, 0])) < 0.5
    assert not oracle(obs, expert, expert).any()
    assert oracle(obs, -expert, expert)[upright].mean() > 0.8
    wrong = noisy(lambda *_: np.zeros(4000, np.bool_), 0.25, 0)
    assert wrong(obs, obs, obs).mean() == pytest.approx(0.25, abs=0.03)


def test_asking_about_the_farthest_beats_every_single_weight() -> None:
    found = [probe_regrets(seed, ProbeSettings()) for seed in range(50)]
    mean = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
    assert mean["plain"] == pytest.approx(0.083, abs=0.004)
    assert mean["best_single_weight"] == pytest.approx(0.073, abs=0.004)
    assert mean["reweight_farthest"] < 0.85 * mean["best_single_weight"]
    assert mean["reweight_farthest"] < mean["reweight_random"]
    assert mean["replace_farthest"] > mean["reweight_farthest"]


def test_always_preferring_the_data_only_tightens() -> None:
    # With the critic right everywhere, tightening costs: the control is worse than asking truthfully.
    settings = ProbeSettings(right=1.0, suppress=4.0)
    truthful = ProbeSettings(right=1.0)
    assert probe_regrets(0, settings)["reweight_all"] > probe_regrets(0, truthful)["reweight_all"]


@settings(deadline=None)
@given(st.floats(0, 20))
def test_the_embedding_is_its_closed_form(coefficient: float) -> None:
    found = embedding(torch.tensor([coefficient], dtype=torch.float64))[0]
    expected = [
        part
        for power in (0, 2, 4)
        for part in (
            math.sin(coefficient / 10_000 ** (power / 6)), math.cos(coefficient / 10_000 ** (power / 6))
        )
    ]  # fmt: skip
    assert found.tolist() == pytest.approx(expected, abs=1e-5)


def test_coefficients_stay_in_their_range() -> None:
    allowed = CoefficientRange(8.0, 14.0)
    units = torch.tensor([-1.0, 0.0, 1.0])
    torch.testing.assert_close(allowed.of_unit(units), torch.tensor([8.0, 11.0, 14.0]))
    drawn = allowed.uniform(1000, torch.device("cpu"))
    assert 8 <= float(drawn.min()) < float(drawn.max()) <= 14
    repo = CoefficientRange(0.5, 1.5, repo_range=True)
    torch.testing.assert_close(repo.of_unit(units), torch.tensor([-0.5, 0.5, 1.5]))
    agent = family(8.0, 14.0)
    agent.act(batch().obs, coefficient=9.0)
    with pytest.raises(ValueError, match=r"8\.0 to 14\.0"):
        agent.act(batch().obs, coefficient=15.0)


def test_the_balance_learns_through_the_policy_and_leaves_it_alone() -> None:
    agent = family()
    policy = [weight.detach().clone() for weight in agent.policy.parameters()]
    weight = next(agent.balance.parameters())
    balance = weight.detach().clone()
    critics = [weight.detach().clone() for weight in agent.critics.parameters()]
    agent._balance_step(batch())
    for before, now in zip(policy, agent.policy.parameters(), strict=True):
        torch.testing.assert_close(before, now.detach(), rtol=0, atol=0)
    for before, now in zip(critics, agent.critics.parameters(), strict=True):
        torch.testing.assert_close(before, now.detach(), rtol=0, atol=0)
    assert not torch.equal(balance, weight)


def test_the_temperature_pulls_the_entropy_to_its_target() -> None:
    agent = family()
    before = agent.log_entropy_weight.item()
    metrics = agent._balance_step(batch(256))
    grew = agent.log_entropy_weight.item() > before
    assert grew is (float(metrics["balance_entropy"]) < TARGET_ENTROPY)


def test_the_balance_models_density_integrates_to_one() -> None:
    torch.manual_seed(0)
    model, obs = BalanceModel(3, (8,)), torch.zeros(20_000, 3)
    unit, log_prob = model.sample(obs)
    # E[1/p] over samples of p is the length of the support, 2.
    kept = unit.abs() < 0.9
    estimate = float((kept / log_prob.detach().exp()).mean())
    assert estimate == pytest.approx(1.8, rel=0.05)


def test_a_balance_by_state_beats_every_single_one_in_every_bandit() -> None:
    found = [play_bandit(seed, BanditSettings()) for seed in range(20)]
    adaptive = float(np.mean([one.adaptive for one in found]))
    assert adaptive == pytest.approx(1.344, abs=0.015)
    assert float(np.mean([one.best_single for one in found])) == pytest.approx(1.253, abs=0.005)
    assert float(np.mean([one.behaviour for one in found])) == pytest.approx(0.605, abs=0.005)
    assert all(one.adaptive > one.best_single for one in found)
    assert (
        np.mean([one.balance_noisy for one in found]) < np.mean([one.balance_accurate for one in found]) - 3
    )
