"""Series classifiers from training to use: predict and analyse take what train wrote, and nothing else."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.vision.evolving_attention.jobs import analyse, predict, train
from backends.vision.evolving_attention.spec import AnalyseParams, PredictParams, TrainParams

SMALL = {"epochs": 0.3, "layers": 2, "width": 16, "num_heads": 2, "ratio": 0.25, "device": "cpu"}


def report(directory: Path) -> Reporter:
    return Reporter(EventList(), directory, "cpu")


@pytest.mark.parametrize("model", ["ea_dc", "ea_tst"])
def test_predict_and_analyse_take_what_train_wrote(tmp_path: Path, model: str) -> None:
    trained = train(TrainParams.model_validate({**SMALL, "model": model}), report(tmp_path))
    weights = tmp_path / "artifacts" / trained.weights
    found = predict(PredictParams(weights=weights, device="cpu"), report(tmp_path))
    assert len(found.labels) == 180 and set(found.labels) <= {"0", "1", "2", "3"}
    assert found.metrics["accuracy"] == pytest.approx(trained.accuracy)
    looked = analyse(AnalyseParams(weights=weights, sample=5, device="cpu"), report(tmp_path))
    assert (tmp_path / "artifacts" / looked.artifacts[0].path).stat().st_size > 1000
    assert all(-1.001 <= value <= 1.001 for value in looked.metrics.values())
    assert len(looked.metrics) == (2 if model == "ea_dc" else 1)  # three blocks, two layers
    with pytest.raises(LabError, match="180 test series"):
        analyse(AnalyseParams(weights=weights, sample=180, device="cpu"), report(tmp_path))
    with pytest.raises(LabError, match="those of relay are not"):
        predict(PredictParams(weights=weights, data="relay", device="cpu"), report(tmp_path))


def test_weights_of_another_kind_are_refused(tmp_path: Path) -> None:
    save_file({"w": torch.ones(1)}, tmp_path / "w.safetensors")
    with pytest.raises(LabError, match="not written by this system's train"):
        predict(PredictParams(weights=tmp_path / "w.safetensors"), report(tmp_path))


def test_a_width_that_the_heads_cannot_share_is_refused_before_work(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="ea_dc of width 20 cannot be built: 8 heads"):
        train(TrainParams(width=20, device="cpu"), report(tmp_path))
