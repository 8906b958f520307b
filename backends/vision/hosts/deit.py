"""DeiT as a host: timm's vision transformer, whose blocks take any mixer.

DeiT: "Training data-efficient image transformers & distillation through attention", ICML 2021. With
`class_token` it is the published model; without, tokens are averaged after the last norm, for mixers that
know a grid only.
"""

from dataclasses import dataclass

from timm.layers.patch_embed import PatchEmbed
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from backends.vision.mixers.place import Grid, MakeMixer, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class DeiTSize:
    """Width, depth, heads and patch of a DeiT."""

    dim: int
    num_heads: int
    depth: int = 12
    patch: int = 16


DEIT_TINY = DeiTSize(dim=192, num_heads=3)
DEIT_SMALL = DeiTSize(dim=384, num_heads=6)
DEIT_BASE = DeiTSize(dim=768, num_heads=12)


class OnPatches(nn.Module):
    """A mixer in a timm block, which does not hand on the grid: it asks the patch embedding for it."""

    def __init__(self, mixer: nn.Module, patches: PatchEmbed) -> None:
        super().__init__()
        self.mixer = mixer
        self._patches = (patches,)  # in a tuple, so that it does not become a child of every block

    def forward(self, x_BNC: Tensor, attn_mask: None = None, is_causal: bool = False) -> Tensor:
        assert attn_mask is None and not is_causal, "mixers see all of a picture"
        grid: Grid = self._patches[0].grid_size
        mixed: Tensor = self.mixer(x_BNC, grid)
        return mixed


def deit(
    size: DeiTSize,
    make_mixer: MakeMixer,
    *,
    num_classes: int = 1000,
    image_size: int = 224,
    class_token: bool = True,
    drop_path: float = 0.0,
) -> VisionTransformer:
    """Build a DeiT with these mixers."""
    model = VisionTransformer(
        img_size=image_size,
        patch_size=size.patch,
        num_classes=num_classes,
        embed_dim=size.dim,
        depth=size.depth,
        num_heads=size.num_heads,
        class_token=class_token,
        global_pool="token" if class_token else "avg",
        fc_norm=False,
        drop_path_rate=drop_path,
    )
    patches = model.patch_embed
    assert isinstance(patches, PatchEmbed)
    for number, block in enumerate(model.blocks):
        place = Place(
            stage=0,
            block=number,
            dim=size.dim,
            num_heads=size.num_heads,
            grid=patches.grid_size,
            num_prefix=model.num_prefix_tokens,
        )
        if (mixer := make_mixer(place)) is not None:
            block.attn = OnPatches(mixer, patches)
    return model
