"""Controllers on disk, their evaluation, and what is refused before work begins."""

from pathlib import Path

import pytest
import torch

from backends.lab.checkpoint import save_weights
from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.rl.vcr.control.jobs import evaluate_control
from backends.rl.vcr.control.networks import ControlWithModel
from backends.rl.vcr.control.presets import tiny
from backends.rl.vcr.control.reproduce import reproduce_control
from backends.rl.vcr.control.saved import ControlVariant, load_controller, save_controller
from backends.rl.vcr.control.training import steered_by
from backends.rl.vcr.spec import ControlMethodName, EvaluateControlParams, ReproduceControlParams


@pytest.fixture
def report(tmp_path: Path) -> Reporter:
    return Reporter(EventList(), tmp_path / "run", "cpu")


def test_a_controller_comes_back_from_its_file_and_steers(tmp_path: Path, report: Reporter) -> None:
    torch.manual_seed(0)
    model = ControlWithModel(tiny(2).network)
    file = tmp_path / "controller.safetensors"
    save_controller(file, ControlVariant(game="reach", preset="tiny", method="spr"), model)
    variant, again = load_controller(file, "cpu")
    assert variant.method == "spr" and variant.config().latent_weight == 1.0
    stack = torch.randint(256, (2, 3, 16, 16), dtype=torch.uint8).numpy()
    assert steered_by(again, stack, draw=False) == steered_by(model, stack, draw=False)
    result = evaluate_control(EvaluateControlParams(weights=file, episodes=3), report)
    assert len(result.returns) == 3 and all(0 <= one <= 10 for one in result.returns)
    assert result.human_normalised is None and 0 < result.metrics["random_return"] < 10


def test_weights_of_something_else_are_refused(tmp_path: Path, report: Reporter) -> None:
    file = tmp_path / "other.safetensors"
    save_weights(file, {"weight": torch.zeros(1)}, {"system": "rl.vcr"})
    with pytest.raises(LabError, match="was not written by train_control"):
        evaluate_control(EvaluateControlParams(weights=file), report)


def test_a_preset_whose_frames_do_not_fit_is_refused() -> None:
    with pytest.raises(LabError, match="sees frames of 84 pixels, and reach shows 16: tiny is for reach"):
        ControlVariant(game="reach", preset="suite").config()


@pytest.mark.parametrize(
    ("games", "methods", "said"),
    [
        (("walker_walk",), ("drq",), "the experiment is for reach"),
        (("reach",), ("vcr",), "drq must be among"),
    ],
)
def test_an_experiment_that_cannot_be_compared_is_refused(
    games: tuple[str, ...], methods: tuple[ControlMethodName, ...], said: str, report: Reporter
) -> None:
    with pytest.raises(LabError, match=said):
        reproduce_control(ReproduceControlParams(games=games, methods=methods), report)
