"""The jobs of SiameseNorm: train a language or diffusion model, look at streams and gradients by depth."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.lab.batches import Batch
from backends.lab.checkpoint import save_weights
from backends.lab.errors import LabError
from backends.lab.optimisers import Optimiser
from backends.lab.reporter import Reporter
from backends.lab.schedules import Schedule
from backends.lab.trainer import Recipe, Trained, Training
from backends.lab.trainer import train as train_recipe
from backends.vision.hosts.denoiser import DenoiserArmsParams, DenoiserArmsResult, DenoiserResult
from backends.vision.hosts.denoising import train_denoiser
from backends.vision.hosts.denoising_arms import compare_denoisers
from backends.vision.siamese_norm.corpus import Windows, even_windows, open_corpus
from backends.vision.siamese_norm.diffusion_transformer import diffusion_transformer
from backends.vision.siamese_norm.language_model import LanguageModel, byte_model
from backends.vision.siamese_norm.spec import (
    AnalyseParams,
    AnalyseResult,
    DenoiseParams,
    ModelParams,
    TrainParams,
    TrainResult,
)
from backends.vision.siamese_norm.topology import TopologyName

_TEST_WINDOWS, _AT_ONCE = 64, 32


def train(params: TrainParams, report: Reporter) -> TrainResult:
    """Train a language model and write its weights."""
    model = train_language_model(params, params.topology, params.rate, report)
    trained = model.trained
    path = report.artifact_path("language_model.safetensors")
    about = {"topology": params.topology, "depth": str(params.depth), "width": str(params.width)}
    save_weights(path, trained.model.state_dict(), {**about, "num_heads": str(params.num_heads)})
    weights = report.artifact(path, f"A {params.topology} language model of {params.depth} blocks.")
    return TrainResult(
        metrics={**trained.metrics, "unigram_loss": model.unigram_loss},
        artifacts=(weights,),
        loss=trained.metrics["test_loss"],
        weights=weights.path,
    )


@dataclass(frozen=True, slots=True)
class TrainedLanguageModel:
    """A trained language model, and the loss of knowing byte frequencies only, to hold it against."""

    trained: Trained
    unigram_loss: float


def train_language_model(
    params: ModelParams, topology: TopologyName, rate: float, report: Reporter
) -> TrainedLanguageModel:
    """The training of one model, for `train` and for each arm of `reproduce`."""
    check_heads(params)
    corpus = open_corpus(params.corpus, params.context)
    torch.manual_seed(params.seed)
    model = byte_model(topology=topology, depth=params.depth, width=params.width, num_heads=params.num_heads)
    windows = Windows(
        text=corpus.train,
        context=params.context,
        batch_size=params.batch_size,
        num_batches=params.steps,
        seed=params.seed,
    )
    evaluate = partial(_test_loss, even_windows(corpus, params.context, _TEST_WINDOWS))
    recipe = Recipe(model=model, batches=windows, loss=next_byte_loss, evaluate=evaluate)
    training = Training(
        optimiser=Optimiser(rate=rate, weight_decay=0.1, betas=(0.9, 0.95)),
        schedule=Schedule(warmup=params.warmup, floor=0.1),
        clip_norm=1.0,
        evaluate_every=max(params.steps // 2, 1),
        checkpoint_every=50,
    )
    return TrainedLanguageModel(train_recipe(recipe, training, report), corpus.unigram_loss())


def check_heads(params: ModelParams) -> None:
    """Refuse a width that the heads cannot share.

    Raises:
        LabError: A head would have no even width, which rotary positions need.
    """
    if params.width % (2 * params.num_heads):
        raise LabError(f"{params.num_heads} heads cannot share a width of {params.width} in even parts.")


def next_byte_loss(model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
    """Cross entropy of the next byte, in nats."""
    tokens = batch["tokens"]
    logits_BNV: Tensor = model(tokens[:, :-1])
    return {"loss": functional.cross_entropy(logits_BNV.flatten(0, 1), tokens[:, 1:].flatten())}


def _test_loss(windows: Tensor, model: nn.Module) -> Mapping[str, float]:
    device = next(model.parameters()).device
    parts = [
        next_byte_loss(model, {"tokens": some.to(device)})["loss"] for some in torch.split(windows, _AT_ONCE)
    ]
    return {"test_loss": float(torch.stack(parts).mean())}


def denoise(params: DenoiseParams, report: Reporter) -> DenoiserResult:
    """Train a diffusion transformer and draw pictures."""
    return train_denoiser(partial(diffusion_transformer, topology=params.topology), params, report)


def reproduce_denoising(params: DenoiserArmsParams, report: Reporter) -> DenoiserArmsResult:
    """Compare diffusion transformers with two streams and with one."""
    arms = {
        "pre": partial(diffusion_transformer, topology="pre"),
        "siamese": partial(diffusion_transformer, topology="siamese"),
    }
    return compare_denoisers(arms, params, report)


def analyse(params: AnalyseParams, report: Reporter) -> AnalyseResult:
    """Measure streams and gradients of untrained networks, block by block."""
    check_heads(params)
    corpus = open_corpus(params.corpus, params.context)
    windows = even_windows(corpus, params.context, params.batch_size)
    profiles: dict[str, object] = {}
    metrics: dict[str, float] = {}
    for number, topology in enumerate(params.topologies):
        report.check_cancelled()
        torch.manual_seed(params.seed)
        model = byte_model(
            topology=topology, depth=params.depth, width=params.width, num_heads=params.num_heads
        )
        streams = stream_sizes(model, windows)
        gradients = gradient_norms(model, windows)
        profiles[topology] = {"streams": streams, "gradients": gradients}
        metrics[f"{topology}_gradient_first_over_last"] = gradients[0] / gradients[-1]
        for name, sizes in streams.items():
            metrics[f"{topology}_{name}_size_at_end"] = sizes[-1]
        report.progress(number + 1, len(params.topologies))
    artifact = report.json_artifact(
        "profiles.json", profiles, "Size of the streams after, and gradient norm in, every block."
    )
    return AnalyseResult(metrics=metrics, artifacts=(artifact,))


@torch.no_grad()
def stream_sizes(model: LanguageModel, windows: Tensor) -> dict[str, list[float]]:
    """The root mean square of each stream at the start and after each block."""
    sizes: dict[str, list[float]] = {}
    for place, state in enumerate(model.stack.states(model.embedding(windows[:, :-1]))):
        if place % 2 == 0:
            for name, stream in zip(("x", "y"), state, strict=False):
                sizes.setdefault(name, []).append(float(stream.square().mean().sqrt()))
    return sizes


def gradient_norms(model: LanguageModel, windows: Tensor) -> list[float]:
    """The norm of the gradient of each block's layers."""
    model.zero_grad()
    next_byte_loss(model, {"tokens": windows})["loss"].backward()  # type: ignore[no-untyped-call]
    squares = [0.0] * (len(model.stack.sublayers) // 2)
    for index, sublayer in enumerate(model.stack.sublayers):
        for parameter in sublayer.parameters():
            assert parameter.grad is not None
            squares[index // 2] += float(parameter.grad.square().sum())
    return [square**0.5 for square in squares]
