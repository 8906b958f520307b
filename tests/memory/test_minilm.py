"""all-MiniLM-L6-v2 in numpy, against a small model of random weights and, where it is here, the real one."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from memory.embedders import Vectors
from memory.errors import StoreError
from memory.minilm import CONTEXT, MiniLMEmbedder

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    *["put", "a", "clean", "mug", "on", "the", "shelf", "heat", "egg", "who", "wrote", "this", "book"],
]
WIDTH, NUM_LAYERS, WIDE = 12, 2, 20
TEXTS = ["put a clean mug", "Put a clean EGG", "who wrote this book", "", "unknown", "the " * 400]


def _random_weights() -> dict[str, Vectors]:
    rng = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (512, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
    }
    norms = ["embeddings.LayerNorm."]
    for number in range(NUM_LAYERS):
        layer = f"encoder.layer.{number}."
        linear = {f"{layer}attention.self.{name}.": (WIDTH, WIDTH) for name in ("query", "key", "value")}
        linear[f"{layer}attention.output.dense."] = (WIDTH, WIDTH)
        linear[f"{layer}intermediate.dense."] = (WIDE, WIDTH)
        linear[f"{layer}output.dense."] = (WIDTH, WIDE)
        for name, shape in linear.items():
            shapes |= {f"{name}weight": shape, f"{name}bias": shape[:1]}
        norms += [f"{layer}attention.output.LayerNorm.", f"{layer}output.LayerNorm."]
    shapes |= {f"{norm}{part}": (WIDTH,) for norm in norms for part in ("weight", "bias")}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("model")
    save_file(_random_weights(), made / "model.safetensors")
    config = {
        "model_type": "bert", "hidden_size": WIDTH, "num_hidden_layers": NUM_LAYERS, "layer_norm_eps": 1e-12,
        "num_attention_heads": 3, "intermediate_size": WIDE, "vocab_size": len(WORDS), "hidden_act": "gelu",
        "max_position_embeddings": 512, "type_vocab_size": 2,
    }  # fmt: skip
    (made / "config.json").write_text(json.dumps(config))
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding(length=128)
    tokenizer.save(str(made / "tokenizer.json"))
    return made


def test_vectors_are_unit_and_do_not_depend_on_their_company(folder: Path) -> None:
    embedder = MiniLMEmbedder(folder)
    together = embedder.embed(TEXTS)
    assert together.shape == (len(TEXTS), WIDTH)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    for text, vector in zip(TEXTS, together, strict=True):
        assert embedder.embed([text])[0] == pytest.approx(vector, abs=1e-5)
    assert embedder.embed([]).shape == (0, WIDTH)


def test_case_is_ignored_and_what_is_beyond_the_context_too(folder: Path) -> None:
    embedder = MiniLMEmbedder(folder)
    lower, upper = embedder.embed(["clean the egg", "CLEAN the EGG"])
    assert np.array_equal(lower, upper)
    fits, longer = embedder.embed(["mug " * (CONTEXT - 2), "mug " * (CONTEXT - 2) + "book"])
    assert np.array_equal(fits, longer)


def test_the_mark_follows_the_weights(folder: Path, tmp_path: Path) -> None:
    mark = MiniLMEmbedder(folder).mark
    assert MiniLMEmbedder(folder / "model.safetensors").mark == mark
    for name in ("tokenizer.json", "config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    other = {name: weight * 2 for name, weight in _random_weights().items()}
    save_file(other, tmp_path / "model.safetensors")
    assert MiniLMEmbedder(tmp_path).mark.name != mark.name
    assert MiniLMEmbedder(tmp_path).mark.dimension == mark.dimension == WIDTH


def test_missing_and_wrong_files_say_what_brings_the_right_ones(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no model\.safetensors.*nimue models pull all-minilm-l6-v2"):
        MiniLMEmbedder(tmp_path)
    for name in ("tokenizer.json", "config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(StoreError, match="nimue models pull"):
        MiniLMEmbedder(tmp_path)
    save_file({"other": np.ones(3, np.float32)}, tmp_path / "model.safetensors")
    with pytest.raises(StoreError, match="nimue models pull"):
        MiniLMEmbedder(tmp_path)


def test_the_vectors_are_those_that_torch_gave_for_the_same_weights(folder: Path) -> None:
    # Recorded from transformers' BertModel on these random weights (torch 2.14, transformers 5.23).
    recorded = """
        -0.58923 0.09453 0.26318 -0.31582 -0.18096 0.14858 -0.18252 0.28581 0.41374 -0.24227 -0.22289 -0.15967
        -0.58964 0.09446 0.26181 -0.31665 -0.1812 0.14684 -0.18302 0.28492 0.41354 -0.24181 -0.2252 -0.1591
        -0.59012 0.09296 0.26166 -0.3204 -0.18093 0.13854 -0.18841 0.28589 0.40962 -0.23605 -0.23299 -0.15828
    """
    expected = np.array(recorded.split(), np.float32).reshape(3, WIDTH)
    assert MiniLMEmbedder(folder).embed(TEXTS[:3]) == pytest.approx(expected, abs=2e-5)


def _real_folder() -> Path:
    from platformdirs import user_cache_path

    cache = Path(os.environ["NIMUE_CACHE"]) if "NIMUE_CACHE" in os.environ else user_cache_path("nimue")
    return cache / "models" / "all-minilm-l6-v2"


@pytest.fixture(scope="module")
def real() -> MiniLMEmbedder:
    try:
        return MiniLMEmbedder(_real_folder())
    except StoreError as problem:
        pytest.skip(str(problem))


def test_the_real_model_puts_paraphrases_together(real: MiniLMEmbedder) -> None:
    mug, cup, question = real.embed(
        ["put a clean mug on the shelf", "place a washed cup on the rack", "Who wrote Ivanhoe?"]
    )
    assert real.mark.dimension == 384
    assert mug @ cup > 0.6 > 0.2 > mug @ question


def test_the_real_model_agrees_with_torch_on_200_sentences(real: MiniLMEmbedder) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    rooms = ["shelf", "fridge", "cabinet", "sink basin", "coffee table"]
    things = ["mug", "egg", "apple", "plate", "pan", "book", "pen", "Schlüssel", "tomato", "cd"]
    texts = [
        f"{verb} a {thing} {'and look around ' * (number % 4)}near the {room} {number}."
        for verb in ("Put", "Clean", "heat", "COOL")
        for number, thing in enumerate(things)
        for room in rooms
    ]
    assert len(texts) == 200
    difference = np.abs(real.embed(texts) - _with_transformers(_real_folder(), texts)).max()
    assert difference < 1e-5


def _with_transformers(folder: Path, texts: list[str]) -> Vectors:
    import torch
    from transformers import BertModel

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(CONTEXT)
    tokenizer.enable_padding()
    torch.set_num_threads(1)  # on a busy machine its threads wait for each other
    encoded = tokenizer.encode_batch(texts)
    ids = torch.tensor([one.ids for one in encoded])
    mask = torch.tensor([one.attention_mask for one in encoded])
    kind: Any = BertModel
    model = kind.from_pretrained(folder, add_pooling_layer=False).eval()
    with torch.no_grad():
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weight = mask[..., None].float()
    mean = (states * weight).sum(1) / weight.sum(1)
    return np.asarray(torch.nn.functional.normalize(mean, dim=1).numpy(), np.float32)
