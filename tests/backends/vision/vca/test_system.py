"""VCA's world and its explanation: the odd cell is what a picture says, evidence is for and against."""

from pathlib import Path

import numpy as np
import pytest
import torch

from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.vision.hosts.cswin import CSWIN_TINY, CSWin
from backends.vision.hosts.dit import DiTSize, Pictures
from backends.vision.mixers.place import host_attention
from backends.vision.mixers.vca import VisualContrastAttention
from backends.vision.vca.jobs import analyse, build, class_evidence, train
from backends.vision.vca.odd_one_out import CELLS, SIDE, draw
from backends.vision.vca.presets import cswin_tiny, deit_tiny, diffusion_transformer, pvt_tiny, tiny
from backends.vision.vca.reproduce import reproduce
from backends.vision.vca.spec import AnalyseParams, ModelParams, ReproduceParams, TrainParams


def report(directory: Path) -> Reporter:
    return Reporter(EventList(), directory, "cpu")


def pictures(folder: Path) -> str:
    drawn = draw(40, 3)
    file = folder / "pictures.npz"
    np.savez(file, images=drawn.images.permute(0, 2, 3, 1).numpy(), labels=drawn.labels.numpy())
    return str(file)


def quick(folder: Path, **changes: object) -> TrainParams:
    small = {"steps": 2, "batch_size": 4, "depth": 2, "width": 16, "num_heads": 2, "patch": 8, "pooled": 2}
    return TrainParams.model_validate({"data": pictures(folder), "device": "cpu", **small, **changes})


def test_one_cell_of_a_picture_differs_from_all_others() -> None:
    pictures = draw(40, 7)
    cells = pictures.images[:, 0].view(40, CELLS, SIDE, CELLS, SIDE)
    flat = cells.permute(0, 1, 3, 2, 4).flatten(1, 2).flatten(2).float()
    typical = flat.median(1, keepdim=True).values
    distance = (flat - typical).norm(dim=-1).sort(-1, descending=True).values
    assert (distance[:, 0] > 1.5 * distance[:, 1]).float().mean() > 0.9
    assert pictures.labels.bincount(minlength=4).min() > 2


def test_pictures_are_a_function_of_their_seeds() -> None:
    assert torch.equal(draw(5, 1, 0).images, draw(5, 1, 0).images)
    assert not torch.equal(draw(5, 1, 0).images, draw(5, 1, 1).images)


def test_published_counts_hold_in_the_hosts() -> None:
    with torch.device("meta"):
        sizes = [sum(one.numel() for one in build().parameters()) for build in (deit_tiny, pvt_tiny)]
    assert sizes[0] == 5_717_416 + 256_512
    assert 11_560_000 <= sizes[1] <= 11_590_000


def test_in_cswin_it_takes_the_place_of_stripes_and_their_convolution() -> None:
    with torch.device("meta"):
        plain, ours = (
            sum(one.numel() for one in model.parameters())
            for model in (CSWin(CSWIN_TINY, host_attention), cswin_tiny())
        )
    assert ours - plain == 2 * (2 * 49 * 64 + 10 * 32) + 4 * (2 * 49 * 128 + 10 * 32)


def test_in_a_diffusion_transformer_a_quarter_of_the_tokens_is_pooled_to() -> None:
    model = diffusion_transformer(DiTSize(dim=16, num_heads=2, depth=1), Pictures(side=16))
    (mixer,) = (one for one in model.modules() if isinstance(one, VisualContrastAttention))
    assert mixer.settings.pooled == (4, 4) and mixer.num_prefix == 0


def test_a_comparison_holds_the_arms_against_both_baselines_and_looks_after_a_third(tmp_path: Path) -> None:
    params = ReproduceParams(data=pictures(tmp_path), steps=3, batch_size=4, rate=1e-2, seeds=2, device="cpu")
    found = reproduce(params, report(tmp_path))
    arms = {str(row["arm"]): row for row in found.table}
    assert list(arms) == ["softmax", "differential", "vca", "vca without convolution"]
    for baseline in ("softmax", "differential"):
        gain = float(arms["vca"]["top1"]) - float(arms[baseline]["top1"])
        assert found.metrics[f"gain_vca_over_{baseline}"] == pytest.approx(gain)
    assert all(0 <= float(row["top1_at_a_third"]) <= 100 for row in found.table)


def test_evidence_covers_the_grid_of_every_block_and_nothing_is_both_for_and_against() -> None:
    torch.manual_seed(0)
    evidence = class_evidence(tiny().eval(), torch.randn(1, 3, 32, 32))
    assert len(evidence) == 4
    for positive, negative in evidence:
        assert positive.shape == negative.shape == (8, 8)
        assert positive.min() >= 0 and negative.min() >= 0
        assert not (positive * negative).any() and (positive + negative).all()


def test_analyse_draws_what_train_wrote_and_refuses_a_baseline(tmp_path: Path) -> None:
    trained = train(quick(tmp_path), report(tmp_path))
    weights = tmp_path / "artifacts" / trained.weights
    found = analyse(AnalyseParams(weights=weights, data=pictures(tmp_path), device="cpu"), report(tmp_path))
    assert (tmp_path / "artifacts" / found.artifacts[0].path).stat().st_size > 1000
    assert set(found.metrics) == {"against_share_1", "against_share_2"}
    baseline = train(quick(tmp_path, mixer="differential"), report(tmp_path / "baseline"))
    path = tmp_path / "baseline" / "artifacts" / baseline.weights
    with pytest.raises(LabError, match="differential attention"):
        analyse(AnalyseParams(weights=path, data=pictures(tmp_path), device="cpu"), report(tmp_path))
    with pytest.raises(LabError, match="tell others apart"):
        analyse(AnalyseParams(weights=weights, data="digits", device="cpu"), report(tmp_path))


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(LabError, match="Patches of 5 pixels must fit 32"):
        build(ModelParams(patch=5), 4)
