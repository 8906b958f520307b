"""The random token of a frame: several categorical variables, drawn with a straight-through gradient."""

from typing import Literal

import torch
from torch import Tensor

# Shape legend: K variables, V classes of a variable, Z = K x V

Drawing = Literal["sample", "mode"]
"""`mode` takes the likeliest class instead of a random one: the deterministic model of the ablation."""


def mixed_logits(logits_Z: Tensor, variables: int, uniform: float = 0.01) -> Tensor:
    """Log-probabilities of each variable, mixed with a little of the even distribution."""
    p_KV = logits_Z.float().view(*logits_Z.shape[:-1], variables, -1).softmax(-1)
    return ((1 - uniform) * p_KV + uniform / p_KV.shape[-1]).log()


def draw(log_p_KV: Tensor, how: Drawing = "sample") -> Tensor:
    """A one-hot token, flat; its gradient is that of the probabilities."""
    p_KV = log_p_KV.exp()
    # The class of the largest p/e, with e exponential, is a draw from p, without making it sum to one again.
    odds_KV = p_KV / torch.empty_like(p_KV).exponential_() if how == "sample" else p_KV
    hard_KV = torch.zeros_like(p_KV).scatter_(-1, odds_KV.argmax(-1, keepdim=True), 1.0)
    return (hard_KV + p_KV - p_KV.detach()).flatten(-2) if p_KV.requires_grad else hard_KV.flatten(-2)


def divergence(log_p_KV: Tensor, log_q_KV: Tensor) -> Tensor:
    """KL(p, q), summed over the variables and averaged over everything else."""
    return (log_p_KV.exp() * (log_p_KV - log_q_KV)).sum((-2, -1)).mean()
