"""The jobs of evolving attention: train a classifier of time series, use it, and look at its maps."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.lab.batches import Batch, Shuffled
from backends.lab.checkpoint import load_weights, save_weights
from backends.lab.errors import LabError
from backends.lab.optimisers import Optimiser
from backends.lab.reporter import Reporter
from backends.lab.schedules import Schedule
from backends.lab.trainer import Recipe, Trained, Training
from backends.lab.trainer import train as train_recipe
from backends.vision.evolving_attention.models import Built, SeriesModel, built_from
from backends.vision.evolving_attention.plots import plot_maps
from backends.vision.evolving_attention.series import SeriesSet, open_series
from backends.vision.evolving_attention.spec import (
    AnalyseParams,
    AnalyseResult,
    PredictParams,
    PredictResult,
    TrainParams,
    TrainResult,
    WeightsParams,
)

_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class SeriesBatches:
    """Every epoch shows every series once."""

    data: SeriesSet
    order: Shuffled
    num_batches: int

    def __len__(self) -> int:
        return self.num_batches

    def __getitem__(self, number: int) -> Batch:
        some = self.order.indices(number)
        return {
            "series": self.data.series[some],
            "kept": self.data.kept[some],
            "label": self.data.labels[some],
        }


def train(params: TrainParams, report: Reporter) -> TrainResult:
    """Train a classifier and write its weights."""
    classifier = train_classifier(params, report)
    path = report.artifact_path("series_classifier.safetensors")
    save_weights(path, classifier.trained.model.state_dict(), classifier.built.about())
    weights = report.artifact(path, f"{params.model}, trained on {params.data}.")
    metrics = classifier.trained.metrics
    return TrainResult(
        metrics={**metrics, "steps": float(classifier.trained.steps)},
        artifacts=(weights,),
        accuracy=metrics["accuracy"],
        weights=weights.path,
    )


@dataclass(frozen=True, slots=True)
class Classifier:
    """A trained classifier, and how to build it again."""

    trained: Trained
    built: Built


def train_classifier(params: TrainParams, report: Reporter) -> Classifier:
    """The training of one classifier, for `train` and for each arm of `reproduce`."""
    data = open_series(params.data, params.seed)
    torch.manual_seed(params.seed)
    built = Built(
        model=params.model,
        features=data.train.series.shape[2],
        length=data.train.series.shape[1],
        class_names=data.class_names,
        width=params.width,
        layers=params.layers,
        num_heads=params.num_heads,
        ratio=params.ratio,
        dropout=params.dropout,
        carried=params.carried,
        convolved=params.convolved,
    )
    order = Shuffled(len(data.train.labels), params.batch_size, params.seed)
    num_batches = max(round(params.epochs * order.per_epoch), 1)

    def evaluate(candidate: nn.Module) -> Mapping[str, float]:
        right = _classes(candidate, data.test).cpu() == data.test.labels
        return {"accuracy": 100 * float(right.float().mean())}

    recipe = Recipe(
        model=built.build(),
        batches=SeriesBatches(data.train, order, num_batches),
        loss=classification_loss,
        evaluate=evaluate,
    )
    training = Training(
        optimiser=Optimiser(rate=params.rate, weight_decay=params.weight_decay),
        schedule=Schedule(warmup=0.05),
        clip_norm=4.0,
        evaluate_every=max(num_batches // 3, 1),
        checkpoint_every=100,
    )
    return Classifier(train_recipe(recipe, training, report), built)


def classification_loss(model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
    """Cross entropy of the classes."""
    return {"loss": functional.cross_entropy(model(batch["series"], batch["kept"]), batch["label"])}


def _classes(model: nn.Module, data: SeriesSet) -> Tensor:
    """The class that a model gives to each series."""
    device = next(model.parameters()).device
    parts = zip(torch.split(data.series, _AT_ONCE), torch.split(data.kept, _AT_ONCE), strict=True)
    return torch.cat([model(series.to(device), kept.to(device)).argmax(-1) for series, kept in parts])


def predict(params: PredictParams, report: Reporter) -> PredictResult:
    """Classify the test series of a set."""
    model, built, data = _opened(params, report)
    with torch.no_grad():
        classes = _classes(model, data)
    accuracy = 100 * float((classes.cpu() == data.labels).float().mean())
    labels = tuple(built.class_names[number] for number in classes.tolist())
    return PredictResult(metrics={"accuracy": accuracy}, labels=labels)


def analyse(params: AnalyseParams, report: Reporter) -> AnalyseResult:
    """Draw the map that each layer hands on for one series."""
    model, _, data = _opened(params, report)
    if params.sample >= len(data.labels):
        raise LabError(f"There are {len(data.labels)} test series; sample {params.sample} is beyond them.")
    series, kept = (part[params.sample, None].to(report.device) for part in (data.series, data.kept))
    with torch.no_grad():
        _, maps = model.features(series, kept)
    length = int(kept.sum())
    pictures = [each[0].mean(0)[:length, :length].cpu() for each in maps]
    path = report.artifact_path("maps.png")
    plot_maps(pictures, path)
    artifact = report.artifact(path, "The mean map over the heads, layer by layer.")
    likeness = {
        f"likeness_{number}_{number + 1}": float(_correlation(earlier, later))
        for number, (earlier, later) in enumerate(pairwise(pictures))
    }
    return AnalyseResult(metrics=likeness, artifacts=(artifact,))


def _correlation(first: Tensor, second: Tensor) -> Tensor:
    centred = [each.flatten() - each.mean() for each in (first, second)]
    return functional.cosine_similarity(centred[0], centred[1], dim=0)


def _opened(params: WeightsParams, report: Reporter) -> tuple[SeriesModel, Built, SeriesSet]:
    weights, about = load_weights(params.weights)
    built = built_from(about)
    data = open_series(params.data, params.seed)
    if data.train.series.shape[1:] != (built.length, built.features) or data.class_names != built.class_names:
        raise LabError(
            f"The weights are for series of {built.features} features, {built.length} moments and "
            f"{len(built.class_names)} classes; those of {params.data} are not."
        )
    model = built.build()
    model.load_state_dict(weights)
    return model.to(report.device).eval(), built, data.test
