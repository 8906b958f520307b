"""From what an actor is told and a trajectory to chat messages. A prompt only grows during an attempt.

Three forms. `lines` is the paper's: everything stands in one message and the model adds one line at a time.
`turns` is a chat: each answer holds a thought and an action, each reply the observation. `json` is the chat
with answers as JSON, whose action can be held to the commands that the environment admits.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agents.react.benchmark import Benchmark
from agents.react.lines import Entry, Form
from agents.react.trajectory import as_text, entries_of
from games.text.env import Demonstration

_GUIDANCE_HEADER = "You must follow this instruction closely:"
NUDGE = "Now write your action."

_FORM_NOTES: dict[tuple[Form, bool], str] = {
    ("lines", True): "Write one line at a time: either a thought or an action, as in the examples.",
    ("lines", False): "Write one line at a time, an action as in the examples.",
    ("turns", True): "Each time, write one line with a short thought and one line with your action, in the "
    "form of the examples, and nothing else. You are then told what happens.",
    ("turns", False): "Each time, write one line with your action, in the form of the examples, and nothing "
    "else. You are then told what happens.",
    ("json", True): 'Each time, answer with a JSON object like {"thought": "...", "action": "..."}: a short '
    "thought, then one action. You are then told what happens.",
    ("json", False): 'Each time, answer with a JSON object like {"action": "..."}. You are then told what '
    "happens.",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A solved task in a prompt."""

    text: str
    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, demonstration: Demonstration, reword: Callable[[str], str] | None = None) -> "Example":
        """A demonstration, its observations reworded if asked."""
        entries = entries_of(demonstration.lines)
        for entry in entries:
            if reword and entry["kind"] == "observation":
                entry["text"] = reword(entry["text"])
        return cls(text=demonstration.text, entries=tuple(entries))


@dataclass(frozen=True, kw_only=True, slots=True)
class Brief:
    """What an actor is told before its first action."""

    task: str
    examples: tuple[Example, ...] = ()
    insights: tuple[str, ...] = ()
    guidance: str = ""
    """A paragraph to follow, in the place of insights."""
    reflections: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptSettings:
    """How prompts are laid out."""

    form: Form = "turns"
    thoughts: bool = True
    """False is the Act baseline: examples and answers hold actions only."""
    max_steps: int = 20
    status: bool = False
    """Tell the actor after each observation where its task stands, where the benchmark can (chats only)."""
    past_thoughts: bool = True
    """Whether the actor reads its own earlier thoughts again (chats only; examples always have theirs). A
    small model repeats the wording of the last ones, whatever it sees."""
    insights_before_examples: bool = False
    """The paper's figures show the insights before the examples, its code puts them after."""


def messages(
    benchmark: Benchmark, settings: PromptSettings, brief: Brief, entries: Sequence[Entry]
) -> list[BaseMessage]:
    """The whole prompt for the next answer."""
    instruction = benchmark.instruction if settings.thoughts else benchmark.act_instruction
    note = _FORM_NOTES[settings.form, settings.thoughts]
    system = SystemMessage(f"You are {benchmark.identity}. {instruction} {note}")
    opening = _opening(benchmark, settings, brief)
    if settings.form == "lines":
        so_far = as_text(benchmark, entries)
        return [system, HumanMessage(f"{opening}\n{so_far}" if so_far else opening)]
    return [system, HumanMessage(opening), *_turns(benchmark, settings, brief.task, entries)]


def _opening(benchmark: Benchmark, settings: PromptSettings, brief: Brief) -> str:
    parts = [f"You have at most {settings.max_steps} actions."]
    insights = [insights_block(benchmark, brief.insights)] if brief.insights else []
    if brief.guidance:
        insights.append(f"{_GUIDANCE_HEADER}\n{brief.guidance}")
    if settings.insights_before_examples:
        parts += insights
    if brief.examples:
        parts.append("Here are examples of solved tasks.")
        parts += [example_text(benchmark, settings, example) for example in brief.examples]
        parts.append("(End of the examples)")
    if not settings.insights_before_examples:
        parts += insights
    if brief.reflections:
        parts.append(reflections_block(benchmark, brief.reflections))
    parts.append(f"{benchmark.turn}\n{brief.task}")
    return "\n\n".join(parts)


def insights_block(benchmark: Benchmark, insights: Sequence[str]) -> str:
    """The numbered list as the actor sees it: without importance, the most important first."""
    listed = "\n".join(f"{number}. {text}" for number, text in enumerate(insights, start=1))
    return f"{benchmark.insights_header}\n{listed}"


def reflections_block(benchmark: Benchmark, reflections: Sequence[str]) -> str:
    """What earlier trials of the same task taught."""
    listed = "\n".join(
        benchmark.reflection_form.format(n=number, text=text) for number, text in enumerate(reflections)
    )
    return f"{benchmark.reflections_header}\n{listed}"


def example_text(benchmark: Benchmark, settings: PromptSettings, example: Example) -> str:
    """An example in the form that is asked of the model."""
    entries = [entry for entry in example.entries if settings.thoughts or entry["kind"] != "thought"]
    if settings.form != "json":
        return f"{example.text}\n{as_text(benchmark, entries)}"
    lines = [example.text]
    told: list[Entry] = []
    for _, answer in groupby(entries, key=lambda entry: entry["answer"]):
        group = list(answer)
        told += group
        said = [entry for entry in group if entry["kind"] != "observation"]
        lines.append(_as_json(said, settings.thoughts))
        seen = [entry for entry in group if entry["kind"] == "observation"]
        lines += [_reply(benchmark, settings, example.text, told, entry) for entry in seen]
    return "\n".join(lines)


def _turns(
    benchmark: Benchmark, settings: PromptSettings, task: str, entries: Sequence[Entry]
) -> Iterator[BaseMessage]:
    told: list[Entry] = []
    for _, answer in groupby(entries, key=lambda entry: entry["answer"]):
        group = list(answer)
        told += group
        said = [entry for entry in group if entry["kind"] != "observation"]
        seen = [entry for entry in group if entry["kind"] == "observation"]
        if not settings.past_thoughts and said[-1]["kind"] == "action":
            said = said[-1:]
        if settings.form == "json":
            yield AIMessage(_as_json(said, settings.thoughts))
        else:
            yield AIMessage(as_text(benchmark, said))
        yield HumanMessage(_reply(benchmark, settings, task, told, seen[0]) if seen else NUDGE)


def _reply(
    benchmark: Benchmark, settings: PromptSettings, task: str, told: Sequence[Entry], seen: Entry
) -> str:
    """What the environment answers, and where the task then stands."""
    line = benchmark.line("observation", seen["step"], seen["text"])
    status = benchmark.status(task, told) if settings.status and benchmark.status else ""
    return f"{line}\n{status}" if status else line


def _as_json(said: Sequence[Entry], thoughts: bool) -> str:
    thought = " ".join(entry["text"] for entry in said if entry["kind"] == "thought")
    action = " ".join(entry["text"] for entry in said if entry["kind"] == "action")
    fields = {"thought": thought, "action": action} if thoughts and thought else {"action": action}
    return json.dumps(fields, ensure_ascii=False)
