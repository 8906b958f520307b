"""Steps down a loss, for networks so small that a step's bookkeeping costs as much as its arithmetic."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam


class FusedAdam(Adam):
    """Adam by torch's fused kernel, which takes one pass over the weights; state and checkpoints are Adam's.

    `descend` is `step` without what that looks up anew each time: options, hooks, devices.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], rate: float) -> None:
        super().__init__(parameters, lr=rate, fused=True)
        self.rate = rate

    @property
    def weights(self) -> list[Tensor]:
        """What it moves: its weights but for frozen ones."""
        return [weight for weight in self.param_groups[0]["params"] if weight.requires_grad]

    def anneal(self, done: float) -> None:
        """Lower the rate by a cosine: `done` is 0 at the first step; from 1 on the rate is 0."""
        self.param_groups[0]["lr"] = self.rate * (1 + math.cos(math.pi * min(done, 1.0))) / 2

    def descend(self) -> None:
        """One step by the gradients at hand, which it uses up; all weights must have one."""
        group, weights = self.param_groups[0], self.weights
        if not self.state:
            self.step()  # begins the state, too
            self.zero_grad()
            return
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        assert len(gradients) == len(weights), "a loss that does not depend on all weights that it shall move"
        states = [self.state[weight] for weight in weights]
        step = states[0]["step"]
        for state in states:  # one count for all, also after the state was loaded
            state["step"] = step
        with torch.no_grad():
            step += 1
            torch._fused_adam_(
                weights,
                gradients,
                [state["exp_avg"] for state in states],
                [state["exp_avg_sq"] for state in states],
                [],
                [step] * len(weights),
                lr=group["lr"],
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                weight_decay=0.0,
                eps=group["eps"],
                amsgrad=False,
                maximize=False,
            )
        for weight in weights:
            weight.grad = None


def take_step(optimiser: FusedAdam, loss: Tensor) -> None:
    """One step down a loss, if anything moves. No other weights that the loss depends on get gradients."""
    if weights := optimiser.weights:
        loss.backward(inputs=weights)  # type: ignore[no-untyped-call]
        optimiser.descend()


def squared_error(values_EB: Tensor, target_B: Tensor, weight_B: Tensor | None) -> Tensor:
    """Squared errors added over the members and averaged over the batch, each transition times its weight."""
    target_EB = target_B.expand_as(values_EB)
    if weight_B is None:
        return functional.mse_loss(values_EB, target_EB, reduction="sum") / len(target_B)
    return (functional.mse_loss(values_EB, target_EB, reduction="none") * weight_B).sum() / len(target_B)


def weighted_mean(loss_B: Tensor, weight_B: Tensor | None) -> Tensor:
    """The mean of a loss, each transition times its weight if there are weights."""
    return loss_B.mean() if weight_B is None else (loss_B * weight_B).mean()
