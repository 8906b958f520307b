"""A checkpoint gives back what was put in, whatever hangs in what, and is whole or not there."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from backends.lab.checkpoint import (
    load_checkpoint,
    load_weights,
    random_state,
    restore_random_state,
    save_checkpoint,
    save_weights,
)
from backends.lab.errors import LabFailure

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
tensors = st.lists(st.integers(-9, 9), max_size=4).map(torch.tensor)
trees = st.recursive(
    plain | tensors,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


@given(st.dictionaries(st.text(max_size=5), trees, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_nesting_comes_back_as_it_was(tmp_path: Path, state: dict[str, Any]) -> None:
    save_checkpoint(tmp_path / "state.safetensors", state)
    assert same(load_checkpoint(tmp_path / "state.safetensors"), state)


def test_tied_weights_are_kept(tmp_path: Path) -> None:
    weight = torch.randn(3, 3)
    save_checkpoint(tmp_path / "state.safetensors", {"a": weight, "b": weight.t()})
    state = load_checkpoint(tmp_path / "state.safetensors")
    assert torch.equal(state["a"], weight) and torch.equal(state["b"], weight.t())


def test_what_cannot_be_kept_is_refused_and_the_old_checkpoint_stays(tmp_path: Path) -> None:
    file = tmp_path / "state.safetensors"
    save_checkpoint(file, {"step": 1})
    with pytest.raises(TypeError, match="set has no place"):
        save_checkpoint(file, {"step": {2}})
    assert load_checkpoint(file) == {"step": 1}
    assert [found.name for found in tmp_path.iterdir()] == [file.name]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    save_file({"w": torch.ones(1)}, tmp_path / "weights.safetensors")
    with pytest.raises(LabFailure, match="not a checkpoint"):
        load_checkpoint(tmp_path / "weights.safetensors")


def test_weights_come_back_with_what_was_written_about_them(tmp_path: Path) -> None:
    save_weights(tmp_path / "w.safetensors", {"w": torch.arange(3.0)}, {"model": "lab/small_vit"})
    weights, about = load_weights(tmp_path / "w.safetensors")
    assert about == {"model": "lab/small_vit"}
    assert torch.equal(weights["w"], torch.arange(3.0))


def test_random_streams_go_on_where_they_were(tmp_path: Path) -> None:
    def draw() -> tuple[float, float, float]:
        return random.gauss(0, 1), float(np.random.standard_normal()), float(torch.randn(()))

    draw()
    save_checkpoint(tmp_path / "state.safetensors", random_state())
    expected = draw()
    draw()
    restore_random_state(load_checkpoint(tmp_path / "state.safetensors"))
    assert draw() == expected
