"""Vision transformers with another residual topology: timm's, whose sublayers are joined anew."""

from functools import partial

from timm.models.vision_transformer import Block, VisionTransformer
from torch import nn

from backends.vision.siamese_norm.stack import Stack
from backends.vision.siamese_norm.topology import TopologyName, make_topology

EPS = 1e-6


def convert(host: VisionTransformer, topology: TopologyName) -> VisionTransformer:
    """Join the sublayers of a vision transformer by another topology, in place; weights are kept, norms new.

    Raises:
        ValueError: The topology asks for norms inside attention, which these hosts do not have.
    """
    blocks = [block for block in host.blocks if isinstance(block, Block)]
    joined = make_topology(
        topology, len(blocks), partial(nn.LayerNorm, host.embed_dim, eps=EPS), host.embed_dim
    )
    if joined.normalises_heads:
        raise ValueError(
            f"{topology} normalises attention heads; those of a vision transformer have no norms."
        )
    sublayers = [sublayer for block in blocks for sublayer in _sublayers(block)]
    host.blocks = nn.Sequential(Stack(sublayers, joined))
    host.norm = nn.Identity()  # the topology's readout ends with a norm
    return host


def _sublayers(block: Block) -> tuple[nn.Module, nn.Module]:
    """A block's attention and feed-forward layer, each with its stochastic depth."""
    return (
        nn.Sequential(block.attn, block.ls1, block.drop_path1),
        nn.Sequential(block.mlp, block.ls2, block.drop_path2),
    )


def _deit(
    topology: TopologyName, width: int, num_heads: int, num_classes: int, image_size: int, drop_path: float
) -> VisionTransformer:
    host = VisionTransformer(
        img_size=image_size,
        patch_size=16,
        embed_dim=width,
        depth=12,
        num_heads=num_heads,
        num_classes=num_classes,
        drop_path_rate=drop_path,
    )
    return convert(host, topology)


def deit_tiny(
    *,
    topology: TopologyName = "siamese",
    num_classes: int = 1000,
    image_size: int = 224,
    drop_path: float = 0.1,
) -> VisionTransformer:
    """DeiT-T: width 192."""
    return _deit(topology, 192, 3, num_classes, image_size, drop_path)


def deit_small(
    *,
    topology: TopologyName = "siamese",
    num_classes: int = 1000,
    image_size: int = 224,
    drop_path: float = 0.1,
) -> VisionTransformer:
    """DeiT-S: width 384."""
    return _deit(topology, 384, 6, num_classes, image_size, drop_path)


def deit_base(
    *,
    topology: TopologyName = "siamese",
    num_classes: int = 1000,
    image_size: int = 224,
    drop_path: float = 0.1,
) -> VisionTransformer:
    """DeiT-B: width 768."""
    return _deit(topology, 768, 12, num_classes, image_size, drop_path)


def tiny(
    *, topology: TopologyName = "siamese", num_classes: int = 10, image_size: int = 32
) -> VisionTransformer:
    """Six blocks of width 64 on patches of 4 pixels."""
    host = VisionTransformer(
        img_size=image_size, patch_size=4, embed_dim=64, depth=6, num_heads=4, num_classes=num_classes
    )
    return convert(host, topology)
