"""A vision half of a few kilobytes: a ViT of two layers with random weights, in llama.cpp's mmproj format.

It sees nothing sensible. It lets tests send pictures through the real engine.
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_UINT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 6, 7, 8, 9
_ALIGNMENT = 32

Value = int | float | bool | str | list[float]


def write_projector(path: Path, width: int, *, side: int = 56, patch: int = 14, hidden: int = 32) -> Path:
    """Write a projector onto a language model whose embeddings are `width` wide."""
    fields: dict[str, Value] = {
        "general.architecture": "clip",
        "general.file_type": 0,
        "clip.has_vision_encoder": True,
        "clip.projector_type": "mlp",
        "clip.use_gelu": True,
        "clip.vision.image_size": side,
        "clip.vision.patch_size": patch,
        "clip.vision.embedding_length": hidden,
        "clip.vision.feed_forward_length": 2 * hidden,
        "clip.vision.projection_dim": width,
        "clip.vision.block_count": 2,
        "clip.vision.attention.head_count": 2,
        "clip.vision.attention.layer_norm_epsilon": 1e-5,
        "clip.vision.image_mean": [0.5, 0.5, 0.5],
        "clip.vision.image_std": [0.5, 0.5, 0.5],
    }
    patches = (side // patch) ** 2
    shapes: dict[str, tuple[int, ...]] = {
        "v.class_embd": (hidden,),
        "v.patch_embd.weight": (hidden, 3, patch, patch),
        "v.position_embd.weight": (patches + 1, hidden),
        "v.pre_ln.weight": (hidden,),
        "v.pre_ln.bias": (hidden,),
        "mm.0.weight": (width, hidden),
        "mm.0.bias": (width,),
        "mm.2.weight": (width, width),
        "mm.2.bias": (width,),
    }
    for block in range(2):
        for name in ("attn_q", "attn_k", "attn_v", "attn_out"):
            shapes[f"v.blk.{block}.{name}.weight"] = (hidden, hidden)
            shapes[f"v.blk.{block}.{name}.bias"] = (hidden,)
        for name in ("ln1", "ln2"):
            shapes[f"v.blk.{block}.{name}.weight"] = (hidden,)
            shapes[f"v.blk.{block}.{name}.bias"] = (hidden,)
        shapes[f"v.blk.{block}.ffn_up.weight"] = (2 * hidden, hidden)
        shapes[f"v.blk.{block}.ffn_up.bias"] = (2 * hidden,)
        shapes[f"v.blk.{block}.ffn_down.weight"] = (hidden, 2 * hidden)
        shapes[f"v.blk.{block}.ffn_down.bias"] = (hidden,)
    chance = np.random.default_rng(0)
    tensors = {
        name: (0.05 * chance.standard_normal(shape)).astype(np.float32) for name, shape in shapes.items()
    }
    path.write_bytes(_gguf(fields, tensors))
    return path


def _gguf(fields: dict[str, Value], tensors: dict[str, NDArray[np.float32]]) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields))
    head += b"".join(_string(key) + _value(value) for key, value in fields.items())
    place, body = 0, b""
    for name, values in tensors.items():
        shape = values.shape[::-1]  # fastest first
        head += _string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, place)
        data = values.tobytes()
        data += bytes(-len(data) % _ALIGNMENT)
        body, place = body + data, place + len(data)
    return head + bytes(-len(head) % _ALIGNMENT) + body


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _value(value: Value) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", _BOOL, value)
        case int():
            return struct.pack("<II", _UINT32, value)
        case float():
            return struct.pack("<If", _FLOAT32, value)
        case str():
            return struct.pack("<I", _STRING) + _string(value)
        case _:
            return struct.pack(f"<IIQ{len(value)}f", _ARRAY, _FLOAT32, len(value), *value)
