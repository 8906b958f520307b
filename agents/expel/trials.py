"""One task, tried until it succeeds or the retries are used up (ExpeL algorithm 1, Reflexion).

attempt -> END
        -> reflect -> attempt -> ...
"""

import asyncio
import contextvars
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.errors import NimueFailure
from agents.expel.arms import Arm
from agents.expel.reflection import reflect_on
from agents.expel.session import Session
from agents.react.attempt import ActSettings, Attempt, AttemptContext, run_attempt
from agents.react.lines import Entry
from agents.react.prompt import Brief, PromptSettings
from games.errors import GameError
from games.text.env import Drift, Task
from memory.records import Experience, Outcome, Phase, Step

BriefOf = Callable[[str, Sequence[Entry], Sequence[str]], Brief]
"""What an actor is told, given the task's text, the trajectory so far and earlier reflections."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialsContext:
    """What the trials of a task are handed at run time."""

    session: Session
    task: Task
    phase: Phase
    arm: Arm
    seed: int = 0
    fold: int | None = None
    retries: int
    brief: BriefOf
    recalled: Callable[[], Sequence[str]] = tuple
    """Texts from memory that stood in the prompt; quotations of them are cut out of what is kept."""
    used_insights: Sequence[tuple[str, str]] = ()
    """Set and id of each insight that stood in the prompt."""
    shown: Callable[[], Sequence[str]] = tuple
    """Ids of the experiences that stood in the latest prompt as examples."""


class _State(TypedDict, total=False):
    trial: int
    reflections: Annotated[list[str], operator.add]
    task_text: str
    entries: list[Entry]
    ending: str


async def run_trials(context: TrialsContext) -> None:
    """Try the task; every attempt is kept in memory and told as an event.

    Raises:
        NimueError: a model call failed: a spent budget, a lost server.
    """
    trying = _graph().ainvoke(
        _State(trial=0, reflections=[]), context=context, config={"recursion_limit": 200}
    )
    await asyncio.create_task(trying, context=contextvars.Context())  # see agents.react.attempt


@cache
def _graph() -> CompiledStateGraph[_State, TrialsContext, _State, _State]:
    graph = StateGraph(_State, TrialsContext)
    graph.add_node("attempt", _attempt)
    graph.add_node("reflect", _reflect)
    graph.add_edge(START, "attempt")
    graph.add_edge("reflect", "attempt")
    return graph.compile(name="trials")


def attempt_name(context: TrialsContext, trial: int) -> str:
    """Names an attempt in its run."""
    return f"{context.phase}/{context.arm.name}/{context.task.id}/{context.seed}/{trial}"


def reflection_name(context: TrialsContext, trial: int) -> str:
    """Names the reflection on a trial in the run's journal, apart from the trial's own calls."""
    return f"{attempt_name(context, trial)}/reflection"


async def _attempt(state: _State, runtime: Runtime[TrialsContext]) -> Command[Literal["reflect", "__end__"]]:
    context = runtime.context
    trial = state["trial"]
    name = attempt_name(context, trial)
    name, attempt = await _made_or_anew(context, name, state["reflections"])
    _keep(context, name, trial, attempt, state["reflections"])
    if attempt.success or attempt.ending == "error" or trial >= context.retries:
        return Command(goto="__end__")
    update = _State(
        task_text=attempt.task_text, entries=list(attempt.entries), ending=attempt.ending, trial=trial
    )
    return Command(goto="reflect", update=update)


async def _made_or_anew(context: TrialsContext, name: str, reflections: Sequence[str]) -> tuple[str, Attempt]:
    """The attempt and its name. One task that cannot be played does not stop the others."""
    try:
        try:
            return name, await _made(context, name, reflections)
        except Drift as drift:
            # The environment is not what it was: this attempt cannot be continued, only made anew.
            context.session.record(f"drift:{name}", "env_drift", {"attempt": name, "reason": str(drift)})
            name = f"{name}@2"
            return name, await _made(context, name, reflections)
    except GameError as broken:
        context.session.record(f"{name}:broken", "task_broken", {"attempt": name, "reason": str(broken)})
        nothing = Attempt(
            task_text=context.task.goal,
            entries=(),
            ending="error",
            success=False,
            reward=0.0,
            num_steps=0,
            invalid=0,
            translated=0,
        )
        return name, nothing


async def _made(context: TrialsContext, name: str, reflections: Sequence[str]) -> Attempt:
    session = context.session
    place = 0

    def told(entry: Entry) -> None:
        nonlocal place
        try:
            session.record(f"{name}:{place}", "entry", {"attempt": name, **entry})
        except NimueFailure as differs:
            raise Drift(str(differs)) from differs
        place += 1

    return await run_attempt(
        AttemptContext(
            benchmark=session.benchmark,
            settings=act_settings(session, context.arm),
            model=session.model,
            host=session.host,
            task=context.task,
            name=name,
            brief=lambda text, entries: context.brief(text, entries, reflections),
            on_entry=told,
        )
    )


def act_settings(session: Session, arm: Arm) -> ActSettings:
    """How an arm acts in this run."""
    settings = session.settings
    assert settings.form and settings.max_steps and settings.max_prompt_tokens
    return ActSettings(
        prompt=PromptSettings(
            form=settings.form,
            thoughts=arm.thoughts,
            status=bool(settings.status),
            past_thoughts=bool(settings.past_thoughts),
            max_steps=settings.max_steps,
            insights_before_examples=settings.insights_before_examples,
        ),
        paper_wording=settings.paper_wording,
        stops_on_repeat=bool(settings.stops_on_repeat),
        constrained=bool(settings.constrained),
        fresh=bool(settings.fresh),
        max_prompt_tokens=settings.max_prompt_tokens,
    )


def outcome_of(attempt: Attempt) -> Outcome:
    """Halted is what was cut off; failed is what came to an end without success."""
    if attempt.success:
        return "success"
    if attempt.ending == "error":
        return "error"
    return "halted" if attempt.ending in ("steps", "tokens") else "fail"


def _keep(
    context: TrialsContext, name: str, trial: int, attempt: Attempt, reflections: Sequence[str]
) -> None:
    session = context.session
    task = context.task
    outcome = outcome_of(attempt)
    experience = Experience(
        run_id=session.run_id,
        domain=session.settings.env,
        env_name=task.kind,
        task_id=task.id,
        task=attempt.task_text,
        trial=trial,
        seed=context.seed,
        phase=context.phase,
        arm=context.arm.name,
        fold=context.fold,
        outcome=outcome,
        reward=attempt.reward,
        steps=tuple(Step(entry["kind"], entry["text"]) for entry in attempt.entries),
        reflections=tuple(reflections),
    )
    session.remember(
        experience,
        recalled=context.recalled(),
        used_insights=context.used_insights,
        shown=context.shown(),
    )
    # A reflection counts with the trial that it prepares: when that one ends, every process has it.
    used = session.journal.usage_of(name)
    if trial:
        used += session.journal.usage_of(reflection_name(context, trial - 1))
    session.record(
        f"{name}:end",
        "attempt",
        {
            "attempt": name,
            "phase": context.phase,
            "arm": context.arm.name,
            "task": task.id,
            "kind": task.kind,
            "trial": trial,
            "seed": context.seed,
            "fold": context.fold,
            "outcome": outcome,
            "ending": attempt.ending,
            "reward": attempt.reward,
            "steps": attempt.num_steps,
            "invalid": attempt.invalid,
            "translated": attempt.translated,
            "experience": experience.id,
            "calls": used.calls,
            "input_tokens": used.input_tokens,
            "output_tokens": used.output_tokens,
        },
    )


async def _reflect(state: _State, runtime: Runtime[TrialsContext]) -> _State:
    context = runtime.context
    name = attempt_name(context, state["trial"])
    text = await reflect_on(
        context.session,
        state["task_text"],
        state["entries"],
        state["ending"],
        earlier=state["reflections"],
        name=reflection_name(context, state["trial"]),
    )
    context.session.record(f"{name}:reflection", "reflection", {"attempt": name, "text": text})
    return _State(trial=state["trial"] + 1, reflections=[text])
