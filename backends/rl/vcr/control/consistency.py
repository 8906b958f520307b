"""What teaches the latent model: equal values of a set of actions in imagined and in real states.

Continuous actions cannot all be compared, so that some are drawn for each state: half near what the policy
would do there, half from anywhere.
"""

import torch
from torch import Tensor
from torch.func import functional_call

from backends.rl.vcr.control.networks import TwinValues

# Shape legend: B states, J actions compared, Z latent, A levers

_NEAR = 0.3
"""The deviation of the noise on the policy's actions."""


def compared_actions(policy_BA: Tensor, number: int) -> Tensor:
    """B x J x A: the policy's action with noise for half of them, evenly drawn ones for the others."""
    near = number // 2
    size = (len(policy_BA), number - near, policy_BA.shape[-1])
    anywhere = torch.empty(size, device=policy_BA.device).uniform_(-1, 1)
    around = policy_BA[:, None].expand(-1, near, -1)
    return torch.cat(((around + _NEAR * torch.randn_like(around)).clamp(-1, 1), anywhere), 1)


def values_of_all(
    values: TwinValues, latent_BZ: Tensor, actions_BJA: Tensor, *, teach_values: bool = True
) -> Tensor:
    """B x J x 2. Unless `teach_values`, gradients pass through to the latent and the values do not learn."""
    batch, number, _ = actions_BJA.shape
    latents = latent_BZ[:, None].expand(-1, number, -1).flatten(0, 1)
    given = (latents, actions_BJA.flatten(0, 1))
    if teach_values:
        found: Tensor = values(*given)
    else:
        still = {name: parameter.detach() for name, parameter in values.named_parameters()}
        found = functional_call(values, still, given)
    return found.view(batch, number, 2)


def value_distance(imagined_BJ2: Tensor, real_BJ2: Tensor, scale: Tensor) -> Tensor:
    """The squared difference of values in units of `scale`, of both opinions together, mean over actions."""
    return ((imagined_BJ2 - real_BJ2.detach()) / scale).square().sum(-1).mean(-1)
