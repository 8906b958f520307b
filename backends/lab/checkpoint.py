"""Checkpoints: any nesting of tensors and plain values in one safetensors file, written whole or not at all.

The tensors lie in the file under numbers; how they hang together is JSON in its header. Nothing is pickled.
"""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from backends.lab.errors import LabFailure
from backends.lab.whole_files import replace_whole

FORMAT = "1"


def save_checkpoint(file: Path, state: Mapping[str, Any]) -> None:
    """Write a state in place of the one that the file holds."""
    tensors: dict[str, Tensor] = {}
    tree = json.dumps(_taken_apart(state, tensors))
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_whole(file, lambda draft: save_file(tensors, draft, {"format": FORMAT, "tree": tree}))


def load_checkpoint(file: Path) -> dict[str, Any]:
    """Read a state back, its tensors on the CPU.

    Raises:
        LabFailure: The file is not a checkpoint of this version.
    """
    with safe_open(file, framework="pt") as opened:
        header = opened.metadata() or {}
        if header.get("format") != FORMAT:
            raise LabFailure(f"{file} is not a checkpoint that this version reads; begin a new run.")
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (not a mapping)
    state: dict[str, Any] = _put_together(json.loads(header["tree"]), tensors)
    return state


def _taken_apart(value: Any, tensors: dict[str, Tensor]) -> Any:
    match value:
        case Tensor():
            name = str(len(tensors))
            # A copy: safetensors refuses tensors that share memory, as tied weights do.
            tensors[name] = value.detach().to("cpu", copy=True).contiguous()
            return {"tensor": name}
        case Mapping():
            # Keys of an optimiser's state are numbers, which JSON objects cannot have.
            return {"dict": [[key, _taken_apart(item, tensors)] for key, item in value.items()]}
        case tuple():
            return {"tuple": [_taken_apart(item, tensors) for item in value]}
        case list():
            return {"list": [_taken_apart(item, tensors) for item in value]}
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a checkpoint")


def _put_together(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "tensor":
            return tensors[content]
        case "dict":
            return {key: _put_together(item, tensors) for key, item in content}
        case "tuple":
            return tuple(_put_together(item, tensors) for item in content)
        case _:
            return [_put_together(item, tensors) for item in content]


def save_weights(file: Path, weights: Mapping[str, Tensor], about: Mapping[str, str]) -> None:
    """Write a model's weights as an artifact; `about` says how to build the model again."""
    tensors = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in weights.items()}
    replace_whole(file, lambda draft: save_file(tensors, draft, dict(about)))


def load_weights(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """A model's weights, and what was written about it.

    Raises:
        LabFailure: The file cannot be read as safetensors.
    """
    try:
        with safe_open(file, framework="pt") as opened:
            names = opened.keys()
            return {name: opened.get_tensor(name) for name in names}, dict(opened.metadata() or {})
    except OSError as error:
        raise LabFailure(f"{file} cannot be read as safetensors: {error}") from error


def random_state() -> dict[str, Any]:
    """Where the random streams of this process stand."""
    version, numbers, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state()
    return {
        "python": [version, list(numbers), gauss],
        "numpy": [
            str(kind),
            torch.from_numpy(np.asarray(keys).astype(np.int64)),
            position,
            has_gauss,
            cached,
        ],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: Mapping[str, Any]) -> None:
    """Put the random streams where `random_state` found them."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    kind, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
