"""The whole workbench as one toolbox: laboratory, memory, perception and Avalon, kept to a few folders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.tools import see as seeing
from agents.tools.avalon_tables import AvalonTables
from agents.tools.job_desk import JobDesk
from agents.tools.lab_cards import card_tools
from agents.tools.lab_runs import LabHands
from agents.tools.memory_shelf import MemoryShelf
from agents.tools.tool import Call, Tool, ToolFailure
from agents.tools.toolbox import Toolbox
from backends.lab.contract import Effort, Job, System

if TYPE_CHECKING:
    from agents.llm.model import Model


@dataclass(frozen=True, kw_only=True, slots=True)
class Workplace:
    """Where the tools work, and how much they may do at once."""

    folder: Path
    """Files outside of it are not touched. It is also the folder that the process works in."""
    runs: Path
    memory: Path
    models: Path
    """The folder of model files."""
    wait_s: float | None
    """How long a job is waited for, after which it goes on and is asked after; None waits for its end."""
    most_jobs: int = 1
    """Jobs that are under way at once."""
    most_effort: Effort = "gpu"
    """Jobs that take more are refused."""


@contextmanager
def open_workbench(
    place: Workplace, model: Callable[[], Model] | None, *, jobs: Sequence[tuple[System, Job[Any, Any]]] = ()
) -> Iterator[Toolbox]:
    """Open the tools; jobs that are under way when the block ends are stopped.

    Args:
        model: Opens the model that answers questions about pictures, when the first one is asked; without
            it there is no tool `see`.
        jobs: Jobs to offer as tools of their own, beside finding and running them.
    """
    with JobDesk(place.runs, folders=(place.folder,), most_at_once=place.most_jobs) as desk:
        hands = LabHands(desk, wait_s=place.wait_s, most_effort=place.most_effort)
        tools = [*card_tools(), *hands.tools(), *(hands.job_tool(system, job) for system, job in jobs)]
        shelf = MemoryShelf(place.memory, place.models)
        if shelf.exists:
            tools.append(shelf.tool())
        if model is not None:
            tools.append(see_tool(model, place))
        tools += AvalonTables(place.runs).tools()
        yield Toolbox(tools)


def see_tool(model: Callable[[], Model], place: Workplace) -> Tool:
    """Perception, kept to the workplace's folder."""

    @cache
    def sight() -> seeing.Sight:
        from agents.perception.reading import FolderShelf
        from backends.vision.ocr.reader import RapidReader

        return seeing.Sight(
            model=model(),
            reader=RapidReader(),
            shelf=FolderShelf(place.models.parent / "readings"),
            folder=place.folder,
        )

    async def use(request: seeing.SeeRequest, call: Call) -> seeing.Seen:
        seen = await seeing.see(request, await asyncio.to_thread(sight))
        if seen.status == "failed":
            raise ToolFailure("failed", seen.answer)
        return seen

    return Tool(name=seeing.NAME, summary=seeing.SUMMARY, request=seeing.SeeRequest, use=use)
