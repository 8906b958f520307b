"""The card of Slide-Transformer, and what its jobs ask and answer."""

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
    picture_preset,
)


class TrainParams(ClassifierParams):
    model: Literal[
        "tiny",
        "swin_tiny",
        "swin_small",
        "swin_base",
        "pvt_tiny",
        "pvt_small",
        "pvt_v2_b1",
        "pvt_v2_b2",
        "cswin_small",
    ] = Field("tiny", description="Host and size; all but tiny are made for pictures of 224 pixels.")


class ReproduceParams(ArmsParams):
    steps: int = Field(100, ge=1, le=100_000, description="Steps of every arm.")
    image_size: int = Field(16, ge=16, le=64, description="Side of the textures, in pixels.")
    pictures: int = Field(200, ge=16, le=100_000, description="Textures to learn from.")


_preset = partial(picture_preset, "backends.vision.slide.presets")

SYSTEM = System(
    id="vision.slide",
    title="Slide-Transformer: local attention by convolutions",
    summary="Image classifiers whose early stages attend to neighbours, by convolutions only.",
    paper=Paper(
        title="Slide-Transformer: Hierarchical Vision Transformer with Local Self-Attention",
        venue="CVPR",
        year=2023,
        arxiv="2304.04237",
        code="LeapLabTHU/Slide-Transformer",
    ),
    branches=("backbones/static/efficient-attention",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train an image classifier with slide attention.",
            params=TrainParams,
            result=ClassifierResult,
            entry="backends.vision.slide.jobs:train",
            effort="minutes",
            quick={"data": "digits", "image_size": 16, "epochs": 0.012, "batch_size": 8},
        ),
        Job(
            name="predict",
            kind="predict",
            summary="Classify pictures with weights that train wrote.",
            params=PredictParams,
            result=PredictResult,
            entry="backends.vision.slide.jobs:predict",
            effort="seconds",
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Compare slide and softmax attention on a few textures at equal steps, over seeds.",
            params=ReproduceParams,
            result=ArmsResult,
            entry="backends.vision.slide.reproduce:reproduce",
            effort="minutes",
        ),
    ),
    figures=(
        PublishedFigure(
            what="Slide-Swin-T on ImageNet-1K (Swin-T: 81.3)",
            value=82.3,
            unit="% top-1",
            source="released results of Slide-Transformer",
        ),
        PublishedFigure(
            what="Slide-PVT-T on ImageNet-1K (PVT-T: 75.1)",
            value=78.0,
            unit="% top-1",
            source="released results of Slide-Transformer",
        ),
        PublishedFigure(
            what="Slide-Swin-B on ImageNet-1K (Swin-B: 83.5)",
            value=84.2,
            unit="% top-1",
            source="released results of Slide-Transformer",
        ),
    ),
    presets=(
        _preset("tiny", "Four blocks of width 64, for tests and laptops.", 218_386, 15_581_824, 16),
        _preset("swin_tiny", "Swin-T, the first two stages.", 28_338_466, 4_697_392_128),
        _preset("swin_small", "Swin-S, the first two stages.", 49_737_010, 9_213_232_128),
        _preset("swin_base", "Swin-B, the first two stages.", 87_938_336, 16_060_755_968),
        _preset("pvt_tiny", "PVT-T, the first two stages.", 12_202_910, 2_023_156_736),
        _preset("pvt_small", "PVT-S, the first two stages.", 22_691_147, 3_970_537_472),
        _preset("pvt_v2_b1", "PVTv2-B1, the first two stages.", 12_984_670, 2_205_094_912),
        _preset("pvt_v2_b2", "PVTv2-B2, the first two stages.", 23_570_187, 4_191_311_872),
        _preset("cswin_small", "CSWin-S, the first two stages.", 34_656_092, 6_848_080_896),
    ),
    extra="vision",
)
