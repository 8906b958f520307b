"""What `nimue serve` does once the command line makes sense: tools, server, transport."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.cli.model_flags import ModelFlags
from agents.errors import NimueError
from agents.llm.budget import Budget, BudgetedChatModel
from agents.llm.model import Model, open_model, wrap
from agents.llm.model_files import models_folder
from agents.llm.resolve import resolve_model
from agents.tools.workbench import Workplace, open_workbench
from backends.lab.contract import Effort
from backends.lab.errors import LabError
from backends.lab.registry import find_system

if TYPE_CHECKING:
    from mcp.server import Server

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """The command line of `nimue serve`."""

    http: int | None
    jobs: tuple[str, ...]
    most_effort: Effort
    most_jobs: int
    wait_s: float
    out: Path
    memory: Path
    models: ModelFlags


def run_serve(served: Served) -> int:
    """Serve until the client hangs up, or Ctrl-C.

    Raises:
        NimueError: A system is unknown, the port is taken, or the protocol's package is not installed.
    """
    try:
        from agents.tools.mcp_server import build_server
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("mcp"):
            raise
        raise NimueError("nimue serve needs the package mcp: pip install 'nimue[serve]'.") from error
    place = Workplace(
        folder=Path.cwd(),
        runs=served.out.absolute(),
        memory=served.memory,
        models=models_folder(),
        wait_s=served.wait_s,
        most_jobs=served.most_jobs,
        most_effort=served.most_effort,
    )
    try:
        named = [(system, job) for id in served.jobs for system in [find_system(id)] for job in system.jobs]
    except LabError as error:
        raise NimueError(str(error)) from error
    with ExitStack() as opened:
        model = _opener(served.models, opened)
        toolbox = opened.enter_context(open_workbench(place, model, jobs=named))
        server = build_server(toolbox, place.runs)
        if served.http is None:
            _explain_to_people(len(toolbox))
            asyncio.run(_over_stdio(server))
        else:
            asyncio.run(_over_http(server, opened.enter_context(_listening(served.http))))
    return 0


def _opener(flags: ModelFlags, opened: ExitStack) -> Callable[[], Model]:
    """Opens the model when a picture is first asked about, within the budget of the flags."""

    def open_it() -> Model:
        name = resolve_model(flags.model, os.environ).model
        model = open_model(name, flags.options(seed=0, temperature=flags.temperature))
        opened.callback(model.close)
        budget = Budget(flags.max_cost, flags.max_tokens)
        return wrap(model, lambda chat: BudgetedChatModel(inner=chat, model=model.name, budget=budget))

    return open_it


def _explain_to_people(num_tools: int) -> None:
    """Whoever types the command into a terminal should not wonder why nothing happens."""
    if sys.stdin.isatty():
        print(
            f"{num_tools} tools over standard input and output, for an MCP client to talk to. "
            "A client starts this command itself; see docs/mcp.md. Ctrl-C ends it.",
            file=sys.stderr,
        )


async def _over_stdio(server: Server[Any]) -> None:
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()  # now, so that whoever reads the address can connect at once
    except OSError as error:
        listener.close()
        raise NimueError(
            f"Port {port} of this machine is taken ({error.strerror}): choose another with --http PORT."
        ) from error
    return listener


async def _over_http(server: Server[Any], listener: socket.socket) -> None:
    import uvicorn

    # For loopback the app also refuses requests whose Host or Origin is another, as pages in a browser send.
    app = server.streamable_http_app(host=LOOPBACK)
    print(f"http://{LOOPBACK}:{listener.getsockname()[1]}/mcp", file=sys.stderr, flush=True)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5)
    await uvicorn.Server(config).serve(sockets=[listener])
