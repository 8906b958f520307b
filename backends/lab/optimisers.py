"""Optimisers and parameter groups: what decays, what learns more slowly."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch import nn, optim

ParameterGroups = Callable[[nn.Module], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimiser:
    """An optimiser's settings. `layer_decay` slows a layer by this factor for each layer above it."""

    name: Literal["adamw", "sgd"] = "adamw"
    rate: float = 1e-3
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.9
    layer_decay: float | None = None

    def build(self, groups: list[dict[str, Any]]) -> optim.Optimizer:
        """The optimiser over these groups, each of which may have a `scale` on the rate."""
        scaled = [{**group, "lr": self.rate * group.get("scale", 1.0)} for group in groups]
        match self.name:
            case "adamw":
                return optim.AdamW(scaled, lr=self.rate, betas=self.betas)
            case "sgd":
                return optim.SGD(scaled, lr=self.rate, momentum=self.momentum, nesterov=self.momentum > 0)

    def groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """Groups with decay for matrices, without for vectors and biases, and by layer if wanted.

        Vectors, biases and position embeddings do not decay, after DeiT and MAE.
        """
        found: dict[tuple[bool, float], dict[str, Any]] = {}
        depths = _depths(model) if self.layer_decay is not None else {}
        deepest = max(depths.values(), default=0)
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue
            decays = parameter.ndim > 1 and not _stands_still(name)
            slower = 1.0 if self.layer_decay is None else self.layer_decay ** (deepest - depths[name])
            group = found.setdefault(
                (decays, slower),
                {"params": [], "weight_decay": self.weight_decay if decays else 0.0, "scale": slower},
            )
            group["params"].append(parameter)
        return list(found.values())


def _stands_still(name: str) -> bool:
    return any(part in name for part in ("pos_embed", "cls_token", "relative_position_bias_table"))


def _depths(model: nn.Module) -> dict[str, int]:
    """A parameter's layer: the first number in its name; what has none lies below or on top."""
    numbers = {name: re.search(r"\.(\d+)\.", f".{name}") for name, _ in model.named_parameters()}
    blocks = [int(number.group(1)) for number in numbers.values() if number is not None]
    top = max(blocks, default=-1) + 2
    seen_block = False
    depths = {}
    for name, number in numbers.items():
        seen_block = seen_block or number is not None
        depths[name] = int(number.group(1)) + 1 if number is not None else (top if seen_block else 0)
    return depths
