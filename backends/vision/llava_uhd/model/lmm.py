"""LLaVA-UHD as a whole: encoder, compressor, spatial schema and a language model.

A text holds the placeholder `PICTURE` where a picture stands; it is replaced by the picture's tokens. Those
places are never targets of the training.
"""

# Shape legend: B texts, L places of the longest, N places of one text, D width, V vocabulary

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from backends.vision.llava_uhd.model.decoder import LanguageModel
from backends.vision.llava_uhd.model.encoder import VisionEncoder
from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.feature_maps import FeatureMaps
from backends.vision.llava_uhd.model.pixels import PlannedPicture
from backends.vision.llava_uhd.model.schema import COMMA, NEWLINE, arranged

PICTURE = -200
"""The placeholder of LLaVA."""
IGNORED = -100
"""The target that no loss counts, as in torch."""

Compressor = Callable[[FeatureMaps], Sequence[Tensor]]


@dataclass(frozen=True, slots=True)
class Joined:
    """Texts with their pictures in place, filled up at the end."""

    embeddings_BLD: Tensor
    valid_BL: Tensor
    ids_BL: Tensor
    """The token at each place, `IGNORED` where a picture or filling stands."""


class LlavaUhd(nn.Module):
    """Pictures and text in, next tokens out.

    `language_model` must be a module as well where it is to be trained or moved with the rest.
    """

    def __init__(
        self,
        encoder: VisionEncoder,
        compressor: nn.Module,
        language_model: LanguageModel,
        *,
        comma: int,
        newline: int,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.compressor = compressor
        self.language_model = language_model
        self._separator_ids = {COMMA: comma, NEWLINE: newline}

    def see(self, pictures: Sequence[PlannedPicture]) -> list[Tensor]:
        """Encode all pieces of all pictures together; answer with each picture's places, (N, D)."""
        tokens = self.compressor(self.encoder([piece for picture in pictures for piece in picture.pieces]))
        separators = self.separators()
        found, start = [], 0
        for picture in pictures:
            end = start + picture.plan.num_pieces
            of_picture = [part.to(separators[COMMA].dtype) for part in tokens[start:end]]
            found.append(arranged(picture.plan, of_picture, separators))
            start = end
        return found

    def separators(self) -> dict[str, Tensor]:
        """The embeddings of what stands between slices, (D,) each."""
        device = self.encoder.patches.weight.device
        return {
            text: self.language_model.embed(torch.tensor(number, device=device))
            for text, number in self._separator_ids.items()
        }

    def join(self, texts: Sequence[Tensor], pictures: Sequence[PlannedPicture]) -> Joined:
        """Put pictures in the place of their placeholders, in order.

        Raises `ModelError` unless there is one picture for each placeholder.
        """
        wanted = sum(int((text == PICTURE).sum()) for text in texts)
        if wanted != len(pictures):
            raise ModelError(f"The texts have places for {wanted} pictures, but {len(pictures)} were given.")
        seen = iter(self.see(pictures) if pictures else [])
        rows = [self._joined_row(text, seen) for text in texts]
        lengths = torch.tensor([len(ids) for _, ids in rows], device=rows[0][0].device)
        return Joined(
            pad_sequence([embeddings for embeddings, _ in rows], batch_first=True),
            torch.arange(int(lengths.max()), device=lengths.device) < lengths[:, None],
            pad_sequence([ids for _, ids in rows], batch_first=True, padding_value=IGNORED),
        )

    def _joined_row(self, text: Tensor, seen: Iterator[Tensor]) -> tuple[Tensor, Tensor]:
        embeddings, ids = [], []
        stands = (text == PICTURE).nonzero().flatten().tolist()
        start = 0
        for place in [*stands, len(text)]:
            embeddings.append(self.language_model.embed(text[start:place]))
            ids.append(text[start:place])
            if place < len(text):
                embeddings.append(next(seen))
                ids.append(torch.full_like(text, IGNORED)[:1].expand(len(embeddings[-1])))
            start = place + 1
        return torch.cat(embeddings), torch.cat(ids)

    def forward(self, texts: Sequence[Tensor], pictures: Sequence[PlannedPicture]) -> tuple[Tensor, Tensor]:
        """Score what follows each place, (B, L, V), beside what does follow, (B, L).

        What follows is `IGNORED` where a picture's place, the filling or nothing comes next.
        """
        joined = self.join(texts, pictures)
        scores_BLV = self.language_model.next_tokens(joined.embeddings_BLD, joined.valid_BL)
        after_BL = joined.ids_BL.roll(-1, dims=1)
        after_BL[:, -1] = IGNORED
        return scores_BLV, after_BL

    @torch.no_grad()
    def answer(
        self, text: Tensor, pictures: Sequence[PlannedPicture], *, longest: int, end: int | None
    ) -> Tensor:
        """Continue a text by the most likely tokens, to `end` or to so many."""
        joined = self.join([text], pictures)
        embeddings_1LD, said = joined.embeddings_BLD, text.new_empty(0)
        for _ in range(longest):
            valid_1L = torch.ones(embeddings_1LD.shape[:2], dtype=torch.bool, device=embeddings_1LD.device)
            best = self.language_model.next_tokens(embeddings_1LD, valid_1L)[0, -1].argmax()
            if end is not None and int(best) == end:
                break
            said = torch.cat((said, best[None]))
            embeddings_1LD = torch.cat((embeddings_1LD, self.language_model.embed(best[None])[None]), dim=1)
        return said
