"""Evidence for and against as pictures beside the picture it was found in."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from torch import Tensor


def plot_evidence(picture_HWC: Tensor, evidence: Sequence[tuple[Tensor, Tensor]], path: Path) -> None:
    """Draw the picture, then a column a block: for above, against below."""
    figure = Figure(figsize=(2 * (len(evidence) + 1), 4.2), layout="constrained")
    axes = figure.subplots(2, len(evidence) + 1, squeeze=False)
    axes[0, 0].imshow(picture_HWC.numpy())
    for number, (positive, negative) in enumerate(evidence, start=1):
        axes[0, number].imshow(positive.numpy(), cmap="Greens")
        axes[1, number].imshow(negative.numpy(), cmap="Reds")
        axes[0, number].set_title(f"block {number}")
    for axis in axes.flat:
        axis.set_axis_off()
    figure.savefig(path)
