"""The tools that an agent has at hand, and the one place where they are used.

Arguments are checked before anything is done. A failure that the caller can mend is an observation with a
hint; a bug of ours rises.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from agents.errors import NimueError
from agents.llm.budget import BudgetSpent
from agents.tools.tool import Call, Observation, Tool, ToolFailure
from backends.lab.errors import LabError, LabFailure
from backends.lab.runner import in_words
from backends.vision.pictures.errors import PictureError
from games.errors import GameError
from memory.errors import StoreError

_TOLD = (NimueError, LabError, LabFailure, StoreError, GameError, PictureError)


class Toolbox(Mapping[str, Tool]):
    """Tools by name."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            assert tool.name not in self._tools, f"two tools are called {tool.name}"
            self._tools[tool.name] = tool

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def read(self, name: str, arguments: Mapping[str, Any]) -> BaseModel:
        """The request that the arguments make.

        Raises:
            ToolFailure: There is no such tool, or an argument is not one that it takes.
        """
        tool = self._tools.get(name)
        if tool is None:
            near = difflib.get_close_matches(name, self._tools, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"The tools are {', '.join(self._tools)}."
            raise ToolFailure("unknown_tool", f"There is no tool {name!r}.", hint)
        try:
            return tool.request.model_validate(dict(arguments))
        except ValidationError as error:
            raise ToolFailure("bad_arguments", in_words(error), _usage(tool)) from error

    def reason_to_ask(self, name: str, arguments: Mapping[str, Any]) -> str | None:
        """Why a person should allow this first; None also where it cannot be done anyway."""
        try:
            request = self.read(name, arguments)
            return self._tools[name].reason_to_ask(request)
        except (ToolFailure, *_TOLD):
            return None

    async def use(self, name: str, arguments: Mapping[str, Any], call: Call) -> Observation:
        """Use a tool.

        Raises:
            BudgetSpent: The tool asked a model, and the budget of the run is spent.
        """
        try:
            request = self.read(name, arguments)
            result = await self._tools[name].use(request, call)
        except ToolFailure as failure:
            return Observation.of_failure(failure)
        except BudgetSpent:
            raise
        except _TOLD as error:
            return Observation(ok=False, failure="failed", message=str(error))
        return Observation(ok=True, data=result.model_dump(mode="json"))


def _usage(tool: Tool) -> str:
    """The arguments of a tool in one line: those in brackets may be left out."""
    told = []
    for name, info in tool.request.model_fields.items():
        told.append(name if info.is_required() else f"[{name}]")
    return f"{tool.name} takes {', '.join(told) or 'no arguments'}."
