"""A training that asks: TD3+BC whose pull to the data follows the answers, with an oracle on the pendulum.

Questions are asked in rounds, about the transitions where the policy is farthest from its data. Those on
which the critics disagree most are left out: there the policy's action lies outside of what the data can
judge.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from backends.lab.batches import generator_for
from backends.lab.checkpoint import load_checkpoint, save_checkpoint
from backends.lab.reporter import Reporter
from backends.rl.constraints.oracles import futures_oracle
from backends.rl.constraints.preferences import (
    Oracle,
    PreferenceConstraint,
    PreferenceWeights,
    farthest,
    noisy,
)
from backends.rl.environments.mixtures import mixed_pendulum, pendulum_score
from backends.rl.oap.spec import TrainParams, TrainResult
from backends.rl.offline_agents.agent import OfflineAgent
from backends.rl.offline_agents.arms import Arm, train_arm
from backends.rl.offline_agents.batches import TransitionTensors
from backends.rl.offline_agents.making import AgentChoice, save_agent
from backends.rl.transitions.store import TransitionStore

_SAMPLE = 100_000  # transitions among which the farthest are sought
_DISAGREE = 0.95  # quantile of the critics' disagreement above which nothing is asked


def train(params: TrainParams, report: Reporter) -> TrainResult:
    """Train with questions, and score the policy."""
    store = mixed_pendulum(params.episodes, params.expert_share, params.seed)
    choice = AgentChoice(name="td3_bc", hidden=params.hidden, steps=params.steps)
    arm = Arm(choice=choice, batch_size=params.batch_size, checkpoint_every=max(params.steps, 1))
    sessions: list[PreferenceSession] = []

    def constrain(agent: OfflineAgent, data: TransitionTensors) -> PreferenceConstraint:
        session = PreferenceSession.begin(agent, data, store, params, report)
        sessions.append(session)
        return session.constraint

    found = train_arm(
        store,
        arm,
        params.seed,
        report,
        lambda policy: pendulum_score(policy, 50, 10_000),
        constrain=constrain,
        before_step=lambda step: sessions[0].before_step(step),
    )
    path = report.artifact_path("agent.safetensors")
    save_agent(path, found.saved.agent, choice, found.saved.scaling, arm.discount, "rl.oap")
    kept = report.artifact(path, f"TD3+BC after {sessions[0].constraint.asked} answers.")
    metrics = {
        "score": found.trained.final["score"],
        "asked": float(sessions[0].constraint.asked),
        "policy_preferred": sessions[0].preferred_share,
    }
    return TrainResult(metrics=metrics, artifacts=(kept,), agent=kept.path)


@dataclass
class PreferenceSession:
    """The questions of one training. What was answered is kept beside the training's own checkpoint."""

    agent: OfflineAgent
    data: TransitionTensors
    store: TransitionStore
    params: TrainParams
    report: Reporter
    constraint: PreferenceConstraint
    oracle: Oracle
    preferred: int = 0

    @classmethod
    def begin(
        cls,
        agent: OfflineAgent,
        data: TransitionTensors,
        store: TransitionStore,
        params: TrainParams,
        report: Reporter,
    ) -> "PreferenceSession":
        weights = PreferenceWeights(encourage=params.encourage, suppress=params.suppress, mode=params.mode)
        action = data.batch(torch.arange(len(data), device=report.device)).action
        constraint = PreferenceConstraint(action, weights)
        return cls(agent, data, store, params, report, constraint, _oracle(params))

    @property
    def preferred_share(self) -> float:
        """In how many of the answers the policy's action was the better one."""
        return self.preferred / max(self.constraint.asked, 1)

    def before_step(self, step: int) -> None:
        """Ask at the beginning of each round but for the first, when there is no policy yet."""
        length = max(self.params.steps // (self.params.rounds + 1), 1)
        number, place = divmod(step, length)
        if place or not 1 <= number <= self.params.rounds:
            return
        file = self.report.checkpoints / f"answers-{number}.safetensors"
        if file.exists():  # answers are asked for once, also by a run that goes on
            state = load_checkpoint(file)
            self.preferred = state["preferred"]
            self.constraint.restore(state["constraint"])
            return
        self._ask(number)
        save_checkpoint(file, {"preferred": self.preferred, "constraint": self.constraint.state()})

    def _ask(self, number: int) -> None:
        self.constraint.next_round()
        left = self.params.budget - self.constraint.asked
        count = min(self.params.budget // self.params.rounds, left)
        index = torch.randperm(len(self.data), generator=generator_for(self.params.seed, 11, number))
        batch = self.data.batch(index[:_SAMPLE].to(self.report.device))
        own = self.agent.act(batch.obs)
        distance = (own - batch.action).norm(dim=1)
        distance = torch.where(self._is_judged(batch.obs, own), distance, -1.0)
        chosen = torch.from_numpy(farthest(distance.double().cpu().numpy(), count))
        rows = batch.index.cpu()[chosen].numpy()
        policy_action = own[chosen].cpu().numpy()
        told = self.oracle(self.store.obs[rows], self.store.action[rows], policy_action)
        self.preferred += int(told.sum())
        self.constraint.answer(batch.index[chosen], own[chosen], torch.from_numpy(told).to(own.device))
        self.report.log(
            f"Round {number}: {len(told)} questions, the policy's action better in {told.mean():.0%}."
        )

    def _is_judged(self, obs: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Where the critics agree well enough about the policy's action for it to be asked about."""
        assert self.agent.critics is not None
        with torch.no_grad():
            first, second = self.agent.critics(torch.cat([obs, action], 1))
        gap = (first - second).abs()
        judged: torch.Tensor = gap <= torch.quantile(gap, _DISAGREE)
        return judged


def _oracle(params: TrainParams) -> Oracle:
    match params.oracle:
        case "futures":
            answers = futures_oracle()
        case "data":
            answers = _always_data
        case "random":
            answers = noisy(_always_data, 0.5, params.seed)
    return noisy(answers, params.mistakes, params.seed + 1) if params.mistakes > 0 else answers


def _always_data(
    obs: NDArray[np.float32], data: NDArray[np.float32], policy: NDArray[np.float32]
) -> NDArray[np.bool_]:
    return np.zeros(len(obs), np.bool_)
