"""The card of ViT^3, and what its jobs ask and answer."""

from functools import partial
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, Paper, PublishedFigure, System
from backends.vision.hosts.classifier import (
    ArmsParams,
    ArmsResult,
    ClassifierParams,
    ClassifierResult,
    PredictParams,
    PredictResult,
    diffusion_preset,
    picture_preset,
)
from backends.vision.hosts.denoiser import DenoiserParams, denoise_job, reproduce_denoising_job


class TrainParams(ClassifierParams):
    model: Literal[
        "tiny",
        "vit3_tiny",
        "vit3_small",
        "vit3_base",
        "h_vit3_tiny",
        "h_vit3_small",
        "h_vit3_base",
    ] = Field("tiny", description="Form and size; all but tiny are made for pictures of 224 pixels.")


class DenoiseParams(DenoiserParams):
    mixer: Literal["ttt", "softmax"] = Field(
        "ttt", description="Test-time training, in DiT^3, or the attention of DiT."
    )


class ReproduceParams(ArmsParams):
    world: Literal["digits", "codes"] = Field(
        "digits",
        description="What is learned: digits, or pictures that each show and ask a code of their own.",
    )
    steps: int = Field(100, ge=1, le=100_000, description="Steps of every arm.")
    image_size: int = Field(
        16, ge=16, le=64, description="Side of the pictures, in pixels; tokens are 2 x 2 pixels."
    )
    pictures: int = Field(2000, ge=16, le=100_000, description="Pictures with codes to learn from.")


_preset = partial(picture_preset, "backends.vision.vit3.presets")
_dit_preset = partial(diffusion_preset, "backends.vision.vit3.presets")

SYSTEM = System(
    id="vision.vit3",
    title="ViT^3: test-time training as attention",
    summary="Image classifiers whose mixer trains a small model on every picture, in linear time.",
    paper=Paper(
        title="ViT^3: Unlocking Test-Time Training in Vision",
        venue="CVPR",
        year=2026,
        arxiv="2512.01643",
        code="LeapLabTHU/ViTTT",
    ),
    branches=("backbones/static/efficient-attention",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train an image classifier with test-time training as its mixer.",
            params=TrainParams,
            result=ClassifierResult,
            entry="backends.vision.vit3.jobs:train",
            effort="minutes",
            quick={"data": "digits", "image_size": 16, "epochs": 0.012, "batch_size": 8},
        ),
        Job(
            name="predict",
            kind="predict",
            summary="Classify pictures with weights that train wrote.",
            params=PredictParams,
            result=PredictResult,
            entry="backends.vision.vit3.jobs:predict",
            effort="seconds",
        ),
        denoise_job(
            "vit3",
            "Train the diffusion transformer DiT^3 on small pictures, and draw some.",
            DenoiseParams,
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Compare it with linear attention at equal steps, over seeds.",
            params=ReproduceParams,
            result=ArmsResult,
            entry="backends.vision.vit3.reproduce:reproduce",
            effort="minutes",
        ),
        reproduce_denoising_job("vit3", "Compare DiT^3 with the plain diffusion transformer, over seeds."),
    ),
    figures=(
        PublishedFigure(
            what="ViT^3-T on ImageNet-1K", value=76.5, unit="% top-1", source="released results of ViT^3"
        ),
        PublishedFigure(
            what="ViT^3-S on ImageNet-1K (DeiT-S: 79.8)",
            value=81.6,
            unit="% top-1",
            source="released results of ViT^3",
        ),
        PublishedFigure(
            what="ViT^3-B on ImageNet-1K", value=82.6, unit="% top-1", source="released results of ViT^3"
        ),
    ),
    presets=(
        _preset("tiny", "Four blocks of width 64, for tests and laptops.", 254_794, 18_096_768, 16),
        _preset("vit3_tiny", "ViT^3-T.", 6_149_416, 1_218_791_424),
        _preset("vit3_small", "ViT^3-S.", 23_799_400, 4_807_495_680),
        _preset("vit3_base", "ViT^3-B.", 90_055_912, 17_937_232_896),
        _preset("h_vit3_tiny", "H-ViT^3-T, four stages.", 28_703_560, 4_903_309_312),
        _preset("h_vit3_small", "H-ViT^3-S, four stages.", 54_362_056, 8_731_988_992),
        _preset("h_vit3_base", "H-ViT^3-B, four stages.", 94_369_304, 16_682_127_872),
        _dit_preset("dit3_tiny", "A DiT^3 for tests and laptops.", 357_900, (3, 16, 16)),
        _dit_preset("dit3_s_2", "DiT^3-S/2.", 34_689_824),
        _dit_preset("dit3_b_2", "DiT^3-B/2.", 133_956_128),
        _dit_preset("dit3_l_2", "DiT^3-L/2.", 467_542_048),
        _dit_preset("dit3_xl_2", "DiT^3-XL/2.", 689_116_064),
    ),
    extra="vision",
)
