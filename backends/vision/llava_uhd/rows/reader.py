"""A very small LLaVA-UHD that is asked for the row of the marked slice, with and without separators."""

# Shape legend: B pictures, S slices, Q tokens of a slice, L places, D width

from dataclasses import replace

import torch
from torch import Tensor

from backends.vision.llava_uhd.model.lmm import LlavaUhd
from backends.vision.llava_uhd.model.schema import arranged
from backends.vision.llava_uhd.model.small import TINY, new_small
from backends.vision.llava_uhd.planner import SlicePlan, plan
from backends.vision.llava_uhd.rows.pictures import SLICES

READER = replace(
    TINY,
    encoder=replace(TINY.encoder, layers=1, width=32, feed_forward=64, patch=14, side=4),
    rule=replace(TINY.rule, name="rows", patch=14, align=14, max_slices=SLICES, queries=4),
    decoder_layers=2,
    places=64,
)
_QUESTION, _ZERO = ord("?"), ord("0")


def new_row_reader(seed: int) -> LlavaUhd:
    """A reader with fresh weights."""
    torch.manual_seed(seed)
    return new_small(READER)


def row_scores(
    reader: LlavaUhd,
    pixels: Tensor,
    *,
    separators: bool,
    shuffle: torch.Generator | None = None,
) -> Tensor:
    """Score every row as the marked slice's, (B, 6), for pictures of one size, (B, height, width).

    `shuffle` puts each picture's slices into a random order, between separators that stay where they are.
    """
    rule = READER.rule if separators else replace(READER.rule, layout="none")
    planned = plan((pixels.shape[2], pixels.shape[1]), rule)
    slices_BSHW = _slices(pixels, planned)
    seen = reader.compressor(reader.encoder([one.expand(3, -1, -1) for one in slices_BSHW.flatten(0, 1)]))
    tokens_BSQD = torch.stack(seen).reshape(*slices_BSHW.shape[:2], *seen[0].shape)
    if shuffle is not None:
        order_BS = torch.rand(tokens_BSQD.shape[:2], generator=shuffle).argsort(1).to(tokens_BSQD.device)
        tokens_BSQD = tokens_BSQD[torch.arange(len(order_BS))[:, None], order_BS]
    # The overview's place stays, but blank: its tokens would tell the picture's shape.
    withheld_BQD = torch.zeros_like(tokens_BSQD[:, 0])
    seen_BLD = arranged(planned, [*tokens_BSQD.unbind(1), withheld_BQD], reader.separators())
    decoder = reader.language_model
    question_1D = decoder.embed(torch.tensor([_QUESTION], device=pixels.device))
    asked_BLD = torch.cat((seen_BLD, question_1D.expand(len(pixels), 1, -1)), dim=1)
    valid_BL = torch.ones(asked_BLD.shape[:2], dtype=torch.bool, device=pixels.device)
    return decoder.next_tokens(asked_BLD, valid_BL)[:, -1, _ZERO : _ZERO + SLICES]


def _slices(pixels: Tensor, planned: SlicePlan) -> Tensor:
    """Cut pictures into their slices, row by row, (B, S, height, width)."""
    columns, rows = planned.grid
    tiles = pixels.reshape(len(pixels), rows, -1, columns, pixels.shape[2] // columns)
    return tiles.transpose(2, 3).flatten(1, 2)
