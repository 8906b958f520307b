"""The agents' networks and losses equal their naive forms; every agent learns and survives its file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.distributions import Independent, Normal, TanhTransform, TransformedDistribution

from backends.lab.checkpoint import load_checkpoint
from backends.lab.errors import LabError
from backends.lab.events import EventList, Log
from backends.lab.reporter import Reporter
from backends.rl.environments.mixtures import mixed_pendulum
from backends.rl.offline.presets import critics as published_critics
from backends.rl.offline_agents import cql
from backends.rl.offline_agents.agent import OfflineAgent, PolicyConstraint
from backends.rl.offline_agents.arms import Arm, train_arm
from backends.rl.offline_agents.batches import TransitionTensors
from backends.rl.offline_agents.cql import CQL, CQLConfig, SampledActions, gap_over_data
from backends.rl.offline_agents.descent import weighted_mean
from backends.rl.offline_agents.iql import expectile_loss
from backends.rl.offline_agents.making import AgentChoice, AgentName, build_agent, load_agent, save_agent
from backends.rl.offline_agents.networks import (
    Critics,
    GaussianPolicy,
    SquashedGaussianPolicy,
    follow,
)
from backends.rl.transitions.store import StateScaling

NAMES: tuple[AgentName, ...] = ("bc", "td3", "td3_bc", "awac", "iql", "cql", "one_step")
STORE = mixed_pendulum(4, 0.5, 0)


def small(name: AgentName, *, steps: int = 6, norm: bool = False) -> AgentChoice:
    return AgentChoice(name=name, hidden=(16, 16), steps=steps, layer_norm=norm)


def tensors() -> TransitionTensors:
    return TransitionTensors.of(STORE, discount=0.99, scaling=StateScaling.of(STORE))


@pytest.mark.parametrize("norm", [False, True])
def test_batched_critics_equal_separate_ones(norm: bool) -> None:
    torch.manual_seed(0)
    critics = Critics(5, (8, 8), layer_norm=norm)
    if norm:
        for scale in critics.scales:
            nn.init.uniform_(scale)
    x = torch.randn(7, 5)
    for member in range(2):
        h = x
        for layer in range(3):
            h = h @ critics.weights[layer][member] + critics.biases[layer][member]
            if layer < 2:
                if norm:
                    h = nn.functional.layer_norm(
                        h, (8,), critics.scales[layer][member, 0], critics.shifts[layer][member, 0]
                    )
                h = h.relu()
        torch.testing.assert_close(critics(x)[member], h[:, 0])
    torch.testing.assert_close(critics(x, members=1), critics(x)[:1])


def test_critics_have_the_published_number_of_weights() -> None:
    assert sum(weight.numel() for weight in published_critics().parameters()) == 2 * 72_193
    assert sum(weight.numel() for weight in published_critics(True).parameters()) == 2 * (72_193 + 1024)


def test_densities_are_those_of_torchs_distributions() -> None:
    torch.manual_seed(0)
    squashed, plain, obs = SquashedGaussianPolicy(3, 2, (8,)), GaussianPolicy(3, 2, (8,)), torch.randn(6, 3)
    action, log_prob = squashed.sample(obs)
    mean, log_std = squashed(obs)
    theirs = TransformedDistribution(Normal(mean, log_std.exp()), [TanhTransform(cache_size=1)])
    density = theirs.log_prob(action).sum(-1)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(log_prob, density, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(squashed.log_prob(obs, action), log_prob, rtol=1e-3, atol=1e-3)
    centre, std = plain(obs)
    independent = Independent(Normal(centre, std.expand_as(centre)), 1)
    expected = independent.log_prob(action)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(plain.log_prob(obs, action), expected)


def test_cqls_gap_is_the_importance_weighted_logsumexp() -> None:
    torch.manual_seed(0)
    agent = CQL(3, 1, CQLConfig(actions=4, hidden=(8, 8)))
    batch = tensors().batch(torch.arange(5))
    with torch.no_grad():
        following, following_log = agent.policy.sample(batch.next_obs, 4)
    torch.manual_seed(1)
    sampled = agent._sampled(batch, SampledActions(following, following_log))
    torch.manual_seed(1)
    with torch.no_grad():
        current, current_log = agent.policy.sample(batch.obs, 4)
        random = torch.empty_like(current).uniform_(-1, 1)
    values: list[Tensor] = [agent.critics(batch.x)]
    logs: list[Tensor] = []
    for actions, log_prob in (
        (random, torch.full((4, 5), float(np.log(0.5)))),
        (current, current_log),
        (following, following_log),
    ):
        for sample in range(4):
            values.append(agent.critics(torch.cat([batch.obs, actions[sample]], 1)))
            logs.append(log_prob[sample])
    weighed = torch.stack([(value - log) / 2 for value, log in zip(values[1:], logs, strict=True)])
    expected = 2 * torch.logsumexp(weighed, 0) - values[0]
    gap = gap_over_data(torch.stack(values, 1), sampled.log_prob, temperature=2.0)
    torch.testing.assert_close(gap, expected)
    torch.testing.assert_close(sampled.action, torch.cat([random, current, following]))


def test_cqls_critics_learn_the_same_whether_a_batch_is_taken_at_once_or_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch = tensors().batch(torch.arange(20), torch.rand(20))
    found = []
    for rows in (10_000, 40):  # all twenty states at once, and three at a time
        monkeypatch.setattr(cql, "ROWS_AT_ONCE", rows)
        torch.manual_seed(0)
        agent = CQL(3, 1, CQLConfig(actions=4, hidden=(8, 8)))
        metrics = agent.critic_step(batch)
        moments = [state["exp_avg"] for state in agent.critic_optimiser.state.values()]
        found.append((metrics, moments))
    torch.testing.assert_close(found[0], found[1])


def test_the_expectile_loss_is_asymmetric_and_half_is_half_the_square() -> None:
    difference = torch.tensor([-2.0, 3.0])
    torch.testing.assert_close(expectile_loss(difference, 0.7), torch.tensor([0.3 * 4, 0.7 * 9]))
    torch.testing.assert_close(expectile_loss(difference, 0.5), difference.square() / 2)


def test_weights_of_one_change_no_bit() -> None:
    data = tensors()
    index = torch.arange(64)
    for name in NAMES:
        agents = []
        for weight in (None, torch.ones(64)):
            torch.manual_seed(0)
            agent = build_agent(small(name), 3, 1)
            agents.append(agent)
            for _ in range(2):
                agent.critic_step(data.batch(index, weight))
                agent.actor_step(data.batch(index, weight))
        for one, other in zip(*(agent.state_dict().values() for agent in agents), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0)
    assert float(weighted_mean(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 0.0]))) == 1.0


def test_targets_follow() -> None:
    one, other = nn.Linear(2, 2), nn.Linear(2, 2)
    expected = 0.9 * one.weight.detach() + 0.1 * other.weight.detach()
    follow(one, other, 0.1)
    torch.testing.assert_close(one.weight.detach(), expected)


@pytest.mark.parametrize("name", NAMES)
def test_every_agent_moves_its_policy_within_bounds(name: AgentName, tmp_path: Path) -> None:
    torch.manual_seed(0)
    before = build_agent(small(name, steps=30), 3, 1)
    arm = Arm(choice=small(name, steps=30), batch_size=32, watch_every=15)
    found = train_arm(STORE, arm, 0, Reporter(EventList(), tmp_path))
    obs = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    action = found.saved.policy(obs)
    assert action.shape == (50, 1) and float(action.abs().max()) <= 1
    assert not torch.equal(before.act(torch.from_numpy(obs)), found.trained.agent.act(torch.from_numpy(obs)))
    file = tmp_path / "agent.safetensors"
    save_agent(file, found.saved.agent, arm.choice, found.saved.scaling, 0.99, "test")
    again = load_agent(file, 3, 1)
    torch.testing.assert_close(again.policy(obs), action)
    assert again.choice == arm.choice
    with pytest.raises(LabError, match="states of 3 numbers"):
        load_agent(file, 4, 1)


@pytest.mark.parametrize(
    ("decoupled", "reweight"), [(True, False), (False, False), (True, True), (False, True)]
)
def test_priorities_reach_the_policy_and_only_if_coupled_the_values(
    decoupled: bool, reweight: bool, tmp_path: Path
) -> None:
    weights = np.where(np.arange(len(STORE)) < 400, 2.0, 0.0)
    arm = Arm(choice=small("iql", steps=5), batch_size=32, decoupled=decoupled, reweight=reweight)
    plain = train_arm(STORE, arm, 0, Reporter(EventList(), tmp_path / "plain")).trained.agent
    weighed_arm = replace(arm, priorities=weights)
    weighed = train_arm(STORE, weighed_arm, 0, Reporter(EventList(), tmp_path / "weighed")).trained.agent
    one, other = plain.state_dict(), weighed.state_dict()
    same_values = torch.equal(one["critics.weights.0"], other["critics.weights.0"])
    assert same_values is decoupled
    assert not torch.equal(one["policy.body.0.weight"], other["policy.body.0.weight"])


def test_a_loss_that_is_no_number_is_a_divergence_too(tmp_path: Path) -> None:
    sink = EventList()
    arm = Arm(choice=small("td3", steps=40), batch_size=32, watch_every=30, checkpoint_every=5, log_every=10)
    agents: list[OfflineAgent] = []

    def catch(agent: OfflineAgent, data: TransitionTensors) -> PolicyConstraint:
        agents.append(agent)
        return agent.constraint

    def break_values(step: int) -> None:
        if step == 17:
            critics = agents[0].critics
            assert critics is not None
            with torch.no_grad():
                critics.biases[-1].fill_(float("nan"))

    scored: list[int] = []

    def score(policy: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> float:
        scored.append(len(scored))
        return 0.0

    arm = replace(arm, evaluate_every=10)
    report = Reporter(sink, tmp_path)
    found = train_arm(STORE, arm, 0, report, score, constrain=catch, before_step=break_values)
    assert found.trained.diverged_at == 20
    assert len(scored) == 1  # what has diverged is not played
    kept = load_checkpoint(tmp_path / "checkpoints" / "offline.safetensors")
    assert kept["steps"] == 15
    (said,) = (event.text for event in sink.events if isinstance(event, Log))
    assert "diverged by step 20" in said


def test_values_that_leave_every_return_end_the_training_and_it_is_said(tmp_path: Path) -> None:
    sink = EventList()
    arm = Arm(
        choice=small("td3", steps=40), batch_size=32, watch_every=10, checkpoint_every=10, discount=0.99
    )

    def explode(step: int) -> None:
        if step == 15:
            with torch.no_grad():
                critics = agents[0].critics
                assert critics is not None
                critics.biases[-1].fill_(1e9)

    agents: list[OfflineAgent] = []  # filled by the constraint's maker, which is handed the agent

    def catch(agent: OfflineAgent, data: TransitionTensors) -> PolicyConstraint:
        agents.append(agent)
        return agent.constraint

    found = train_arm(STORE, arm, 0, Reporter(sink, tmp_path), constrain=catch, before_step=explode)
    assert found.trained.diverged_at == 20
    said = [event.text for event in sink.events if isinstance(event, Log)]
    assert len(said) == 1 and "diverged by step 20" in said[0] and "is kept in" in said[0]
    assert (tmp_path / "checkpoints" / "offline.safetensors").exists()
