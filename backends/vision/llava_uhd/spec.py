"""The card of LLaVA-UHD, and what its jobs ask and answer."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, Preset, PublishedFigure, System

ViewName = Literal["uhd", "squash", "pad"]


class DigitsParams(JobParams):
    encoder_steps: int = Field(
        1000, ge=1, le=1_000_000, description="Steps in which the encoder learns to name patches."
    )
    square_steps: int = Field(
        100, ge=2, le=1_000_000, description="Steps on single squares with one to eight digits."
    )
    short_steps: int = Field(
        40, ge=0, le=1_000_000, description="Steps on canvases of two squares, before all shapes take turns."
    )
    canvas_steps: int = Field(200, ge=1, le=1_000_000, description="Steps on canvases of all shapes.")
    crowds: int = Field(32, ge=1, le=4096, description="Crowded squares in a step of the encoder.")
    squares: int = Field(48, ge=1, le=4096, description="Single squares in a step.")
    canvases: int = Field(24, ge=1, le=4096, description="Canvases in a step.")
    rate: float = Field(3e-3, gt=0, le=1, description="Highest learning rate of AdamW.")
    test_canvases: int = Field(48, ge=1, le=10_000, description="Canvases of each shape that are asked.")


class TrainParams(DigitsParams):
    view: ViewName = Field(
        "uhd",
        description="How canvases are shown: in slices, squashed to a square, or padded to a square.",
    )


class TrainResult(JobResult):
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")


class EvaluateParams(JobParams):
    weights: Path = Field(description="The .safetensors file that train wrote.")
    view: ViewName | None = Field(
        None, description="How canvases are shown, if not as the reader learned them."
    )
    test_canvases: int = Field(48, ge=1, le=10_000, description="Canvases of each shape that are asked.")


class EvaluateResult(JobResult):
    read: float = Field(ge=0, le=1, description="The share of digits read rightly, over all canvases.")


class ReproduceParams(DigitsParams):
    seeds: int = Field(3, ge=2, le=100, description="How many times each view is learned.")


class TextParams(JobParams):
    seeds: int = Field(3, ge=2, le=100, description="How many times each canvas is drawn and read.")


class SchemaParams(JobParams):
    steps: int = Field(300, ge=1, le=1_000_000, description="Steps of every reader.")
    pictures: int = Field(32, ge=1, le=4096, description="Pictures in a step.")
    rate: float = Field(3e-3, gt=0, le=1, description="Highest learning rate of AdamW.")
    test_pictures: int = Field(200, ge=1, le=100_000, description="Pictures of each grid that are asked.")
    seeds: int = Field(3, ge=2, le=100, description="How many times each way is learned.")


class ReproduceResult(JobResult):
    table: tuple[dict[str, float | str | None], ...] = Field(
        description="A row for each way of showing and each canvas: the share read, and the half-width of "
        "its 95 % interval."
    )


SYSTEM = System(
    id="vision.llava_uhd",
    title="LLaVA-UHD: pictures of any size and shape",
    summary="Shows a vision-language model large pictures in slices of their own shape, never squashed.",
    paper=Paper(
        title="LLaVA-UHD: an LMM Perceiving Any Aspect Ratio and High-Resolution Images",
        venue="ECCV",
        year=2024,
        arxiv="2403.11703",
        code="thunlp/LLaVA-UHD",
    ),
    branches=("tasks/vision-language",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train a small LLaVA-UHD from nothing to read digits on canvases of any shape.",
            params=TrainParams,
            result=TrainResult,
            entry="backends.vision.llava_uhd.jobs:train",
            effort="minutes",
            quick={
                "encoder_steps": 2,
                "square_steps": 2,
                "short_steps": 1,
                "canvas_steps": 2,
                "crowds": 2,
                "squares": 2,
                "canvases": 2,
                "test_canvases": 2,
            },
        ),
        Job(
            name="evaluate",
            kind="evaluate",
            summary="Measure what a trained reader reads, canvas by canvas.",
            params=EvaluateParams,
            result=EvaluateResult,
            entry="backends.vision.llava_uhd.jobs:evaluate",
            effort="seconds",
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Compare slices with squashing and padding on canvases up to 8:1, over seeds.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.vision.llava_uhd.reproduce:reproduce",
            effort="minutes",
        ),
        Job(
            name="reproduce_text",
            kind="reproduce",
            summary="Compare slices with squashing and padding on a page and a strip of small text, by OCR.",
            params=TextParams,
            result=ReproduceResult,
            entry="backends.vision.llava_uhd.reproduce_text:reproduce_text",
            effort="minutes",
        ),
        Job(
            name="reproduce_schema",
            kind="reproduce",
            summary="Tell in which row of slices a mark lies, with commas and newlines and without.",
            params=SchemaParams,
            result=ReproduceResult,
            entry="backends.vision.llava_uhd.reproduce_schema:reproduce_schema",
            effort="minutes",
        ),
    ),
    figures=(
        PublishedFigure(
            what="TextVQA with Vicuna-13B (LLaVA-1.5, the same without slices: 61.3)",
            value=67.7,
            unit="% right",
            source="LLaVA-UHD, table 1",
        ),
        PublishedFigure(
            what="Computation for a picture of 672 x 1008 (LLaVA-1.5 for one of 336 x 336: 15.5)",
            value=14.6,
            unit="TFLOPs",
            source="LLaVA-UHD, table 1",
        ),
        PublishedFigure(
            what="TextVQA on pictures padded to twice their long side (LLaVA-1.5: 58.4)",
            value=64.5,
            unit="% right",
            source="LLaVA-UHD, table of extreme aspect ratios",
        ),
    ),
    presets=(
        Preset(
            name="tiny",
            summary="Encoder and resampler of the digits experiment: slices of 56 pixels, 16 tokens.",
            build="backends.vision.llava_uhd.presets:tiny",
            inputs=((3, 56, 56),),
            parameters=140_352,
            macs=9_605_120,
        ),
        Preset(
            name="paper",
            summary="CLIP ViT-L/14-336 and 64 queries for Vicuna-13B: 303.5 and 136.7 million.",
            build="backends.vision.llava_uhd.presets:paper",
            inputs=((3, 336, 336),),
            parameters=303_507_456 + 136_693_760,
        ),
        Preset(
            name="release",
            summary="The ECCV release: the same tower and 144 queries, each for its own cell.",
            build="backends.vision.llava_uhd.presets:release",
            inputs=((3, 336, 336),),
            parameters=303_507_456 + 137_103_360,
        ),
        Preset(
            name="llava",
            summary="LLaVA-1.5, the baseline: the same tower and a token for each of 576 patches.",
            build="backends.vision.llava_uhd.presets:llava",
            inputs=((3, 336, 336),),
            parameters=303_507_456 + 31_467_520,
        ),
        Preset(
            name="v4",
            summary="LLaVA-UHD v4: SigLIP-SO400M whose patches merge 2 x 2 after layer 6, and once more.",
            build="backends.vision.llava_uhd.presets:v4",
            inputs=((3, 448, 448),),
        ),
        Preset(
            name="v4_unmerged",
            summary="The same tower without the early merger.",
            build="backends.vision.llava_uhd.presets:v4_unmerged",
            inputs=((3, 448, 448),),
        ),
    ),
    extra="vision",
)
