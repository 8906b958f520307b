"""The training of a diffusion transformer on small pictures, which systems with a DiT share as a job."""

from collections.abc import Callable, Mapping

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from backends.lab.batches import Batch, Shuffled, generator_for
from backends.lab.checkpoint import save_weights
from backends.lab.errors import LabError
from backends.lab.optimisers import Optimiser
from backends.lab.readers.images import ImageSplit, open_images
from backends.lab.reporter import Reporter
from backends.lab.schedules import Schedule
from backends.lab.trainer import Recipe, Trained, Training
from backends.lab.trainer import train as train_recipe
from backends.vision.hosts.batches import ShuffledBatches
from backends.vision.hosts.denoiser import DenoiserParams, DenoiserResult, DenoisingParams
from backends.vision.hosts.diffusion import TIMES, draw, noised
from backends.vision.hosts.dit import DiT, DiTSize, Pictures

MakeDiT = Callable[[DiTSize, Pictures], DiT]

_MOST_TEST_PICTURES, _AT_ONCE = 256, 64
_DRAWING_STEPS = 25


def with_noise(pictures: Tensor, labels: Tensor, chance: torch.Generator) -> Batch:
    """Pictures from 0 to 1 with noise at random times, the noise, the times and the labels."""
    time_B = torch.randint(TIMES, (len(pictures),), generator=chance)
    noise = torch.randn(pictures.shape, generator=chance)
    return {"noisy": noised(2 * pictures - 1, time_B, noise), "time": time_B, "noise": noise, "label": labels}


def noise_loss(model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
    """Mean squared error of the noise."""
    return {"loss": functional.mse_loss(model(batch["noisy"], batch["time"], batch["label"]), batch["noise"])}


def train_denoiser(make: MakeDiT, params: DenoiserParams, report: Reporter) -> DenoiserResult:
    """Train a diffusion transformer, write its weights, and draw some pictures of every class in turn.

    Raises:
        LabError: Patches do not fit the picture, or heads the width.
    """
    data = open_images(params.data, params.seed)
    pictures = _pictures(params, data)
    trained = train_on(make, params, data, report)
    path = report.artifact_path("diffusion_transformer.safetensors")
    save_weights(path, trained.model.state_dict(), {"diffusion_transformer": params.model_dump_json()})
    artifacts = [report.artifact(path, f"A diffusion transformer, trained on {params.data}.")]
    weights = artifacts[0].path
    if params.samples:
        sheet = report.artifact_path("drawn.png")
        _drawn(trained.model, pictures, params).save(sheet)
        artifacts.append(report.artifact(sheet, "Pictures it drew, class by class in turn."))
    return DenoiserResult(
        metrics=trained.metrics,
        artifacts=tuple(artifacts),
        loss=trained.metrics["test_loss"],
        weights=weights,
    )


def train_on(make: MakeDiT, params: DenoisingParams, data: ImageSplit, report: Reporter) -> Trained:
    """Train a diffusion transformer; its metric is the loss on noisy test pictures.

    Raises:
        LabError: Patches do not fit the picture, or heads the width.
    """
    if params.image_size % params.patch or params.width % params.num_heads or params.width % 4:
        raise LabError(
            f"Patches of {params.patch} pixels must fit {params.image_size}, and {params.num_heads} heads a "
            f"width of {params.width}, which must be a multiple of 4."
        )
    torch.manual_seed(params.seed)
    size = DiTSize(dim=params.width, num_heads=params.num_heads, depth=params.depth, patch=params.patch)
    order = Shuffled(len(data.train.labels), params.batch_size, params.seed)
    asked = torch.arange(min(len(data.test.labels), _MOST_TEST_PICTURES))
    test = with_noise(
        data.test.load(asked, params.image_size), data.test.labels[asked], generator_for(params.seed, 0, 2)
    )

    def noisy(some: Tensor, number: int) -> Batch:
        chance = generator_for(params.seed, number, 1)
        return with_noise(data.train.load(some, params.image_size), data.train.labels[some], chance)

    def evaluate(model: nn.Module) -> Mapping[str, float]:
        return {"test_loss": _test_loss(model, test)}

    recipe = Recipe(
        model=make(size, _pictures(params, data)),
        batches=ShuffledBatches(order, params.steps, noisy),
        loss=noise_loss,
        evaluate=evaluate,
    )
    training = Training(
        optimiser=Optimiser(rate=params.rate, weight_decay=0.0),
        schedule=Schedule(warmup=0.1),
        clip_norm=1.0,
        evaluate_every=max(params.steps // 4, 1),
        checkpoint_every=50,
    )
    return train_recipe(recipe, training, report)


def _pictures(params: DenoisingParams, data: ImageSplit) -> Pictures:
    return Pictures(side=params.image_size, channels=3, num_classes=data.num_classes, learns_variance=False)


def _test_loss(model: nn.Module, test: Batch) -> float:
    device = next(model.parameters()).device
    total, count = 0.0, len(test["label"])
    for some in torch.split(torch.arange(count), _AT_ONCE):
        part = {name: value[some].to(device) for name, value in test.items()}
        total += float(noise_loss(model, part)["loss"]) * len(some)
    return total / count


def _drawn(model: nn.Module, pictures: Pictures, params: DenoiserParams) -> Image.Image:
    """What it draws, side by side."""
    model.eval()
    device = next(model.parameters()).device
    noise = torch.randn(
        params.samples, 3, pictures.side, pictures.side, generator=generator_for(params.seed, 0, 3)
    )
    labels = torch.arange(params.samples) % pictures.num_classes
    found = draw(model, noise.to(device), labels.to(device), _DRAWING_STEPS).cpu()
    row = ((found + 1) * 127.5).round().to(torch.uint8).permute(2, 0, 3, 1).flatten(1, 2)
    return Image.fromarray(row.numpy())
