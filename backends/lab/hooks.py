"""What can be added to a training loop: moments at which a hook is called, and the hooks that all share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

if TYPE_CHECKING:
    from backends.lab.trainer import Trainer


class Hook:
    """Called by the trainer; what a method does not need it inherits. State goes into the checkpoints."""

    def on_start(self, trainer: Trainer) -> None:
        """Before the first step, and before a checkpoint is loaded; `trainer.step` says where it goes on."""

    def before_step(self, trainer: Trainer) -> None:
        """Before the batches of a step are drawn."""

    def after_backward(self, trainer: Trainer) -> None:
        """When the gradients of a step are complete, before they are clipped."""

    def after_step(self, trainer: Trainer) -> None:
        """When the weights have been changed."""

    def after_evaluation(self, trainer: Trainer, metrics: Mapping[str, float]) -> None:
        """When the model was evaluated; `trainer.stop()` ends the run."""

    def evaluated_model(self) -> nn.Module | None:
        """The model to evaluate and to keep instead of the trained one."""
        return None

    def state(self) -> dict[str, Any]:
        """What a resumed run must know."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state back."""


class AverageWeights(Hook):
    """An exponential moving average of weights and buffers, which is evaluated in place of the model."""

    def __init__(self, decay: float) -> None:
        self._decay = decay
        self._average: AveragedModel | None = None

    def on_start(self, trainer: Trainer) -> None:
        step = get_ema_multi_avg_fn(self._decay)  # type: ignore[no-untyped-call]
        self._average = AveragedModel(trainer.model, multi_avg_fn=step, use_buffers=True)

    def after_step(self, trainer: Trainer) -> None:
        self._running().update_parameters(trainer.model)

    def evaluated_model(self) -> nn.Module | None:
        return self._running().module

    def state(self) -> dict[str, Any]:
        return dict(self._running().state_dict())

    def restore(self, state: Mapping[str, Any]) -> None:
        self._running().load_state_dict(dict(state))

    def _running(self) -> AveragedModel:
        assert self._average is not None, "the trainer starts its hooks"
        return self._average


class StopEarly(Hook):
    """Ends a run when a metric has not become better for `patience` evaluations."""

    def __init__(self, metric: str, patience: int, better: Literal["higher", "lower"] = "higher") -> None:
        self._metric = metric
        self._patience = patience
        self._sign = 1 if better == "higher" else -1
        self._best: float | None = None
        self._since = 0

    def after_evaluation(self, trainer: Trainer, metrics: Mapping[str, float]) -> None:
        value = self._sign * metrics[self._metric]
        if self._best is None or value > self._best:
            self._best, self._since = value, 0
            return
        self._since += 1
        if self._since >= self._patience:
            trainer.stop()

    def state(self) -> dict[str, Any]:
        return {"best": self._best, "since": self._since}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._best, self._since = state["best"], state["since"]
