"""The job and the model of the tiny network."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.lab.batches import Batch, generator_for
from backends.lab.hooks import AverageWeights
from backends.lab.reporter import Reporter
from backends.lab.trainer import Recipe, Training
from backends.lab.trainer import train as train_recipe
from tests.backends.lab.shelf.toy.tiny_net.spec import TrainParams, TrainResult

MINUTES = 150.0  # in seconds: longer than a test waits for anything


def tiny(dropout: float = 0.2) -> nn.Module:
    return nn.Sequential(
        nn.Linear(8, 8), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2)
    )


@dataclass(frozen=True)
class RandomNumbers:
    """Batches whose label is the sign of their sum."""

    count: int
    seed: int
    stalls_at: int | None = None

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> Batch:
        if number == self.stalls_at:
            time.sleep(MINUTES)
        numbers = torch.randn(16, 8, generator=generator_for(self.seed, number))
        return {"numbers": numbers, "label": (numbers.sum(1) > 0).long()}


def loss(model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
    return {"loss": functional.cross_entropy(model(batch["numbers"]), batch["label"])}


def digest(model: nn.Module) -> str:
    state = model.state_dict()
    return hashlib.sha256(b"".join(state[name].numpy().tobytes() for name in sorted(state))).hexdigest()


def train(params: TrainParams, report: Reporter) -> TrainResult:
    recipe = Recipe(
        model=tiny(params.dropout),
        batches=RandomNumbers(params.steps, params.seed, params.stalls_at),
        loss=loss,
        hooks=(AverageWeights(0.9),),
    )
    trained = train_recipe(recipe, Training(checkpoint_every=5, log_every=1), report)
    weights = sum(float(weight.detach().abs().sum()) for weight in trained.model.parameters())
    metrics = {"steps": float(trained.steps), "weights": weights}
    return TrainResult(metrics=metrics, digest=digest(trained.model))
