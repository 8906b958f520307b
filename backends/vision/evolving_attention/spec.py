"""The card of evolving attention, and what its jobs ask and answer."""

from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, Preset, System
from backends.vision.hosts.classifier import picture_preset

_DATA = (
    "Series: relay or waves (drawn), japanese_vowels, basic_motions or arrow_head (from aeon), or a .ts file "
    "whose name ends in _TRAIN.ts, with the one that ends in _TEST.ts beside it."
)


class TrainParams(JobParams):
    data: str = Field("waves", description=_DATA)
    model: Literal["ea_dc", "dc", "ea_tst", "tst"] = Field(
        "ea_dc",
        description="Attention beside dilated convolution (dc) or a plain transformer (tst); ea_ evolves.",
    )
    epochs: float = Field(20.0, gt=0, le=10_000, description="Passes over the training series.")
    batch_size: int = Field(64, ge=2, le=8192, description="Series in a step.")
    rate: float = Field(1e-3, gt=0, le=10, description="Highest learning rate of AdamW.")
    weight_decay: float = Field(0.0, ge=0, le=1, description="Weight decay of matrices.")
    width: int = Field(64, ge=8, le=4096, description="Channels of the network.")
    layers: int = Field(3, ge=1, le=64, description="Layers; a dc network has one more block than layers.")
    num_heads: int = Field(8, ge=1, le=64, description="Heads of attention.")
    ratio: float = Field(
        0.125, gt=0, lt=1, description="Share of a dc block's channels that are keys, and that are values."
    )
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout.")
    carried: float = Field(0.7, ge=0, le=1, description="Share of the earlier layer's map in a layer's.")
    convolved: float = Field(0.3, ge=0, le=1, description="Share of the convolution in a layer's map.")


class TrainResult(JobResult):
    accuracy: float = Field(ge=0, le=100, description="Accuracy on the test series, in percent.")
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")


class WeightsParams(JobParams):
    weights: Path = Field(description="The .safetensors file that train wrote.")
    data: str = Field("waves", description=_DATA)


class PredictParams(WeightsParams):
    """The test series of the set are classified."""


class PredictResult(JobResult):
    labels: tuple[str, ...] = Field(description="The name of the class of each test series.")


class AnalyseParams(WeightsParams):
    sample: int = Field(0, ge=0, description="Which of the test series.")


class AnalyseResult(JobResult):
    """Its metrics are how alike the maps of neighbouring layers are; its artifact shows them."""


class ReproduceParams(JobParams):
    data: tuple[str, ...] = Field(
        ("relay", "japanese_vowels"), min_length=1, description="The sets; each as for train."
    )
    seeds: int = Field(3, ge=2, le=100, description="How many times each network is trained.")


class ReproduceResult(JobResult):
    table: tuple[dict[str, float | str], ...] = Field(
        description="A row a set and network: mean accuracy, half-width of its 95 % interval, seconds."
    )


_MODELS = "backends.vision.evolving_attention.models"

_resnet_preset = partial(picture_preset, _MODELS)

SYSTEM = System(
    id="vision.evolving_attention",
    title="Evolving attention: maps that go on from layer to layer",
    summary="Classifies time series with attention whose maps are refined layer by layer.",
    paper=Paper(
        title="Convolution-Enhanced Evolving Attention Networks",
        venue="TPAMI",
        year=2023,
        arxiv="2102.12895",
        code="pkuyym/EvolvingAttention",
    ),
    branches=("tasks/time-series", "backbones/static/topology"),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train a classifier of time series whose attention maps evolve.",
            params=TrainParams,
            result=TrainResult,
            entry="backends.vision.evolving_attention.jobs:train",
            effort="minutes",
            quick={"epochs": 0.6, "layers": 1},
        ),
        Job(
            name="predict",
            kind="predict",
            summary="Classify series with weights that train wrote.",
            params=PredictParams,
            result=PredictResult,
            entry="backends.vision.evolving_attention.jobs:predict",
            effort="seconds",
        ),
        Job(
            name="analyse",
            kind="analyse",
            summary="Draw the attention map that each layer hands on for one series.",
            params=AnalyseParams,
            result=AnalyseResult,
            entry="backends.vision.evolving_attention.jobs:analyse",
            effort="seconds",
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Compare networks with and without evolution on two sets, over seeds.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.vision.evolving_attention.reproduce:reproduce",
            effort="minutes",
        ),
    ),
    presets=(
        Preset(
            name="tiny",
            summary="EA-DC with two layers, for tests.",
            build=f"{_MODELS}:tiny",
            inputs=((29, 12),),
            parameters=296_303,
        ),
        Preset(
            name="ea_dc",
            summary="EA-DC with the released defaults, sized for JapaneseVowels.",
            build=f"{_MODELS}:ea_dc",
            inputs=((29, 12),),
            parameters=388_993,
        ),
        Preset(
            name="picture",
            summary="A small vision transformer whose maps evolve.",
            build=f"{_MODELS}:picture",
            inputs=((3, 32, 32),),
            parameters=459_814,
        ),
        Preset(
            name="resnet_tiny",
            summary="A small residual network with evolving attention beside its convolutions.",
            build=f"{_MODELS}:resnet_tiny",
            inputs=((3, 32, 32),),
        ),
        _resnet_preset("resnet50", "EA-AA-ResNet-50.", 24_967_712),
        _resnet_preset("resnet101", "EA-AA-ResNet-101.", 43_440_728),
        _resnet_preset("resnet152", "EA-AA-ResNet-152.", 58_659_248),
        Preset(
            name="byte_model",
            summary="A small causal language model over bytes whose maps evolve.",
            build=f"{_MODELS}:byte_model",
            inputs=((128,),),
            vocabulary=256,
            parameters=241_724,
        ),
    ),
    extra="vision",
)
