"""The jobs of FLatten: train a classifier, use it, and see where its tokens look."""

import json

import torch
from PIL import Image
from torch import Tensor, nn

from backends.lab.checkpoint import load_weights
from backends.lab.errors import LabError
from backends.lab.models import build_model
from backends.lab.readers.images import open_images
from backends.lab.reporter import Reporter
from backends.vision.efficient_train.batches import normalised
from backends.vision.flatten.spec import AnalyseParams, AnalyseResult, TrainParams
from backends.vision.hosts import classifying
from backends.vision.hosts.classifier import ClassifierResult, PredictParams, PredictResult
from backends.vision.mixers.focused import FocusedAttention
from backends.vision.mixers.place import Grid

_MAP_SIDE = 336  # pixels of the drawn map


def train(params: TrainParams, report: Reporter) -> ClassifierResult:
    """Train a classifier and write its weights."""
    return classifying.train_model(f"vision.flatten/{params.model}", params, report)


def predict(params: PredictParams, report: Reporter) -> PredictResult:
    """Classify pictures."""
    return classifying.predict(params, report)


def analyse(params: AnalyseParams, report: Reporter) -> AnalyseResult:
    """Draw the mean over heads of a token's weights, white where it looks most."""
    model, side = _load(params)
    data = open_images(params.data, params.seed).test
    if params.picture >= len(data.labels):
        raise LabError(
            f"{params.data} has {len(data.labels)} test pictures; {params.picture} is none of them."
        )
    picture = normalised(data.load(torch.tensor([params.picture]), side))
    weights_HNM, (rows, columns) = _weights(model, params.block, picture)
    row = rows // 2 if params.row is None else params.row
    column = columns // 2 if params.column is None else params.column
    if row >= rows or column >= columns:
        raise LabError(f"This block has {rows} x {columns} tokens; there is none at {row}, {column}.")
    seen = weights_HNM[:, row * columns + column].mean(0).reshape(rows, columns)
    shades = (255 * seen / seen.max()).round().to(torch.uint8)
    path = report.artifact_path("attention.png")
    Image.fromarray(shades.numpy()).resize((_MAP_SIDE, _MAP_SIDE), Image.Resampling.NEAREST).save(path)
    kept = report.artifact(path, f"Where token ({row}, {column}) of block {params.block} looks.")
    metrics = {
        "largest_weight": float(seen.max()),
        "weight_on_itself": float(seen[row, column]),
        "entropy": float(-(seen * seen.clamp_min(1e-12).log()).sum()),
    }
    return AnalyseResult(metrics=metrics, artifacts=(kept,), rows=rows, columns=columns)


def _load(params: AnalyseParams) -> tuple[nn.Module, int]:
    weights, about = load_weights(params.weights)
    if not about.get("model", "").startswith("vision.flatten/"):
        raise LabError(f"{params.weights} holds no weights of vision.flatten; train one first.")
    side = int(about["image_size"])
    model = build_model(about["model"], num_classes=len(json.loads(about["classes"])), image_size=side).model
    model.load_state_dict(weights)
    return model.eval(), side


def _weights(model: nn.Module, block: int, picture: Tensor) -> tuple[Tensor, Grid]:
    """The weights of a block's attention on a picture, H x N x N, and its grid."""
    mixers = [module for module in model.modules() if isinstance(module, FocusedAttention)]
    if block >= len(mixers):
        raise LabError(
            f"This model has {len(mixers)} blocks with focused attention; {block} is none of them."
        )
    seen: list[tuple[Tensor, Grid]] = []
    with torch.no_grad():
        mixer = mixers[block]
        hook = mixer.register_forward_pre_hook(lambda _, inputs: seen.append((inputs[0], inputs[1])))
        model(picture)
        hook.remove()
        x_1NC, grid = seen[0]
        return mixer.weights(x_1NC, grid)[0], grid
