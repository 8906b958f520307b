"""A prompt taken apart as its reader sees it: examples, insights, reflections, the attempt so far."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from langchain_core.messages import BaseMessage

from agents.react.benchmark import Benchmark
from games.text.env import Line, LineKind

_NUMBERED = re.compile(r"^\d+\.\s+(?P<text>.+)$", re.MULTILINE)
_QUESTION_LINE = re.compile(r"^(?P<kind>thought|action|observation)\s*\d*\s*:\s*(?P<text>.*)$", re.IGNORECASE)
_KINDS: dict[str, LineKind] = {"thought": "thought", "action": "action", "observation": "observation"}


@dataclass(frozen=True, slots=True)
class Story:
    """A task's text and what followed it."""

    task: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that an actor's prompt says."""

    examples: tuple[Story, ...]
    insights: tuple[str, ...]
    reflections: str
    own: Story


LineReader = Callable[[str], Line | None]
"""What a line of a story is; None where it goes on with the one before."""


def household_line(line: str) -> Line | None:
    """`> think: ...`, `> go to bed 1`, and everything else is seen."""
    if not line.startswith(">"):
        return Line("observation", line)
    text = line[1:].strip()
    thought = re.match(r"think\s*:\s*", text, re.IGNORECASE)
    return Line("thought", text[thought.end() :]) if thought else Line("action", text.lower())


def question_line(line: str) -> Line | None:
    """`Action 2: Search[x]`; a line without such a label belongs to the one before."""
    labelled = _QUESTION_LINE.match(line)
    return Line(_KINDS[labelled["kind"].lower()], labelled["text"]) if labelled else None


def story(text: str, read: LineReader) -> Story:
    """The lines before the first thought or action are the task."""
    task: list[str] = []
    lines: list[Line] = []
    for raw in filter(None, map(str.strip, text.splitlines())):
        line = read(raw)
        if not lines and (line is None or line.kind == "observation"):
            task.append(raw)
        elif line is None or (line.kind == "observation" == lines[-1].kind):
            lines[-1] = Line(lines[-1].kind, f"{lines[-1].text} {raw}")
        else:
            lines.append(line)
    return Story("\n".join(task), tuple(lines))


def told(messages: Sequence[BaseMessage], benchmark: Benchmark, read: LineReader) -> Told:
    """What an actor was told; the first message is the system's, the second the opening."""
    opening, *turns = [message.text for message in messages[1:]]
    before, _, own = opening.rpartition(benchmark.turn)
    blocks = [block.strip() for block in before.split("\n\n") if block.strip()]
    return Told(
        examples=tuple(story(block, read) for block in _examples(blocks)),
        insights=tuple(_NUMBERED.findall(_headed(blocks, benchmark.insights_header))),
        reflections=_headed(blocks, benchmark.reflections_header),
        own=story("\n".join([own, *turns]), read),
    )


def numbered(text: str) -> tuple[str, ...]:
    """The items of a numbered list."""
    return tuple(_NUMBERED.findall(text))


def chance(*said: str) -> float:
    """A draw from 0 to 1 that follows from words alone."""
    return int.from_bytes(hashlib.sha256("\0".join(said).encode()).digest()[:4], "big") / 2**32


def _examples(blocks: Sequence[str]) -> list[str]:
    begins = [place for place, block in enumerate(blocks) if block.startswith("Here are examples")]
    ends = [place for place, block in enumerate(blocks) if block.startswith("(End of the examples")]
    return list(blocks[begins[0] + 1 : ends[0]]) if begins and ends else []


def _headed(blocks: Iterable[str], header: str) -> str:
    return next((block.removeprefix(header) for block in blocks if block.startswith(header)), "")
