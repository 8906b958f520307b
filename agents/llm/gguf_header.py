"""Reads the header of a GGUF model file: what it is, how long its context is, what a cached token costs in
memory.

The format is llama.cpp's (docs/gguf.md of the ggml project): magic, version, counts, then typed key-value
pairs. Long arrays, such as the vocabulary, come last and are skipped.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agents.errors import NimueError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST_STRING = 1 << 24
_MOST_PAIRS = 1 << 16

_Value = int | float | bool | str | None


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What the engine needs to know before it loads a model."""

    architecture: str
    context_length: int
    """Tokens the model was trained to read."""
    cache_bytes_per_token: int
    """Size of one token's keys and values at 16 bits."""
    chat_template: str
    """The template that turns messages into a prompt; empty when the file has none."""


def read_gguf_header(path: Path) -> GgufHeader:
    """Read a model file's header.

    Raises:
        NimueError: The file is not a GGUF model, or is cut short.
    """
    try:
        with path.open("rb") as file:
            values = _read_values(file)
        architecture = str(values["general.architecture"])
        layers = _integer(values, f"{architecture}.block_count")
        width = _integer(values, f"{architecture}.embedding_length")
        heads = _integer(values, f"{architecture}.attention.head_count")
        context_length = _integer(values, f"{architecture}.context_length")
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise NimueError(
            f"{path} is not a GGUF model that can be loaded ({error}). Give a .gguf file of a chat model, "
            "or pull one by name: nimue models list."
        ) from error
    key_value_heads = values.get(f"{architecture}.attention.head_count_kv") or heads
    head_width = values.get(f"{architecture}.attention.key_length") or width // heads
    # A model whose layers differ stores a list here; its largest possible cache is the safe estimate.
    kv_heads = key_value_heads if isinstance(key_value_heads, int) else heads
    key_width = head_width if isinstance(head_width, int) else width // heads
    return GgufHeader(
        architecture=architecture,
        context_length=context_length,
        cache_bytes_per_token=layers * 2 * kv_heads * key_width * 2,
        chat_template=str(values.get("tokenizer.chat_template", "")),
    )


def _integer(values: dict[str, _Value], key: str) -> int:
    value = values[key]
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"its {key} is {value!r}")
    return value


def _read_values(file: BinaryIO) -> dict[str, _Value]:
    magic, version = struct.unpack("<4sI", _take(file, 8))
    if magic != b"GGUF" or version not in (2, 3):
        raise ValueError("it does not begin like one")
    _, pairs = struct.unpack("<QQ", _take(file, 16))
    if pairs > _MOST_PAIRS:
        raise ValueError(f"it claims {pairs} settings")
    values: dict[str, _Value] = {}
    for _ in range(pairs):
        key = _read_string(file)
        values[key] = _read_value(file, _read_scalar(file, "I"))
    return values


def _read_value(file: BinaryIO, kind: int) -> _Value:
    """One value; an array is skipped and read as None."""
    if kind == _STRING:
        return _read_string(file)
    if kind != _ARRAY:
        value: int | float | bool = struct.unpack(f"<{_SCALARS[kind]}", _take(file, _size_of(kind)))[0]
        return value
    element, count = struct.unpack("<IQ", _take(file, 12))
    if element == _STRING:
        for _ in range(count):
            file.seek(_read_scalar(file, "Q"), 1)
    else:
        file.seek(count * _size_of(element), 1)
    return None


def _size_of(kind: int) -> int:
    return struct.calcsize(f"<{_SCALARS[kind]}")


def _read_scalar(file: BinaryIO, code: str) -> int:
    value: int = struct.unpack(f"<{code}", _take(file, struct.calcsize(f"<{code}")))[0]
    return value


def _read_string(file: BinaryIO) -> str:
    length = _read_scalar(file, "Q")
    if length > _LONGEST_STRING:
        raise ValueError(f"it holds a text of {length} bytes")
    return _take(file, length).decode("utf-8", errors="replace")


def _take(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise ValueError("it is cut short")
    return data
