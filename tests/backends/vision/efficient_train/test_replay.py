"""The replay buffer: fewer pictures prepared for batches as large, and never more kept than asked."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from torch import Tensor

from backends.lab.batches import Shuffled
from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.vision.efficient_train.batches import CurriculumBatches
from backends.vision.efficient_train.curriculum import Curriculum, Segment
from backends.vision.efficient_train.jobs import train, train_classifier
from backends.vision.efficient_train.replay import RELEASED, Replay, ReplayedBatches
from backends.vision.efficient_train.reproduce import StepClock
from backends.vision.efficient_train.spec import TrainParams

CURRICULUM = Curriculum((Segment(6, 8, (0, 0)), Segment(6, 12, (0, 0)), Segment(4, 16, (0, 0))), 16)
REPLAYS = (Replay(4, 3), Replay(2, 4), Replay(1, 1))


@dataclass(frozen=True)
class Numbered:
    """Pictures that are all of one brightness, by which they are told apart; it keeps what was loaded."""

    count: int = 256
    loaded: list[int] = field(default_factory=list)

    @property
    def labels(self) -> Tensor:
        return torch.arange(self.count)

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(map(str, range(self.count)))

    def load(self, indices: Tensor, size: int) -> Tensor:
        self.loaded.extend(indices.tolist())
        return (indices / self.count)[:, None, None, None].expand(-1, 3, size, size)


def replayed(replays: tuple[Replay, ...] = REPLAYS) -> tuple[Numbered, ReplayedBatches]:
    data = Numbered()
    source = CurriculumBatches(
        data=data, curriculum=CURRICULUM, order=Shuffled(data.count, 16, 5), crop="resize"
    )
    return data, ReplayedBatches(source, replays)


def test_batches_stay_as_large_and_a_part_of_them_is_loaded() -> None:
    data, batches = replayed()
    assert len(batches) == 16
    for number in range(16):
        before = len(data.loaded)
        batch = batches[number]
        assert batch["image"].shape == (16, 3, *(CURRICULUM.segment_at(number).side,) * 2)
        assert len(data.loaded) - before == 16 // REPLAYS[min(number // 6, 2)].times


def test_pictures_and_labels_stay_together_and_come_from_the_buffer() -> None:
    data, batches = replayed()
    fresh: list[set[int]] = []
    for number in range(12):
        before = len(data.loaded)
        batch = batches[number]
        fresh.append(set(data.loaded[before:]))
        shown = (batch["image"][:, 0, 0, 0] * 0.25 + 0.5) * data.count
        torch.testing.assert_close(shown, batch["label"].float(), atol=0.2, rtol=0)
        begin, capacity = (0, 3) if number < 6 else (6, 4)
        remembered = set().union(*fresh[max(begin, number - capacity + 1) :])
        assert set(batch["label"].tolist()) <= remembered
        assert batches.num_kept <= capacity


def test_what_is_kept_is_shown_again() -> None:
    _, batches = replayed()
    earlier = set(batches[0]["label"].tolist()) | set(batches[1]["label"].tolist())
    assert earlier & set(batches[2]["label"].tolist())


def test_shown_once_it_is_the_plain_loop() -> None:
    data, batches = replayed((Replay(1, 1),) * 3)
    plain = CurriculumBatches(
        data=data, curriculum=CURRICULUM, order=Shuffled(data.count, 16, 5), crop="resize"
    )
    for number in range(16):
        assert torch.equal(batches[number]["image"], plain[number]["image"])
        assert torch.equal(batches[number]["label"], plain[number]["label"])


@pytest.mark.parametrize("begin", [1, 4, 8, 13])
def test_a_run_that_goes_on_sees_the_batches_it_would_have_seen(begin: int) -> None:
    _, whole = replayed()
    expected = [whole[number] for number in range(16)]
    _, resumed = replayed()
    for number in range(begin, 16):
        batch = resumed[number]
        assert torch.equal(batch["image"], expected[number]["image"])
        assert torch.equal(batch["label"], expected[number]["label"])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="3 segments and 1 replays"):
        replayed((Replay(1, 1),))
    with pytest.raises(ValueError, match="A batch of 16 cannot have one fresh part in 3"):
        replayed((Replay(3, 4), Replay(1, 1), Replay(1, 1)))


def test_the_released_buffer_is_for_ten_segments() -> None:
    assert [replay.times for replay in RELEASED] == [4] * 2 + [2] * 4 + [1] * 4
    assert [replay.capacity for replay in RELEASED[:6]] == [1920] * 2 + [256] * 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"curriculum": "et"}, "EfficientTrain\\+\\+ only"),
        ({"workers": 2}, "without workers"),
        ({"batch_size": 6}, "multiple of 4 pictures, not 6"),
    ],
)
def test_settings_that_cannot_be_replayed_are_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    asked = {"data": "digits", "image_size": 16, "epochs": 0.1, "replay": True, "device": "cpu", **changes}
    with pytest.raises(LabError, match=message):
        train(TrainParams.model_validate(asked), Reporter(EventList(), tmp_path, "cpu"))


def test_a_clock_of_steps_goes_on_and_is_read_at_evaluations(tmp_path: Path) -> None:
    clock = StepClock()
    params = TrainParams(
        data="digits", image_size=16, epochs=0.05, model="lab/small_convnet", replay=True, device="cpu"
    )
    trained = train_classifier(params, Reporter(EventList(), tmp_path, "cpu"), clock).trained
    read = clock.at_evaluations
    assert len(read) == len(trained.history) and read == sorted(read) and read[0] > 0
    again = StepClock()
    again.restore(clock.state())
    assert again.state() == clock.state()
