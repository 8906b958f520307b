"""Self-attention among the positions of each piece, for pieces of different lengths at once.

Three arrangements give the same result: `Buckets` runs pieces of one length together and computes nothing in
vain; `Padded` fills up to the longest piece and masks the filling as keys; `Packed` lines all pieces up and
lets each see its own block. Pieces come sorted by length, one after another.
"""

# Shape legend: T positions of all pieces, B pieces, N positions of the longest, H heads, K head width

from collections.abc import Sequence
from itertools import groupby
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

Batching = Literal["buckets", "padded", "packed"]


class Arrangement(Protocol):
    """How the pieces of one batch attend; made once, used by every layer."""

    def attend(self, q_THK: Tensor, k_THK: Tensor, v_THK: Tensor) -> Tensor:
        """Answer with (T, H, K)."""


class Buckets:
    """One call for every length that occurs."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._runs = [(len(list(alike)), length) for length, alike in groupby(lengths)]

    def attend(self, q_THK: Tensor, k_THK: Tensor, v_THK: Tensor) -> Tensor:
        found, start = [], 0
        for count, length in self._runs:
            rows = slice(start, start + count * length)
            q_BHNK, k_BHNK, v_BHNK = (
                part[rows].reshape(count, length, *part.shape[1:]).transpose(1, 2)
                for part in (q_THK, k_THK, v_THK)
            )
            seen_BHNK = scaled_dot_product_attention(q_BHNK, k_BHNK, v_BHNK)
            found.append(seen_BHNK.transpose(1, 2).flatten(0, 1))
            start = rows.stop
        return found[0] if len(found) == 1 else torch.cat(found)


class Padded:
    """One call, with the filling of shorter pieces masked as keys and dropped as queries."""

    def __init__(self, lengths: Sequence[int], device: torch.device) -> None:
        lengths_B = torch.tensor(lengths, device=device)
        self._valid_BN = torch.arange(max(lengths), device=device) < lengths_B[:, None]

    def attend(self, q_THK: Tensor, k_THK: Tensor, v_THK: Tensor) -> Tensor:
        q_BHNK, k_BHNK, v_BHNK = (self._filled(part).transpose(1, 2) for part in (q_THK, k_THK, v_THK))
        keys = self._valid_BN[:, None, None, :]
        return scaled_dot_product_attention(q_BHNK, k_BHNK, v_BHNK, keys).transpose(1, 2)[self._valid_BN]

    def _filled(self, part_THK: Tensor) -> Tensor:
        filled_BNHK = part_THK.new_zeros((*self._valid_BN.shape, *part_THK.shape[1:]))
        filled_BNHK[self._valid_BN] = part_THK
        return filled_BNHK


class Packed:
    """One call over everything, with a block-diagonal mask."""

    def __init__(self, lengths: Sequence[int], device: torch.device) -> None:
        owners = torch.arange(len(lengths), device=device)
        owner_T = owners.repeat_interleave(torch.tensor(lengths, device=device))
        self._mask_TT = owner_T[:, None] == owner_T

    def attend(self, q_THK: Tensor, k_THK: Tensor, v_THK: Tensor) -> Tensor:
        q_HTK, k_HTK, v_HTK = (part.transpose(0, 1)[None] for part in (q_THK, k_THK, v_THK))
        return scaled_dot_product_attention(q_HTK, k_HTK, v_HTK, self._mask_TT)[0].transpose(0, 1)


def arrange(lengths: Sequence[int], batching: Batching, device: torch.device) -> Arrangement:
    """Make the arrangement of this kind."""
    match batching:
        case "buckets":
            return Buckets(lengths)
        case "padded":
            return Padded(lengths, device)
        case "packed":
            return Packed(lengths, device)
