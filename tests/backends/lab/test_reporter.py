"""What a job can say, and what it keeps for its next life."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from backends.lab.errors import LabFailure, Stopped
from backends.lab.events import EventList, Metric, Progress, from_json, kind_of, to_json
from backends.lab.reporter import Reporter


class Number(BaseModel):
    value: float


def reporter(tmp_path: Path) -> tuple[Reporter, EventList]:
    sink = EventList()
    return Reporter(sink, tmp_path, "cpu"), sink


def test_progress_is_told_now_and_then_and_at_the_end(tmp_path: Path) -> None:
    report, sink = reporter(tmp_path)
    for done in range(1, 1001):
        report.progress(done, 1000)
    told = [event.done for event in sink.events if isinstance(event, Progress)]
    assert told[0] == 1 and told[-1] == 1000
    assert len(told) < 50


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_ends_the_run(tmp_path: Path, value: float) -> None:
    report, sink = reporter(tmp_path)
    with pytest.raises(LabFailure, match="loss is not finite at arm, step 3"):
        report.part("arm").metric(3, loss=value, rate=0.1)
    assert sink.events == []


def test_parts_keep_their_checkpoints_and_metrics_apart(tmp_path: Path) -> None:
    report, sink = reporter(tmp_path)
    one, two = report.part("one"), report.part("two").part("deep")
    one.metric(1, loss=1.0)
    two.metric(1, loss=2.0)
    assert [event.stage for event in sink.events if isinstance(event, Metric)] == ["one", "two/deep"]
    assert one.checkpoints != two.checkpoints
    assert two.checkpoints.is_relative_to(report.checkpoints)


def test_a_partial_result_is_made_once(tmp_path: Path) -> None:
    report, _ = reporter(tmp_path)
    assert report.kept("part", Number, lambda: Number(value=1.5)) == Number(value=1.5)
    assert Reporter(EventList(), tmp_path).kept("part", Number, lambda: Number(value=2.5)) == Number(
        value=1.5
    )


def test_a_job_that_should_stop_hears_it(tmp_path: Path) -> None:
    report = Reporter(EventList(), tmp_path, cancelled=lambda: True)
    with pytest.raises(Stopped):
        report.part("any").check_cancelled()


def test_every_event_survives_json(tmp_path: Path) -> None:
    report, sink = reporter(tmp_path)
    report.progress(1, 2)
    report.metric(1, loss=1.0)
    report.log("Well.")
    report.json_artifact("a/b.json", {"x": 1}, "It.")
    assert [from_json(kind_of(event), to_json(event)) for event in sink.events] == sink.events
    assert len(sink.events) == 4
