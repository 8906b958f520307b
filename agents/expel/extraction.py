"""Extracting insights: a model reads pairs and groups of attempts and changes a list (ExpeL algorithm 2).

One list for each fold; folds at once, the calls of a fold in turn, since each sees what the last one left.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from agents.errors import NimueError
from agents.expel.chunks import Chunk, plan_chunks
from agents.expel.extraction_prompt import extraction_prompt
from agents.expel.fan_out import FanOutContext, fan_out
from agents.expel.gathering import gathered_by
from agents.expel.session import Session
from agents.llm.ask import Unanswered, ask
from agents.llm.complete import complete
from agents.llm.finish import Finish
from agents.llm.model import CallTag
from memory.answers import ProposedOperations
from memory.insights import active
from memory.records import Experience

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

_MAX_TOKENS = 1_000
_CHARACTERS_A_TOKEN = 4
_SHARE_OF_PROMPT = 0.75
"""How much of the longest prompt attempts may fill; the rest is for the list and the instructions."""


def set_name(run_id: str, fold: int) -> str:
    """The insight set of a fold."""
    return f"{run_id}-fold{fold}"


async def extract(session: Session, saver: "BaseCheckpointSaver[str]") -> None:
    """Extract one list of insights for every fold.

    Raises:
        NimueError: nothing was gathered.
        StoppedAtWork: a call failed; what was extracted is kept.
    """
    gathered = gathered_by(session, session.gathered_run.id)
    if not gathered:
        raise NimueError(
            f"Run {session.gathered_run.id} has gathered nothing in {session.settings.memory}: "
            "run expel gather first, or name its memory with --memory."
        )
    folds = sorted(set(session.folds().values()))
    plans = {fold: _plan(session, gathered, fold) for fold in folds}
    session.record("extract:planned", "phase", {"phase": "extract", "total": sum(map(len, plans.values()))})
    attempts = {one.id: one for one in gathered}

    async def extract_fold(key: str) -> None:
        fold = int(key)
        set_id = set_name(session.run_id, fold)
        session.insights.create_set(set_id, session.settings.env, fold=fold)
        for step, chunk in enumerate(plans[fold]):
            await _apply(session, set_id, fold, step, chunk, [attempts[one] for one in chunk.experiences])

    await fan_out(
        FanOutContext(keys=tuple(map(str, folds)), work=extract_fold, process=session.process),
        saver,
        thread="extract",
        concurrency=session.tasks_at_once,
    )
    session.record("extract:done", "phase_done", {"phase": "extract"})


def _plan(session: Session, gathered: Sequence[Experience], fold: int) -> list[Chunk]:
    settings = session.settings
    assert settings.group_size and settings.max_prompt_tokens
    chunks = plan_chunks(
        gathered,
        fold=fold,
        group_size=settings.group_size,
        seed=settings.seed,
        max_chars=_longest(session),
    )
    planned = {"fold": fold, "chunks": [asdict(chunk) for chunk in chunks]}
    session.record(f"extract:plan:{fold}", "extraction_planned", planned)
    return chunks


def _longest(session: Session) -> int:
    assert session.settings.max_prompt_tokens
    return int(session.settings.max_prompt_tokens * _CHARACTERS_A_TOKEN * _SHARE_OF_PROMPT)


async def _apply(
    session: Session, set_id: str, fold: int, step: int, chunk: Chunk, attempts: Sequence[Experience]
) -> None:
    key = f"extract:{fold}:{step}"
    if any(one.actor == "llm" and one.step_no == step for one in session.insights.log(set_id)):
        # Killed between the list's change and the event: asked again, the model would see the changed list.
        session.record(key, "insights", _told(session, set_id, fold, step, chunk))
        return
    settings = session.settings
    assert settings.max_num_rules is not None
    insights = active(session.insights.insights(set_id))
    prompt = extraction_prompt(
        session.benchmark,
        chunk.kind,
        attempts,
        [insight.text for insight in insights],
        full=len(insights) >= settings.max_num_rules,
        structured=bool(settings.structured),
        max_chars=_longest(session),
        with_reflections=settings.reflections_to_extractor,
    )
    if prompt.shortened:
        note = {"fold": fold, "step": step, "characters": prompt.shortened}
        session.record(f"{key}:shortened", "chunk_shortened", note)
    tag = CallTag(game=f"extract/{fold}", decision=str(step), lane=f"extract/{fold}")
    answer: str | ProposedOperations
    finish_reason = "stop"
    if settings.structured:
        try:
            asked = await ask(
                session.insight_model, prompt.messages, ProposedOperations, tag=tag, max_tokens=_MAX_TOKENS
            )
            answer = asked.value
        except Unanswered as failure:
            session.record(
                f"{key}:unread", "insights_unread", {"fold": fold, "step": step, "reason": failure.reason}
            )
            answer = ProposedOperations()
    else:
        completion = await complete(session.insight_model, prompt.messages, tag=tag, max_tokens=_MAX_TOKENS)
        answer = completion.text
        finish_reason = "length" if completion.finish is Finish.LENGTH else "stop"
    session.insights.apply(
        set_id,
        step,
        answer,
        settings.engine_settings(),
        evidence=chunk.experiences,
        call_id=f"{tag.game}/{tag.decision}",
        finish_reason=finish_reason,
    )
    session.record(key, "insights", _told(session, set_id, fold, step, chunk))


def _told(session: Session, set_id: str, fold: int, step: int, chunk: Chunk) -> dict[str, Any]:
    events = [one.event for one in session.insights.log(set_id) if one.actor == "llm" and one.step_no == step]
    return {
        "fold": fold,
        "step": step,
        "kind": chunk.kind,
        "operations": [
            {"op": str(event.op), "insight": event.insight_id, "accepted": event.accepted, "code": event.code}
            for event in events
        ],
    }
