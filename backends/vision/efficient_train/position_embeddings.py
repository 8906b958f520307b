"""Lets a vision transformer follow the size of its pictures: its positions and what Adam knows of them."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.lab.hooks import Hook
from backends.lab.trainer import Trainer
from backends.vision.efficient_train.curriculum import Curriculum


def follows_size(model: nn.Module) -> bool:
    """Whether a model must be told the size: it is a timm transformer with learned positions."""
    return isinstance(getattr(model, "pos_embed", None), nn.Parameter) and hasattr(model, "patch_embed")


def resize_positions(
    model: nn.Module, side: int, moments: Mapping[Tensor, dict[str, Tensor]] | None = None
) -> None:
    """Bring learned positions to the grid of pictures of `side` pixels, and Adam's moments along.

    The positions are resampled bilinearly; those of class tokens stay.
    """
    embedding, patches = model.pos_embed, model.patch_embed
    assert isinstance(embedding, nn.Parameter), "follows_size was asked"
    assert isinstance(patches, nn.Module), "follows_size was asked"
    if patches.img_size == (side, side):
        return
    patches.set_input_size(img_size=(side, side))  # type: ignore[operator]
    num_classes = getattr(model, "num_prefix_tokens", 1)

    def resampled(values_1TC: Tensor) -> Tensor:
        classes, places = values_1TC[:, :num_classes], values_1TC[:, num_classes:]
        before = math.isqrt(places.shape[1])
        grid = places.transpose(1, 2).reshape(1, -1, before, before)
        moved = functional.interpolate(grid, patches.grid_size, mode="bilinear", align_corners=False)  # type: ignore[arg-type]
        return torch.cat([classes, moved.flatten(2).transpose(1, 2)], 1)

    with torch.no_grad():
        embedding.data = resampled(embedding.data)
        known = {} if moments is None else moments.get(embedding, {})
        known.update(
            {name: resampled(value) for name, value in known.items() if value.ndim == embedding.ndim}
        )


@contextmanager
def at_side(model: nn.Module, side: int) -> Iterator[None]:
    """The model as it is for pictures of `side` pixels, and as it was afterwards."""
    if not follows_size(model):
        yield
        return
    embedding, patches = model.pos_embed, model.patch_embed
    assert isinstance(embedding, nn.Parameter), "follows_size was asked"
    assert isinstance(patches, nn.Module), "follows_size was asked"
    kept, size = embedding.data, patches.img_size
    resize_positions(model, side)
    try:
        yield
    finally:
        patches.set_input_size(img_size=size)  # type: ignore[operator]
        embedding.data = kept


class FollowSize(Hook):
    """Brings the model to the size of each segment when it begins."""

    def __init__(self, curriculum: Curriculum) -> None:
        self._curriculum = curriculum

    def on_start(self, trainer: Trainer) -> None:
        # A checkpoint holds the model as the step before it left it.
        resize_positions(trainer.model, self._curriculum.segment_at(max(trainer.step - 1, 0)).side)

    def before_step(self, trainer: Trainer) -> None:
        side = self._curriculum.segment_at(trainer.step).side
        resize_positions(trainer.model, side, trainer.optimiser.state)
        if (averaged := trainer.best_model()) is not trainer.model:
            resize_positions(averaged, side)
