"""The jobs of EfficientTrain: train a classifier by its curriculum, and use it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.lab.batches import Batch, Batches, Shuffled
from backends.lab.checkpoint import load_weights, save_weights
from backends.lab.errors import LabError
from backends.lab.hooks import AverageWeights, Hook
from backends.lab.models import build_model
from backends.lab.optimisers import Optimiser
from backends.lab.readers.images import ImageSplit, LabelledImages, open_images
from backends.lab.reporter import Reporter
from backends.lab.schedules import Schedule
from backends.lab.trainer import Recipe, Trained, Training
from backends.lab.trainer import train as train_recipe
from backends.vision.efficient_train.batches import CurriculumBatches, normalised
from backends.vision.efficient_train.curriculum import (
    Curriculum,
    efficient_train,
    efficient_train_plus_plus,
    full_size,
)
from backends.vision.efficient_train.position_embeddings import FollowSize, at_side, follows_size
from backends.vision.efficient_train.replay import RELEASED, ReplayedBatches
from backends.vision.efficient_train.spec import PredictParams, PredictResult, TrainParams, TrainResult

_AT_ONCE = 256  # pictures in a batch where no gradients are kept


def train(params: TrainParams, report: Reporter) -> TrainResult:
    """Train a classifier and write its weights."""
    classifier = train_classifier(params, report)
    trained, data = classifier.trained, classifier.data
    about = {
        "model": params.model,
        "image_size": str(params.image_size),
        "classes": json.dumps(list(data.train.class_names)),
    }
    path = report.artifact_path("classifier.safetensors")
    save_weights(path, trained.model.state_dict(), about)
    weights = report.artifact(path, f"{params.model}, trained on {params.data}.")
    metrics = {**trained.metrics, "steps": float(trained.steps)}
    return TrainResult(
        metrics=metrics, artifacts=(weights,), top1=trained.metrics["top1"], weights=weights.path
    )


@dataclass(frozen=True, slots=True)
class Classifier:
    """A trained classifier, with what it was trained on and how."""

    trained: Trained
    data: ImageSplit
    curriculum: Curriculum


def train_classifier(params: TrainParams, report: Reporter, *more_hooks: Hook) -> Classifier:
    """The training of one classifier, for `train` and for each arm of `reproduce`.

    Raises:
        LabError: Pictures cannot be replayed with these settings.
    """
    if params.replay:
        _check_replay(params)
    data = open_images(params.data, params.seed)
    torch.manual_seed(params.seed)  # the same first weights for every curriculum
    model = build_model(params.model, num_classes=data.num_classes, image_size=params.image_size).model
    order = Shuffled(len(data.train.labels), params.batch_size, params.seed)
    curriculum = _curriculum(params, max(round(params.epochs * order.per_epoch), 1), _patch(model))
    hooks: list[Hook] = [FollowSize(curriculum)] if follows_size(model) else []
    hooks += more_hooks
    if params.average is not None:
        hooks.append(AverageWeights(params.average))

    def evaluate(candidate: nn.Module) -> Mapping[str, float]:
        with at_side(candidate, params.image_size):
            return {"top1": 100 * accuracy(candidate, data.test, params.image_size)}

    recipe = Recipe(
        model=model,
        batches=_batches(params, data.train, curriculum, order),
        loss=classification_loss,
        evaluate=evaluate,
        share=curriculum.share_at,
        hooks=hooks,
    )
    training = Training(
        optimiser=Optimiser(rate=params.rate, weight_decay=params.weight_decay),
        schedule=Schedule(warmup=0.1),
        clip_norm=5.0,
        evaluate_every=max(curriculum.num_steps // 8, 1),
        checkpoint_every=50,
        precision=params.precision,
        compile=params.compile,
        workers=params.workers,
    )
    return Classifier(train_recipe(recipe, training, report), data, curriculum)


def predict(params: PredictParams, report: Reporter) -> PredictResult:
    """Classify pictures."""
    weights, about = load_weights(params.weights)
    if not {"model", "image_size", "classes"} <= about.keys():
        raise LabError(f"{params.weights} was not written by this system's train.")
    classes: list[str] = json.loads(about["classes"])
    side = int(about["image_size"])
    model = build_model(about["model"], num_classes=len(classes), image_size=side).model.to(report.device)
    model.load_state_dict(weights)
    model.eval()
    data = open_images(params.data, params.seed).test
    indices = torch.arange(min(params.limit, len(data.labels)))
    labels: list[str] = []
    with torch.no_grad():
        for some in torch.split(indices, _AT_ONCE):
            report.check_cancelled()
            logits: Tensor = model(normalised(data.load(some, side)).to(report.device))
            labels += [classes[number] for number in logits.argmax(-1).tolist()]
            report.progress(len(labels), len(indices))
    return PredictResult(labels=tuple(labels))


def classification_loss(model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
    """Cross entropy of the labels."""
    return {"loss": functional.cross_entropy(model(batch["image"]), batch["label"])}


def accuracy(model: nn.Module, data: LabelledImages, side: int) -> float:
    """The share of pictures whose class is found."""
    device = next(model.parameters()).device
    right = 0
    for some in torch.split(torch.arange(len(data.labels)), _AT_ONCE):
        logits: Tensor = model(normalised(data.load(some, side)).to(device))
        right += int((logits.argmax(-1).cpu() == data.labels[some]).sum())
    return right / len(data.labels)


def _check_replay(params: TrainParams) -> None:
    """Refuse what cannot be replayed.

    Raises:
        LabError: The curriculum has no replay, others prepare the batches, or a fresh part would be uneven.
    """
    most = max(replay.times for replay in RELEASED)
    if params.curriculum != "et++" or params.workers:
        raise LabError("Pictures are replayed in EfficientTrain++ only, and without workers.")
    if params.batch_size % most:
        raise LabError(f"With replay a batch is a multiple of {most} pictures, not {params.batch_size}.")


def _batches(params: TrainParams, data: LabelledImages, curriculum: Curriculum, order: Shuffled) -> Batches:
    batches = CurriculumBatches(data=data, curriculum=curriculum, order=order, crop=params.crop)
    return ReplayedBatches(batches, RELEASED) if params.replay else batches


def _curriculum(params: TrainParams, steps: int, patch: int) -> Curriculum:
    side = params.image_size
    match params.curriculum:
        case "full":
            return full_size(side, steps, params.magnitude)
        case "et":
            return efficient_train(side, steps, params.magnitude, patch)
        case "et++":
            return efficient_train_plus_plus(side, steps, params.magnitude, patch)


def _patch(model: nn.Module) -> int:
    """Pixels of a patch, in which sizes are counted; 4 for a network without patches."""
    size = getattr(getattr(model, "patch_embed", None), "patch_size", (4, 4))
    return int(size[0])
