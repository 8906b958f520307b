"""One answer of the actor: ask in the form that was chosen, read it, and never fail over what it says."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

from langchain_core.messages import BaseMessage
from pydantic import BaseModel, Field, create_model

from agents.llm.ask import Unanswered, ask
from agents.llm.complete import complete
from agents.llm.finish import Finish
from agents.llm.model import CallTag, Model
from agents.react.benchmark import Benchmark
from agents.react.lines import Form, Said, lines_of

LONGEST_THOUGHT = 240
"""Characters of a thought in JSON: a small model's thought has no end by itself."""
SHORTEST_THOUGHT = 10
"""A small model that may leave the thought out soon leaves out all of them, and walks in circles."""
LINE_TOKENS = 150
TURN_TOKENS = 300


class OutOfContext(Exception):
    """The prompt no longer fits into what the model can read."""


async def answer(
    model: Model,
    benchmark: Benchmark,
    form: Form,
    prompt: Sequence[BaseMessage],
    *,
    thoughts: bool,
    admissible: Sequence[str] | None,
    tag: CallTag,
) -> list[Said]:
    """What the model says next: thoughts, and at most one action, which comes last; nothing if it said
    nothing.

    Args:
        admissible: The actions to hold the model to, in form `json`; None for any.

    Raises:
        OutOfContext: The prompt is too long for the model.
        NimueError: The call itself failed.
    """
    if form == "json":
        return await _json_answer(model, prompt, thoughts, admissible, tag)
    one_line = form == "lines"
    max_tokens = LINE_TOKENS if one_line else TURN_TOKENS
    completion = await complete(model, prompt, tag=tag, max_tokens=max_tokens, one_line=one_line)
    lines = lines_of(completion.text)
    if not lines and completion.finish is Finish.LENGTH:
        raise OutOfContext
    if one_line:
        return [benchmark.read(line) for line in lines[:1]]
    return _until_action([benchmark.read(line) for line in lines])


def _until_action(said: Sequence[Said]) -> list[Said]:
    """One thought and one action: what a model goes on to imagine is dropped."""
    thoughts: list[str] = []
    for line in said:
        if line.kind == "action":
            before = [Said("thought", " ".join(thoughts))] if thoughts else []
            return [*before, line]
        thoughts.append(line.text)
    return [Said("thought", " ".join(thoughts))] if thoughts else []


async def _json_answer(
    model: Model,
    prompt: Sequence[BaseMessage],
    thoughts: bool,
    admissible: Sequence[str] | None,
    tag: CallTag,
) -> list[Said]:
    schema = _schema(thoughts, None if admissible is None else tuple(admissible))
    try:
        answered = await ask(model, prompt, schema, tag=tag, max_tokens=TURN_TOKENS, verbatim=True)
    except Unanswered as failure:
        if failure.reason == "truncated" and not failure.text.strip():
            raise OutOfContext from failure
        return []
    fields: dict[str, Any] = answered.value.model_dump()
    thought = " ".join(str(fields.get("thought", "")).split())
    action = " ".join(str(fields["action"]).split())
    said = [Said("thought", thought)] if thought else []
    return [*said, Said("action", action)] if action else said


@lru_cache(maxsize=256)
def _schema(thoughts: bool, admissible: tuple[str, ...] | None) -> type[BaseModel]:
    action: Any = str if not admissible else Literal[admissible]
    fields: dict[str, Any] = {}
    if thoughts:
        fields["thought"] = (
            str,
            Field(max_length=LONGEST_THOUGHT, description="what you think, in one line"),
        )
    fields["action"] = (action, Field(description="what you do now"))
    return create_model("Step", **fields)
