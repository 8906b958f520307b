"""The jobs of VCA: train a classifier or a diffusion transformer, and draw what is read for and against."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from backends.lab.batches import Batch, Shuffled
from backends.lab.checkpoint import load_weights, save_weights
from backends.lab.errors import LabError
from backends.lab.optimisers import Optimiser
from backends.lab.readers.images import ImageSplit, open_images
from backends.lab.reporter import Reporter
from backends.lab.schedules import Schedule
from backends.lab.trainer import Recipe, Trained, Training
from backends.lab.trainer import train as train_recipe
from backends.vision.efficient_train.batches import normalised
from backends.vision.efficient_train.jobs import accuracy, classification_loss
from backends.vision.hosts.batches import ShuffledBatches
from backends.vision.hosts.deit import DeiTSize, deit
from backends.vision.hosts.denoiser import DenoiserArmsParams, DenoiserArmsResult, DenoiserResult
from backends.vision.hosts.denoising import train_denoiser
from backends.vision.hosts.denoising_arms import compare_denoisers
from backends.vision.hosts.dit import plain_dit
from backends.vision.mixers.differential import differential_mixer
from backends.vision.mixers.place import MakeMixer, host_attention
from backends.vision.mixers.vca import ContrastSettings, VisualContrastAttention, contrast_mixer
from backends.vision.vca.odd_one_out import odd_one_out
from backends.vision.vca.plots import plot_evidence
from backends.vision.vca.presets import diffusion_transformer
from backends.vision.vca.spec import (
    AnalyseParams,
    AnalyseResult,
    DenoiseParams,
    ModelParams,
    TrainParams,
    TrainResult,
)


def open_pictures(name: str, seed: int) -> ImageSplit:
    """The world of odd ones out, or any pictures that the laboratory reads.

    Raises:
        LabError: The name means nothing.
    """
    return odd_one_out(seed) if name == "odd_one_out" else open_images(name, seed)


def train(params: TrainParams, report: Reporter) -> TrainResult:
    """Train a classifier and write its weights."""
    trained = _trained(params, report)
    path = report.artifact_path("classifier.safetensors")
    about = ModelParams.model_validate(params.model_dump(include=set(ModelParams.model_fields)))
    save_weights(path, trained.model.state_dict(), {"vca": about.model_dump_json()})
    weights = report.artifact(path, f"{params.mixer} attention, trained on {params.data}.")
    return TrainResult(
        metrics={**trained.metrics, "steps": float(trained.steps)},
        artifacts=(weights,),
        top1=trained.metrics["top1"],
        weights=weights.path,
    )


def _trained(params: TrainParams, report: Reporter) -> Trained:
    data = open_pictures(params.data, params.seed)
    torch.manual_seed(params.seed)
    model = build(params, data.num_classes)
    order = Shuffled(len(data.train.labels), params.batch_size, params.seed)

    def shown(some: Tensor, number: int) -> Batch:
        del number
        return {
            "image": normalised(data.train.load(some, params.image_size)),
            "label": data.train.labels[some],
        }

    def evaluate(candidate: nn.Module) -> Mapping[str, float]:
        return {"top1": 100 * accuracy(candidate, data.test, params.image_size)}

    recipe = Recipe(
        model=model,
        batches=ShuffledBatches(order, params.steps, shown),
        loss=classification_loss,
        evaluate=evaluate,
    )
    training = Training(
        optimiser=Optimiser(rate=params.rate, weight_decay=0.05),
        schedule=Schedule(warmup=0.1),
        clip_norm=5.0,
        evaluate_every=max(params.steps // 3, 1),
        checkpoint_every=100,
    )
    return train_recipe(recipe, training, report)


def build(params: ModelParams, num_classes: int) -> nn.Module:
    """A small DeiT with visual-contrast attention, a baseline, or its own.

    Raises:
        LabError: Patches do not fit the picture, or heads the width.
    """
    if params.image_size % params.patch or params.width % params.num_heads:
        raise LabError(
            f"Patches of {params.patch} pixels must fit {params.image_size}, and {params.num_heads} heads a "
            f"width of {params.width}."
        )
    size = DeiTSize(dim=params.width, num_heads=params.num_heads, depth=params.depth, patch=params.patch)
    settings = ContrastSettings(
        pooled=(params.pooled, params.pooled),
        joint_softmax=params.joint_softmax,
        convolution=params.convolution,
    )
    mixers: dict[str, MakeMixer] = {
        "vca": partial(contrast_mixer, settings),
        "differential": differential_mixer,
        "softmax": host_attention,
    }
    return deit(size, mixers[params.mixer], num_classes=num_classes, image_size=params.image_size)


def denoise(params: DenoiseParams, report: Reporter) -> DenoiserResult:
    """Train a diffusion transformer and draw pictures."""
    make = diffusion_transformer if params.mixer == "vca" else plain_dit
    return train_denoiser(make, params, report)


def reproduce_denoising(params: DenoiserArmsParams, report: Reporter) -> DenoiserArmsResult:
    """Compare diffusion transformers with visual-contrast and with softmax attention."""
    return compare_denoisers({"softmax": plain_dit, "vca": diffusion_transformer}, params, report)


def analyse(params: AnalyseParams, report: Reporter) -> AnalyseResult:
    """Draw what each block's class token reads for and against in one picture."""
    weights, about = load_weights(params.weights)
    if "vca" not in about:
        raise LabError(f"{params.weights} was not written by this system's train.")
    built = ModelParams.model_validate_json(about["vca"])
    if built.mixer != "vca":
        raise LabError(f"{params.weights} is of {built.mixer} attention, which has no contrast to draw.")
    data = open_pictures(params.data, params.seed)
    if params.sample >= len(data.test.labels):
        raise LabError(f"There are {len(data.test.labels)} test pictures; there is no {params.sample}.")
    if len(weights["head.bias"]) != data.num_classes:
        raise LabError(f"{params.data} has {data.num_classes} classes; the weights tell others apart.")
    model = build(built, data.num_classes)
    model.load_state_dict(weights)
    picture = data.test.load(torch.tensor([params.sample]), built.image_size)
    evidence = class_evidence(model.to(report.device).eval(), normalised(picture).to(report.device))
    path = report.artifact_path("evidence.png")
    plot_evidence(picture[0].permute(1, 2, 0), [(one.cpu(), other.cpu()) for one, other in evidence], path)
    artifact = report.artifact(path, "What the class token reads for (above) and against, block by block.")
    shares = {
        f"against_share_{number + 1}": float(other.sum() / (one.sum() + other.sum()))
        for number, (one, other) in enumerate(evidence)
    }
    return AnalyseResult(metrics=shares, artifacts=(artifact,))


@torch.no_grad()
def class_evidence(model: nn.Module, picture_BCHW: Tensor) -> list[tuple[Tensor, Tensor]]:
    """For each block the grids of positive and negative evidence (rows x columns) of the class token."""
    found: list[tuple[Tensor, Tensor]] = []

    def look(mixer: nn.Module, inputs: tuple[Tensor, tuple[int, int]], output: Tensor) -> None:
        del output
        assert isinstance(mixer, VisualContrastAttention)
        for_BHNN, against_BHNN = mixer.maps(*inputs)
        row = (for_BHNN - against_BHNN)[0].mean(0)[0, mixer.num_prefix :].view(inputs[1])
        found.append((row.clamp_min(0), (-row).clamp_min(0)))

    hooks = [
        module.register_forward_hook(look)
        for module in model.modules()
        if isinstance(module, VisualContrastAttention)
    ]
    model(picture_BCHW)
    for hook in hooks:
        hook.remove()
    return found
