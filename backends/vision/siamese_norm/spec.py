"""The card of SiameseNorm, and what its jobs ask and answer."""

from functools import partial
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, Preset, PublishedFigure, System
from backends.vision.hosts.classifier import diffusion_preset, picture_preset
from backends.vision.hosts.denoiser import DenoiserParams, denoise_job, reproduce_denoising_job

TopologyChoice = Literal["pre", "post", "deepnorm", "hybrid", "residual", "siamese", "siamese_hybrid"]


class ModelParams(JobParams):
    corpus: str = Field(
        "bundled", description="A text file, or bundled: the language reference that comes with Python."
    )
    depth: int = Field(16, ge=1, le=512, description="Blocks of attention and feed-forward layer.")
    width: int = Field(32, ge=8, le=8192, description="Width of the streams.")
    num_heads: int = Field(2, ge=1, le=128, description="Heads of attention.")
    context: int = Field(64, ge=8, le=8192, description="Bytes that the model reads at once.")
    steps: int = Field(80, ge=1, le=10_000_000, description="Steps of training.")
    batch_size: int = Field(8, ge=1, le=8192, description="Windows of text in a step.")
    warmup: float = Field(0.0, ge=0, le=1, description="Share of the steps over which the rate rises.")


class TrainParams(ModelParams):
    topology: TopologyChoice = Field("siamese", description="How the sublayers are joined and normalised.")
    rate: float = Field(2e-3, gt=0, le=10, description="Highest learning rate of AdamW.")


class TrainResult(JobResult):
    loss: float = Field(ge=0, description="Nats a byte on text that was not trained on.")
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")


class DenoiseParams(DenoiserParams):
    topology: Literal["pre", "siamese"] = Field(
        "siamese", description="How the sublayers are joined: one stream, or two."
    )


class AnalyseParams(ModelParams):
    topologies: tuple[TopologyChoice, ...] = Field(
        ("pre", "post", "siamese"), min_length=1, description="What is compared."
    )


class AnalyseResult(JobResult):
    """Its metrics: the size of each stream at the end, the gradient of the first block over the last's."""


class ReproduceParams(ModelParams):
    topologies: tuple[TopologyChoice, ...] = Field(
        ("pre", "post", "siamese"), min_length=1, description="What is compared; gains are over pre."
    )
    rates: tuple[float, ...] = Field((1e-3, 4e-3), min_length=1, description="Learning rates of AdamW.")
    seeds: int = Field(3, ge=2, le=100, description="How many times each is trained.")


class ReproduceResult(JobResult):
    table: tuple[dict[str, float | str | None], ...] = Field(
        description="A row a topology and rate: mean nats a byte and half-width of its 95 % interval, none "
        "where a run diverged; how many diverged; seconds."
    )


_TRANSFORMERS = "backends.vision.siamese_norm.vision_transformer"

_preset = partial(picture_preset, _TRANSFORMERS)
_dit_preset = partial(diffusion_preset, "backends.vision.siamese_norm.diffusion_transformer")

SYSTEM = System(
    id="vision.siamese_norm",
    title="SiameseNorm: two residual streams, one normalised",
    summary="Trains deep transformers at high rates: Pre- and Post-Norm at once, sharing every layer.",
    paper=Paper(
        title="SiameseNorm: Breaking the Barrier to Reconciling Pre/Post-Norm",
        venue="ICML",
        year=2026,
        arxiv="2602.08064",
        code="Qwen-Applications/SiameseNorm",
    ),
    branches=("backbones/static/topology",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train a byte-level language model whose sublayers are joined by a chosen topology.",
            params=TrainParams,
            result=TrainResult,
            entry="backends.vision.siamese_norm.jobs:train",
            effort="minutes",
            quick={"depth": 2, "width": 16, "steps": 8, "batch_size": 4, "context": 16},
        ),
        Job(
            name="analyse",
            kind="analyse",
            summary="Measure the streams and gradients of untrained networks, block by block.",
            params=AnalyseParams,
            result=AnalyseResult,
            entry="backends.vision.siamese_norm.jobs:analyse",
            effort="seconds",
        ),
        denoise_job(
            "siamese_norm",
            "Train a diffusion transformer with two streams on small pictures, and draw some.",
            DenoiseParams,
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Compare topologies at several learning rates without warm-up, over seeds.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.vision.siamese_norm.reproduce:reproduce",
            effort="minutes",
        ),
        reproduce_denoising_job(
            "siamese_norm", "Compare two streams with one in a diffusion transformer, over seeds."
        ),
    ),
    figures=(
        PublishedFigure(
            what="DeiT-T on ImageNet-1K (Pre-Norm: 72.2)", value=73.6, unit="% top-1", source="released code"
        ),
        PublishedFigure(
            what="DeiT-S on ImageNet-1K (Pre-Norm: 79.8)", value=81.3, unit="% top-1", source="released code"
        ),
        PublishedFigure(
            what="DiT-B/2 on ImageNet 256 (Pre-Norm: 42.43)", value=40.31, unit="FID", source="released code"
        ),
        PublishedFigure(
            what="DiT-L/4 on ImageNet 256 (Pre-Norm: 45.21)", value=41.34, unit="FID", source="released code"
        ),
    ),
    presets=(
        _preset("tiny", "A vision transformer for tests and laptops.", 311_370, side=32),
        _preset("deit_tiny", "DeiT-T with two streams.", 5_717_416 + 19_200),
        _preset("deit_small", "DeiT-S with two streams.", 22_050_664 + 38_400),
        _preset("deit_base", "DeiT-B with two streams.", 86_567_656 + 76_800),
        _dit_preset("dit_tiny", "A diffusion transformer for tests and laptops.", 332_300, (3, 16, 16)),
        _dit_preset("dit_b_2", "DiT-B/2 with two streams.", 130_392_608),
        _dit_preset("dit_l_4", "DiT-L/4 with two streams.", 458_188_928),
        Preset(
            name="byte_model",
            summary="A language model over bytes, 12 blocks of width 64.",
            build="backends.vision.siamese_norm.language_model:byte_model",
            inputs=((128,),),
            vocabulary=256,
            parameters=627_392,
        ),
    ),
    extra="vision",
)
