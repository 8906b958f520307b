"""What `nimue ask` does once the command line makes sense: model, run folder, conversation, screen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from agents.assistant.events import ApprovalAsked, Event
from agents.assistant.opening import open_assistant
from agents.assistant.session import AssistantSession, Limits
from agents.assistant.settings import RUN_KIND, AssistantSettings, Form
from agents.cli.ask_screen import JsonScreen, LiveScreen, Screen
from agents.cli.local_files import ensure_local_model
from agents.cli.model_flags import ModelFlags
from agents.errors import NimueError
from agents.llm.resolve import resolve_model
from agents.runs.folder import RunFolder, create_run, open_run

_NOBODY_TO_ASK = "There is nobody to ask here. The user can allow it with --yes."


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedFor:
    """What the command line asked for."""

    question: str
    yes: bool
    resume: str | None
    json: bool
    max_steps: int
    form: Form | None
    out: Path
    memory: Path
    models: ModelFlags


def run_ask(asked: AskedFor) -> int:
    """Hold the conversation; the exit code. Every mistake is found before a model is loaded."""
    why = ""
    if asked.resume is not None:
        run: RunFolder | None = open_run(asked.resume, asked.out, RUN_KIND)
        assert run is not None
        settings = AssistantSettings(**run.asked())
        resolve_model(settings.model, os.environ)
    else:
        run = None
        resolved = resolve_model(asked.models.model, os.environ)
        why = resolved.reason
        settings = _settings(asked, str(resolved.model))
    ensure_local_model(settings.model_name(), quiet=asked.json)
    if run is None:
        run = create_run(asked.out, RUN_KIND, settings.model_dump(mode="json"))
    screen: Screen = JsonScreen() if asked.json else LiveScreen()
    screen.opened(run, settings.model, why)
    failure = asyncio.run(_converse(asked, run, settings, screen))
    screen.closed(run)
    return 0 if failure is None else failure.exit_code


def _settings(asked: AskedFor, model: str) -> AssistantSettings:
    try:
        return AssistantSettings(
            model=model,
            form=asked.form,
            max_steps=asked.max_steps,
            memory=str(asked.memory),
            runs=str(asked.out),
            temperature=asked.models.temperature,
        )
    except ValidationError as error:
        from backends.lab.runner import in_words

        raise NimueError(f"{in_words(error)}. See nimue ask --help.") from error


async def _converse(
    asked: AskedFor, run: RunFolder, settings: AssistantSettings, screen: Screen
) -> NimueError | None:
    limits = Limits(max_cost=asked.models.max_cost, max_tokens=asked.models.max_tokens, allow_all=asked.yes)
    options = asked.models.options(seed=settings.seed, temperature=settings.temperature)
    async with open_assistant(
        run, settings, limits=limits, options=options, question=asked.question
    ) as session:
        if not asked.question:
            if not await session.is_unfinished():
                raise NimueError(f"Nothing of {run.id} is unfinished: ask something.")
            await _follow(session, session.resume(), asked, screen)
        else:
            await _follow(session, session.ask(asked.question), asked, screen)
        return session.failure


async def _follow(
    session: AssistantSession, events: AsyncGenerator[Event, None], asked: AskedFor, screen: Screen
) -> None:
    async with contextlib.aclosing(events) as told:
        async for event in told:
            screen.show(event)
            if isinstance(event, ApprovalAsked):
                await _decide(session, event, asked)


async def _decide(session: AssistantSession, event: ApprovalAsked, asked: AskedFor) -> None:
    if asked.json or not sys.stdin.isatty():
        session.decide(event.call, allowed=False, note=_NOBODY_TO_ASK)
        return
    said = (await _read_line("Allow it? [y/N/a] ")).strip()
    match said.lower():
        case "y" | "yes":
            session.decide(event.call, allowed=True)
        case "a" | "always" | "all":
            session.decide(event.call, allowed=True, always=True)
        case "" | "n" | "no":
            session.decide(event.call, allowed=False)
        case _:
            session.decide(event.call, allowed=False, note=said)


async def _read_line(prompt: str) -> str:
    """A line from the terminal. Waiting for it can be ended with Ctrl-C, which a thread in `input` cannot."""
    print(prompt, end="", file=sys.stderr, flush=True)
    loop = asyncio.get_running_loop()
    typed = asyncio.Event()
    loop.add_reader(sys.stdin, typed.set)
    try:
        await typed.wait()
    finally:
        loop.remove_reader(sys.stdin)
    return sys.stdin.readline()
