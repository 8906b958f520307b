"""The card of FLatten, and what its jobs ask and answer."""

from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, PublishedFigure, System
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
        "deit_tiny",
        "pvt_tiny",
        "pvt_small",
        "pvt_medium",
        "pvt_large",
        "pvt_v2_b0",
        "pvt_v2_b1",
        "pvt_v2_b2",
        "swin_tiny",
        "swin_small",
        "swin_base",
        "swin_base_384",
        "cswin_tiny",
        "cswin_small",
        "cswin_base",
        "cswin_base_384",
    ] = Field("tiny", description="Host and size; all but tiny are made for pictures of 224 or 384 pixels.")


class AnalyseParams(JobParams):
    weights: Path = Field(description="The .safetensors file that train wrote.")
    data: str = Field("digits", description="Pictures, as for train.")
    picture: int = Field(0, ge=0, description="Which of the test pictures.")
    block: int = Field(0, ge=0, description="Which block with focused attention, from 0.")
    row: int | None = Field(None, ge=0, description="Row of the token that looks; the middle if left out.")
    column: int | None = Field(None, ge=0, description="Column of the token that looks, likewise.")


class AnalyseResult(JobResult):
    rows: int = Field(description="Rows of tokens in that block.")
    columns: int = Field(description="Columns of tokens in that block.")


class ReproduceParams(ArmsParams):
    steps: int = Field(600, ge=1, le=100_000, description="Steps of every arm.")
    image_size: int = Field(
        16, ge=16, le=64, description="Side of the digits, in pixels; tokens are 2 x 2 pixels."
    )


_preset = partial(picture_preset, "backends.vision.flatten.presets")

SYSTEM = System(
    id="vision.flatten",
    title="FLatten: focused linear attention",
    summary="Image classifiers whose attention costs grow linearly with the number of tokens.",
    paper=Paper(
        title="FLatten Transformer: Vision Transformer using Focused Linear Attention",
        venue="ICCV",
        year=2023,
        arxiv="2308.00442",
        code="LeapLabTHU/FLatten-Transformer",
    ),
    branches=("backbones/static/efficient-attention",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train an image classifier with focused linear attention.",
            params=TrainParams,
            result=ClassifierResult,
            entry="backends.vision.flatten.jobs:train",
            effort="minutes",
            quick={"data": "digits", "image_size": 16, "epochs": 0.012, "batch_size": 8},
        ),
        Job(
            name="predict",
            kind="predict",
            summary="Classify pictures with weights that train wrote.",
            params=PredictParams,
            result=PredictResult,
            entry="backends.vision.flatten.jobs:predict",
            effort="seconds",
        ),
        Job(
            name="analyse",
            kind="analyse",
            summary="Draw where a token of a picture looks, by the weights that are never formed.",
            params=AnalyseParams,
            result=AnalyseResult,
            entry="backends.vision.flatten.jobs:analyse",
            effort="seconds",
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Compare focused, linear and softmax attention on digits at equal steps, over seeds.",
            params=ReproduceParams,
            result=ArmsResult,
            entry="backends.vision.flatten.reproduce:reproduce",
            effort="minutes",
        ),
    ),
    figures=(
        PublishedFigure(
            what="FLatten-PVT-T on ImageNet-1K (PVT-T: 75.1)",
            value=77.8,
            unit="% top-1",
            source="released results of FLatten",
        ),
        PublishedFigure(
            what="FLatten-Swin-T on ImageNet-1K (Swin-T: 81.3)",
            value=82.1,
            unit="% top-1",
            source="released results of FLatten",
        ),
        PublishedFigure(
            what="FLatten-Swin-B on ImageNet-1K at 384 pixels (Swin-B: 84.5)",
            value=85.0,
            unit="% top-1",
            source="released results of FLatten",
        ),
        PublishedFigure(
            what="FLatten-CSWin-T on ImageNet-1K (CSWin-T: 82.7)",
            value=83.1,
            unit="% top-1",
            source="released results of FLatten",
        ),
    ),
    presets=(
        _preset("tiny", "Four blocks of width 64, for tests and laptops.", 225_610, 14_107_264, 16),
        _preset("deit_tiny", "DeiT-T, tokens averaged.", 6_190_888, 1_139_086_848),
        _preset("pvt_tiny", "PVT-T, all stages.", 12_149_480, 2_037_406_720),
        _preset("pvt_small", "PVT-S, all stages.", 21_669_224, 4_029_945_856),
        _preset("pvt_medium", "PVT-M, all stages.", 37_241_192, 7_035_990_016),
        _preset("pvt_large", "PVT-L, all stages.", 50_648_168, 10_379_944_448),
        _preset("pvt_v2_b0", "PVTv2-B0, all stages.", 3_594_824, 579_813_888),
        _preset("pvt_v2_b1", "PVTv2-B1, all stages.", 12_931_240, 2_219_344_896),
        _preset("pvt_v2_b2", "PVTv2-B2, all stages.", 22_548_264, 4_250_720_256),
        _preset("swin_tiny", "Swin-T, the first two stages.", 29_192_384, 4_483_341_312),
        _preset("swin_small", "Swin-S, the first two stages.", 50_510_288, 8_733_649_920),
        _preset("swin_base", "Swin-B, the first two stages.", 88_972_488, 15_421_313_024),
        _preset("swin_base_384", "Swin-B for 384 pixels.", 91_433_928, 46_382_424_064, 384),
        _preset("cswin_tiny", "CSWin-T, the first two stages.", 21_201_768, 4_324_253_184),
        _preset("cswin_small", "CSWin-S, the first two stages.", 35_451_752, 6_783_052_800),
        _preset("cswin_base", "CSWin-B, the first two stages.", 74_867_032, 14_913_275_904),
        _preset("cswin_base_384", "CSWin-B for 384 pixels.", 78_369_112, 46_304_753_664, 384),
    ),
    extra="vision",
)
