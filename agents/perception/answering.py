"""Asks a model about pictures, or about the text that was read in them, and streams what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.errors import NimueError
from agents.llm.usage import Usage
from agents.perception.prompt_files import prompt
from agents.perception.reading import ReadPicture

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from agents.llm.model import Model
    from backends.vision.ocr.words import Line

OnText = Callable[[str, bool], None]
"""Told each new piece of the answer; True means that what was told before is void and starts anew."""

_LONGEST_ANSWER = 1024  # tokens
_MOST_CHARACTERS = 9000  # of read text: about 3,000 tokens, which the smallest context here has room for

NO_EYES = (
    "The picture was read, not seen: only its text is known here, no objects, colours, faces or drawings. "
    "A model with eyes sees those too: --model anthropic or openai with a key, or local:... with --projector."
)
NO_TEXT = "No text was found in it, and text is all that can be recognised here without a model with eyes."


@dataclass(frozen=True, slots=True)
class SpokenAnswer:
    """What a model said."""

    text: str
    usage: Usage
    cut: bool
    """Whether it was cut off at the limit of an answer's length."""


async def answer(model: Model, messages: Sequence[BaseMessage], on_text: OnText) -> SpokenAnswer:
    """Ask and stream.

    Raises:
        NimueError: The call failed, or the model refused or said nothing.
    """
    from langchain_core.outputs import ChatGenerationChunk

    from agents.llm.chat_wrapper import RESTARTED, StreamedAnswer, closing
    from agents.llm.finish import Finish, finish_of
    from agents.llm.model import CallTag

    tag = CallTag(decision="see", lane="see")
    spoken = StreamedAnswer()
    manner = {"temperature": 0.0, **model.verbatim} if model.name.provider == "local" else {}
    stream = model.chat.astream(
        list(messages), config={"metadata": tag.metadata()}, max_tokens=_LONGEST_ANSWER, **manner
    )
    async with closing(stream) as chunks:
        async for chunk in chunks:
            spoken.add(ChatGenerationChunk(message=chunk))
            restarted = RESTARTED in chunk.response_metadata
            if restarted or chunk.text:
                on_text("" if restarted else chunk.text, restarted)
    message = spoken.message()
    finish = finish_of(message)
    if finish is Finish.REFUSAL:
        reason = message.text.strip() or message.additional_kwargs.get("refusal") or "no reason given"
        raise NimueError(f"{model.name} declined to answer: {reason}")
    if not message.text.strip():
        raise NimueError(f"{model.name} said nothing. Ask again, or ask another model with --model.")
    return SpokenAnswer(
        message.text, spoken.voided + Usage.from_message(message), cut=finish is Finish.LENGTH
    )


def messages_about_text(read: Sequence[ReadPicture], question: str) -> list[BaseMessage]:
    """The words of pictures with their places, and the question."""
    from langchain_core.messages import HumanMessage, SystemMessage

    share = _MOST_CHARACTERS // len(read)
    told = [_told(each, number, len(read), share) for number, each in enumerate(read, start=1)]
    return [
        SystemMessage(prompt("from_text")),
        HumanMessage(prompt("read_lines", pictures="\n\n".join(told), question=question)),
    ]


def _told(read: ReadPicture, number: int, count: int, most: int) -> str:
    picture = read.picture
    name = f"picture {number}" if count > 1 else "the picture"
    width, height = picture.size
    lines = read.reading.lines
    kept, left = _within(_placed(lines, picture.size), most)
    head = f"The words in {name} ({width} x {height} pixels), each after the part of it where they stand:"
    if not lines:
        return f"There are no words in {name}."
    rest = f"\n({left} more lines are left out here.)" if left else ""
    return f"{head}\n" + "\n".join(kept) + rest


def _placed(lines: Sequence[Line], size: tuple[int, int]) -> list[str]:
    """The lines, with their place wherever it changes: in words, which small models read best."""
    told: list[str] = []
    last = ""
    for line in lines:
        across = _third(line.area.middle[0] / size[0], ("left", "middle", "right"))
        down = _third(line.area.middle[1] / size[1], ("top", "centre", "bottom"))
        place = f"[{down} {across}] "
        told.append(f'{"" if place == last else place}"{line.text}"')
        last = place
    return told


def _third(share: float, names: tuple[str, str, str]) -> str:
    return names[min(int(share * 3), 2)]


def _within(lines: list[str], most: int) -> tuple[list[str], int]:
    total = 0
    for count, line in enumerate(lines):
        total += len(line) + 1
        if total > most:
            return lines[:count], len(lines) - count
    return lines, 0
