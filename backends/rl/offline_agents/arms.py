"""One arm of a comparison of offline trainings: an agent on a store, with or without priorities."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from backends.lab.reporter import Reporter
from backends.rl.offline_agents.agent import OfflineAgent, PolicyConstraint
from backends.rl.offline_agents.batches import TransitionTensors
from backends.rl.offline_agents.making import AgentChoice, SavedAgent, build_agent
from backends.rl.offline_agents.training import OfflineTrained, OfflineTraining, Streams, train_offline
from backends.rl.samplers.index_stream import IndexStream
from backends.rl.transitions.store import StateScaling, TransitionStore

Score = Callable[[Callable[[NDArray[np.float32]], NDArray[np.float32]]], float]
"""The normalised score of a policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """How an agent is trained.

    `priorities` are resampled (or multiply the losses, if `reweight`), for the policy alone if `decoupled`.
    """

    choice: AgentChoice
    priorities: NDArray[np.float64] | None = None
    decoupled: bool = False
    reweight: bool = False
    batch_size: int = 256
    discount: float = 0.99
    evaluate_every: int | None = None
    checkpoint_every: int = 2000
    log_every: int = 100
    watch_every: int | None = 1000


@dataclass(frozen=True, slots=True)
class TrainedArm:
    """An arm's training, and the agent with what it takes to use it."""

    trained: OfflineTrained
    saved: SavedAgent


def train_arm(
    store: TransitionStore,
    arm: Arm,
    seed: int,
    report: Reporter,
    score: Score | None = None,
    *,
    constrain: Callable[[OfflineAgent, TransitionTensors], PolicyConstraint] | None = None,
    before_step: Callable[[int], None] = lambda step: None,
) -> TrainedArm:
    """Train an agent from a seed; the same seed gives the same first weights and batches to every arm."""
    scaling = StateScaling.of(store)
    torch.manual_seed(seed)
    agent = build_agent(arm.choice, store.obs_dim, store.action_dim).to(report.device)
    data = TransitionTensors.of(store, discount=arm.discount, scaling=scaling, device=report.device)
    if constrain is not None:
        agent.constraint = constrain(agent, data)
    saved = SavedAgent(agent, scaling, arm.choice, arm.discount)

    def evaluate(_: OfflineAgent) -> dict[str, float]:
        assert score is not None
        return {"score": score(lambda obs: saved.policy(obs).cpu().numpy())}

    training = OfflineTraining(
        steps=arm.choice.steps,
        evaluate_every=arm.evaluate_every,
        checkpoint_every=arm.checkpoint_every,
        log_every=arm.log_every,
        watch_every=arm.watch_every,
        before_step=before_step,
    )
    streams = make_streams(arm, len(store), seed, report)
    trained = train_offline(agent, data, streams, training, report, None if score is None else evaluate)
    return TrainedArm(trained, saved)


def make_streams(arm: Arm, size: int, seed: int, report: Reporter) -> Streams:
    """The streams of batches that an arm asks for."""

    def stream(number: int, weights: NDArray[np.float64] | None) -> IndexStream:
        return IndexStream(
            size=size,
            batch_size=arm.batch_size,
            seed=seed,
            stream=number,
            weights=weights,
            device=report.device,
        )

    if arm.priorities is None:
        return Streams(values=stream(0, None))
    if arm.reweight:
        weights = torch.from_numpy(arm.priorities.astype(np.float32)).to(report.device)
        return Streams(
            values=stream(0, None),
            value_weights=None if arm.decoupled else weights,
            policy_weights=weights,
        )
    if arm.decoupled:
        return Streams(values=stream(0, None), policy=stream(1, arm.priorities))
    return Streams(values=stream(0, arm.priorities))
