"""A reader that was trained can be measured, by its own view and by another."""

from pathlib import Path

import pytest

from backends.lab.checkpoint import save_weights
from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.vision.llava_uhd.jobs import evaluate, train
from backends.vision.llava_uhd.model.small import TINY, new_small
from backends.vision.llava_uhd.spec import EvaluateParams, TrainParams


def report(folder: Path) -> Reporter:
    return Reporter(EventList(), folder, "cpu")


def test_a_trained_reader_is_measured_as_at_the_end_of_its_training(tmp_path: Path) -> None:
    trained = train(
        TrainParams(
            view="pad",
            encoder_steps=2,
            square_steps=2,
            short_steps=1,
            canvas_steps=2,
            crowds=2,
            squares=2,
            canvases=2,
            test_canvases=3,
        ),
        report(tmp_path),
    )
    weights = tmp_path / "artifacts" / trained.weights
    again = evaluate(EvaluateParams(weights=weights, test_canvases=3), report(tmp_path / "again"))
    assert again.metrics == {name: value for name, value in trained.metrics.items() if "read" in name}
    other = evaluate(EvaluateParams(weights=weights, view="uhd", test_canvases=3), report(tmp_path / "other"))
    assert other.metrics != again.metrics


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_weights(path, new_small(TINY).state_dict(), {"model": "another"})
    with pytest.raises(LabError, match="not written by this system's train"):
        evaluate(EvaluateParams(weights=path), report(tmp_path))
