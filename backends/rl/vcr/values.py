"""Distributions of returns over fixed atoms (C51, Bellemare et al. 2017)."""

import torch
from torch import Tensor

# Shape legend: B states, A actions, N atoms

_LEAST_PRIORITY = 1e-6


def atoms_of(number: int, bound: float, like: Tensor) -> Tensor:
    """The values that probabilities are given to."""
    return torch.linspace(-bound, bound, number, device=like.device)


def expected(log_p_BAN: Tensor, atoms_N: Tensor) -> Tensor:
    """The mean value of each action."""
    return log_p_BAN.exp() @ atoms_N


def projected(p_BN: Tensor, returns_B: Tensor, discounts_B: Tensor, atoms_N: Tensor) -> Tensor:
    """The distribution of return + discount x value, brought back to the atoms.

    Probability is shared between the two nearest atoms; what falls outside is moved to the edge.
    """
    step = atoms_N[1] - atoms_N[0]
    moved_BN = (returns_B[:, None] + discounts_B[:, None] * atoms_N).clamp(atoms_N[0], atoms_N[-1])
    place_BN = ((moved_BN - atoms_N[0]) / step).clamp(0, len(atoms_N) - 1)
    lower_BN = place_BN.floor().clamp(0, len(atoms_N) - 2)
    share_BN = place_BN - lower_BN
    found = torch.zeros_like(p_BN)
    found.scatter_add_(1, lower_BN.long(), p_BN * (1 - share_BN))
    return found.scatter_add_(1, lower_BN.long() + 1, p_BN * share_BN)


def cross_entropy(target_BN: Tensor, log_p_BN: Tensor) -> Tensor:
    """Of each state."""
    return -(target_BN * log_p_BN).sum(-1)


def surprise(target_BN: Tensor, log_p_BN: Tensor) -> Tensor:
    """KL(target, p) of each state: its new priority, never quite 0."""
    target = target_BN.clamp(min=_LEAST_PRIORITY)
    return (target * (target.log() - log_p_BN)).sum(-1).clamp(min=_LEAST_PRIORITY)
