"""From texts to vectors: the one that needs no model, the cache, and the door to them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from memory.embedders import CachingEmbedder, EmbedderMark, HashingEmbedder, Vectors, open_embedder
from memory.errors import StoreError


class CountingEmbedder:
    """Notes what it is asked for."""

    mark = EmbedderMark("counting", 2)

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(text), 1] for text in texts], np.float32).reshape(-1, 2)


@pytest.mark.parametrize("make", [HashingEmbedder, lambda: HashingEmbedder(16)])
def test_the_hashing_embedder_is_deterministic_and_of_length_one(make: Callable[[], HashingEmbedder]) -> None:
    texts = ["Clean a mug.", "", "?!", "clean MUG a", "\ud800", "x " * 5000]
    vectors = make().embed(texts)
    assert vectors.shape == (len(texts), make().mark.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
    assert np.array_equal(vectors, make().embed(texts))
    assert make().embed([]).shape == (0, make().mark.dimension)


def test_the_hashing_embedder_puts_texts_that_share_words_together() -> None:
    mug, cup, question = HashingEmbedder().embed(
        ["put a clean mug on the shelf", "put a clean cup on the shelf", "Who wrote Ivanhoe?"]
    )
    assert mug @ cup > 0.5 > 0.3 > mug @ question


def test_a_text_is_embedded_once_and_each_gets_its_own_vector() -> None:
    counting = CountingEmbedder()
    cached = CachingEmbedder(counting)
    first = cached.embed(["a", "bb", "a"])
    first[0] = 99  # callers may change what they get
    assert cached.embed(["bb", "a", "ccc"]).tolist() == [[2, 1], [1, 1], [3, 1]]
    assert cached.embed([]).shape == (0, 2)
    assert counting.asked == ["a", "bb", "ccc"]
    assert cached.mark == counting.mark


def test_the_cache_lets_go_of_what_was_not_used_for_longest() -> None:
    counting = CountingEmbedder()
    cached = CachingEmbedder(counting, capacity=2)
    for texts in (["a", "b"], ["a"], ["c"], ["a"], ["b"], ["x", "y", "z"]):
        assert len(cached.embed(texts)) == len(texts)
    assert counting.asked == ["a", "b", "c", "b", "x", "y", "z"]


def test_embedders_open_by_name(tmp_path: Path) -> None:
    assert open_embedder("hash").mark == HashingEmbedder().mark
    with pytest.raises(StoreError, match="needs the folder"):
        open_embedder("minilm")
    with pytest.raises(StoreError, match="nimue models pull"):
        open_embedder("minilm", tmp_path)
    with pytest.raises(StoreError, match="take hash or minilm"):
        open_embedder("word2vec")
