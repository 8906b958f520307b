"""Meeting every task with every arm, each task in its fold and with what was learned outside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.errors import NimueError
from agents.expel.arms import Arm, parse_arms
from agents.expel.examples import Chosen, ExampleChooser
from agents.expel.extraction import set_name
from agents.expel.fan_out import FanOutContext, fan_out
from agents.expel.placebo import placebo_insights
from agents.expel.results import meetings_of
from agents.expel.session import Session
from agents.expel.trials import TrialsContext, run_trials
from agents.react.lines import Entry
from agents.react.prompt import Brief, insights_block
from memory.insights import active
from memory.runs import EvalResult

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver


@dataclass(frozen=True, slots=True)
class _Insights:
    """A fold's list as it stood when the evaluation began."""

    set_id: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    guidance: str = ""
    """A paragraph that stands for the list: what a transfer made of it."""


async def evaluate(session: Session, saver: "BaseCheckpointSaver[str]") -> None:
    """Meet every task of the folds once with every arm and seed.

    Raises:
        NimueError: an arm needs insights and none were extracted.
        StoppedAtWork: a call failed; what was done is kept.
    """
    settings = session.settings
    arms = {arm.name: arm for arm in parse_arms(settings.arms)}
    folds = session.folds()
    lists = {
        fold: _insights(session, fold)
        for fold in sorted(set(folds.values()))
        if any(arm.needs_insights for arm in arms.values())
    }
    choosers = {fold: ExampleChooser(session, fold) for fold in set(folds.values())}
    keys = [
        f"{seed}/{arm}/{task}" for seed in range(settings.seeds) for task in sorted(folds) for arm in arms
    ]
    session.record("evaluate:planned", "phase", {"phase": "evaluate", "total": len(keys)})

    async def meet(key: str) -> None:
        seed, arm, task_id = key.split("/", 2)
        fold = folds[task_id]
        await _meet(session, arms[arm], task_id, int(seed), fold, lists.get(fold), choosers[fold])

    await fan_out(
        FanOutContext(keys=keys, work=meet, process=session.process),
        saver,
        thread="evaluate",
        concurrency=session.tasks_at_once,
    )
    for one in meetings_of(session.events()):
        session.runs.record(
            EvalResult(
                run_id=session.run_id,
                arm=one.arm,
                task_id=one.task,
                seed=one.seed,
                fold=one.fold,
                env_name=one.kind,
                success=one.solved,
                reward=one.reward,
                num_steps=one.steps,
                num_invalid=one.invalid,
                tokens=one.tokens,
            )
        )
    session.record("evaluate:done", "phase_done", {"phase": "evaluate"})


async def _meet(
    session: Session,
    arm: Arm,
    task_id: str,
    seed: int,
    fold: int,
    learned: _Insights | None,
    chooser: ExampleChooser,
) -> None:
    task = session.tasks[task_id]
    texts: tuple[str, ...] = ()
    guidance = learned.guidance if learned is not None and arm.insights == "learned" else ""
    if arm.insights != "none":
        assert learned is not None
        texts = (
            learned.texts
            if arm.insights == "learned"
            else placebo_insights(learned.texts, session.settings.seed)
        )
    shown: dict[str, Chosen] = {}

    def brief(text: str, entries: Sequence[Entry], reflections: Sequence[str]) -> Brief:
        chosen = chooser.choose(arm.examples, task, text, entries)
        shown["latest"] = chosen
        return Brief(
            task=text,
            examples=chosen.examples,
            insights=texts,
            guidance=guidance,
            reflections=tuple(reflections),
        )

    def recalled() -> tuple[str, ...]:
        block = (insights_block(session.benchmark, texts),) if texts else ()
        return (*block, *texts, *([guidance] if guidance else []))

    await run_trials(
        TrialsContext(
            session=session,
            task=task,
            phase="eval",
            arm=arm,
            seed=seed,
            fold=fold,
            retries=session.settings.retries if arm.retries else 0,
            brief=brief,
            recalled=recalled,
            used_insights=(
                [(learned.set_id, one) for one in learned.ids]
                if learned is not None and arm.insights == "learned"
                else ()
            ),
            shown=lambda: shown["latest"].experience_ids if shown else (),
        )
    )


def _insights(session: Session, fold: int) -> _Insights:
    """The fold's list, written down once: people may edit it while the evaluation goes on."""
    for event in session.events():
        if event.kind == "insights_used" and event.data["fold"] == fold:
            told = event.data
            return _Insights(told["set"], tuple(told["ids"]), tuple(told["texts"]), told.get("guidance", ""))
    set_id = set_name(session.extracted_run.id, fold)
    if set_id not in {known.set_id for known in session.insights.sets()}:
        raise NimueError(
            f"There is no insight set {set_id}: run expel extract first, or leave out the arms that use "
            "insights."
        )
    listed = active(session.insights.insights(set_id))
    ids, texts = tuple(one.id for one in listed), tuple(one.text for one in listed)
    session.record(
        f"evaluate:insights:{fold}",
        "insights_used",
        {"fold": fold, "set": set_id, "ids": list(ids), "texts": list(texts)},
    )
    return _Insights(set_id, ids, texts)
