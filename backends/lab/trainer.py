"""The one training loop of the laboratory. A recipe is data and a loss; what is special comes as a hook.

The loop resumes bit by bit on a CPU: the batches are functions of their number, and the checkpoint holds the
weights, the optimiser, the hooks and the random streams. Devices, several of them, and mixed precision are
accelerate's; several processes each take their share of every batch, so that their number does not matter.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from backends.lab.batches import Batch, Batches, generator_for, stream
from backends.lab.checkpoint import load_checkpoint, random_state, restore_random_state, save_checkpoint
from backends.lab.errors import LabFailure, Stopped
from backends.lab.hooks import Hook
from backends.lab.optimisers import Optimiser, ParameterGroups
from backends.lab.reporter import Reporter
from backends.lab.schedules import Schedule

LossFunction = Callable[[nn.Module, Batch], Mapping[str, Tensor]]
Evaluation = Callable[[nn.Module], Mapping[str, float]]
Precision = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a recipe is trained. `compile`, `channels_last` and `workers` change the speed, not the result."""

    optimiser: Optimiser = field(default_factory=Optimiser)
    schedule: Schedule = field(default_factory=Schedule)
    accumulate: int = 1
    clip_norm: float | None = None
    evaluate_every: int | None = None
    checkpoint_every: int = 100
    log_every: int = 10
    precision: Precision = "fp32"
    compile: bool = False
    channels_last: bool = False
    workers: int = 0


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is trained, on what, by which loss.

    `loss` answers named values of which `loss` is minimised. `share` maps a step to the share of the run
    that is done before it, where steps do not cost the same; the schedule follows it.
    """

    model: nn.Module
    batches: Batches
    loss: LossFunction
    evaluate: Evaluation | None = None
    groups: ParameterGroups | None = None
    share: Callable[[int], float] | None = None
    hooks: Sequence[Hook] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a run came to: its last evaluation, the best value of each metric, and all evaluations by step.

    The best of a loss is its lowest value.
    """

    model: nn.Module
    steps: int
    metrics: Mapping[str, float]
    best: Mapping[str, float]
    history: tuple[tuple[int, Mapping[str, float]], ...]
    seconds: float


def train(recipe: Recipe, training: Training, report: Reporter) -> Trained:
    """Train a recipe, or go on with the training that `report.checkpoints` holds.

    Raises:
        Stopped: The run was cancelled; a checkpoint was written first.
        LabFailure: A value became infinite or not a number.
    """
    return Trainer(recipe, training, report).run()


class Trainer:
    """One training under way, as hooks see it: `model`, `optimiser`, `step` of `num_steps`, `share`."""

    def __init__(self, recipe: Recipe, training: Training, report: Reporter) -> None:
        self.recipe = recipe
        self.training = training
        self.report = report
        self.accelerator = Accelerator(
            cpu=report.device == "cpu",
            mixed_precision="no" if training.precision == "fp32" else training.precision,
        )
        self.model = recipe.model.to(self.accelerator.device)
        if training.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        groups = recipe.groups or training.optimiser.groups
        self.optimiser = self.accelerator.prepare_optimizer(training.optimiser.build(groups(self.model)))
        self._forward: nn.Module = self.model
        if training.compile:
            self._forward = torch.compile(self.model)  # type: ignore[assignment]
        if self.accelerator.num_processes > 1:
            self._forward = self.accelerator.prepare_model(self._forward)
        self.step = 0
        self.num_steps = len(recipe.batches) // training.accumulate
        if self.num_steps == 0:
            raise LabFailure("There is less data than one step needs; make the batches smaller.")
        self._metrics: dict[str, float] = {}
        self._best: dict[str, float] = {}
        self._history: list[tuple[int, dict[str, float]]] = []
        self._seconds = 0.0
        self._should_stop = False
        self._file = report.checkpoints / "training.safetensors"
        self._part_random_streams()

    @property
    def share(self) -> float:
        """The share of the run that is done."""
        return self.recipe.share(self.step) if self.recipe.share else self.step / self.num_steps

    def stop(self) -> None:
        """End the run after this step, as if it had been its last."""
        self._should_stop = True

    def run(self) -> Trained:
        """Train to the end."""
        state = load_checkpoint(self._file) if self._file.exists() else None
        if state is not None:
            self.step = state["step"]
        for hook in self.recipe.hooks:
            hook.on_start(self)
        if state is not None:
            self._restore(state)
        batches = self._batches()
        begin = time.perf_counter()
        while self.step < self.num_steps and not self._should_stop:
            if self._is_cancelled():
                self._seconds += time.perf_counter() - begin
                self._save()
                raise Stopped("the run was cancelled")
            self._take_step(batches)
            at_end = self.step == self.num_steps
            self.report.progress(self.step, self.num_steps)
            if self._is_due(self.training.evaluate_every) or (at_end and self.recipe.evaluate is not None):
                self._evaluate()
            if self._is_due(self.training.checkpoint_every) or at_end or self._should_stop:
                now = time.perf_counter()
                self._seconds, begin = self._seconds + now - begin, now
                self._save()
        return Trained(
            model=self.best_model(),
            steps=self.step,
            metrics=dict(self._metrics),
            best=dict(self._best),
            history=tuple(self._history),
            seconds=self._seconds,
        )

    def best_model(self) -> nn.Module:
        """The model to evaluate and keep: a hook's, such as the averaged one, or the trained one."""
        kept = [model for hook in self.recipe.hooks if (model := hook.evaluated_model()) is not None]
        return kept[-1] if kept else self.model

    def _take_step(self, batches: Iterator[Batch]) -> None:
        factor = self.training.schedule(self.share)
        for group in self.optimiser.param_groups:
            group["lr"] = self.training.optimiser.rate * group.get("scale", 1.0) * factor
        for hook in self.recipe.hooks:
            hook.before_step(self)
        self.model.train()
        values = self._gather_gradients(batches)
        for hook in self.recipe.hooks:
            hook.after_backward(self)
        limit = self.training.clip_norm
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), math.inf if limit is None else limit)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.step += 1
        for hook in self.recipe.hooks:
            hook.after_step(self)
        if self._is_due(self.training.log_every) or self.step in (1, self.num_steps):
            told = {name: float(value) for name, value in values.items()}
            rate = self.training.optimiser.rate * factor
            self._metric(**told, rate=rate, gradient_norm=float(norm) if norm is not None else 0.0)

    def _gather_gradients(self, batches: Iterator[Batch]) -> dict[str, Tensor]:
        values: dict[str, Tensor] = {}
        for part in range(self.training.accumulate):
            batch = self._on_device(next(batches))
            is_last = part == self.training.accumulate - 1
            with self.accelerator.no_sync(self._forward) if not is_last else nullcontext():
                with self.accelerator.autocast():
                    told = self.recipe.loss(self._forward, batch)
                self.accelerator.backward(told["loss"] / self.training.accumulate)
            for name, value in told.items():
                share = value.detach().float() / self.training.accumulate
                values[name] = values[name] + share if name in values else share
        return values

    def _on_device(self, batch: Batch) -> Batch:
        """This process's share of a batch, where it is computed."""
        each, own = self.accelerator.num_processes, self.accelerator.process_index
        if uneven := [name for name, value in batch.items() if len(value) % each]:
            raise LabFailure(
                f"A batch of {len(batch[uneven[0]])} cannot be shared by {each} processes evenly."
            )
        moved = {
            name: value[own::each].to(self.accelerator.device, non_blocking=True)
            for name, value in batch.items()
        }
        if self.training.channels_last:
            return {
                name: value.to(memory_format=torch.channels_last) if value.ndim == 4 else value
                for name, value in moved.items()
            }
        return moved

    def _batches(self) -> Iterator[Batch]:
        numbers = range(self.step * self.training.accumulate, self.num_steps * self.training.accumulate)
        return stream(self.recipe.batches, numbers, self.training.workers)

    def _evaluate(self) -> None:
        if self.recipe.evaluate is None:
            return
        model = self.best_model()
        model.eval()
        with torch.no_grad():
            found = dict(self.recipe.evaluate(model))
        self._metrics = found
        self._history.append((self.step, found))
        for name, value in found.items():
            better = min if "loss" in name else max
            self._best[name] = better(self._best.get(name, value), value)
        self._metric(**found)
        for hook in self.recipe.hooks:
            hook.after_evaluation(self, found)

    def _metric(self, **values: float) -> None:
        if self.accelerator.is_main_process:
            self.report.metric(self.step, **values)

    def _is_cancelled(self) -> bool:
        """Whether any process of the run was told to stop: all must stop at the same step."""
        asked = self.report.cancelled()
        if self.accelerator.num_processes == 1:
            return asked
        told = torch.tensor(float(asked), device=self.accelerator.device)
        return float(self.accelerator.reduce(told, reduction="sum")) > 0

    def _part_random_streams(self) -> None:
        """Give each further process a stream of its own, or all would drop the same features."""
        if (own := self.accelerator.process_index) > 0:
            torch.manual_seed(generator_for(torch.initial_seed(), self.step, own).initial_seed())

    def _is_due(self, every: int | None) -> bool:
        return every is not None and self.step % every == 0

    def _save(self) -> None:
        if not self.accelerator.is_main_process:
            return
        state: dict[str, Any] = {
            "step": self.step,
            "stopped": self._should_stop,
            "seconds": self._seconds,
            "metrics": self._metrics,
            "best": self._best,
            "history": self._history,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.accelerator.scaler.state_dict() if self.accelerator.scaler is not None else {},
            "hooks": [hook.state() for hook in self.recipe.hooks],
            "random": random_state(),
        }
        save_checkpoint(self._file, state)

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._should_stop = state["stopped"]
        self._seconds, self._metrics, self._best = state["seconds"], state["metrics"], state["best"]
        self._history = state["history"]
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        for hook, kept in zip(self.recipe.hooks, state["hooks"], strict=True):
            hook.restore(kept)
        restore_random_state(state["random"])
        self._part_random_streams()
