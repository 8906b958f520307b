"""The Self-Excite Eigenvalue Measure of a critic on a set of transitions (arXiv 2310.04411, section 3).

With u = Q(X) - (r + g Q(X*)), a gradient step of size h on the mean of u^2 moves u by (2h/N) A u to first
order, where A_ij = g_i G(x*_i, x_j) - G(x_i, x_j) and G is the neural tangent kernel. If an eigenvalue of A
has a positive real part, raising the values raises their targets by more: the error feeds itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

# Shape legend: N transitions, D width of a state and an action together, P parameters
_ROWS = 64  # gradients that are held beside those of all points


@dataclass(frozen=True, slots=True)
class SelfExcitation:
    """What the measure says.

    `eigenvalue` is the largest real part of A's eigenvalues, `normalised` the same over A's Frobenius norm,
    `points` is N.
    """

    eigenvalue: float
    normalised: float
    points: int

    @property
    def diverges(self) -> bool:
        return self.eigenvalue > 0

    def growth(self, rate: float) -> float:
        """By what share the error grows in one step of plain gradient descent on the mean squared error."""
        return 2 * rate * self.eigenvalue / self.points


def value_gradients(critic: nn.Module, x_ND: Tensor) -> Tensor:
    """The gradient of each point's value with respect to all weights, one row a point.

    A critic of several heads is measured by its first, as the authors do.
    """
    weights = {name: weight.detach() for name, weight in critic.named_parameters()}

    def value(some: dict[str, Tensor], x_D: Tensor) -> Tensor:
        found: Tensor = functional_call(critic, some, (x_D[None],)).reshape(-1)[0]
        return found

    each: Callable[[dict[str, Tensor], Tensor], dict[str, Tensor]] = vmap(grad(value), in_dims=(None, 0))
    return torch.cat([part.flatten(1) for part in each(weights, x_ND).values()], dim=1)


def excitation_matrix(critic: nn.Module, x_ND: Tensor, next_x_ND: Tensor, discount_N: Tensor) -> Tensor:
    """A, in double precision; `discount_N` is zero where a transition ends its episode for good."""
    phi_NP = torch.cat([value_gradients(critic, some) for some in torch.split(x_ND, _ROWS)])
    rows = []
    for start in range(0, len(x_ND), _ROWS):
        some = slice(start, start + _ROWS)
        next_phi = value_gradients(critic, next_x_ND[some])
        difference = discount_N[some, None] * next_phi - phi_NP[some]
        rows.append((difference @ phi_NP.T).double())
    return torch.cat(rows)


def self_excitation(critic: nn.Module, x_ND: Tensor, next_x_ND: Tensor, discount_N: Tensor) -> SelfExcitation:
    """Measure a critic at states and actions of the data, and where it is bootstrapped from.

    Raises:
        ValueError: A gradient is not finite: the critic has crashed already.
    """
    matrix_NN = excitation_matrix(critic, x_ND, next_x_ND, discount_N)
    if not torch.isfinite(matrix_NN).all():
        raise ValueError("The critic's gradients are not finite any more; measure an earlier checkpoint.")
    largest = float(torch.linalg.eigvals(matrix_NN.cpu()).real.max())
    norm = float(torch.linalg.matrix_norm(matrix_NN))
    return SelfExcitation(largest, largest / norm if norm > 0 else 0.0, len(x_ND))
