"""The card of VCA, and what its jobs ask and answer."""

from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, Preset, PublishedFigure, System
from backends.vision.hosts.classifier import ArmsParams, ArmsResult, diffusion_preset, picture_preset
from backends.vision.hosts.denoiser import DenoiserParams, denoise_job, reproduce_denoising_job


class ModelParams(JobParams):
    mixer: Literal["vca", "differential", "softmax"] = Field(
        "vca", description="Visual-contrast attention, differential attention without pooling, or the host's."
    )
    image_size: int = Field(32, ge=8, le=1024, description="Side of the pictures, in pixels.")
    patch: int = Field(4, ge=1, le=64, description="Side of a patch, in pixels.")
    width: int = Field(32, ge=8, le=4096, description="Width of the network.")
    depth: int = Field(3, ge=1, le=64, description="Blocks.")
    num_heads: int = Field(2, ge=1, le=64, description="Heads of attention.")
    pooled: int = Field(4, ge=1, le=64, description="Side of the grid of pooled tokens.")
    joint_softmax: bool = Field(
        True, description="Normalise both maps of the second stage as one, as the released code does."
    )
    convolution: bool = Field(True, description="Convolve the values; off as a control.")


class TrainParams(ModelParams):
    data: str = Field(
        "odd_one_out",
        description="Pictures: odd_one_out (drawn), digits, glyphs, an .npz file, or a folder of classes.",
    )
    steps: int = Field(240, ge=1, le=10_000_000, description="Steps of training.")
    batch_size: int = Field(32, ge=1, le=8192, description="Pictures in a step.")
    rate: float = Field(2e-3, gt=0, le=10, description="Highest learning rate of AdamW.")


class TrainResult(JobResult):
    top1: float = Field(ge=0, le=100, description="Accuracy on the test pictures, in percent.")
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")


class DenoiseParams(DenoiserParams):
    mixer: Literal["vca", "softmax"] = Field("vca", description="Visual-contrast attention or the host's.")


class AnalyseParams(JobParams):
    weights: Path = Field(description="The .safetensors file that train wrote.")
    data: str = Field("odd_one_out", description="Pictures, as for train.")
    sample: int = Field(0, ge=0, description="Which of the test pictures.")


class AnalyseResult(JobResult):
    """Its metrics are the share of negative evidence by block; its artifact shows where evidence lies."""


class ReproduceParams(ArmsParams):
    data: str = Field("odd_one_out", description="Pictures, as for train.")
    steps: int = Field(120, ge=3, le=100_000, description="Steps of every arm.")
    batch_size: int = Field(32, ge=1, le=1024, description="Pictures in a step.")


class ReproduceResult(ArmsResult):
    table: tuple[dict[str, float | str], ...] = Field(
        description="A row an arm: mean accuracy with the half-width of its 95 % interval, loss, seconds, "
        "and accuracy after a third of the steps."
    )


_SOURCE = "independent reports of the paper"

_preset = partial(picture_preset, "backends.vision.vca.presets")
_dit_preset = partial(diffusion_preset, "backends.vision.vca.presets")

SYSTEM = System(
    id="vision.vca",
    title="VCA: attention through tokens for and against",
    summary="Classifies pictures at a cost linear in tokens, and shows evidence for and against.",
    paper=Paper(
        title="Linear Differential Vision Transformer: Learning Visual-Contrast Tokens",
        venue="NeurIPS",
        year=2025,
        arxiv="2511.00833",
        code="LeapLabTHU/LinearDiff",
    ),
    branches=("backbones/static/efficient-attention",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train a small vision transformer with visual-contrast or softmax attention.",
            params=TrainParams,
            result=TrainResult,
            entry="backends.vision.vca.jobs:train",
            effort="minutes",
            quick={"data": "digits", "image_size": 16, "steps": 6, "depth": 2, "width": 16, "num_heads": 2},
        ),
        Job(
            name="analyse",
            kind="analyse",
            summary="Draw what the class token reads for and against in a picture, block by block.",
            params=AnalyseParams,
            result=AnalyseResult,
            entry="backends.vision.vca.jobs:analyse",
            effort="seconds",
        ),
        denoise_job(
            "vca",
            "Train a diffusion transformer with visual-contrast attention, and draw pictures.",
            DenoiseParams,
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Compare visual-contrast with softmax attention at equal steps, over seeds.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.vision.vca.reproduce:reproduce",
            effort="minutes",
        ),
        reproduce_denoising_job(
            "vca", "Compare it with softmax attention in a diffusion transformer, over seeds."
        ),
    ),
    figures=(
        PublishedFigure(
            what="DeiT-T on ImageNet-1K (softmax: 72.2)", value=75.6, unit="% top-1", source=_SOURCE
        ),
        PublishedFigure(
            what="DeiT-S on ImageNet-1K (softmax: 79.8)", value=80.7, unit="% top-1", source=_SOURCE
        ),
        PublishedFigure(
            what="PVT-T on ImageNet-1K (its own: 75.1)", value=78.2, unit="% top-1", source=_SOURCE
        ),
        PublishedFigure(
            what="Swin-T on ImageNet-1K (its own: 81.3)", value=82.3, unit="% top-1", source=_SOURCE
        ),
    ),
    presets=(
        _preset("tiny", "For tests and laptops.", 219_466, side=32),
        _preset("deit_tiny", "DeiT-T, 49 pooled tokens.", 5_717_416 + 256_512),
        _preset("deit_small", "DeiT-S, 49 pooled tokens.", 22_050_664 + 505_344),
        _preset(
            "deit_base", "DeiT-B, 49 pooled tokens.", 86_567_656 + 12 * (2 * 49 * 768 + 10 * 768 + 10 * 64)
        ),
        Preset(
            name="pvt_tiny",
            summary="PVT-T, 49 pooled tokens, no spatial reduction.",
            build="backends.vision.vca.presets:pvt_tiny",
            inputs=((3, 224, 224),),
            parameters=11_570_000,
            tolerance=0.0015,
        ),
        Preset(
            name="swin_tiny",
            summary="Swin-T, 49 pooled tokens in the first two stages.",
            build="backends.vision.vca.presets:swin_tiny",
            inputs=((3, 224, 224),),
        ),
        _preset("cswin_tiny", "CSWin-T, 49 pooled tokens in the first two stages.", 20_457_960),
        _dit_preset("dit_tiny", "A diffusion transformer for tests and laptops.", 341_388, (3, 16, 16)),
        _dit_preset("dit_s_2", "DiT-S/2, 64 pooled tokens.", 33_508_640),
        _dit_preset("dit_s_4", "DiT-S/4, 16 pooled tokens.", 33_121_664),
        _dit_preset("dit_b_2", "DiT-B/2, 64 pooled tokens.", 131_595_296),
    ),
    extra="vision",
)
