"""What a model says about a failed trial: one line that its next trial is told (specification B.3)."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from agents.expel.session import Session
from agents.llm.complete import complete
from agents.llm.model import CallTag
from agents.react.benchmark import Benchmark
from agents.react.lines import Entry, lines_of
from agents.react.trajectory import as_text

_MAX_TOKENS = 200
_CHARACTERS_A_TOKEN = 4
_SHORT = 60
"""Characters that stay of an observation that is shortened."""
NOTHING_SAID = "Take another way than before."
"""Stands for a reflection where the model wrote nothing."""


async def reflect_on(
    session: Session,
    task_text: str,
    entries: Sequence[Entry],
    ending: str,
    *,
    earlier: Sequence[str],
    name: str,
) -> str:
    """One line on what went wrong. Raises NimueError if the call fails."""
    prompt = reflection_prompt(
        session.benchmark,
        task_text,
        entries,
        ending,
        earlier=earlier,
        max_tokens=session.settings.max_reflection_tokens,
    )
    tag = CallTag(game=name, decision="reflection", lane=name)
    completion = await complete(session.model, prompt, tag=tag, max_tokens=_MAX_TOKENS, one_line=True)
    said = (_without_label(line) for line in lines_of(completion.text))
    return next((line for line in said if line), NOTHING_SAID)


def reflection_prompt(
    benchmark: Benchmark,
    task_text: str,
    entries: Sequence[Entry],
    ending: str,
    *,
    earlier: Sequence[str],
    max_tokens: int,
) -> list[BaseMessage]:
    """Examples of failed trials with the line that is wanted, then the trial at hand."""
    shown = list(entries)
    if benchmark.unsolved_hint and shown and shown[-1]["kind"] == "observation":
        hint = benchmark.unsolved_hint.get(ending, benchmark.unsolved_hint["steps"])
        shown[-1] = Entry(**{**shown[-1], "text": hint})
    told = (task_text, as_text(benchmark, shortened(shown, max_tokens)), benchmark.failure_mark)
    trial = "\n".join(part for part in told if part)
    examples = "\n\n".join(benchmark.reflection_examples)
    parts = [
        f"Here are examples.\n\n{examples}" if examples else "",
        "Your earlier plans for this task were:\n" + "\n".join(f"- {text}" for text in earlier)
        if earlier
        else "",
        f"This is the trial:\n{trial}",
        benchmark.reflection_request,
    ]
    system = (
        f"You are {benchmark.identity}. You look back on a trial in which you failed, and learn from it. "
        "Answer with one line."
    )
    return [SystemMessage(system), HumanMessage("\n\n".join(part for part in parts if part))]


def shortened(entries: Sequence[Entry], max_tokens: int) -> list[Entry]:
    """The trajectory with its longest lines cut, one by one, until it fits (at four characters a token)."""
    kept = list(entries)
    size = sum(len(entry["text"]) for entry in kept)
    for place in sorted(range(len(kept)), key=lambda place: -len(kept[place]["text"])):
        if size <= max_tokens * _CHARACTERS_A_TOKEN or len(kept[place]["text"]) <= _SHORT:
            break
        text = f"{kept[place]['text'][:_SHORT]}: ..."
        size += len(text) - len(kept[place]["text"])
        kept[place] = Entry(**{**kept[place], "text": text})
    return kept


def _without_label(line: str) -> str:
    for label in ("STATUS: FAIL", "Reflection:", "New Plan:", "New plan:", "Next plan:"):
        line = line.removeprefix(label).strip()
    return line
