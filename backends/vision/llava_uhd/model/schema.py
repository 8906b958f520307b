"""The spatial schema: how tokens of slices and overview become one sequence that tells where each slice lies.

Slices follow row by row. A comma stands after each slice, a newline after the last of a row, and the overview
comes last, or first where the profile says so (LLaVA-UHD, section 3.3).
"""

# Shape legend: ... any leading dimensions, Q tokens of a piece, L places of the sequence, D width

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.planner import SlicePlan

COMMA, NEWLINE = ",", "\n"


def reading_order(plan: SlicePlan) -> tuple[int | str, ...]:
    """What the language model reads: numbers of pieces, in the order of `plan.pieces`, and separators.

    Raises `ModelError` for a profile that marks slices by tags, whose wording is the model's own.
    """
    if plan.separators is None:
        raise ModelError(
            f"The rule {plan.profile.name!r} marks slices by tags of its own model; commas and newlines are "
            "arranged for the rules with separators."
        )
    after = dict(zip(range(plan.num_slices), plan.separators, strict=False))
    first = 1 if plan.profile.overview_first else 0
    order: list[int | str] = []
    for place, piece in enumerate(plan.pieces):
        order.append(place)
        if not piece.is_overview and place - first in after:
            order.append(after[place - first])
    return tuple(order)


def arranged(plan: SlicePlan, tokens: Sequence[Tensor], separators: Mapping[str, Tensor]) -> Tensor:
    """Join the tokens of a plan's pieces, each (..., Q, D), to (..., L, D).

    Raises `ModelError` where pieces or tokens are not those that the planner counted.
    """
    if len(tokens) != plan.num_pieces:
        raise ModelError(f"The plan has {plan.num_pieces} pieces, but tokens of {len(tokens)} were given.")
    leading = tokens[0].shape[:-2]
    parts = [
        separators[item].expand(*leading, 1, -1) if isinstance(item, str) else tokens[item]
        for item in reading_order(plan)
    ]
    joined_LD = torch.cat(parts, dim=-2)
    if plan.profile.queries is not None and joined_LD.shape[-2] != plan.positions:
        raise ModelError(
            f"The planner counts {plan.positions} places under the rule {plan.profile.name!r}, but the model "
            f"makes {joined_LD.shape[-2]}: give the profile as many queries as the model has."
        )
    return joined_LD
