"""Networks on disk, their evaluation, and what is refused before work begins."""

from pathlib import Path

import pytest
import torch

from backends.lab.checkpoint import save_weights
from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.rl.vcr.jobs import evaluate
from backends.rl.vcr.networks import RainbowNetwork
from backends.rl.vcr.presets import tiny
from backends.rl.vcr.reproduce import reproduce
from backends.rl.vcr.saved import Variant, load_network, save_network
from backends.rl.vcr.spec import EvaluateParams, MethodName, ReproduceParams


@pytest.fixture
def report(tmp_path: Path) -> Reporter:
    return Reporter(EventList(), tmp_path / "run", "cpu")


def test_a_network_comes_back_from_its_file_and_plays(tmp_path: Path, report: Reporter) -> None:
    torch.manual_seed(0)
    network = RainbowNetwork(tiny(3).network)
    file = tmp_path / "network.safetensors"
    save_network(file, Variant(game="catch", preset="tiny", method="spr"), network)
    variant, config, again = load_network(file, "cpu")
    assert (variant.method, config.value_weight, config.latent_weight) == ("spr", 0.0, 5.0)
    stack = torch.rand(2, 6, 10, 10)
    torch.testing.assert_close(again(stack, False), network(stack, False), atol=0, rtol=0)
    result = evaluate(EvaluateParams(weights=file, episodes=8), report)
    assert len(result.returns) == 8 and set(result.returns) <= {-1.0, 1.0}


def test_weights_of_something_else_are_refused(tmp_path: Path, report: Reporter) -> None:
    file = tmp_path / "other.safetensors"
    save_weights(file, {"weight": torch.zeros(1)}, {"system": "rl.storm"})
    with pytest.raises(LabError, match="was not written by this system's train"):
        evaluate(EvaluateParams(weights=file), report)


def test_a_preset_whose_frames_do_not_fit_is_refused() -> None:
    with pytest.raises(LabError, match="sees frames of 1 x 84 x 84, and catch shows 3 x 10 x 10"):
        Variant(game="catch", preset="atari").config()


@pytest.mark.parametrize(
    ("games", "methods", "said"),
    [(("ALE/Pong",), ("rainbow",), "the experiment is for"), (("catch",), ("vcr",), "rainbow must be")],
)
def test_an_experiment_that_cannot_be_compared_is_refused(
    games: tuple[str, ...], methods: tuple[MethodName, ...], said: str, report: Reporter
) -> None:
    with pytest.raises(LabError, match=said):
        reproduce(ReproduceParams(games=games, methods=methods), report)
