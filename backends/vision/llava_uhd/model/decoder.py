"""A small causal language model that reads embeddings: stands in for Vicuna where all is trained."""

# Shape legend: B texts, L places, D width, V vocabulary

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from backends.vision.llava_uhd.model.positions import sincos_1d


class LanguageModel(Protocol):
    """What the model needs of a language model: embeddings of tokens, and next tokens after embeddings."""

    def embed(self, ids: Tensor) -> Tensor:
        """Embed token ids, (...) to (..., D)."""

    def next_tokens(self, embeddings_BLD: Tensor, valid_BL: Tensor) -> Tensor:
        """Score what follows each place, (B, L, V). Places that are not valid stand at the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DecoderConfig:
    """The shape of a small decoder."""

    vocabulary: int
    width: int
    layers: int
    heads: int
    places: int
    """The longest sequence that it can read."""


class SmallDecoder(nn.Module):
    """A causal transformer with learned places."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.tokens = nn.Embedding(config.vocabulary, config.width)
        # They start as sines, with a spread of a half: so the tokens of one slice stand close together, and
        # reading eight slices in order is learned in half the steps that it takes from places at random.
        self.places = nn.Parameter(2**-0.5 * sincos_1d(config.places, config.width).float())
        layer = nn.TransformerEncoderLayer(
            config.width,
            config.heads,
            4 * config.width,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(
            layer, config.layers, norm=nn.LayerNorm(config.width), enable_nested_tensor=False
        )
        self.head = nn.Linear(config.width, config.vocabulary)
        # Visual tokens arrive with a spread of about one: words must not drown in them.
        nn.init.normal_(self.tokens.weight, std=0.5)

    def embed(self, ids: Tensor) -> Tensor:
        embeddings: Tensor = self.tokens(ids)
        return embeddings

    def next_tokens(self, embeddings_BLD: Tensor, valid_BL: Tensor) -> Tensor:
        length = embeddings_BLD.shape[1]
        # Filling stands at the end, where no valid place looks: the causal mask alone keeps it out.
        later = nn.Transformer.generate_square_subsequent_mask(length, device=embeddings_BLD.device)
        states_BLD = self.layers(embeddings_BLD + self.places[:length], mask=later, is_causal=True)
        scores: Tensor = self.head(states_BLD)
        return scores
