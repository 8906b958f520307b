"""The update rules of the ExpeL authors' code, oddities included (spec B.4.3).

An existing rule counts as named when its text is part of the operation's text, the first such rule wins, and
numbers matter for EDIT alone. Rules that fall to zero are archived here where the authors' code drops them;
the list of active ones is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from memory.answers import Operation
from memory.insights import Insight, Op, Outcome, State, active, insight_id, rejection
from memory.list_edits import ORDER, ListInWork


@dataclass(frozen=True, slots=True)
class _Kept:
    """An operation that survived the cleaning pass; the target is None for ADD."""

    op: Op
    target: str | None
    text: str
    code: str | None = None


def apply_paper(
    insights: tuple[Insight, ...], operations: Sequence[Operation], *, overfull_at: int, origin: str = ""
) -> Outcome:
    """Carry out operations as the authors' code does."""
    rules = active(insights)
    work = ListInWork(insights, overfull_at=overfull_at)
    kept = []
    for asked in operations:
        cleaned = _clean(rules, asked)
        if isinstance(cleaned, str):
            work.record(rejection(asked.op, cleaned, text=asked.text))
        else:
            kept.append(cleaned)
    for op in ORDER:
        for place, operation in enumerate(kept):
            if operation.op is not op:
                continue
            if operation.target is None:
                work.add(insight_id(origin, place), operation.text, state=State.ACTIVE)
            elif op is Op.REMOVE:
                work.remove(operation.target)
            elif op is Op.AGREE:
                work.agree(operation.target, code=operation.code)
            else:
                work.edit(operation.target, operation.text)
    return work.finish()


def _clean(rules: Sequence[Insight], asked: Operation) -> _Kept | str:
    """What is left of an operation against the list before the call, or why nothing is."""
    named = next((rule for rule in rules if rule.text in asked.text), None)
    if asked.op is Op.ADD:
        return _Kept(Op.ADD, None, asked.text) if named is None else "contains_existing"
    if named is not None:
        return (
            _Kept(Op.AGREE, named.id, asked.text, "edit_to_agree")
            if asked.op is Op.EDIT
            else _Kept(asked.op, named.id, asked.text)
        )
    if asked.op is not Op.EDIT or asked.number is None or not rules or asked.number > len(rules):
        return "no_target"
    # Number 0 edits the last rule: the authors' code takes index -1.
    return _Kept(Op.EDIT, rules[asked.number - 1].id, asked.text)
