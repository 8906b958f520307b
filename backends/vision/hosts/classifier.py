"""What the cards of the systems of backbones share: classifiers, comparisons over seeds, presets."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import JobParams, JobResult, Preset


class ClassifierParams(JobParams):
    """What every system of a backbone asks of its training; a system adds its `model`."""

    data: str = Field(
        "digits", description="Pictures: digits, glyphs, an .npz file, or a folder with a folder a class."
    )
    image_size: int = Field(16, ge=16, le=1024, description="Side of the pictures, in pixels.")
    epochs: float = Field(5.0, gt=0, le=10_000, description="Passes over the training set.")
    batch_size: int = Field(32, ge=1, le=8192, description="Pictures in a step.")
    rate: float = Field(2e-3, gt=0, le=10, description="Highest learning rate of AdamW.")
    weight_decay: float = Field(0.05, ge=0, le=1, description="Weight decay of matrices.")
    magnitude: float = Field(
        0.0, ge=0, le=30, description="RandAugment's magnitude at the end; the papers' is 9."
    )
    average: float | None = Field(
        None, gt=0, lt=1, description="Decay of an exponential average of the weights, if one is kept."
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field("fp32", description="Precision of the products.")
    compile: bool = Field(False, description="Compile the model with torch.compile.")
    workers: int = Field(0, ge=0, le=64, description="Processes that prepare batches ahead of time.")


class ClassifierResult(JobResult):
    """What a training answers."""

    top1: float = Field(ge=0, le=100, description="Accuracy on the test pictures, in percent.")
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")


class PredictParams(JobParams):
    """What the use of trained weights asks."""

    weights: Path = Field(description="The .safetensors file that train wrote.")
    data: str = Field("digits", description="Pictures to classify, as for train.")
    limit: int = Field(100, ge=1, le=100_000, description="How many of them.")


class PredictResult(JobResult):
    """What the use of trained weights answers."""

    labels: tuple[str, ...] = Field(description="The name of the class of each picture.")


class ArmsParams(JobParams):
    """What a comparison of mixers over seeds asks."""

    steps: int = Field(150, ge=1, le=100_000, description="Steps of every arm.")
    batch_size: int = Field(16, ge=1, le=1024, description="Pictures in a step.")
    rate: float = Field(2e-3, gt=0, le=10, description="Highest learning rate of AdamW.")
    seeds: int = Field(3, ge=2, le=100, description="How many times each arm is trained.")


class ArmsResult(JobResult):
    """What a comparison answers."""

    table: tuple[dict[str, float | str], ...] = Field(
        description="A row an arm: mean accuracy with the half-width of its 95 % interval, loss and seconds."
    )


def picture_preset(
    module: str, name: str, summary: str, parameters: int, macs: int | None = None, side: int = 224
) -> Preset:
    """The model that `module` builds under its name, for a square picture in colours."""
    return Preset(
        name=name,
        summary=summary,
        build=f"{module}:{name}",
        inputs=((3, side, side),),
        parameters=parameters,
        macs=macs,
    )


def diffusion_preset(
    module: str,
    name: str,
    summary: str,
    parameters: int,
    latent: tuple[int, int, int] = (4, 32, 32),
) -> Preset:
    """The diffusion transformer that `module` builds under its name, for a noisy latent and its time."""
    return Preset(
        name=name,
        summary=summary,
        build=f"{module}:{name}",
        inputs=(latent, ()),
        parameters=parameters,
    )
