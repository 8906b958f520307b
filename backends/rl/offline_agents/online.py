"""SAC in an environment: where experts have to be learnt, and where all that it lives through is the data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from backends.lab.checkpoint import load_checkpoint, random_state, restore_random_state, save_checkpoint
from backends.lab.reporter import Reporter
from backends.rl.environments.making import Environment, widths
from backends.rl.environments.scripted import Policy
from backends.rl.offline_agents.batches import TransitionTensors
from backends.rl.offline_agents.cql import CQL, CQLConfig
from backends.rl.transitions.store import TransitionStore, make_store

_RANDOM_STEPS = 1000  # before the first update
_BATCH = 256
_DISCOUNT = 0.99
_CHECKPOINT_EVERY = 20_000


def learn_online(
    environment: Environment,
    name: str,
    steps: int,
    seed: int,
    report: Reporter,
    hidden: tuple[int, ...] = (256, 256),
) -> tuple[Policy, TransitionStore]:
    """Train SAC for so many steps, one update each; its greedy policy, and every transition in order.

    Goes on with the training that `report.checkpoints` holds.

    Raises:
        Stopped: The run was cancelled; a checkpoint was written first, at the end of an episode.
    """
    obs_dim, action_dim = widths(environment)
    torch.manual_seed(seed)
    agent = CQL(obs_dim, action_dim, CQLConfig(weight=0.0, entropy_in_target=True, hidden=hidden))
    agent.to(report.device)
    # Laid out as TransitionTensors has it; the unused next action stays zero.
    rows = torch.zeros(steps, 2 * obs_dim + 2 * action_dim + 2, device=report.device)
    learning = _Learning(environment, agent, TransitionTensors(rows, obs_dim, action_dim), seed)
    file = report.checkpoints / "sac.safetensors"
    if file.exists():
        learning.restore(load_checkpoint(file))
    kept = learning.num_steps
    while learning.num_steps < steps:
        if report.cancelled():
            save_checkpoint(file, learning.state())
            report.check_cancelled()
        learning.live_an_episode(report)
        if learning.num_steps - kept >= _CHECKPOINT_EVERY or learning.num_steps == steps:
            save_checkpoint(file, learning.state())
            kept = learning.num_steps

    def policy(states: NDArray[np.float32]) -> NDArray[np.float32]:
        return agent.act(torch.from_numpy(states).to(report.device)).cpu().numpy()

    return policy, _as_store(learning.lived, learning.last_rows, name)


@dataclass
class _Learning:
    """An agent, all that it lived through, and where in it episodes ended."""

    environment: Environment
    agent: CQL
    lived: TransitionTensors
    seed: int
    num_steps: int = 0
    last_rows: list[int] = field(default_factory=list)

    def live_an_episode(self, report: Reporter) -> None:
        """Chance follows from the seed and the episode's number; updates draw from torch's stream."""
        stream = np.random.default_rng((self.seed, len(self.last_rows)))
        obs, _ = self.environment.reset(seed=int(stream.integers(2**31)))
        total = 0.0
        while self.num_steps < len(self.lived):
            action = self._action(obs, stream)
            following, reward, terminal, timeout, _ = self.environment.step(action)
            self._keep(obs, action, following, float(reward), terminal=terminal)
            total += float(reward)
            obs = following
            self.num_steps += 1
            if self.num_steps > _RANDOM_STEPS:
                index = torch.randint(self.num_steps, (_BATCH,), device=report.device)
                batch = self.lived.batch(index)
                self.agent.critic_step(batch)
                self.agent.actor_step(batch)
            report.progress(self.num_steps, len(self.lived))
            if terminal or timeout:
                self.last_rows.append(self.num_steps - 1)
                report.metric(self.num_steps, episode_return=total)
                return

    def _action(self, obs: NDArray[Any], stream: np.random.Generator) -> NDArray[np.float32]:
        if self.num_steps < _RANDOM_STEPS:
            return stream.uniform(-1, 1, self.lived.action_dim).astype(np.float32)
        seen = torch.from_numpy(np.asarray(obs, np.float32)[None]).to(self.lived.rows.device)
        return self.agent.act(seen, deterministic=False)[0].cpu().numpy()

    def _keep(
        self,
        obs: NDArray[Any],
        action: NDArray[Any],
        following: NDArray[Any],
        reward: float,
        *,
        terminal: bool,
    ) -> None:
        next_action = np.zeros_like(action)
        end = [reward, 0.0 if terminal else _DISCOUNT]
        row = np.concatenate([obs, action, following, next_action, end]).astype(np.float32)
        self.lived.rows[self.num_steps] = torch.from_numpy(row)

    def state(self) -> dict[str, Any]:
        """What a resumed training must know, at the end of an episode."""
        return {
            "agent": self.agent.state(),
            "rows": self.lived.rows[: self.num_steps],
            "last_rows": self.last_rows,
            "random": random_state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state back."""
        self.agent.restore(state["agent"])
        self.num_steps = len(state["rows"])
        self.lived.rows[: self.num_steps] = state["rows"].to(self.lived.rows.device)
        self.last_rows = list(state["last_rows"])
        restore_random_state(state["random"])


def _as_store(lived: TransitionTensors, last_rows: list[int], name: str) -> TransitionStore:
    every = lived.batch(torch.arange(len(lived)))
    terminal = (every.discount == 0).cpu().numpy()
    ends = np.isin(np.arange(len(lived)), last_rows)
    return make_store(
        {
            "obs": every.obs.cpu().numpy(),
            "action": every.action.cpu().numpy(),
            "reward": every.reward.cpu().numpy(),
            "next_obs": every.next_obs.cpu().numpy(),
            "terminal": terminal,
            "timeout": ends & ~terminal,
        },
        name=f"{name}, replay",
        environment=name,
    )
