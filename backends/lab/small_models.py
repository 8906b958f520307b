"""Small hosts for methods that work on any model: what a laptop trains in a minute."""

from timm.models.resnet import BasicBlock, ResNet
from timm.models.vision_transformer import VisionTransformer
from torch import nn


def small_vit(*, num_classes: int = 10, image_size: int = 32) -> nn.Module:
    """Four blocks of width 96 on patches of 4 pixels."""
    return VisionTransformer(
        img_size=image_size,
        patch_size=4,
        embed_dim=96,
        depth=4,
        num_heads=3,
        num_classes=num_classes,
    )


def small_convnet(*, num_classes: int = 10, image_size: int = 32) -> nn.Module:
    """A residual network of four stages with one block each; it takes any `image_size`."""
    del image_size  # a convolution does not ask
    return ResNet(
        BasicBlock,  # type: ignore[arg-type]  # timm's annotation leaves out "type"
        (1, 1, 1, 1),
        num_classes=num_classes,
        channels=(16, 32, 64, 128),
        stem_type="deep",
        stem_width=16,
        output_stride=8,  # a picture of 32 pixels ends as 4 x 4
    )
