"""What teaches the latent model: equal values of imagined and real states, or, its rival, equal latents.

VCR compares the values of all actions in the state that was imagined and in the one that came; SPR compares
projections of the latents themselves. The paper's text leaves open how two sets of values are compared, so
that the three readings of it are a switch here.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from backends.rl.vcr.networks import ValueHead
from backends.rl.vcr.values import expected

# Shape legend: B states, K steps imagined, A actions, N atoms, P projection

Distance = Literal["ce", "mse", "kl_softmax"]


def value_distance(imagined_BAN: Tensor, real_BAN: Tensor, atoms_N: Tensor, distance: Distance) -> Tensor:
    """How far values of actions are from those they should be, for each state.

    `ce` is the cross entropy of each action's atoms and `mse` the squared difference of its mean value, both
    averaged over the actions; `kl_softmax` compares how actions are ranked, by the softmax of their values.
    Gradients flow to the imagined side only. The cross entropy is taken less the real side's own entropy,
    which changes no gradient and makes 0 of equality.
    """
    real_BAN = real_BAN.detach()
    match distance:
        case "ce":
            return (real_BAN.exp() * (real_BAN - imagined_BAN)).sum(-1).mean(-1)
        case "mse":
            return (expected(imagined_BAN, atoms_N) - expected(real_BAN, atoms_N)).square().mean(-1)
        case "kl_softmax":
            log_p_BA = expected(imagined_BAN, atoms_N).log_softmax(-1)
            log_q_BA = expected(real_BAN, atoms_N).log_softmax(-1)
            return (log_q_BA.exp() * (log_q_BA - log_p_BA)).sum(-1)


def imagined_values(head: ValueHead, latents: Tensor, *, teach_head: bool) -> Tensor:
    """Values of imagined states without noise.

    Unless `teach_head`, the head passes the gradient on and does not learn from it: making all values equal
    would satisfy the loss too.
    """
    if teach_head:
        values: Tensor = head(latents, False)
        return values
    still = {name: parameter.detach() for name, parameter in head.named_parameters()}
    frozen: Tensor = functional_call(head, still, (latents, False))
    return frozen


def latent_distance(predicted_BP: Tensor, real_BP: Tensor) -> Tensor:
    """The squared distance of directions, for each state (SPR)."""
    ours = functional.normalize(predicted_BP, dim=-1, eps=1e-3)
    theirs = functional.normalize(real_BP.detach(), dim=-1, eps=1e-3)
    return (ours - theirs).square().sum(-1)


def still_going(ends_BK: Tensor) -> Tensor:
    """For the states after 1 to K steps, 1 if no step before them was an end, else 0."""
    return (ends_BK.long().cumsum(1) == 0).to(torch.float32)
