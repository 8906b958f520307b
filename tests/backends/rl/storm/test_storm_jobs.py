"""What a person does with a trained player: play it, dream with it; and what is refused first."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from backends.lab.checkpoint import save_weights
from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.rl.storm.jobs import evaluate, imagine
from backends.rl.storm.model import WorldModel
from backends.rl.storm.presets import new_agent
from backends.rl.storm.saved import Variant, config_of, load_player, save_player
from backends.rl.storm.spec import EvaluateParams, ImagineParams


@pytest.fixture
def player(tmp_path: Path) -> Path:
    """A player with fresh weights."""
    torch.manual_seed(0)
    variant = Variant(game="catch", profile="iris", preset="tiny", act_on_seen=True, returns="fixed")
    config = config_of(variant)
    file = tmp_path / "player.safetensors"
    save_player(file, variant, WorldModel(config.world), new_agent(config))
    return file


@pytest.fixture
def report(tmp_path: Path) -> Reporter:
    return Reporter(EventList(), tmp_path / "run", "cpu")


def test_a_player_comes_back_from_its_file(player: Path) -> None:
    variant, config, world, agent = load_player(player, "cpu")
    again = player.with_name("again.safetensors")
    save_player(again, variant, world, agent)
    assert config.act_on_seen and config.agent.returns == "fixed"
    _, _, second, _ = load_player(again, "cpu")
    for name, value in world.state_dict().items():
        torch.testing.assert_close(second.state_dict()[name], value, atol=0, rtol=0)


def test_evaluation_plays_as_many_episodes_as_asked(player: Path, report: Reporter) -> None:
    result = evaluate(EvaluateParams(weights=player, episodes=12), report)
    assert len(result.returns) == 12
    assert set(result.returns) <= {-1.0, 1.0}
    assert result.human_normalised is None
    assert result.metrics["mean_return"] == pytest.approx(np.mean(result.returns))


def test_dreams_are_drawn_below_what_happened(player: Path, report: Reporter) -> None:
    asked = ImagineParams(weights=player, dreams=9, strips=3, actions=(2, 2, 0))
    result = imagine(asked, report)
    assert [row["step"] for row in result.steps] == [1.0, 2.0, 3.0]
    with Image.open(report.artifacts / "dreams.png") as drawn:
        width, height = drawn.size
    side = 10 * (48 // 10)
    assert width == 5 * side + 4 * 2  # two steps of context and three dreamt
    assert height == 6 * side + 5 * 2


def test_what_cannot_be_imagined_is_refused(player: Path, report: Reporter) -> None:
    with pytest.raises(LabError, match="longer than the 32 steps"):
        imagine(ImagineParams(weights=player, horizon=31), report)
    with pytest.raises(LabError, match="catch has actions 0 to 2"):
        imagine(ImagineParams(weights=player, actions=(0, 3)), report)


def test_weights_of_something_else_are_refused(tmp_path: Path, report: Reporter) -> None:
    file = tmp_path / "other.safetensors"
    save_weights(file, {"weight": torch.zeros(1)}, {"model": "lab/small_vit"})
    with pytest.raises(LabError, match="was not written by this system's train"):
        evaluate(EvaluateParams(weights=file), report)


def test_a_preset_whose_frames_do_not_fit_is_refused() -> None:
    with pytest.raises(LabError, match="sees frames of 3 x 64 x 64, and catch shows 3 x 10 x 10"):
        config_of(Variant(game="catch", profile="iris", preset="atari"))
