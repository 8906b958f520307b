"""all-MiniLM-L6-v2 in numpy: sentence embeddings offline, without torch.

A BERT of six layers (Devlin et al. 2019, distilled by Wang et al. 2020), mean over the tokens, length one, as
the model's publishers compute it. Texts of one length in tokens go through together, so nothing is padded and
no attention mask is needed.
"""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memory.embedders import EmbedderMark, Vectors
from memory.errors import StoreError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Shape legend: B texts, T tokens, D width of the model, H heads, K width of a head
CONTEXT = 256  # tokens; the publishers cut there as well
_TOKENS_AT_ONCE = 4096
_FILES = ("model.safetensors", "tokenizer.json", "config.json")
_BRING = "bring it with `nimue models pull all-minilm-l6-v2`"


class MiniLMEmbedder:
    """Sentence embeddings of 384 numbers."""

    def __init__(self, folder: Path) -> None:
        """Load the model from its folder, or from the folder of the weights file that is named.

        Raises:
            StoreError: a file is missing or is not of such a model.
        """
        from safetensors import SafetensorError

        folder = folder if folder.is_dir() else folder.parent
        missing = [name for name in _FILES if not (folder / name).is_file()]
        if missing:
            raise StoreError(f"the embedding model is not in {folder} (no {missing[0]}): {_BRING}")
        try:
            shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self._num_heads = int(shape["num_attention_heads"])
            self._epsilon = float(shape["layer_norm_eps"])
            weights = _weights(folder / "model.safetensors")
            self._layers = tuple(
                _Layer(weights, f"encoder.layer.{number}.", self._num_heads, self._epsilon)
                for number in range(int(shape["num_hidden_layers"]))
            )
            self._words = weights["embeddings.word_embeddings.weight"]
            self._places = (
                weights["embeddings.position_embeddings.weight"][:CONTEXT]
                + weights["embeddings.token_type_embeddings.weight"][0]
            )
            self._norm = _Norm(weights, "embeddings.LayerNorm.", self._epsilon)
        except (KeyError, ValueError, SafetensorError) as problem:
            raise StoreError(
                f"the files in {folder} are not those of all-MiniLM-L6-v2 ({problem}): {_BRING}"
            ) from problem
        self._tokenizer = _tokenizer(folder / "tokenizer.json")
        digest = hashlib.sha256()
        for name in ("model.safetensors", "tokenizer.json"):
            digest.update((folder / name).read_bytes())
        self.mark = EmbedderMark(f"minilm-1-{digest.hexdigest()[:8]}", self._words.shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.mark.dimension), np.float32)
        by_length: dict[int, list[int]] = defaultdict(list)
        readable = [text.encode("utf-8", "replace").decode() for text in texts]
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(readable)]
        for place, ids in enumerate(tokens):
            by_length[len(ids)].append(place)
        for length, places in by_length.items():
            at_once = max(1, _TOKENS_AT_ONCE // length)
            for start in range(0, len(places), at_once):
                batch = places[start : start + at_once]
                vectors[batch] = self._embedded(np.array([tokens[place] for place in batch]))
        return vectors

    def _embedded(self, ids_BT: NDArray[np.int64]) -> Vectors:
        x_BTD = self._norm(self._words[ids_BT] + self._places[: ids_BT.shape[1]])
        for layer in self._layers:
            x_BTD = layer(x_BTD)
        mean_BD = x_BTD.mean(axis=1)
        return np.asarray(mean_BD / np.linalg.norm(mean_BD, axis=1, keepdims=True), np.float32)


class _Norm:
    """Layer normalisation."""

    def __init__(self, weights: Mapping[str, Vectors], prefix: str, epsilon: float) -> None:
        self._scale, self._shift = weights[f"{prefix}weight"], weights[f"{prefix}bias"]
        self._epsilon = np.float32(epsilon)

    def __call__(self, x_BTD: Vectors) -> Vectors:
        centred = x_BTD - x_BTD.mean(axis=-1, keepdims=True)
        variance = np.mean(centred * centred, axis=-1, keepdims=True)
        return np.asarray(centred / np.sqrt(variance + self._epsilon) * self._scale + self._shift)


class _Linear:
    def __init__(self, weights: Mapping[str, Vectors], *prefixes: str) -> None:
        """Several maps of one input are laid side by side."""
        self._matrix = np.concatenate([weights[f"{prefix}weight"] for prefix in prefixes]).T.copy()
        self._shift = np.concatenate([weights[f"{prefix}bias"] for prefix in prefixes])

    def __call__(self, x_BTD: Vectors) -> Vectors:
        # One large product: a product of stacks would run a small one for every text.
        flat = x_BTD.reshape(-1, x_BTD.shape[-1]) @ self._matrix + self._shift
        return np.asarray(flat.reshape(*x_BTD.shape[:-1], -1))


class _Layer:
    """Attention and a network for each token, each added to its input and normalised."""

    def __init__(self, weights: Mapping[str, Vectors], prefix: str, num_heads: int, epsilon: float) -> None:
        attention = f"{prefix}attention."
        self._num_heads = num_heads
        self._inputs = _Linear(weights, *(f"{attention}self.{name}." for name in ("query", "key", "value")))
        self._mix = _Linear(weights, f"{attention}output.dense.")
        self._mix_norm = _Norm(weights, f"{attention}output.LayerNorm.", epsilon)
        self._widen = _Linear(weights, f"{prefix}intermediate.dense.")
        self._narrow = _Linear(weights, f"{prefix}output.dense.")
        self._norm = _Norm(weights, f"{prefix}output.LayerNorm.", epsilon)

    def __call__(self, x_BTD: Vectors) -> Vectors:
        x_BTD = self._mix_norm(x_BTD + self._mix(self._attended(x_BTD)))
        return self._norm(x_BTD + self._narrow(_gelu(self._widen(x_BTD))))

    def _attended(self, x_BTD: Vectors) -> Vectors:
        num_texts, num_tokens, width = x_BTD.shape
        heads = self._inputs(x_BTD).reshape(num_texts, num_tokens, 3, self._num_heads, -1)
        q_BHTK, k_BHTK, v_BHTK = heads.transpose(2, 0, 3, 1, 4)
        scores = q_BHTK @ k_BHTK.swapaxes(-1, -2) / np.float32(math.sqrt(width // self._num_heads))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        return np.asarray((scores @ v_BHTK).swapaxes(1, 2).reshape(x_BTD.shape))


def _gelu(x: Vectors) -> Vectors:
    from scipy.special import erf

    return np.asarray(x * np.float32(0.5) * (1 + erf(x * np.float32(math.sqrt(0.5)))))


def _weights(path: Path) -> dict[str, Vectors]:
    from safetensors.numpy import load_file

    return load_file(path)


def _tokenizer(path: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()  # the file pads and cuts at 128
    tokenizer.enable_truncation(CONTEXT)
    return tokenizer
