"""What the insight model is told (specification B.4.1): attempts, the list so far, and how to change it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from agents.react.benchmark import Benchmark
from agents.react.lines import Entry
from agents.react.trajectory import as_text, entries_of
from games.text.env import Line
from memory.records import Experience

_SHORT_OBSERVATION = 120
"""Characters that stay of an observation in a trajectory that is too long."""
_FEWEST_ENDS = 4
"""Lines that stay at the beginning and the end of a trajectory, however long it is."""

_OPERATIONS = """\
- AGREE: an existing insight matters much for what you see here.
- REMOVE: an existing insight is contradicted by what you see here, or another one says the same.
- EDIT: an existing insight is not general enough or can be said better. Give its whole new text.
- ADD: you have learned something that differs much from every existing insight and helps with other tasks."""

_LIMITS = (
    "Do at most 4 operations, and at most one on each existing insight. What you do not mention stays. "
    "Write each insight as one or two short sentences of general advice that ends with a full stop. Never "
    "mention a trial, a task or a numbered object."
)

_TEXT_FORM = """\
Write one operation on each line, in this form and with nothing else around it:
AGREE <number>: <text of the insight>
REMOVE <number>: <text of the insight>
EDIT <number>: <new text>
ADD <next number>: <new text>"""

_JSON_FORM = (
    'Answer with a JSON object like {"ops": [{"op": "ADD", "number": null, "text": "...", "reason": "..."}]}.'
    " `number` is the place of an existing insight; `reason` says in a few words why."
)

_FULL = (
    "The list is full. First REMOVE or merge what is wrong, said twice or of little use, and ADD only what "
    "is new and of great use."
)


@dataclass(frozen=True, slots=True)
class ExtractionPrompt:
    """The messages, and how many characters of the attempts had to be left out."""

    messages: list[BaseMessage]
    shortened: int


def extraction_prompt(
    benchmark: Benchmark,
    kind: Literal["compare", "success"],
    attempts: Sequence[Experience],
    insights: Sequence[str],
    *,
    full: bool,
    structured: bool,
    max_chars: int,
    with_reflections: bool = False,
) -> ExtractionPrompt:
    """The whole prompt of one call.

    Args:
        attempts: A success and a failure of one task, or successes.
        full: Ask for fewer insights.
        max_chars: How much room the attempts may take together.
    """
    room = max_chars // len(attempts)
    shown = [_told(benchmark, one, room) for one in attempts]
    parts = [
        _compared(attempts, shown, with_reflections) if kind == "compare" else _grouped(attempts, shown),
        "These are the insights so far:\n" + _numbered(insights),
        (
            "Find out what the failed trial lacked, and improve the list so that it helps to avoid such "
            "failures at other tasks. Write about better thoughts and better actions."
            if kind == "compare"
            else "Find out what these successes have in common, and improve the list so that it helps to "
            "succeed at other tasks. Write about thoughts and actions that work."
        ),
        f"You may change the list by four operations:\n{_OPERATIONS}",
        _LIMITS,
        *([_FULL] if full else []),
        _JSON_FORM if structured else _TEXT_FORM,
    ]
    why = f" {benchmark.why_failed}" if kind == "compare" else ""
    system = (
        "You keep a list of insights: general advice for an agent. You add to it, edit it and remove from it "
        f"by judging what the agent did in past trials. {benchmark.described}{why}"
    )
    left_out = sum(len(one.text) for one in attempts) - sum(map(len, shown))
    shortened = left_out if any(_too_long(benchmark, one, room) for one in attempts) else 0
    return ExtractionPrompt([SystemMessage(system), HumanMessage("\n\n".join(parts))], max(0, shortened))


def _compared(attempts: Sequence[Experience], shown: Sequence[str], with_reflections: bool) -> str:
    success, failure = attempts
    reflections = "\n".join(success.reflections) if with_reflections else ""
    told = f"\n\nWhat the agent said about its failures:\n{reflections}" if reflections else ""
    return (
        f"The task:\n{success.task}\n\nA trial that succeeded:\n{shown[0]}\n\n"
        f"A trial that failed ({_ending(failure)}):\n{shown[1]}{told}"
    )


def _ending(failure: Experience) -> str:
    return "its actions were used up" if failure.outcome == "halted" else "it ended without success"


def _grouped(attempts: Sequence[Experience], shown: Sequence[str]) -> str:
    blocks = "\n\n".join(
        f"Task {number}:\n{one.task}\n{text}"
        for number, (one, text) in enumerate(zip(attempts, shown, strict=True), start=1)
    )
    return f"These trials succeeded.\n\n{blocks}"


def _numbered(insights: Sequence[str]) -> str:
    if not insights:
        return "(none yet)"
    return "\n".join(f"{number}. {text}" for number, text in enumerate(insights, start=1))


def _entries(one: Experience) -> list[Entry]:
    return entries_of(Line(step.kind, step.text) for step in one.steps)


def _too_long(benchmark: Benchmark, one: Experience, room: int) -> bool:
    return len(one.task) + len(as_text(benchmark, _entries(one))) > room


def _told(benchmark: Benchmark, one: Experience, room: int) -> str:
    """A trajectory, shortened where it is too long: first its observations, then its middle."""
    entries = _entries(one)
    if not _too_long(benchmark, one, room):
        return as_text(benchmark, entries)
    cut = [
        Entry(**{**entry, "text": f"{entry['text'][:_SHORT_OBSERVATION]} ..."})
        if entry["kind"] == "observation" and len(entry["text"]) > _SHORT_OBSERVATION
        else entry
        for entry in entries
    ]
    ends = len(cut) // 2
    while ends > _FEWEST_ENDS and len(_ends(benchmark, cut, ends)) > room - len(one.task):
        ends -= 1
    return _ends(benchmark, cut, ends)


def _ends(benchmark: Benchmark, entries: list[Entry], ends: int) -> str:
    if 2 * ends >= len(entries) - 1:
        return as_text(benchmark, entries)
    middle = len(entries) - 2 * ends
    return (
        f"{as_text(benchmark, entries[:ends])}\n[{middle} lines left out]\n"
        f"{as_text(benchmark, entries[-ends:])}"
    )
