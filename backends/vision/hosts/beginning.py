"""The weights with which most vision transformers begin."""

from torch import nn

from backends.vision.mixers.projections import WEIGHT_STD


def initialise(model: nn.Module) -> None:
    """Linear layers truncated normal with no bias, norms one and zero; the rest stays."""
    for module in model.modules():
        match module:
            case nn.Linear():
                nn.init.trunc_normal_(module.weight, std=WEIGHT_STD)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            case nn.LayerNorm() if module.elementwise_affine:
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
