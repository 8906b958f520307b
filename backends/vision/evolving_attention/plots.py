"""The maps of a network as a row of pictures."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from torch import Tensor


def plot_maps(maps: Sequence[Tensor], path: Path) -> None:
    """Draw maps (queries down, keys across) beside each other."""
    figure = Figure(figsize=(2.4 * len(maps), 2.6), layout="constrained")
    axes = figure.subplots(1, len(maps), squeeze=False)[0]
    for number, (axis, each) in enumerate(zip(axes, maps, strict=True)):
        axis.imshow(each.softmax(-1).numpy(), cmap="viridis")
        axis.set_title(f"layer {number + 1}")
        axis.set_xticks([])
        axis.set_yticks([])
    figure.savefig(path)
