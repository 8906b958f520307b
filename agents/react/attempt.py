"""One attempt at one task as a graph.

    open -> act -> step -> act -> ... -> END

`act` asks the model until it has an action (at most three answers, after which the step passes without one),
`step` carries it out. The environment is not part of the state: it lives in an `EnvHost`, and is brought
back by playing the recorded actions again where its process died. Nothing here is checkpointed: a run that
is continued walks through the attempt again, and its model answers come from the run's journal.
"""

import asyncio
import contextvars
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Annotated, Any, Literal, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.errors import NimueFailure
from agents.llm.model import CallTag, Model
from agents.react.answers import OutOfContext, answer
from agents.react.benchmark import Benchmark
from agents.react.env_host import EnvHost, EpisodeLost, Seen
from agents.react.fresh_actions import fresh_actions
from agents.react.lines import NO_ACTION, Entry, Said
from agents.react.prompt import Brief, PromptSettings, messages
from agents.react.trajectory import Ending, actions_of
from games.text.env import Task

MOST_ANSWERS_A_STEP = 3
ONLY_THOUGHT = "You have thought several times without acting. Act now."
_CHARACTERS_A_TOKEN = 4
_GRAPH_STEPS = 1_000
_MOST_REOPENINGS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class ActSettings:
    """How an actor acts; the prompt's layout is part of it."""

    prompt: PromptSettings
    stops_on_repeat: bool
    constrained: bool
    """Hold the action to what the environment admits, where the form is `json` and the list is complete."""
    fresh: bool = False
    """Leave out of that list what has just led to nothing new, and what cannot serve the task."""
    paper_wording: bool = False
    """Reword observations as ExpeL does, where the benchmark says how."""
    max_prompt_tokens: int = 15_800
    """A longer prompt ends the attempt (estimated at four bytes a token)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptContext:
    """What an attempt is handed at run time."""

    benchmark: Benchmark
    settings: ActSettings
    model: Model
    host: EnvHost
    task: Task
    name: str
    """Names the attempt in its run: the episode, the model calls' tag, and the key of its events."""
    brief: Callable[[str, Sequence[Entry]], Brief]
    """What the actor is told, given the task's text and the trajectory so far."""
    on_entry: Callable[[Entry], None]
    """Told each line as it comes, the task's text first, as the observation of step 0. Raises `Drift` where
    the environment answers otherwise than in an earlier process."""


class AttemptState(TypedDict, total=False):
    """An attempt under way, as JSON values."""

    task_text: str
    entries: Annotated[list[Entry], operator.add]
    admissible: list[str] | None
    answers: int
    step: int
    action: str
    ending: Ending
    success: bool
    reward: float
    invalid: Annotated[int, operator.add]
    translated: Annotated[int, operator.add]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """What came of an attempt."""

    task_text: str
    entries: tuple[Entry, ...]
    ending: Ending
    success: bool
    reward: float
    num_steps: int
    invalid: int
    """Actions that the environment could not carry out, and steps without one."""
    translated: int


async def run_attempt(context: AttemptContext) -> Attempt:
    """Make an attempt from its beginning.

    Raises:
        Drift: the environment answers otherwise than in the earlier process.
        GameError: the task cannot be opened.
        NimueError: a model call failed: a spent budget, a lost server; or the environment's process died
            whenever it was brought back.
    """
    start = AttemptState(entries=[], answers=0, step=1, ending="")
    acting = _graph().ainvoke(start, context=context, config={"recursion_limit": _GRAPH_STEPS})
    try:
        # A context of its own: a graph without a checkpointer fails under the durability it would inherit.
        done: Any = await asyncio.create_task(acting, context=contextvars.Context())
    except EpisodeLost as lost:
        raise NimueFailure(
            f"Attempt {context.name}: {lost}, again and again; memory may be short: use fewer --workers."
        ) from lost
    finally:
        await context.host.leave(context.name)
    return Attempt(
        task_text=done["task_text"],
        entries=tuple(done["entries"]),
        ending=done["ending"],
        success=done["success"],
        reward=done["reward"],
        num_steps=done["step"] - 1,
        invalid=done["invalid"],
        translated=done["translated"],
    )


@cache
def _graph() -> CompiledStateGraph[AttemptState, AttemptContext, AttemptState, AttemptState]:
    graph = StateGraph(AttemptState, AttemptContext)
    graph.add_node("open", _open)
    graph.add_node("act", _act)
    graph.add_node("step", _step)
    graph.add_edge(START, "open")
    graph.add_edge("open", "act")
    return graph.compile(name="attempt")


async def _open(state: AttemptState, runtime: Runtime[AttemptContext]) -> AttemptState:
    context = runtime.context
    seen = await _until_held(lambda: context.host.open(context.name, context.task))
    text = seen.result.observation
    context.on_entry(Entry(kind="observation", text=text, step=0, answer=0))
    return AttemptState(
        task_text=text,
        admissible=_listed(seen),
        success=False,
        reward=0.0,
        invalid=0,
        translated=0,
    )


async def _act(
    state: AttemptState, runtime: Runtime[AttemptContext]
) -> Command[Literal["act", "step", "__end__"]]:
    context = runtime.context
    settings = context.settings
    brief = context.brief(state["task_text"], state["entries"])
    prompt = messages(context.benchmark, settings.prompt, brief, state["entries"])
    size = sum(len(message.text.encode()) for message in prompt) // _CHARACTERS_A_TOKEN
    if size > settings.max_prompt_tokens:
        return Command(goto="__end__", update={"ending": "tokens"})
    number = state["answers"] + 1
    tag = CallTag(game=context.name, decision=str(state["step"]), stage=str(number), lane=context.name)
    try:
        said = await answer(
            context.model,
            context.benchmark,
            settings.prompt.form,
            prompt,
            thoughts=settings.prompt.thoughts,
            admissible=_grammar(context, state),
            tag=tag,
        )
    except OutOfContext:
        return Command(goto="__end__", update={"ending": "tokens"})
    entries = [
        Entry(kind=line.kind, text=line.text, step=state["step"], answer=number) for line in _kept(said)
    ]
    for entry in entries:
        context.on_entry(entry)
    update: dict[str, Any] = {"entries": entries, "answers": number}
    if entries[-1]["kind"] == "action":
        return Command(goto="step", update={**update, "action": entries[-1]["text"]})
    answers_in_step = len(
        {entry["answer"] for entry in (*state["entries"], *entries) if entry["step"] == state["step"]}
    )
    if answers_in_step < MOST_ANSWERS_A_STEP:
        return Command(goto="act", update=update)
    return Command(goto="step", update={**update, "action": NO_ACTION})


def _grammar(context: AttemptContext, state: AttemptState) -> list[str] | None:
    admissible = state["admissible"]
    if not context.settings.constrained or admissible is None:
        return None
    if not context.settings.fresh:
        return admissible
    task, benchmark = state["task_text"], context.benchmark
    if benchmark.idle is not None:
        admissible = [one for one in admissible if not benchmark.idle(task, one)] or admissible
    undoes = None if benchmark.undoes is None else partial(benchmark.undoes, task)
    return fresh_actions(state["entries"], admissible, benchmark.looks_again, undoes)


def _kept(said: Sequence[Said]) -> Sequence[Said]:
    """What a model said; where it said nothing, an empty thought, so that the answer counts."""
    return said or [Said("thought", "")]


async def _step(state: AttemptState, runtime: Runtime[AttemptContext]) -> Command[Literal["act", "__end__"]]:
    context = runtime.context
    action = state["action"]
    entry = Entry(kind="observation", text=ONLY_THOUGHT, step=state["step"], answer=state["answers"])
    update: dict[str, Any] = {"step": state["step"] + 1}
    ending: Ending = ""
    if action == NO_ACTION:
        update["invalid"] = 1
    else:
        seen = await _stepped(context, state, action)
        result = seen.result
        entry["text"] = _worded(context, result.observation)
        update |= {
            "admissible": _listed(seen),
            "success": result.success,
            "reward": result.reward,
            "invalid": int(not result.valid),
            "translated": int(result.translated),
        }
        before = actions_of(state["entries"])[:-1]
        repeated = context.settings.stops_on_repeat and before[-1:] == [action]
        ending = "done" if result.done else "repeat" if repeated else ""
    context.on_entry(entry)
    if not ending and state["step"] >= context.settings.prompt.max_steps:
        ending = "steps"
    update |= {"entries": [entry], "ending": ending}
    return Command(goto="__end__" if ending else "act", update=update)


async def _stepped(context: AttemptContext, state: AttemptState, action: str) -> Seen:
    """Carry out an action, after bringing the episode back where its process died."""
    for _ in range(_MOST_REOPENINGS):
        try:
            return await context.host.step(context.name, action)
        except EpisodeLost:
            await _play_again(context, state)
    return await context.host.step(context.name, action)


async def _play_again(context: AttemptContext, state: AttemptState) -> None:
    await _until_held(lambda: context.host.open(context.name, context.task))
    for past in actions_of(state["entries"])[:-1]:
        if past == NO_ACTION:  # a model wrote just that, and nothing was carried out
            continue
        try:
            await context.host.step(context.name, past)
        except EpisodeLost:  # died again; the caller tries as often as it may
            return


async def _until_held(opened: Callable[[], Any]) -> Seen:
    for _ in range(_MOST_REOPENINGS):
        try:
            seen: Seen = await opened()
            return seen
        except EpisodeLost:
            continue
    seen = await opened()
    return seen


def _worded(context: AttemptContext, observation: str) -> str:
    reword = context.benchmark.paper_wording
    return reword(observation) if reword and context.settings.paper_wording else observation


def _listed(seen: Seen) -> list[str] | None:
    return None if seen.admissible is None else list(seen.admissible)
