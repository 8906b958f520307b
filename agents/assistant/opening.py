"""A session over the whole workbench: what the command line and the TUI's chat open."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

from agents.assistant.events import Recalled
from agents.assistant.session import AssistantSession, Limits, Recall, open_session
from agents.assistant.settings import AssistantSettings
from agents.errors import NimueError
from agents.llm.model import Model, ModelOptions
from agents.llm.model_files import models_folder
from agents.runs.event_log import read_events
from agents.runs.folder import RunFolder
from agents.tools.lab_cards import jobs_named_in
from agents.tools.memory_shelf import MemoryShelf
from agents.tools.toolbox import Toolbox
from agents.tools.workbench import Workplace, open_workbench
from memory.errors import StoreError

MOST_NAMED_JOBS = 4


@asynccontextmanager
async def open_assistant(
    run: RunFolder, settings: AssistantSettings, *, limits: Limits, options: ModelOptions, question: str = ""
) -> AsyncIterator[AssistantSession]:
    """Open a conversation, new or old, with all tools of the workbench in the current folder.

    Args:
        question: What will be asked first. Jobs that the user names, here or in earlier turns, are offered as
            tools of their own.

    Raises:
        NimueError: The model cannot be opened, or another process holds the run.
    """
    place = _workplace(settings)
    asked = [str(line.data["text"]) for line in read_events(run.events) if line.kind == "asked"]
    named = jobs_named_in("\n".join([*asked, question]), MOST_NAMED_JOBS)

    def tools(model: Model) -> AbstractContextManager[Toolbox]:
        return open_workbench(place, lambda: model, jobs=named)

    async with open_session(
        run,
        settings,
        limits=limits,
        options=options,
        tools=tools,
        recall=reminder(MemoryShelf(place.memory, place.models)),
    ) as session:
        yield session


def _workplace(settings: AssistantSettings) -> Workplace:
    return Workplace(
        folder=Path.cwd(),
        runs=Path(settings.runs).absolute(),
        memory=Path(settings.memory),
        models=models_folder(),
        wait_s=None,  # whoever tires of a job stops the turn
    )


def reminder(shelf: MemoryShelf) -> Recall:
    """Looks into memory before each turn, where there is one."""

    def remind(question: str) -> Recalled | None:
        if not shelf.exists:
            return None
        try:
            insights, successes = shelf.remind(question)
        except StoreError as error:
            raise NimueError(f"The memory cannot be read: {error}") from error
        return Recalled(insights=insights, successes=successes) if insights or successes else None

    return remind
