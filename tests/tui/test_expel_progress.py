"""Where a training stands, from its events."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.runs.event_log import RunEvent
from tests.tui.made_up_runs import HOSTILE, expel_events
from tui.expel_panels import cell_text, insights_panel, progress_line, success_panel
from tui.expel_progress import AttemptName, ExpelProgress, attempt_name

START = datetime(2026, 1, 2, tzinfo=UTC)


def progress_after(count: int | None = None) -> ExpelProgress:
    """An event a second."""
    progress = ExpelProgress()
    for number, (kind, data) in enumerate(expel_events()[:count]):
        at = (START + timedelta(seconds=number)).isoformat()
        progress.take(RunEvent(number, kind, data, None, at))
    return progress


def test_cells_say_at_which_trial_a_task_was_solved() -> None:
    progress = progress_after()
    signs = {task: cell_text(progress.cell("gather", task)).plain for task in progress.tasks}
    assert signs == {"one": "1", "two/2": "2", "three": "✗"}
    assert cell_text(progress.cell("expel", "one")).plain == "·"


def test_a_task_between_trials_is_being_tried() -> None:
    events = expel_events()
    first_failure = next(
        i for i, (kind, data) in enumerate(events) if kind == "attempt" and data["outcome"] == "fail"
    )
    assert cell_text(progress_after(first_failure + 1).cell("gather", "two/2")).plain == "▸"
    assert cell_text(progress_after(first_failure + 3).cell("gather", "two/2")).plain == "▸2"


def test_tokens_calls_and_successes_add_up() -> None:
    progress = progress_after()
    assert (progress.usage.calls, progress.usage.total_tokens) == (10, 550)
    assert progress.solved_by_trial == {0: 1, 1: 1}
    assert progress.rate("gather") == (2, 3)
    assert "2/3" in success_panel(progress, 30).plain


def test_time_left_is_the_pace_of_the_phase() -> None:
    progress = ExpelProgress()
    progress.take(RunEvent(0, "phase", {"phase": "extract", "total": 4}, None, START.isoformat()))
    assert progress.seconds_left(START) is None
    progress.take(RunEvent(1, "insights", {"fold": 0, "operations": []}, None, START.isoformat()))
    assert progress.seconds_left(START + timedelta(seconds=10)) == pytest.approx(30)
    assert "about 0:30 left" in progress_line(progress, None, START + timedelta(seconds=10)).plain


def test_a_resumed_run_counts_its_pace_anew() -> None:
    progress = ExpelProgress()
    progress.take(RunEvent(0, "phase", {"phase": "extract", "total": 3}, None, START.isoformat()))
    progress.take(RunEvent(1, "insights", {"fold": 0, "operations": []}, None, START.isoformat()))
    progress.take(RunEvent(2, "paused", {"reason": "enough"}, None, START.isoformat()))
    assert (progress.ended, progress.reason) == ("paused", "enough")
    later = START + timedelta(days=1)
    progress.take(RunEvent(3, "resumed", {}, None, later.isoformat()))
    assert progress.ended == ""
    assert progress.seconds_left(later + timedelta(seconds=5)) is None
    progress.take(RunEvent(4, "insights", {"fold": 0, "operations": []}, None, later.isoformat()))
    assert progress.seconds_left(later + timedelta(seconds=5)) == pytest.approx(5)


def test_names_of_attempts_are_read_with_slashes_and_second_makings() -> None:
    assert attempt_name("eval/expel+reflexion/a/b/2/1@2") == AttemptName(
        "eval", "expel+reflexion", "a/b", 2, 1
    )


def test_an_insight_without_its_text_shows_its_id_and_hostile_text_is_cleaned() -> None:
    progress = progress_after()
    assert "fold 0 ADD I-1" in insights_panel(progress.operations, {}, [], 5).plain
    shown = insights_panel(progress.operations, {"I-1": HOSTILE}, [HOSTILE], 5)
    assert "\x1b" not in shown.plain
    assert "[red]no[/red]" in shown.plain
