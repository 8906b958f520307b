"""The Fourier crop is what the paper says: exact on what it keeps, blind to what it drops."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from backends.vision.efficient_train.frequency import crop_frequencies, crop_high_frequencies, resize_down

sides = st.integers(4, 24)


def noise(side: int, seed: int = 0) -> Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def band_limited(side: int, highest: int) -> Tensor:
    """A picture of waves of up to `highest` turns, sampled at `side` pixels."""
    axis = torch.arange(side, dtype=torch.float64) / side * 2 * math.pi
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    waves = [
        torch.cos(across * x + 0.3) * torch.sin(down * y + 0.1 * across) / (1 + across + down)
        for across in range(highest + 1)
        for down in range(highest + 1)
    ]
    return 0.3 + torch.stack(waves).sum(0)[None, None]


@settings(deadline=None, max_examples=40)
@given(sides, sides, st.integers(0, 100))
def test_the_mean_stays(one: int, other: int, seed: int) -> None:
    small, size = sorted((one, other))
    pictures = noise(size, seed)
    torch.testing.assert_close(crop_frequencies(pictures, small).mean((-2, -1)), pictures.mean((-2, -1)))


@pytest.mark.parametrize("side", [8, 11, 16, 20])
def test_a_picture_below_the_limit_comes_out_as_its_samples(side: int) -> None:
    highest = (side - 1) // 2
    whole, small = band_limited(24, highest), band_limited(side, highest)
    torch.testing.assert_close(crop_frequencies(whole, side), small, rtol=0, atol=1e-12)


def test_the_full_side_changes_nothing() -> None:
    pictures = noise(16)
    assert crop_frequencies(pictures, 16) is pictures
    assert resize_down(pictures, 16) is pictures


@pytest.mark.parametrize(("first", "then"), [(16, 8), (15, 9), (13, 7)])
def test_cutting_twice_is_cutting_once(first: int, then: int) -> None:
    """For odd sides exactly; an even side in between drops an unpaired frequency that lies outside `then`."""
    pictures = noise(24)
    twice = crop_frequencies(crop_frequencies(pictures, first), then)
    torch.testing.assert_close(twice, crop_frequencies(pictures, then))


def test_it_is_linear_and_lets_gradients_through() -> None:
    one, other = noise(16, 1), noise(16, 2)
    torch.testing.assert_close(
        crop_frequencies(2 * one - other, 8), 2 * crop_frequencies(one, 8) - crop_frequencies(other, 8)
    )
    pictures = noise(16).requires_grad_()
    crop_frequencies(pictures, 8).sum().backward()  # type: ignore[no-untyped-call]
    assert pictures.grad is not None
    # The sum of the small picture is its mean times 64, and so are 64 / 256 of each pixel.
    torch.testing.assert_close(pictures.grad, torch.full_like(pictures, 0.25))


def test_resizing_is_nearly_the_crop_on_smooth_pictures() -> None:
    whole = band_limited(48, 2)
    difference = (resize_down(whole, 24) - crop_frequencies(whole, 24)).std()
    # They sample at other places, by half a pixel; that moves waves of two turns by a few hundredths.
    assert difference < 0.25 * whole.std()


def test_high_frequencies_hold_nothing_of_the_low_ones() -> None:
    flat = crop_high_frequencies(band_limited(24, 3), 8)
    torch.testing.assert_close(flat, torch.full_like(flat, 0.5))
    assert crop_high_frequencies(noise(24), 8).std() > 0.1
