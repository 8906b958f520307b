"""What both engines do to a list while one answer is carried out: record an event and apply it at once."""

from dataclasses import replace

from memory.insights import (
    INITIAL_COUNT,
    Event,
    Insight,
    Op,
    Outcome,
    State,
    active,
    apply_event,
    birth,
    settle,
)
from memory.insights import change as change_event

ORDER = (Op.REMOVE, Op.AGREE, Op.EDIT, Op.ADD)  # kinds are carried out in this order, whatever the answer's
REMOVE_STRENGTH = 1
OVERFULL_REMOVE_STRENGTH = 3  # in the authors' code only, not in the paper


class ListInWork:
    """A list of insights in the middle of an answer."""

    def __init__(self, insights: tuple[Insight, ...], *, overfull_at: int) -> None:
        self.insights = insights
        self.events: list[Event] = []
        overfull = len(active(insights)) >= overfull_at
        self._remove_strength = OVERFULL_REMOVE_STRENGTH if overfull else REMOVE_STRENGTH

    def record(self, event: Event) -> None:
        self.events.append(event)
        self.insights = apply_event(self.insights, event)

    def insight(self, insight_id: str) -> Insight:
        return next(insight for insight in self.insights if insight.id == insight_id)

    def add(
        self, insight_id: str, text: str, *, state: State, code: str | None = None, reason: str = ""
    ) -> None:
        born = Insight(id=insight_id, text=text, count=INITIAL_COUNT, state=state)
        self.record(birth(born, code=code, reason=reason))

    def edit(self, insight_id: str, text: str, *, code: str | None = None, reason: str = "") -> None:
        self._change(Op.EDIT, insight_id, 1, text=text, code=code, reason=reason)

    def agree(self, insight_id: str, *, code: str | None = None, reason: str = "") -> None:
        self._change(Op.AGREE, insight_id, 1, code=code, reason=reason)

    def remove(self, insight_id: str, *, code: str | None = None, reason: str = "") -> None:
        """Vote against it. The count may fall below zero until `finish`, as a later vote may rescue it."""
        self._change(Op.REMOVE, insight_id, -self._remove_strength, code=code, reason=reason)

    def archive(self, insight: Insight, code: str) -> None:
        after = replace(insight, state=State.ARCHIVED, count=max(0, insight.count))
        self.record(change_event(Op.ARCHIVE, insight, after, code=code))

    def finish(self) -> Outcome:
        """Archive what has lost its importance, and put the list in order."""
        for insight in active(self.insights):
            if insight.count <= 0 and not insight.pinned:
                self.archive(insight, "pruned")
        self.insights = settle(self.insights)
        return Outcome(self.insights, tuple(self.events))

    def _change(
        self,
        op: Op,
        insight_id: str,
        delta: int,
        *,
        text: str | None = None,
        code: str | None = None,
        reason: str = "",
    ) -> None:
        before = self.insight(insight_id)
        count = before.count + delta
        if before.pinned and count < 0:
            count = 0
        after = replace(before, count=count, text=before.text if text is None else text)
        self.record(change_event(op, before, after, code=code, reason=reason))
