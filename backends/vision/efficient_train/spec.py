"""The card of EfficientTrain, and what its jobs ask and answer."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, PublishedFigure, System

CurriculumName = Literal["full", "et", "et++"]
Crop = Literal["fft", "resize", "high"]


class TrainParams(JobParams):
    model: str = Field(
        "lab/small_vit",
        description="Model to train: lab/small_vit, lab/small_convnet, SYSTEM/PRESET, timm/NAME or "
        "torchvision/NAME.",
    )
    data: str = Field(
        "glyphs", description="Pictures: digits, glyphs, an .npz file, or a folder with a folder a class."
    )
    image_size: int = Field(32, ge=16, le=1024, description="Side of the pictures at full size, in pixels.")
    curriculum: CurriculumName = Field(
        "et++", description="What is shown when: full size always, EfficientTrain, or EfficientTrain++."
    )
    crop: Crop = Field(
        "fft",
        description="How a picture is cut to its low frequencies: the Fourier crop, resizing as in the "
        "released code, or the high frequencies as a control.",
    )
    replay: bool = Field(
        False,
        description="With et++: in early segments prepare fewer pictures and show each several times, for "
        "data that are slow to prepare. Needs workers 0.",
    )
    epochs: float = Field(
        5.0, gt=0, le=10_000, description="Computation of the run, in epochs of full-size training."
    )
    batch_size: int = Field(64, ge=1, le=8192, description="Pictures in a step.")
    rate: float = Field(2e-3, gt=0, le=10, description="Highest learning rate of AdamW.")
    weight_decay: float = Field(0.05, ge=0, le=1, description="Weight decay of matrices.")
    magnitude: float = Field(
        0.0,
        ge=0,
        le=30,
        description="RandAugment's magnitude at the end of the curriculum; the paper's is 9.",
    )
    average: float | None = Field(
        None, gt=0, lt=1, description="Decay of an exponential average of the weights, if one is kept."
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field("fp32", description="Precision of the products.")
    compile: bool = Field(False, description="Compile the model with torch.compile.")
    workers: int = Field(0, ge=0, le=64, description="Processes that prepare batches ahead of time.")


class TrainResult(JobResult):
    top1: float = Field(ge=0, le=100, description="Accuracy on the test pictures, in percent.")
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")


class PredictParams(JobParams):
    weights: Path = Field(description="The .safetensors file that train wrote.")
    data: str = Field("glyphs", description="Pictures to classify, as for train.")
    limit: int = Field(100, ge=1, le=100_000, description="How many of them.")


class PredictResult(JobResult):
    labels: tuple[str, ...] = Field(description="The name of the class of each picture.")


class ReproduceParams(JobParams):
    model: str = Field("lab/small_convnet", description="Model to train, as for train.")
    image_size: int = Field(32, ge=16, le=256, description="Side of the glyphs at full size.")
    epochs: float = Field(2.0, gt=0, le=1000, description="Computation of each arm, in full-size epochs.")
    batch_size: int = Field(64, ge=1, le=1024, description="Pictures in a step.")
    rate: float = Field(3e-3, gt=0, le=10, description="Highest learning rate of AdamW.")
    seeds: int = Field(3, ge=2, le=100, description="How many times each arm is trained.")


class ReproduceResult(JobResult):
    table: tuple[dict[str, float | str | None], ...] = Field(
        description="A row an arm: mean accuracy, half-width of its 95 % interval, seconds on the clock and "
        "of the processor, and the share of the computation and the seconds of the processor after which it "
        "was as good as the full-size arm at its end."
    )


SYSTEM = System(
    id="vision.efficient_train",
    title="EfficientTrain++: low frequencies first",
    summary="Trains any image classifier sooner: early on it sees low frequencies, small.",
    paper=Paper(
        title="EfficientTrain++: Generalized Curriculum Learning for Efficient Visual Backbone Training",
        venue="TPAMI",
        year=2024,
        arxiv="2405.08768",
        code="LeapLabTHU/EfficientTrain",
    ),
    branches=("training/curriculum",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train an image classifier with a curriculum over frequencies and augmentation.",
            params=TrainParams,
            result=TrainResult,
            entry="backends.vision.efficient_train.jobs:train",
            effort="minutes",
            quick={
                "data": "digits",
                "image_size": 16,
                "epochs": 0.012,
                "batch_size": 8,
                "model": "lab/small_convnet",
            },
        ),
        Job(
            name="predict",
            kind="predict",
            summary="Classify pictures with weights that train wrote.",
            params=PredictParams,
            result=PredictResult,
            entry="backends.vision.efficient_train.jobs:predict",
            effort="seconds",
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Compare the curriculum with full-size training at equal computation, over seeds.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.vision.efficient_train.reproduce:reproduce",
            effort="minutes",
        ),
    ),
    figures=(
        PublishedFigure(
            what="DeiT-S on ImageNet-1K, 200 equivalent epochs (300 ordinary ones: 80.3)",
            value=81.0,
            unit="% top-1",
            source="released results of EfficientTrain++",
        ),
        PublishedFigure(
            what="DeiT-T on ImageNet-1K, 200 equivalent epochs (300 ordinary ones: 72.5)",
            value=73.7,
            unit="% top-1",
            source="released results of EfficientTrain++",
        ),
        PublishedFigure(
            what="Swin-T on ImageNet-1K, 200 equivalent epochs (300 ordinary ones: 81.3)",
            value=81.6,
            unit="% top-1",
            source="released results of EfficientTrain++",
        ),
    ),
    extra="vision",
)
