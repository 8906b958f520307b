"""Conversations with a model that a test writes, over the real tools and a small laboratory of toys."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from agents.assistant.events import ApprovalAsked, Event, Finished, ToolEnded, ToolStarted
from agents.assistant.session import AssistantSession, Limits, Recall, open_session
from agents.assistant.settings import RUN_KIND, AssistantSettings
from agents.llm.model import Model, ModelOptions
from agents.llm.scripted import scripted_model
from agents.runs.folder import RunFolder, create_run
from agents.tools.toolbox import Toolbox
from agents.tools.workbench import Workplace, open_workbench

Said = str | AIMessage
Move = Said | Callable[[list[BaseMessage]], Said]
"""What the model says next, or how that follows from what it reads."""


def use(tool: str, **arguments: Any) -> AIMessage:
    """The model uses a tool."""
    return AIMessage("", tool_calls=[{"name": tool, "args": arguments, "id": f"own-{tool}"}])


def use_both(*calls: tuple[str, dict[str, Any]]) -> AIMessage:
    """The model uses several tools at once."""
    packed = [{"name": name, "args": args, "id": f"own-{i}"} for i, (name, args) in enumerate(calls)]
    return AIMessage("", tool_calls=packed)


class Script:
    """A model that makes its moves in order; it fails the test if it is asked once too often."""

    def __init__(self, *moves: Move) -> None:
        self.moves = list(moves)
        self.heard: list[list[BaseMessage]] = []
        self.schemas: list[dict[str, Any] | None] = []

    def reply(self, messages: list[BaseMessage], tag: object, schema: dict[str, Any] | None) -> Said:
        self.heard.append(messages)
        self.schemas.append(schema)
        assert len(self.heard) <= len(self.moves), f"asked once too often: {messages[-1].text[:500]}"
        move = self.moves[len(self.heard) - 1]
        return move(messages) if callable(move) else move

    def open(self, name: object = None, options: object = None) -> Model:
        return scripted_model(self.reply)


def observation(messages: Sequence[BaseMessage]) -> dict[str, Any]:
    """What the newest tool answered, as the model reads it."""
    last = messages[-1]
    assert isinstance(last, ToolMessage)
    told: dict[str, Any] = json.loads(last.text)
    return told


def new_run(folder: Path, **settings: Any) -> tuple[RunFolder, AssistantSettings]:
    """A fresh conversation's folder."""
    wanted = AssistantSettings(model="scripted:0", **settings)
    return create_run(folder / "runs", RUN_KIND, wanted.model_dump(mode="json")), wanted


def workplace(folder: Path, **changes: Any) -> Workplace:
    return Workplace(
        **{
            "folder": folder,
            "runs": folder / "runs",
            "memory": folder / "memory",
            "models": folder / "models",
            "wait_s": 60.0,
            **changes,
        }
    )


@contextlib.asynccontextmanager
async def conversing(
    folder: Path,
    script: Script,
    *,
    run: RunFolder | None = None,
    limits: Limits | None = None,
    recall: Recall | None = None,
    tools: Callable[[Model], contextlib.AbstractContextManager[Toolbox]] | None = None,
    **settings: Any,
) -> AsyncIterator[AssistantSession]:
    """An open session in a folder; with `run`, one that goes on."""
    if run is None:
        run, wanted = new_run(folder, **settings)
    else:
        wanted = AssistantSettings(**run.asked())

    def workbench(model: Model) -> contextlib.AbstractContextManager[Toolbox]:
        return open_workbench(workplace(folder), lambda: model)

    given = {} if recall is None else {"recall": recall}
    async with open_session(
        run,
        wanted,
        limits=limits or Limits(),
        options=ModelOptions(),
        tools=tools or workbench,
        open_models=script.open,
        **given,
    ) as session:
        yield session


async def heard(
    events: AsyncIterator[Event],
    session: AssistantSession | None = None,
    *,
    allow: bool = True,
    note: str = "",
) -> list[Event]:
    """All events of a turn; questions are answered as they come."""
    got = []
    async for event in events:
        got.append(event)
        if isinstance(event, ApprovalAsked):
            assert session is not None
            session.decide(event.call, allowed=allow, note=note)
    return got


def tools_used(events: Sequence[Event]) -> list[tuple[str, dict[str, Any]]]:
    return [(event.tool, dict(event.arguments)) for event in events if isinstance(event, ToolStarted)]


def endings(events: Sequence[Event]) -> list[ToolEnded]:
    return [event for event in events if isinstance(event, ToolEnded)]


def answer(events: Sequence[Event]) -> Finished:
    last = [event for event in events if isinstance(event, Finished)]
    assert len(last) == 1
    return last[0]


def spoken(messages: Sequence[BaseMessage]) -> Iterator[str]:
    return (message.text for message in messages if isinstance(message, HumanMessage))
