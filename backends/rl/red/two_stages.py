"""DeReD: representation from all data, last layers from rebalanced data, as in long-tailed classification.

How long the stages last is not in the released code, and is a setting here.
"""

from dataclasses import replace

import torch
from torch import nn

from backends.lab.reporter import Reporter
from backends.rl.offline_agents.agent import OfflineAgent
from backends.rl.offline_agents.arms import Arm, Score, TrainedArm, make_streams, train_arm
from backends.rl.offline_agents.batches import TransitionTensors
from backends.rl.offline_agents.making import build_agent
from backends.rl.offline_agents.networks import Critics
from backends.rl.offline_agents.training import OfflineTraining, train_offline
from backends.rl.samplers.priorities import Weights
from backends.rl.transitions.store import TransitionStore


def last_layers(agent: OfflineAgent) -> list[nn.Parameter]:
    """The weights and biases of every network's last layer, in a fixed order."""
    found: list[nn.Parameter] = []
    for _, module in sorted(agent.named_modules()):
        if isinstance(module, Critics):
            found += [module.weights[-1], module.biases[-1]]
        elif isinstance(module, nn.Sequential) and isinstance(module[-1], nn.Linear):
            found += list(module[-1].parameters())
    return found


def take_over(agent: OfflineAgent, trained: OfflineAgent, *, freeze: bool) -> None:
    """Give a fresh agent all but the last layers of a trained one, and freeze what it was given if asked."""
    last = {id(weight) for weight in last_layers(agent)}
    for weight, found in zip(agent.parameters(), trained.parameters(), strict=True):
        if id(weight) not in last:
            weight.data.copy_(found.detach())
            weight.requires_grad_(weight.requires_grad and not freeze)


def train_two_stages(
    store: TransitionStore,
    arm: Arm,
    second_steps: int,
    weights: Weights,
    seed: int,
    report: Reporter,
    score: Score | None = None,
    *,
    freeze: bool = True,
) -> TrainedArm:
    """Train uniformly for the arm's steps, then the last layers by the weights."""
    first = train_arm(store, arm, seed, report.part("first"), score)
    # A new agent, so that moments, schedules and phases begin anew, over the second stage's own steps.
    torch.manual_seed(seed + 1)
    choice = replace(arm.choice, steps=second_steps)
    agent = build_agent(choice, store.obs_dim, store.action_dim).to(report.device)
    take_over(agent, first.saved.agent, freeze=freeze)
    data = TransitionTensors.of(
        store, discount=arm.discount, scaling=first.saved.scaling, device=report.device
    )
    balanced = replace(arm, priorities=weights, decoupled=False)
    training = OfflineTraining(
        steps=second_steps,
        log_every=arm.log_every,
        checkpoint_every=arm.checkpoint_every,
        watch_every=None,
    )
    saved = replace(first.saved, agent=agent)

    def evaluate(_: OfflineAgent) -> dict[str, float]:
        assert score is not None
        return {"score": score(lambda obs: saved.policy(obs).cpu().numpy())}

    streams = make_streams(balanced, len(store), seed + 1, report)
    second = report.part("second")
    trained = train_offline(agent, data, streams, training, second, None if score is None else evaluate)
    return TrainedArm(trained, saved)
