"""Diffusion: noise by time, drawing pictures by a model that knows the noise, and training one."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.vision.hosts.denoiser import DenoiserArmsParams, DenoiserParams
from backends.vision.hosts.denoising import train_denoiser, with_noise
from backends.vision.hosts.denoising_arms import compare_denoisers
from backends.vision.hosts.diffusion import TIMES, draw, kept_signal, noised
from backends.vision.hosts.dit import DiT, DiTSize, Pictures, plain_dit


def report(directory: Path) -> Reporter:
    return Reporter(EventList(), directory, "cpu")


def test_noise_grows_with_time_until_nothing_of_the_picture_is_left() -> None:
    kept = kept_signal()
    assert len(kept) == TIMES and (kept.diff() < 0).all()
    assert float(kept[0]) == pytest.approx(1 - 1e-4) and float(kept[-1]) < 1e-4


def test_noised_pictures_keep_unit_variance() -> None:
    chance = torch.Generator().manual_seed(0)
    pictures, noise = torch.randn(2, 400, 1, 8, 8, generator=chance)
    for time in (0, 300, 999):
        found = noised(pictures, torch.full((400,), time), noise)
        assert float(found.var()) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("steps", [1, 7, 50])
def test_who_knows_the_noise_draws_the_picture(steps: int) -> None:
    picture = torch.rand(3, 1, 4, 4) * 1.8 - 0.9
    kept = kept_signal()

    def knowing(noisy: Tensor, time_B: Tensor, label_B: Tensor) -> Tensor:
        del label_B
        left = kept[time_B][:, None, None, None]
        return (noisy - left.sqrt() * picture) / (1 - left).sqrt()

    found = draw(knowing, torch.randn(3, 1, 4, 4), torch.zeros(3, dtype=torch.long), steps)
    torch.testing.assert_close(found, picture, atol=2e-3, rtol=0)


def test_a_batch_holds_the_noise_that_is_in_it() -> None:
    pictures = torch.rand(5, 3, 8, 8)
    batch = with_noise(pictures, torch.arange(5), torch.Generator().manual_seed(0))
    again = noised(2 * pictures - 1, batch["time"], batch["noise"])
    assert torch.equal(batch["noisy"], again) and torch.equal(batch["label"], torch.arange(5))


def test_training_beats_knowing_nothing_and_draws(tmp_path: Path) -> None:
    params = DenoiserParams(
        image_size=8, width=16, depth=1, num_heads=2, steps=40, rate=1e-2, samples=3, device="cpu"
    )
    found = train_denoiser(plain_dit, params, report(tmp_path))
    assert found.loss < 0.9
    weights, drawn = (tmp_path / "artifacts" / one.path for one in found.artifacts)
    assert weights.exists()
    with Image.open(drawn) as sheet:
        assert sheet.size == (24, 8)


def test_sizes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="Patches of 3 pixels must fit 16"):
        train_denoiser(plain_dit, DenoiserParams(patch=3), report(tmp_path))


def test_a_comparison_gives_equal_arms_no_gain_and_is_not_done_twice(tmp_path: Path) -> None:
    params = DenoiserArmsParams(
        image_size=8, width=16, depth=1, num_heads=2, steps=4, seeds=2, batch_size=4, device="cpu"
    )
    arms = {"plain": plain_dit, "same": plain_dit}
    found = compare_denoisers(arms, params, report(tmp_path))
    assert [row["arm"] for row in found.table] == ["plain", "same"]
    assert found.metrics == {"gain_same": 0.0, "gain_same_half_width": 0.0}
    assert float(found.table[0]["loss_half_width"]) > 0  # seeds differ

    def refused(size: DiTSize, pictures: Pictures) -> DiT:
        raise AssertionError(f"{size} for {pictures} was trained already.")

    assert compare_denoisers(dict.fromkeys(arms, refused), params, report(tmp_path)) == found
