"""A game in a process of its own that can be killed, for `test_resume.py`.

Every question that reaches the model is written to a file before it is answered, so that a test can
tell which calls were made again.
"""

import asyncio
import os
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


class Nobody:
    """A screen that nobody watches."""

    def event(self, event: Event) -> None: ...

    def delta(self, seat: int, stage: str, delta: object) -> None: ...

    def awaiting(self, decisions: tuple[Decision, ...]) -> None: ...


def play_leg(run: Path, config: dict[str, Any], asked: Path, seconds_a_call: float) -> None:
    """Play, or go on with, the game until it ends or this process is killed."""
    asyncio.run(play_logged(RunFolder(run), GameConfig(**config), asked, seconds_a_call))


async def play_logged(run: RunFolder, config: GameConfig, asked: Path, seconds_a_call: float) -> GameReport:
    descriptor = os.open(asked, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def open_logged(name: ModelName, options: ModelOptions) -> Model:
        inner = open_scripted(name.name, options)

        async def reply(
            messages: list[BaseMessage], metadata: Any, json_schema: dict[str, Any] | None
        ) -> Any:
            os.write(
                descriptor, f"{metadata['decision']} {metadata['stage']} {metadata['attempt']}\n".encode()
            )
            await asyncio.sleep(seconds_a_call)
            return await inner.chat.ainvoke(messages, json_schema=json_schema)

        return replace(inner, chat=ScriptedChatModel(reply))

    try:
        return await play_game(
            run, config, Nobody(), limits=Limits(), options=ModelOptions(), open_models=open_logged
        )
    finally:
        os.close(descriptor)
