"""Gathering experience: every task, with retries and reflections, many at a time (ExpeL algorithm 1)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from agents.expel.arms import Arm
from agents.expel.examples import ExampleChooser
from agents.expel.fan_out import FanOutContext, fan_out
from agents.expel.folds import OutcomeClass, deal_folds, near_duplicates
from agents.expel.session import Session
from agents.expel.trials import TrialsContext, run_trials
from agents.react.lines import Entry
from agents.react.prompt import Brief
from memory.records import Experience
from memory.vectors import unit

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

GATHERING = Arm(name="gather", retries=True, summary="react with retries and reflections")


async def gather(session: Session, saver: "BaseCheckpointSaver[str]") -> None:
    """Try every task of the run, then deal the tasks into folds.

    Raises:
        StoppedAtWork: a task could not be tried now; what was gathered is kept.
    """
    chooser = ExampleChooser(session, None)

    async def try_task(key: str) -> None:
        task = session.tasks[key]

        def brief(text: str, entries: Sequence[Entry], reflections: Sequence[str]) -> Brief:
            examples = chooser.manual(task).examples
            return Brief(task=text, examples=examples, reflections=tuple(reflections))

        await run_trials(
            TrialsContext(
                session=session,
                task=task,
                phase="gather",
                arm=GATHERING,
                retries=session.settings.retries,
                brief=brief,
            )
        )

    session.record("gather:planned", "phase", {"phase": "gather", "total": len(session.tasks)})
    await fan_out(
        FanOutContext(keys=tuple(session.tasks), work=try_task, process=session.process),
        saver,
        thread="gather",
        concurrency=session.tasks_at_once,
    )
    _deal(session)
    session.record("gather:done", "phase_done", {"phase": "gather"})


def gathered_by(session: Session, run_id: str) -> list[Experience]:
    """What a run gathered, by task and trial."""
    found = session.memory.store.find(domain=session.settings.env, run_id=run_id)
    return [one for one in found if one.phase == "gather"]


def _deal(session: Session) -> None:
    """Write down the folds, and in every experience the fold in which its task is evaluated."""
    experiences = gathered_by(session, session.run_id)
    outcomes: dict[str, set[bool]] = {}
    for one in experiences:
        outcomes.setdefault(one.task_id, set()).add(one.outcome == "success")
    tasks = {task: (session.tasks[task].kind, _class_of(seen)) for task, seen in outcomes.items()}
    folds = deal_folds(tasks, session.settings.folds, session.settings.seed)
    session.record("folds", "folds", {"folds": folds})
    texts = {one.task_id: one.task for one in experiences}
    vectors = unit(session.embedder.embed(list(texts.values())), session.embedder.mark)
    pairs = near_duplicates(folds, list(texts), vectors)
    session.record("near_duplicates", "near_duplicates", {"pairs": pairs})
    for one in experiences:
        if one.fold != folds[one.task_id]:
            session.remember(replace(one, fold=folds[one.task_id]))


def _class_of(seen: set[bool]) -> OutcomeClass:
    if len(seen) == 2:
        return "both"
    return "success" if True in seen else "fail"
