"""Training by a curriculum: the model follows the size, batches are what the segment shows, and it learns."""

from pathlib import Path

import pytest
import torch

from backends.lab.batches import Shuffled
from backends.lab.checkpoint import load_weights
from backends.lab.errors import LabError, Stopped
from backends.lab.events import EventList, Metric
from backends.lab.optimisers import Optimiser
from backends.lab.readers.images import open_images
from backends.lab.reporter import Reporter
from backends.lab.small_models import small_vit
from backends.vision.efficient_train.batches import CurriculumBatches
from backends.vision.efficient_train.curriculum import efficient_train_plus_plus
from backends.vision.efficient_train.jobs import predict, train
from backends.vision.efficient_train.position_embeddings import at_side, resize_positions
from backends.vision.efficient_train.spec import PredictParams, TrainParams


def report(directory: Path, sink: EventList | None = None, stop_after: int | None = None) -> Reporter:
    told = sink or EventList()

    def cancelled() -> bool:
        steps = [event.step for event in told.events if isinstance(event, Metric)]
        return stop_after is not None and max(steps, default=0) >= stop_after

    return Reporter(told, directory, "cpu", cancelled)


def quick(**changes: object) -> TrainParams:
    asked = {"data": "digits", "image_size": 16, "epochs": 0.4, "device": "cpu", "average": 0.9, **changes}
    return TrainParams.model_validate(asked)


def test_positions_and_moments_follow_the_size_and_keep_the_class_token() -> None:
    model = small_vit(image_size=32)
    optimiser = Optimiser().build([{"params": list(model.parameters())}])
    model(torch.randn(2, 3, 32, 32)).sum().backward()
    optimiser.step()
    optimiser.zero_grad()
    before = model.pos_embed.detach().clone()  # type: ignore[operator]
    resize_positions(model, 16, optimiser.state)
    positions = model.pos_embed
    assert isinstance(positions, torch.nn.Parameter)
    assert positions.shape == (1, 1 + 4 * 4, 96)
    assert optimiser.state[positions]["exp_avg"].shape == positions.shape
    assert torch.equal(positions[:, 0], before[:, 0])
    # Bilinear sampling of 8 x 8 at 4 x 4 is the mean of each two by two.
    corner = before[0, [1, 2, 9, 10]].mean(0)
    torch.testing.assert_close(positions[0, 1], corner)
    model(torch.randn(2, 3, 16, 16)).sum().backward()
    optimiser.step()


def test_evaluating_at_full_size_leaves_the_model_as_it_was() -> None:
    model = small_vit(image_size=32)
    resize_positions(model, 12)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with at_side(model, 32):
        assert model(torch.randn(1, 3, 32, 32)).shape == (1, 10)
    after = model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert model(torch.randn(1, 3, 12, 12)).shape == (1, 10)


def test_a_batch_is_made_the_same_again_and_has_its_segments_side() -> None:
    data = open_images("digits", 0).train
    curriculum = efficient_train_plus_plus(16, 20, 5.0, 4)
    order = Shuffled(len(data.labels), 8, 0)
    batches = CurriculumBatches(data=data, curriculum=curriculum, order=order, crop="fft")
    assert len(batches) == curriculum.num_steps
    for number in (0, len(batches) - 1):
        batch, again = batches[number], batches[number]
        assert batch["image"].shape[-1] == curriculum.segment_at(number).side
        assert torch.equal(batch["image"], again["image"])
        assert torch.equal(batch["label"], data.labels[order.indices(number)])
    assert not torch.equal(batches[0]["image"], batches[1]["image"])


@pytest.mark.parametrize("model", ["lab/small_vit", "lab/small_convnet"])
def test_a_run_stopped_amid_a_curriculum_goes_on_to_the_same_weights(tmp_path: Path, model: str) -> None:
    params = quick(model=model, epochs=0.05, batch_size=8)  # nine steps
    whole = train(params, report(tmp_path / "whole"))
    sink = EventList()
    with pytest.raises(Stopped):
        train(params, report(tmp_path / "stopped", sink, stop_after=5))
    resumed = train(params, report(tmp_path / "stopped"))
    expected, about = load_weights(tmp_path / "whole" / "artifacts" / whole.weights)
    found, about_found = load_weights(tmp_path / "stopped" / "artifacts" / resumed.weights)
    assert about_found == about and found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert resumed.top1 == whole.top1


def test_predict_takes_what_train_wrote(tmp_path: Path) -> None:
    trained = train(quick(epochs=0.012, batch_size=8), report(tmp_path))
    weights = tmp_path / "artifacts" / trained.weights
    found = predict(PredictParams(weights=weights, data="digits", limit=30, device="cpu"), report(tmp_path))
    assert len(found.labels) == 30
    assert set(found.labels) <= {str(digit) for digit in range(10)}


def test_predict_refuses_weights_of_another_kind(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"w": torch.ones(1)}, tmp_path / "w.safetensors")
    with pytest.raises(LabError, match="was not written by this system's train"):
        predict(PredictParams(weights=tmp_path / "w.safetensors"), report(tmp_path))


def test_a_few_epochs_of_the_curriculum_learn_the_digits(tmp_path: Path) -> None:
    params = quick(epochs=2.5, rate=3e-3, model="lab/small_convnet", average=None)
    # Chance is 10; measured 75 to 90 over three seeds.
    assert train(params, report(tmp_path)).top1 > 45
