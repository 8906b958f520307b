"""Many independent pieces of work at once, as a graph that can be killed and continued.

    dispatch -> work* -> dispatch -> END

A piece that fails does not take the others with it: they finish first, then the run stops with the failure.
When the graph is continued, the pieces that are not done are sent out again.
"""

import operator
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from agents.errors import NimueError


class StoppedAtWork(NimueError):
    """A piece of work failed, as when a budget is spent or a server is gone; the run can be resumed."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class _Failure(TypedDict):
    message: str
    exit_code: int
    process: str


class FanOutState(TypedDict):
    """Which pieces are done, and what went wrong, as JSON values."""

    done: Annotated[list[str], operator.add]
    failures: Annotated[list[_Failure], operator.add]


class _Piece(TypedDict):
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FanOutContext:
    """What is to be done."""

    keys: Sequence[str]
    work: Callable[[str], Awaitable[None]]
    process: str
    """Differs in every process, so that a failure of an earlier one is tried again."""


async def fan_out(
    context: FanOutContext, saver: BaseCheckpointSaver[str], *, thread: str, concurrency: int
) -> None:
    """Do all pieces that are not done yet, so many at a time.

    Raises:
        StoppedAtWork: at least one failed; the others are done or failed too.
    """
    graph = StateGraph(FanOutState, FanOutContext)
    graph.add_node("dispatch", _dispatch)
    graph.add_node("work", _work, input_schema=_Piece)
    graph.add_edge(START, "dispatch")
    graph.add_edge("work", "dispatch")
    compiled = graph.compile(checkpointer=saver, name="fan_out")
    settings: RunnableConfig = {
        "configurable": {"thread_id": thread},
        "max_concurrency": concurrency,
        "recursion_limit": 10_000,
    }
    known = await compiled.aget_state(settings)
    if known.values and not known.next:
        return
    start = None if known.values else FanOutState(done=[], failures=[])
    await compiled.ainvoke(start, settings, context=context, durability="sync")


async def _dispatch(
    state: FanOutState, runtime: Runtime[FanOutContext]
) -> Command[Literal["work", "__end__"]]:
    context = runtime.context
    for failure in state["failures"]:
        if failure["process"] == context.process:
            raise StoppedAtWork(failure["message"], failure["exit_code"])
    done = set(state["done"])
    left = [key for key in context.keys if key not in done]
    return Command(goto=[Send("work", _Piece(key=key)) for key in left] if left else "__end__")


async def _work(state: _Piece, runtime: Runtime[FanOutContext]) -> dict[str, list[str] | list[_Failure]]:
    context = runtime.context
    try:
        await context.work(state["key"])
    except NimueError as error:
        failure = _Failure(message=str(error), exit_code=error.exit_code, process=context.process)
        return {"failures": [failure]}
    return {"done": [state["key"]]}
