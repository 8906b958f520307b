"""An experiment of arms: each model trained with each seed, for equal steps on the same pictures.

A label of a picture is one class, or a class for every token, where a negative number asks for nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from pydantic import BaseModel
from torch import Tensor, nn
from torch.nn import functional

from backends.lab.batches import Batch, Shuffled
from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.optimisers import Optimiser
from backends.lab.readers.images import LabelledImages
from backends.lab.reporter import Reporter
from backends.lab.schedules import Schedule
from backends.lab.trainer import Recipe, Training
from backends.lab.trainer import train as train_recipe
from backends.vision.efficient_train.batches import normalised
from backends.vision.hosts.batches import ShuffledBatches

_AT_ONCE = 256  # pictures in a batch where no gradients are kept
_ASKS_NOTHING = -1


@dataclass(frozen=True, slots=True)
class Examples:
    """Pictures (N x C x S x S, around zero) and their labels (N, or N x tokens)."""

    pictures: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True)
class Task:
    """What an arm is trained and tested on."""

    train: Examples
    test: Examples


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how every arm is trained, and evaluated: at the end and `evaluate_every` so many steps."""

    steps: int
    batch_size: int
    rate: float
    seeds: int
    first_seed: int
    evaluate_every: int | None = None


class ArmResult(BaseModel):
    """One training of one arm; `curve` is accuracy by step."""

    top1: float
    loss: float
    seconds: float
    curve: tuple[tuple[int, float], ...]


def examples(images: LabelledImages, side: int) -> Examples:
    """Pictures of a reader, in memory."""
    pictures = images.load(torch.arange(len(images.labels)), side)
    return Examples(normalised(pictures), images.labels)


def train_arms(
    arms: Mapping[str, Callable[[], nn.Module]],
    make_task: Callable[[int], Task],
    plan: Plan,
    report: Reporter,
) -> dict[str, list[ArmResult]]:
    """Train every arm with every seed; what is done already is not done again."""
    found: dict[str, list[ArmResult]] = {name: [] for name in arms}
    total = len(arms) * plan.seeds
    for seed in range(plan.first_seed, plan.first_seed + plan.seeds):
        task = make_task(seed)
        for name, build in arms.items():
            part = report.part(f"{name}, seed {seed}")
            found[name].append(part.kept("arm", ArmResult, partial(_train, build, task, plan, seed, part)))
            report.progress(sum(map(len, found.values())), total)
    return found


def rows(found: Mapping[str, list[ArmResult]]) -> tuple[dict[str, float | str], ...]:
    """A row an arm: the mean of its accuracy with the half-width of a 95 % interval, its loss and seconds."""
    table: list[dict[str, float | str]] = []
    for name, results in found.items():
        top1, half_width = mean_interval([one.top1 for one in results])
        table.append(
            {
                "arm": name,
                "top1": top1,
                "top1_half_width": half_width,
                "training_loss": sum(one.loss for one in results) / len(results),
                "seconds": sum(one.seconds for one in results) / len(results),
            }
        )
    return tuple(table)


def gains(found: Mapping[str, list[ArmResult]], arm: str, baseline: str) -> tuple[float, float]:
    """Points that an arm is better than a baseline, over runs that share a seed, and the half-width."""
    return paired_interval([one.top1 for one in found[arm]], [one.top1 for one in found[baseline]])


def _train(build: Callable[[], nn.Module], task: Task, plan: Plan, seed: int, report: Reporter) -> ArmResult:
    order = Shuffled(len(task.train.labels), plan.batch_size, seed)
    torch.manual_seed(seed)
    recipe = Recipe(
        model=build(),
        batches=ShuffledBatches(order, plan.steps, partial(_shown, task.train)),
        loss=_loss,
        evaluate=partial(_evaluate, task=task),
    )
    training = Training(
        optimiser=Optimiser(rate=plan.rate),
        schedule=Schedule(warmup=0.1),
        clip_norm=5.0,
        evaluate_every=plan.evaluate_every,
        checkpoint_every=50,
    )
    trained = train_recipe(recipe, training, report)
    return ArmResult(
        top1=trained.metrics["top1"],
        loss=trained.metrics["training_loss"],
        seconds=trained.seconds,
        curve=tuple((step, metrics["top1"]) for step, metrics in trained.history),
    )


def _shown(data: Examples, some: Tensor, number: int) -> Batch:
    del number
    return {"image": data.pictures[some], "label": data.labels[some]}


def _loss(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    return {"loss": _cross_entropy(model(batch["image"]), batch["label"])}


def _cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(scores.flatten(0, -2), labels.flatten(), ignore_index=_ASKS_NOTHING)


def _evaluate(model: nn.Module, task: Task) -> dict[str, float]:
    device = next(model.parameters()).device
    right, asked = 0, 0
    for pictures, labels in zip(
        torch.split(task.test.pictures, _AT_ONCE), torch.split(task.test.labels, _AT_ONCE), strict=True
    ):
        answers = model(pictures.to(device)).argmax(-1).cpu()
        right += int((answers == labels).sum())  # no answer is negative
        asked += int((labels >= 0).sum())
    seen = task.train.pictures[:_AT_ONCE].to(device)
    loss = float(_cross_entropy(model(seen), task.train.labels[:_AT_ONCE].to(device)))
    return {"top1": 100 * right / asked, "training_loss": loss}
