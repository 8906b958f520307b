"""FLatten: published sizes, linear cost in a host, and what its jobs answer and refuse."""

import json
import math
from pathlib import Path

import pytest
import torch

from backends.lab.checkpoint import save_weights
from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.models import build_model
from backends.lab.profile.cost import count_cost
from backends.lab.reporter import Reporter
from backends.vision.flatten.jobs import analyse, predict
from backends.vision.flatten.presets import tiny
from backends.vision.flatten.reproduce import ARMS
from backends.vision.flatten.spec import SYSTEM, AnalyseParams
from backends.vision.hosts.classifier import PredictParams
from backends.vision.hosts.small import small_vit

# In millions, as published or computed from the released configurations.
MILLIONS = {
    "pvt_tiny": 12.15,
    "pvt_small": 21.67,
    "pvt_medium": 37.24,
    "pvt_large": 50.65,
    "swin_tiny": 29.19,
    "swin_small": 50.51,
    "swin_base": 88.97,
}


def report(directory: Path) -> Reporter:
    return Reporter(EventList(), directory, "cpu", lambda: False)


@pytest.mark.parametrize("name", MILLIONS)
def test_the_stated_size_is_the_published_one(name: str) -> None:
    (preset,) = (one for one in SYSTEM.presets if one.name == name)
    # The released PVT counts twice its last width more, in a norm that it never applies.
    unused = 2 * 512 if name.startswith("pvt") else 0
    assert preset.parameters is not None
    assert (preset.parameters + unused) / 1e6 == pytest.approx(MILLIONS[name], rel=1e-3)


def test_the_cost_of_all_but_position_tables_grows_as_the_picture_does() -> None:
    macs = []
    for side in (16, 32):
        with torch.device("meta"):
            model = tiny(image_size=side)
        macs.append(count_cost(model, [torch.randn(1, 3, side, side)]).macs)
    assert macs[1] / macs[0] == pytest.approx(4, rel=0.01)


def test_arms_differ_in_the_mixer_only() -> None:
    sizes = {}
    for name, make in ARMS.items():
        torch.manual_seed(0)
        model = small_vit(make)
        sizes[name] = sum(
            parameter.numel() for key, parameter in model.named_parameters() if ".attn." not in key
        )
    assert len(set(sizes.values())) == 1


def saved(path: Path) -> Path:
    """Fresh weights as train writes them."""
    classes = json.dumps([str(digit) for digit in range(10)])
    about = {"model": "vision.flatten/tiny", "image_size": "16", "classes": classes}
    save_weights(path, build_model("vision.flatten/tiny").model.state_dict(), about)
    return path


def test_weights_are_used_and_seen_through(tmp_path: Path) -> None:
    weights = saved(tmp_path / "w.safetensors")
    named = predict(PredictParams(weights=weights, limit=7, device="cpu"), report(tmp_path))
    assert len(named.labels) == 7
    seen = analyse(AnalyseParams(weights=weights, block=1, row=2, column=3), report(tmp_path))
    assert (seen.rows, seen.columns) == (8, 8)
    assert 0 < seen.metrics["weight_on_itself"] <= seen.metrics["largest_weight"] < 1
    assert 0 < seen.metrics["entropy"] <= math.log(64) + 1e-3
    assert (tmp_path / "artifacts" / seen.artifacts[0].path).stat().st_size > 100


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"block": 9}, "has 4 blocks"),
        ({"row": 8}, "8 x 8 tokens"),
        ({"picture": 10_000}, "test pictures"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, changes: dict[str, int], message: str) -> None:
    path = saved(tmp_path / "w.safetensors")
    with pytest.raises(LabError, match=message):
        analyse(AnalyseParams.model_validate({"weights": path, **changes}), report(tmp_path))


def test_weights_of_another_system_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(path, {"w": torch.ones(1)}, {"model": "lab/small_vit"})
    with pytest.raises(LabError, match=r"no weights of vision\.flatten"):
        analyse(AnalyseParams(weights=path), report(tmp_path))
