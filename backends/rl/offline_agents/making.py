"""Agents by name, and policies as files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from backends.lab.checkpoint import load_weights, save_weights
from backends.lab.errors import LabError
from backends.rl.offline_agents.agent import OfflineAgent
from backends.rl.offline_agents.awac import AWAC, AWACConfig
from backends.rl.offline_agents.behaviour_cloning import BCConfig, BehaviourCloning
from backends.rl.offline_agents.cql import CQL, CQLConfig
from backends.rl.offline_agents.iql import IQL, IQLConfig
from backends.rl.offline_agents.one_step import OneStep, OneStepConfig
from backends.rl.offline_agents.td3_bc import TD3BC, TD3BCConfig
from backends.rl.transitions.store import StateScaling

AgentName = Literal["bc", "td3", "td3_bc", "awac", "iql", "cql", "one_step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChoice:
    """An agent with the settings that people change; None is the agent's own default."""

    name: AgentName
    hidden: tuple[int, ...] = (256, 256)
    layer_norm: bool = False
    strength: float | None = None
    expectile: float | None = None
    steps: int = 1_000_000


def build_agent(choice: AgentChoice, obs_dim: int, action_dim: int) -> OfflineAgent:
    """Build an agent with fresh weights from torch's random stream.

    `strength` is what balances values against the data: alpha of TD3+BC, beta of IQL, one over AWAC's
    lambda, CQL's weight, one-step RL's temperature.
    """
    hidden, norm, strength = choice.hidden, choice.layer_norm, choice.strength
    match choice.name:
        case "bc":
            return BehaviourCloning(obs_dim, action_dim, BCConfig(hidden=hidden))
        case "td3":
            plain = TD3BCConfig(pull_to_data=False, hidden=hidden, layer_norm=norm)
            return TD3BC(obs_dim, action_dim, plain)
        case "td3_bc":
            pulled = TD3BCConfig(alpha=_or(strength, 2.5), hidden=hidden, layer_norm=norm)
            return TD3BC(obs_dim, action_dim, pulled)
        case "awac":
            awac = AWACConfig(temperature=1 / _or(strength, 1.0), hidden=hidden, layer_norm=norm)
            return AWAC(obs_dim, action_dim, awac)
        case "iql":
            iql = IQLConfig(
                beta=_or(strength, 3.0),
                expectile=_or(choice.expectile, 0.7),
                decay_steps=choice.steps,
                hidden=hidden,
                layer_norm=norm,
            )
            return IQL(obs_dim, action_dim, iql)
        case "cql":
            cql = CQLConfig(weight=_or(strength, 5.0), hidden=hidden, layer_norm=norm)
            return CQL(obs_dim, action_dim, cql)
        case "one_step":
            # The case study's phases in proportion: 5 to 20 to 1.
            clone, value = choice.steps * 5 // 26, choice.steps * 20 // 26
            one = OneStepConfig(
                clone_steps=max(clone, 1),
                value_steps=value,
                temperature=_or(strength, 1.0),
                rate=3e-4,
                hidden=hidden,
                layer_norm=norm,
            )
            return OneStep(obs_dim, action_dim, one)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


@dataclass(frozen=True, slots=True)
class SavedAgent:
    """An agent as a file keeps it, with the scaling of states that it was trained behind."""

    agent: OfflineAgent
    scaling: StateScaling
    choice: AgentChoice
    discount: float

    def policy(self, obs: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Tensor:
        """Greedy actions for states as the environment gives them."""
        device = next(self.agent.parameters()).device
        return self.agent.act(torch.from_numpy(self.scaling(obs)).to(device))


def save_agent(
    file: Path, agent: OfflineAgent, choice: AgentChoice, scaling: StateScaling, discount: float, system: str
) -> None:
    """Write an agent with all that is needed to use it."""
    about = {
        "system": system,
        "agent": json.dumps(
            {
                "name": choice.name,
                "hidden": list(choice.hidden),
                "layer_norm": choice.layer_norm,
                "strength": choice.strength,
                "expectile": choice.expectile,
                "steps": choice.steps,
            }
        ),
        "discount": repr(discount),
    }
    weights: dict[str, Tensor] = {
        **agent.state_dict(),
        "scaling.mean": torch.from_numpy(scaling.mean),
        "scaling.std": torch.from_numpy(scaling.std),
    }
    save_weights(file, weights, about)


def load_agent(file: Path, obs_dim: int, action_dim: int) -> SavedAgent:
    """Read an agent for states and actions of these widths.

    Raises:
        LabError: It was not written by an offline training, or is for other states or actions.
    """
    weights, about = load_weights(file)
    if "agent" not in about:
        raise LabError(f"{file} holds no offline agent; give the agent.safetensors of an offline training.")
    told = json.loads(about["agent"])
    hidden: Sequence[int] = told["hidden"]
    choice = AgentChoice(
        name=told["name"],
        hidden=tuple(hidden),
        layer_norm=told["layer_norm"],
        strength=told["strength"],
        expectile=told["expectile"],
        steps=told["steps"],
    )
    mean, std = weights.pop("scaling.mean").numpy(), weights.pop("scaling.std").numpy()
    if len(mean) != obs_dim:
        raise LabError(f"{file} is for states of {len(mean)} numbers; here they have {obs_dim}.")
    agent = build_agent(choice, obs_dim, action_dim)
    try:
        agent.load_state_dict(weights)
    except RuntimeError as error:
        raise LabError(f"{file} does not fit actions of {action_dim} numbers.") from error
    return SavedAgent(agent.eval(), StateScaling(mean, std), choice, float(about["discount"]))
