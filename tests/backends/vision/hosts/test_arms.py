"""Comparing arms: the same batches for each, gains of pairs, labels that ask nothing, nothing done twice."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.vision.hosts.arms import ArmResult, Examples, Plan, Task, gains, rows, train_arms

PLAN = Plan(steps=25, batch_size=8, rate=0.3, seeds=2, first_seed=3)


class PerPixel(nn.Module):
    """Classifies each pixel of a picture of one row by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = nn.Linear(3, 2)
        self.batches: list[Tensor] = []

    def forward(self, pictures: Tensor) -> Tensor:
        self.batches.append(pictures)
        scored: Tensor = self.scores(pictures.flatten(2).transpose(1, 2))
        return scored


def sign_task(seed: int) -> Task:
    """A pixel's class is the sign of its first channel; every other pixel asks for nothing."""

    def some(number: int) -> Examples:
        pictures = torch.randn(32, 3, 1, 4, generator=torch.Generator().manual_seed(2 * seed + number))
        labels = (pictures[:, 0, 0] > 0).long()
        labels[:, ::2] = -1
        return Examples(pictures, labels)

    return Task(some(0), some(1))


def report(directory: Path) -> Reporter:
    return Reporter(EventList(), directory, "cpu", lambda: False)


def test_labels_below_zero_ask_for_nothing_and_the_task_is_learned(tmp_path: Path) -> None:
    found = train_arms({"linear": PerPixel}, sign_task, PLAN, report(tmp_path))
    assert len(found["linear"]) == 2
    assert all(result.top1 > 90 and result.loss < 0.69 for result in found["linear"])


def test_arms_of_a_seed_see_the_same_batches_and_seeds_differ(tmp_path: Path) -> None:
    built: list[PerPixel] = []

    def build() -> PerPixel:
        built.append(PerPixel())
        return built[-1]

    train_arms({"one": build, "other": build}, sign_task, PLAN, report(tmp_path))
    one, other, next_one, _ = (torch.stack(model.batches[: PLAN.steps]) for model in built)
    assert torch.equal(one, other)
    assert not torch.equal(one, next_one)


def test_accuracy_along_the_way_is_kept_by_step(tmp_path: Path) -> None:
    plan = replace(PLAN, seeds=1, evaluate_every=10)
    (alone,) = train_arms({"linear": PerPixel}, sign_task, plan, report(tmp_path))["linear"]
    assert [step for step, _ in alone.curve] == [10, 20, 25]
    assert alone.curve[-1][1] == alone.top1


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    first = train_arms({"linear": PerPixel}, sign_task, PLAN, report(tmp_path))

    def never() -> nn.Module:
        raise AssertionError("trained twice")

    builds: dict[str, Callable[[], nn.Module]] = {"linear": never}
    assert train_arms(builds, sign_task, PLAN, report(tmp_path)) == first


def test_gains_are_of_pairs_and_rows_hold_means() -> None:
    found = {
        name: [ArmResult(top1=value, loss=1.0, seconds=2.0, curve=()) for value in values]
        for name, values in {"base": (10.0, 20.0, 60.0), "new": (15.0, 25.0, 65.0)}.items()
    }
    assert gains(found, "new", "base") == pytest.approx((5.0, 0.0))
    assert [row["top1"] for row in rows(found)] == pytest.approx([30.0, 35.0])
