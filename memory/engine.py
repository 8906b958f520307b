"""The door to both operation engines: an answer and a list go in, a list and its events come out."""

from dataclasses import dataclass
from typing import Literal

from memory.answers import ProposedOperations, read_paper, read_strict
from memory.insights import Insight, Outcome
from memory.paper_engine import apply_paper
from memory.strict_engine import StrictLimits, apply_strict

OVERFULL_MARGIN = 5  # so many over `max_num_rules`, and REMOVE takes three


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineSettings:
    """How answers change a list of insights."""

    mode: Literal["strict", "paper"] = "strict"
    """`paper` repeats what the ExpeL authors' code does, its oddities included."""
    max_num_rules: int = 10
    max_operations: int = 4
    """Operations of an answer that count in strict mode; the rest is rejected."""
    one_operation_an_insight: bool = True
    """Whether strict mode rejects a second operation on the same insight in one answer."""
    hard_max: int | None = None
    """Active insights above which strict mode archives the least important; None for no cap."""


def apply_answer(
    insights: tuple[Insight, ...],
    answer: str | ProposedOperations,
    settings: EngineSettings,
    *,
    origin: str = "",
    finish_reason: str = "stop",
) -> Outcome:
    """Carry out what a model answered.

    `origin` names the place of the answer in its log; ids of new insights derive from it, so it must differ
    from answer to answer of a set. Structured answers are for strict mode; a text is read by the mode's own.
    """
    overfull_at = settings.max_num_rules + OVERFULL_MARGIN
    if settings.mode == "paper":
        text = answer if isinstance(answer, str) else _as_lines(answer)
        return apply_paper(insights, read_paper(text), overfull_at=overfull_at, origin=origin)
    limits = StrictLimits(
        overfull_at=overfull_at,
        max_operations=settings.max_operations,
        one_operation_an_insight=settings.one_operation_an_insight,
        hard_max=settings.hard_max,
    )
    operations = (
        read_strict(answer, finish_reason=finish_reason) if isinstance(answer, str) else answer.operations()
    )
    return apply_strict(insights, operations, limits=limits, origin=origin)


def _as_lines(answer: ProposedOperations) -> str:
    """A structured answer in the only form the authors' code reads."""
    return "\n".join(
        f"{asked.op}{'' if asked.number is None else f' {asked.number}'}: {asked.text or ''}"
        for asked in answer.ops
    )
