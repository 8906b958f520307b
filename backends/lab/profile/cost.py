"""Parameters, multiply-adds by layer and memory for activations, counted without computing anything.

The model runs on the meta device, where tensors have shapes and no values. Multiply-adds are torch's count of
matrix products and convolutions, halved; beside it stands a count by layer types, from their shapes alone.
Where the two differ, products were made outside layers, as attention does.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from backends.lab.errors import LabFailure

PICOJOULES_PER_MAC = 4.6
PICOJOULES_PER_WORD = 640.0
"""Of 45 nm chips, for fp32 and for 32 bits from DRAM: Horowitz, "Computing's energy problem", ISSCC 2014."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCost:
    """One module without children, or the share of a module that its children do not have."""

    name: str
    kind: str
    parameters: int
    macs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one forward pass of a batch takes.

    `macs` is torch's count, `layer_macs` ours of convolutions and linear layers. `saved_bytes` are the
    activations that a backward pass needs; `moved_words` counts weights, inputs and outputs of layers once.
    """

    parameters: int
    trainable: int
    buffers: int
    parameter_bytes: int
    macs: int
    layer_macs: int
    saved_bytes: int
    moved_words: int
    layers: tuple[LayerCost, ...]

    @property
    def macs_outside_layers(self) -> int:
        """Products of activations with each other, as in attention."""
        return self.macs - self.layer_macs

    @property
    def energy_millijoules(self) -> float:
        """A proxy that ranks models; no claim about a real chip."""
        return (self.macs * PICOJOULES_PER_MAC + self.moved_words * PICOJOULES_PER_WORD) * 1e-9


def count_cost(model: nn.Module, inputs: Sequence[Tensor]) -> Cost:
    """Count one forward pass.

    Raises:
        LabFailure: The model looks at values, so that it cannot be counted without them.
    """
    try:
        ghost = copy.deepcopy(model).to("meta").eval()
        ghosts = [value.to("meta") for value in inputs]
        counted = _Counted()
        counted.watch(ghost)
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, counted.saved_tensors():
            ghost(*ghosts)
    except (NotImplementedError, RuntimeError) as error:
        raise LabFailure(f"This model cannot be counted on shapes alone: {error}") from error
    by_module: dict[str, dict[Any, int]] = counter.get_flop_counts()
    parameters = list(model.parameters())
    return Cost(
        parameters=sum(parameter.numel() for parameter in parameters),
        trainable=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        buffers=sum(buffer.numel() for buffer in model.buffers()),
        parameter_bytes=sum(parameter.numel() * parameter.element_size() for parameter in parameters),
        macs=counter.get_total_flops() // 2,
        layer_macs=counted.layer_macs,
        saved_bytes=counted.saved_bytes,
        moved_words=counted.moved_words,
        layers=_layers(ghost, by_module),
    )


class _Counted:
    """What hooks see during one forward pass."""

    def __init__(self) -> None:
        self.layer_macs = 0
        self.moved_words = 0
        self.saved_bytes = 0

    def watch(self, model: nn.Module) -> None:
        self._own = {parameter.untyped_storage()._cdata for parameter in model.parameters()}
        for module in model.modules():
            if not list(module.children()):
                module.register_forward_hook(self._after_layer)

    def saved_tensors(self) -> saved_tensors_hooks:
        seen: dict[int, object] = {}

        def pack(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            if storage._cdata not in self._own and storage._cdata not in seen:
                seen[storage._cdata] = storage  # held, so that no other storage gets its address
                self.saved_bytes += storage.nbytes()
            return tensor

        return saved_tensors_hooks(pack, lambda tensor: tensor)

    def _after_layer(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if not isinstance(output, Tensor):
            return
        tensors = [value for value in inputs if isinstance(value, Tensor)]
        weights = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        self.moved_words += weights + output.numel() + sum(value.numel() for value in tensors)
        match module:
            case nn.Conv1d() | nn.Conv2d() | nn.Conv3d():
                window = math.prod(module.kernel_size)
                self.layer_macs += output.numel() * module.in_channels // module.groups * window
            case nn.ConvTranspose1d() | nn.ConvTranspose2d() | nn.ConvTranspose3d():
                window = math.prod(module.kernel_size)
                self.layer_macs += tensors[0].numel() * module.out_channels // module.groups * window
            case nn.Linear():
                self.layer_macs += output.numel() * module.in_features


def _layers(model: nn.Module, by_module: dict[str, dict[Any, int]]) -> tuple[LayerCost, ...]:
    root = type(model).__name__

    def macs_of(name: str) -> int:
        return sum(by_module.get(f"{root}.{name}" if name else root, {}).values()) // 2

    found = []
    for name, module in model.named_modules():
        children = [child for child, _ in module.named_children()]
        inside = sum(macs_of(f"{name}.{child}" if name else child) for child in children)
        own_macs = macs_of(name) - inside
        own_parameters = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        if own_macs > 0 or own_parameters > 0:
            found.append(
                LayerCost(
                    name=name, kind=type(module).__name__, parameters=own_parameters, macs=max(own_macs, 0)
                )
            )
    return tuple(found)
