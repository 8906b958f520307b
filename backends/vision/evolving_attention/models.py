"""The networks for time series by name, with and without evolution, and what a file of weights says."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from backends.lab.errors import LabError
from backends.vision.evolving_attention.augmented_resnet import (
    DEPTHS_50,
    DEPTHS_101,
    DEPTHS_152,
    AugmentedResNet,
    AugmentedResNetConfig,
)
from backends.vision.evolving_attention.series_network import SeriesNetwork, SeriesNetworkConfig
from backends.vision.evolving_attention.transformers import (
    ByteTransformer,
    PictureTransformer,
    SeriesTransformer,
    TrunkConfig,
)
from backends.vision.mixers.evolving import EvolutionShares

ModelName = Literal["ea_dc", "dc", "ea_tst", "tst"]


SeriesModel = SeriesNetwork | SeriesTransformer


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """All that is needed to build a network again."""

    model: ModelName
    features: int
    length: int
    class_names: tuple[str, ...]
    width: int
    layers: int
    num_heads: int
    ratio: float
    dropout: float
    carried: float
    convolved: float

    def build(self) -> SeriesModel:
        """The network with fresh weights.

        Raises:
            LabError: The heads cannot share the width.
        """
        shares = EvolutionShares(carried=self.carried, convolved=self.convolved)
        evolves = self.model.startswith("ea_")
        try:
            if self.model in ("ea_dc", "dc"):
                return SeriesNetwork(
                    SeriesNetworkConfig(
                        features=self.features,
                        length=self.length,
                        classes=len(self.class_names),
                        width=self.width,
                        hidden=self.width,
                        feed_forward=4 * self.width,
                        layers=self.layers,
                        num_heads=self.num_heads,
                        key_ratio=self.ratio,
                        value_ratio=self.ratio,
                        dropout=self.dropout,
                        shares=shares,
                        evolves=evolves,
                    )
                )
            trunk = TrunkConfig(
                width=self.width,
                depth=self.layers,
                num_heads=self.num_heads,
                dropout=self.dropout,
                norm="batch",
                shares=shares,
                evolves=evolves,
            )
            return SeriesTransformer(self.features, self.length, len(self.class_names), trunk)
        except ValueError as error:
            raise LabError(f"A {self.model} of width {self.width} cannot be built: {error}") from error

    def about(self) -> dict[str, str]:
        """For the header of a weights file."""
        return {"series_model": json.dumps(asdict(self))}


def built_from(about: Mapping[str, str]) -> Built:
    """What a weights file was written for.

    Raises:
        LabError: It was not written by this system.
    """
    if "series_model" not in about:
        raise LabError("These weights were not written by this system's train.")
    content = json.loads(about["series_model"])
    return Built(**{**content, "class_names": tuple(content["class_names"])})


def tiny() -> SeriesNetwork:
    """EA-DC of width 64 and two layers, for 12 features and 29 moments."""
    return SeriesNetwork(SeriesNetworkConfig(features=12, length=29, classes=9, layers=2))


def ea_dc() -> SeriesNetwork:
    """EA-DC with the released defaults, for the size of JapaneseVowels."""
    return SeriesNetwork(SeriesNetworkConfig(features=12, length=29, classes=9))


def picture(*, num_classes: int = 10, image_size: int = 32) -> PictureTransformer:
    """A vision transformer of four blocks of width 96 on patches of 4 pixels."""
    return PictureTransformer(image_size, 4, num_classes, TrunkConfig(width=96, depth=4, num_heads=3))


def byte_model(*, context: int = 128) -> ByteTransformer:
    """A causal language model over bytes, four blocks of width 64."""
    return ByteTransformer(context, TrunkConfig(width=64, depth=4, num_heads=4, direction="causal"))


def resnet_tiny(*, num_classes: int = 10, image_size: int = 32) -> AugmentedResNet:
    """An EA-AA-ResNet of seven blocks from width 16 on, for tests and laptops."""
    config = AugmentedResNetConfig(depths=(1, 2, 2, 2), width=16, num_heads=2)
    return AugmentedResNet(config, num_classes=num_classes, image_size=image_size)


def resnet50(*, num_classes: int = 1000, image_size: int = 224) -> AugmentedResNet:
    """EA-AA-ResNet-50."""
    return _resnet(DEPTHS_50, num_classes, image_size)


def resnet101(*, num_classes: int = 1000, image_size: int = 224) -> AugmentedResNet:
    """EA-AA-ResNet-101."""
    return _resnet(DEPTHS_101, num_classes, image_size)


def resnet152(*, num_classes: int = 1000, image_size: int = 224) -> AugmentedResNet:
    """EA-AA-ResNet-152."""
    return _resnet(DEPTHS_152, num_classes, image_size)


def _resnet(depths: tuple[int, int, int, int], num_classes: int, image_size: int) -> AugmentedResNet:
    config = AugmentedResNetConfig(depths=depths)
    return AugmentedResNet(config, num_classes=num_classes, image_size=image_size)
