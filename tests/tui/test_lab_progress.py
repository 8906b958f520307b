"""A run of the laboratory, gathered from its log."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.runs.event_log import RunEvent
from tui.curve import MOST_POINTS
from tui.lab_panels import curve_lines, figure_line, figure_names, progress_text, result_tables
from tui.lab_progress import MOST_CURVES, MOST_NOTES, LabProgress

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def taken(*events: tuple[str, Mapping[str, Any]]) -> LabProgress:
    """The progress after these events, a second apart."""
    progress = LabProgress()
    for number, (kind, data) in enumerate(events):
        at = (BEGAN + timedelta(seconds=number)).isoformat()
        progress.take(RunEvent(number, kind, data, None, at))
    return progress


STARTED = ("started", {"resumed": False, "pid": 77})


def test_values_become_curves_by_name_and_stage() -> None:
    progress = taken(
        STARTED,
        ("metric", {"step": 1, "values": {"loss": 2.0, "top1": 10.0}, "stage": "a"}),
        ("metric", {"step": 2, "values": {"loss": 1.0}, "stage": "a"}),
        ("metric", {"step": 1, "values": {"loss": 3.0}, "stage": "b"}),
    )
    assert list(progress.curves) == ["loss", "top1"]
    assert list(progress.curves["loss"]) == ["a", "b"]
    assert list(progress.curves["loss"]["a"].points())[:2] == [(1, 2.0), (2, 1.0)]
    assert progress.pid == 77


def test_the_time_left_follows_the_pace_of_the_stage() -> None:
    steps = [("progress", {"done": done, "total": 10, "stage": "x"}) for done in (0, 1, 2)]
    progress = taken(STARTED, *steps)
    now = BEGAN + timedelta(seconds=3)
    assert progress.seconds_left(now) == pytest.approx(8.0)  # two steps took two seconds
    assert "2/10, about 0:08 left" in progress_text(progress, now).plain


def test_after_a_resumption_the_pace_is_that_of_the_new_process() -> None:
    progress = taken(
        STARTED,
        ("progress", {"done": 5, "total": 10, "stage": ""}),
        ("cancelled", {}),
        ("started", {"resumed": True, "pid": 78}),
        ("progress", {"done": 5, "total": 10, "stage": ""}),
        ("progress", {"done": 6, "total": 10, "stage": ""}),
    )
    assert progress.seconds_left(BEGAN + timedelta(seconds=5)) == pytest.approx(4.0)
    assert list(progress.notes) == ["Begins.", "Goes on from its last checkpoint."]


def test_a_failure_leaves_its_traceback_in_the_log() -> None:
    progress = taken(STARTED, ("failed", {"message": "it broke", "details": "Traceback\n  line 1"}))
    assert progress.summary.state == "failed"
    assert list(progress.notes)[-3:] == ["it broke", "Traceback", "  line 1"]


def test_events_of_others_are_passed_over_and_broken_ones_refused() -> None:
    assert taken(("game", {"n": 1})).summary.state == "waiting"
    with pytest.raises(TypeError):
        taken(("metric", {"nothing": 1}))


def test_a_run_of_hours_takes_bounded_room() -> None:
    progress = LabProgress()
    for step in range(3 * MOST_POINTS):
        progress.take(RunEvent(step, "metric", {"step": step, "values": {"loss": 1.0}, "stage": ""}))
        progress.take(RunEvent(step, "log", {"text": str(step)}))
    for stage in range(MOST_CURVES + 5):
        progress.take(RunEvent(0, "metric", {"step": 0, "values": {"x": 1.0}, "stage": str(stage)}))
    assert len(progress.curves["loss"][""]) <= MOST_POINTS
    assert len(progress.notes) == MOST_NOTES
    assert len(progress.curves["x"]) == MOST_CURVES - 1
    assert progress.num_left_out == 6


def test_final_figures_stand_for_the_latest_ones() -> None:
    progress = taken(
        STARTED,
        ("metric", {"step": 1, "values": {"loss": 2.0, "top1": 10.0}, "stage": ""}),
        ("finished", {"metrics": {"top1": 12.5, "gain": 2.5}, "seconds": 61.0}),
    )
    assert figure_names(progress) == ["loss", "top1", "gain"]
    assert figure_line(progress, "top1", 20).plain == "top1            12.5"
    assert figure_line(progress, "loss", 20).plain.split() == ["loss", "2"]
    assert "took 1:01" in progress_text(progress, None).plain


def test_a_drawing_of_many_stages_says_which_it_leaves_out() -> None:
    events = [
        ("metric", {"step": step, "values": {"loss": 1.0 / (step + 1)}, "stage": f"seed {stage}"})
        for stage in range(12)
        for step in range(4)
    ]
    text = "\n".join(line.plain for line in curve_lines(taken(*events).curves["loss"], 60, 20))
    assert "the last 8 of 12 stages" in text
    assert len(text.splitlines()) == 20
    assert "seed 11" in text


def test_a_result_becomes_tables() -> None:
    result = {
        "metrics": {"gain": 18.69444},
        "artifacts": [],
        "table": [{"arm": "full", "top1": 34.9444, "share": None}, {"arm": "et", "top1": 53.6, "extra": 1}],
        "labels": ["cat", "dog"],
    }
    tables = result_tables(result)
    assert tables["figures"] == (("figure", "value"), [("gain", "18.69")])
    assert tables["table"] == (
        ("arm", "top1", "share", "extra"),
        [("full", "34.94", "-", "-"), ("et", "53.6", "-", "1")],
    )
    assert tables["also"] == (("what", "value"), [("labels", "['cat', 'dog']")])
