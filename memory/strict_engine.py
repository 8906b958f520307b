"""The hardened operation engine (spec C.4): each operation finds its target or is rejected with a reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from memory.answers import Operation
from memory.insights import Insight, Op, Outcome, State, active, insight_id, rejection
from memory.list_edits import ORDER, ListInWork
from memory.similarity import normalised, similarity
from memory.suspicion import looks_injected

SAME_INSIGHT = 0.92  # from here on two texts say the same
NAMES_INSIGHT = 0.9  # a text alone names an insight that is so like it
CLEARLY_BETTER = 0.15  # and overrules a number if it is so much less like the numbered one


@dataclass(frozen=True, kw_only=True, slots=True)
class StrictLimits:
    """Numbers of the strict engine; see `EngineSettings`."""

    overfull_at: int
    max_operations: int
    one_operation_an_insight: bool
    hard_max: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Planned:
    """An operation with its target."""

    op: Op
    target: str
    text: str = ""
    code: str | None = None
    state: State = State.ACTIVE
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Rejected:
    code: str
    target: str | None = None


@dataclass(slots=True)
class _Answer:
    """What the operations of one answer have in common: the list before it, and what it already took."""

    insights: tuple[Insight, ...]
    rules: tuple[Insight, ...]
    one_operation_an_insight: bool
    origin: str
    taken: set[str] = field(default_factory=set)
    added: dict[str, tuple[str, State]] = field(default_factory=dict)

    def plan(self, place: int, asked: Operation) -> _Planned | _Rejected:
        """Decide on one operation."""
        planned = self._resolved(place, asked)
        if isinstance(planned, _Rejected):
            return planned
        if planned.op is Op.ADD:
            self.added[planned.target] = (planned.text, planned.state)
            return planned
        if self.one_operation_an_insight and planned.target in self.taken:
            return _Rejected("duplicate_target", planned.target)
        self.taken.add(planned.target)
        return planned

    def _resolved(self, place: int, asked: Operation) -> _Planned | _Rejected:
        if asked.op in (Op.ADD, Op.EDIT):
            if not normalised(asked.text):
                return _Rejected("no_text")
            if asked.cut_off:
                return _Rejected("truncated")
            if asked.op is Op.ADD:
                return self._addition(place, asked)
            return self._rewriting(place, asked)
        return self._vote(asked)

    def _addition(self, place: int, asked: Operation) -> _Planned | _Rejected:
        if looks_injected(asked.text):
            return self._quarantined(place, asked)
        same = _closest(asked.text, self.rules, at_least=SAME_INSIGHT)
        twin = same.id if same else self._added_twin(asked.text, State.ACTIVE)
        if twin is not None:
            return _Planned(op=Op.AGREE, target=twin, code="merged_duplicate", reason=asked.reason)
        return _Planned(
            op=Op.ADD, target=insight_id(self.origin, place), text=asked.text, reason=asked.reason
        )

    def _quarantined(self, place: int, asked: Operation) -> _Planned | _Rejected:
        """Keep a suspicious text for a person to judge, once."""
        held = (insight for insight in self.insights if insight.state is State.QUARANTINED)
        if _closest(asked.text, held, at_least=SAME_INSIGHT) or self._added_twin(
            asked.text, State.QUARANTINED
        ):
            return _Rejected("already_quarantined")
        return _Planned(
            op=Op.ADD,
            target=insight_id(self.origin, place),
            text=asked.text,
            code="quarantined",
            state=State.QUARANTINED,
            reason=asked.reason,
        )

    def _added_twin(self, text: str, state: State) -> str | None:
        return next(
            (
                added
                for added, (other, kept_as) in self.added.items()
                if kept_as is state and similarity(text, other) >= SAME_INSIGHT
            ),
            None,
        )

    def _rewriting(self, place: int, asked: Operation) -> _Planned | _Rejected:
        target = self._named_by_number(asked)
        if target is None and asked.number is None and asked.insight_id is None:
            target = _closest(asked.text, self.rules, at_least=NAMES_INSIGHT)
        if target is None:
            return _Rejected("no_target")
        if target.text == asked.text:
            return _Planned(op=Op.AGREE, target=target.id, code="edit_to_agree", reason=asked.reason)
        others = (rule for rule in self.rules if rule.id != target.id)
        other = _closest(asked.text, others, at_least=SAME_INSIGHT)
        if other is not None:
            return _Planned(op=Op.AGREE, target=other.id, code="edit_to_agree", reason=asked.reason)
        if target.pinned:
            return _Rejected("pinned", target.id)
        if looks_injected(asked.text):
            return self._quarantined(place, asked)  # the insight it would have replaced stays
        return _Planned(op=Op.EDIT, target=target.id, text=asked.text, reason=asked.reason)

    def _vote(self, asked: Operation) -> _Planned | _Rejected:
        numbered = self._named_by_number(asked)
        if numbered is None:
            by_text = (
                _closest(asked.text, self.rules, at_least=NAMES_INSIGHT)
                if asked.number is None and asked.insight_id is None and normalised(asked.text)
                else None
            )
            if by_text is None:
                return _Rejected("no_target")
            return self._vote_for(asked, by_text, None)
        meant = self._meant_by_text(asked, numbered) if asked.insight_id is None else numbered
        return self._vote_for(asked, meant, None if meant is numbered else "retargeted")

    def _vote_for(self, asked: Operation, insight: Insight, code: str | None) -> _Planned:
        if insight.pinned and asked.op is Op.REMOVE:
            code = "pinned"
        return _Planned(op=asked.op, target=insight.id, code=code, reason=asked.reason)

    def _named_by_number(self, asked: Operation) -> Insight | None:
        if asked.insight_id is not None:
            return next((rule for rule in self.rules if rule.id == asked.insight_id), None)
        if asked.number is None or not 1 <= asked.number <= len(self.rules):
            return None
        return self.rules[asked.number - 1]

    def _meant_by_text(self, asked: Operation, numbered: Insight) -> Insight:
        """The numbered insight, unless the text beside the number clearly is another one's."""
        said = normalised(asked.text)
        if not said or normalised(numbered.text) == said:
            return numbered
        others = [rule for rule in self.rules if rule.id != numbered.id]
        for rule in others:
            if normalised(rule.text) == said:
                return rule
        best = _closest(asked.text, others, at_least=NAMES_INSIGHT)
        if best is None:
            return numbered
        lead = similarity(asked.text, best.text) - similarity(asked.text, numbered.text)
        return best if lead >= CLEARLY_BETTER else numbered


def apply_strict(
    insights: tuple[Insight, ...], operations: Sequence[Operation], *, limits: StrictLimits, origin: str = ""
) -> Outcome:
    """Carry out operations; every one of them, accepted or not, is an event."""
    work = ListInWork(insights, overfull_at=limits.overfull_at)
    answer = _Answer(insights, active(insights), limits.one_operation_an_insight, origin)
    plans: list[_Planned] = []
    for place, asked in enumerate(operations):
        plan = answer.plan(place, asked) if place < limits.max_operations else _Rejected("over_limit")
        if isinstance(plan, _Planned):
            plans.append(plan)
        else:
            work.record(
                rejection(asked.op, plan.code, text=asked.text, insight_id=plan.target, reason=asked.reason)
            )
    for op in ORDER:
        # A vote for an insight that this answer adds has to wait for it.
        for plan in plans:
            if plan.op is op and plan.target not in answer.added:
                _carry_out(work, plan)
    for plan in plans:
        if plan.target in answer.added:
            _carry_out(work, plan)
    finished = work.finish()
    if limits.hard_max is None or len(active(finished.insights)) <= limits.hard_max:
        return finished
    _archive_least(work, limits.hard_max)
    return work.finish()


def _carry_out(work: ListInWork, plan: _Planned) -> None:
    match plan.op:
        case Op.ADD:
            work.add(plan.target, plan.text, state=plan.state, code=plan.code, reason=plan.reason)
        case Op.EDIT:
            work.edit(plan.target, plan.text, code=plan.code, reason=plan.reason)
        case Op.AGREE:
            work.agree(plan.target, code=plan.code, reason=plan.reason)
        case _:
            work.remove(plan.target, code=plan.code, reason=plan.reason)


def _archive_least(work: ListInWork, hard_max: int) -> None:
    """Archive the least important above the cap, the oldest of equals first; never a pinned one."""
    rules = active(work.insights)
    candidates = sorted(
        (rule for rule in rules if not rule.pinned), key=lambda rule: (rule.count, rule.serial)
    )
    for rule in candidates[: len(rules) - hard_max]:
        work.archive(rule, "hard_max")


def _closest(text: str, among: Iterable[Insight], *, at_least: float) -> Insight | None:
    """The first of those most like the text, if any is like it enough."""
    scored = [(similarity(text, insight.text), insight) for insight in among]
    best = max((score for score, _ in scored), default=0.0)
    return next((insight for score, insight in scored if score == best >= at_least), None)
