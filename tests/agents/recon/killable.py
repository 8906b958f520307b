"""A game in a process of its own that can be killed, for `test_resume.py`.

Every question that reaches the model is written to a file before it is answered, so that a test can
tell which calls were made again.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage

from agents.llm.model import Model, ModelOptions
from agents.llm.names import ModelName
from agents.llm.scripted import ScriptedChatModel
from agents.llm.scripted import open_model as open_scripted
from agents.recon.config import GameConfig
from agents.recon.game import GameReport, Limits, play_game
from agents.runs.folder import RunFolder
from games.avalon.actions import Decision
from games.avalon.events import Event

MINUTES = 250.0  # in seconds: longer than a test waits for anything


class Nobody:
    """A screen that nobody watches."""

    def event(self, event: Event) -> None: ...

    def delta(self, seat: int, stage: str, delta: object) -> None: ...

    def awaiting(self, decisions: tuple[Decision, ...]) -> None: ...


def play_leg(run: Path, config: dict[str, Any], asked: Path, seconds_a_call: float, num_answers: int) -> None:
    """Play, or go on with, the game until it ends or this process is killed.

    After so many answers every further one takes minutes: a slow killer does not come too late.
    """
    left = num_answers

    def seconds() -> float:
        nonlocal left
        left -= 1
        return seconds_a_call if left >= 0 else MINUTES

    asyncio.run(play_logged(RunFolder(run), GameConfig(**config), asked, seconds))


async def play_logged(
    run: RunFolder, config: GameConfig, asked: Path, seconds: Callable[[], float] = lambda: 0.0
) -> GameReport:
    """Play, or go on with, the game, where an answer takes as long as `seconds` says."""
    descriptor = os.open(asked, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def open_logged(name: ModelName, options: ModelOptions) -> Model:
        inner = open_scripted(name.name, options)

        async def reply(
            messages: list[BaseMessage], metadata: Any, json_schema: dict[str, Any] | None
        ) -> Any:
            os.write(
                descriptor, f"{metadata['decision']} {metadata['stage']} {metadata['attempt']}\n".encode()
            )
            await asyncio.sleep(seconds())
            return await inner.chat.ainvoke(messages, json_schema=json_schema)

        return replace(inner, chat=ScriptedChatModel(reply))

    try:
        return await play_game(
            run, config, Nobody(), limits=Limits(), options=ModelOptions(), open_models=open_logged
        )
    finally:
        os.close(descriptor)
