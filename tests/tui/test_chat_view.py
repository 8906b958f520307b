"""A conversation laid out from its events alone."""

from decimal import Decimal
from typing import Any

from rich.cells import cell_len

from agents.assistant.events import (
    ApprovalAsked,
    ApprovalGiven,
    Asked,
    CostChanged,
    Event,
    Finished,
    Recalled,
    TextDelta,
    Thought,
    ToolEnded,
    ToolProgress,
    ToolStarted,
)
from tests.tui.made_up_runs import HOSTILE
from tui.chat_view import ChatView, view_of

ARGUMENTS = {"system": "toy.line_fit", "job": "train"}


def shown(view: ChatView, width: int = 60) -> str:
    return "\n".join(line.plain.rstrip() for line in view.lines(width)[0])


def events(*more: Event) -> list[Event]:
    return [
        Asked(turn=1, text="Fit a line."),
        TextDelta(text="I train "),
        TextDelta(text="one."),
        Thought(text="I train one."),
        ToolStarted(call="c1", tool="run_job", arguments=ARGUMENTS),
        *more,
    ]


def test_a_tool_is_one_line_with_its_progress_until_it_is_unfolded() -> None:
    progress = ToolProgress(call="c1", text="training", done=3, total=40, values={"error": 0.25})
    view = view_of(events(progress))
    text = shown(view)
    assert "+ ▸ run_job  training  3/40  error 0.25" in text
    assert "toy.line_fit" not in text
    _, owners = view.lines(60)
    line = next(place for place, row in enumerate(text.splitlines()) if "run_job" in row)
    view.fold(owners[line])
    assert '"system": "toy.line_fit"' in shown(view)
    view.fold_all()
    assert '"system"' not in shown(view)


def test_a_result_replaces_the_progress_and_a_failure_bears_its_sign() -> None:
    good = ToolEnded(call="c1", tool="run_job", ok=True, told={"slope": 2.0})
    assert '✓ run_job  {"slope": 2.0}' in shown(view_of(events(good)))
    bad = ToolEnded(call="c1", tool="run_job", ok=False, told={"error": "bad_arguments"})
    assert "✗ run_job" in shown(view_of(events(bad)))


def test_an_answer_grows_and_is_then_what_was_said_in_the_end() -> None:
    view = view_of(events())
    for piece in ("The slope ", "is 2.", "\n\nIndeed."):
        view.take(TextDelta(text=piece))
    assert "The slope is 2." in shown(view)
    view.take(TextDelta(text="Once more.", restart=True))
    assert "The slope" not in shown(view)
    view.take(Finished(ending="answered", text="It is 2."))
    assert shown(view).count("It is 2.") == 1
    assert "Once more." not in shown(view)
    assert view.answer == "It is 2."
    assert not view.is_unfinished


def test_a_growing_answer_looks_as_if_it_had_come_at_once() -> None:
    whole = "A first paragraph that is long enough to be broken into lines.\n\n- one\n    code  here\n" * 5
    grown, at_once = ChatView(), ChatView()
    for character in whole:
        grown.take(TextDelta(text=character))
        grown.lines(34)
    at_once.take(TextDelta(text=whole))
    assert shown(grown, 34) == shown(at_once, 34)


def test_what_was_cut_short_is_unfinished_and_its_tool_given_up() -> None:
    view = view_of(events(Finished(ending="stopped", text="Stopped.")))
    assert view.is_unfinished
    assert "■ run_job" in shown(view)
    assert "stopped: Stopped." in shown(view)


def test_a_question_waits_until_it_is_decided() -> None:
    asked = ApprovalAsked(call="c1", tool="run_job", arguments=ARGUMENTS, reason="it takes minutes")
    view = view_of(events(asked))
    assert view.waits_for is asked
    view.take(ApprovalGiven(call="c1", allowed=False, note="too long"))
    assert view.waits_for is None
    assert "refused: too long" in shown(view)


def test_memory_and_costs_are_told() -> None:
    cost: dict[str, Any] = {"calls": 2, "input_tokens": 10, "cached_tokens": 0, "output_tokens": 5}
    view = view_of(
        [Recalled(insights=("Look twice.",), successes=()), CostChanged(**cost, cost=Decimal("0.5"))]
    )
    assert "insights 1, earlier successes 0" in shown(view)
    assert "Look twice." not in shown(view)
    view.fold_all()
    assert "Look twice." in shown(view)
    assert view.cost is not None
    assert view.cost.cost == Decimal("0.5")


def test_what_a_model_writes_is_text_and_fits_the_width() -> None:
    told = {"text": HOSTILE * 20}
    view = view_of(
        [
            Asked(turn=1, text=HOSTILE),
            ToolStarted(call="c", tool=HOSTILE, arguments=told),
            ToolEnded(call="c", tool=HOSTILE, ok=True, told=told),
            Finished(ending="answered", text=HOSTILE * 10),
        ]
    )
    for _ in range(2):
        lines = view.lines(40)[0]
        assert all(cell_len(line.plain) <= 40 for line in lines)
        assert not any(bad in line.plain for line in lines for bad in ("\x1b", "\u202e", "\x07"))
        assert any("[red]no[/red]" in line.plain for line in lines)
        view.fold_all()
