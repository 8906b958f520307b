"""Sets of insights and their append-only history, in the workspace's file."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from memory.answers import ProposedOperations, finished
from memory.engine import EngineSettings, apply_answer
from memory.errors import StoreError
from memory.insight_lists import broken_chain, keep_list, kept_list
from memory.insights import Event, Insight, Op, Outcome, State, birth, change, insight_id, replay
from memory.workspace import Workspace

Actor = Literal["llm", "human", "import", "transfer", "system"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Logged:
    """An event with who, when, and from what."""

    seq: int
    step_no: int
    actor: Actor
    event: Event
    evidence: tuple[str, ...]
    """Experiences that the model had before it."""
    call_id: str | None
    created: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InsightSet:
    """One list of insights: a domain, perhaps a fold, perhaps the set it was made from."""

    set_id: str
    domain: str
    fold: int | None = None
    parent_set: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one insight between two events; None on the side where it is not."""

    before: Insight | None
    after: Insight | None


class InsightStore:
    """Insights by set. Every change is an event; the list at any event can be had again."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def create_set(
        self, set_id: str, domain: str, *, fold: int | None = None, parent_set: str | None = None
    ) -> InsightSet:
        """Make an empty set; the same one again is left as it is."""
        with self._workspace.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO insight_sets VALUES (?, ?, ?, ?, ?)",
                (set_id, domain, fold, parent_set, _now()),
            )
        return self.describe(set_id)

    def describe(self, set_id: str) -> InsightSet:
        """Raises StoreError where there is none."""
        found = next((known for known in self.sets() if known.set_id == set_id), None)
        if found is None:
            raise StoreError(f"no insight set {set_id!r} in {self._workspace.folder}")
        return found

    def sets(self) -> list[InsightSet]:
        rows = self._workspace.rows("SELECT * FROM insight_sets ORDER BY set_id")
        return [
            InsightSet(
                set_id=row["set_id"], domain=row["domain"], fold=row["fold"], parent_set=row["parent_set"]
            )
            for row in rows
        ]

    def insights(self, set_id: str, *, at: int | None = None) -> tuple[Insight, ...]:
        """The whole list, archived and quarantined ones last; `at` gives it as of that event."""
        self.describe(set_id)
        if at is None and (kept := kept_list(self._workspace, set_id)) is not None:
            return kept
        insights: tuple[Insight, ...] = ()
        step: list[Event] = []
        place: tuple[str, int] | None = None
        for logged in self.log(set_id):
            if at is not None and logged.seq > at:
                break
            if place != (logged.actor, logged.step_no):  # a list is put in order at the end of each step
                insights, step = replay(step, insights), []
                place = (logged.actor, logged.step_no)
            step.append(logged.event)
        return replay(step, insights)

    def log(self, set_id: str, *, insight: str | None = None) -> list[Logged]:
        """Every event in order, those of one insight where it is named."""
        self.describe(set_id)
        rows = self._workspace.rows(
            "SELECT * FROM insight_events WHERE set_id = ? AND (? IS NULL OR insight_id = ?) ORDER BY seq",
            set_id, insight, insight,
        )  # fmt: skip
        return [_logged(row) for row in rows]

    def apply(
        self,
        set_id: str,
        step_no: int,
        answer: str | ProposedOperations,
        settings: EngineSettings,
        *,
        evidence: Sequence[str] = (),
        actor: Actor = "llm",
        call_id: str | None = None,
        finish_reason: str = "stop",
    ) -> Outcome:
        """Carry out a model's answer, once: a step that is already in the log changes nothing."""
        return self._record(
            set_id,
            step_no,
            actor,
            lambda insights, _: (
                apply_answer(
                    insights,
                    answer,
                    settings,
                    origin=f"{set_id}/{actor}/{step_no}",
                    finish_reason=finish_reason,
                ).events
            ),
            evidence=evidence,
            call_id=call_id,
        )

    def commit(
        self,
        set_id: str,
        events: Callable[[tuple[Insight, ...], str], Sequence[Event]],
        *,
        actor: Actor,
        evidence: Sequence[Sequence[str]] | None = None,
    ) -> Outcome:
        """Record a change of a person or a program: `events` gets the list and the origin of new ids.

        `evidence` names experiences for each event.
        """
        return self._record(set_id, None, actor, events, evidence_by_event=evidence)

    def add(self, set_id: str, text: str, *, actor: Actor = "human", reason: str = "") -> str:
        """Add an insight and give its id."""
        text = one_line(text)
        outcome = self.commit(
            set_id,
            lambda _, origin: [birth(Insight(id=insight_id(origin, 0), text=text), reason=reason)],
            actor=actor,
        )
        return str(outcome.events[0].insight_id)

    def edit(self, set_id: str, insight: str, text: str, *, reason: str = "") -> None:
        """Give an insight another text; its importance stays."""
        text = one_line(text)
        self._change(set_id, insight, Op.EDIT, lambda before: replace(before, text=text), reason)

    def vote(self, set_id: str, insight: str, delta: int, *, reason: str = "") -> None:
        """Raise or lower the importance; at zero it goes to the archive unless it is pinned."""

        def voted(before: Insight) -> Insight:
            count = max(0, before.count + delta)
            gone = count == 0 and not before.pinned and before.state is State.ACTIVE
            return replace(before, count=count, state=State.ARCHIVED if gone else before.state)

        self._change(set_id, insight, Op.AGREE if delta > 0 else Op.REMOVE, voted, reason)

    def pin(self, set_id: str, insight: str, *, reason: str = "") -> None:
        """Keep it from being edited or pruned by a model."""
        self._change(set_id, insight, Op.PIN, lambda before: replace(before, pinned=True), reason)

    def unpin(self, set_id: str, insight: str, *, reason: str = "") -> None:
        """Let models edit and prune it again; at zero it goes to the archive."""

        def unpinned(before: Insight) -> Insight:
            gone = before.count == 0 and before.state is State.ACTIVE
            return replace(before, pinned=False, state=State.ARCHIVED if gone else before.state)

        self._change(set_id, insight, Op.UNPIN, unpinned, reason)

    def archive(self, set_id: str, insight: str, *, reason: str = "") -> None:
        """Take it out of the list and keep it."""
        self._change(
            set_id, insight, Op.ARCHIVE, lambda before: replace(before, state=State.ARCHIVED), reason
        )

    def quarantine(self, set_id: str, insight: str, *, reason: str = "") -> None:
        """Take it out of the list until a person has judged it."""
        self._change(
            set_id, insight, Op.QUARANTINE, lambda before: replace(before, state=State.QUARANTINED), reason
        )

    def restore(self, set_id: str, insight: str, *, reason: str = "") -> None:
        """Bring it back from the archive or the quarantine, with an importance of one at least."""
        self._change(
            set_id,
            insight,
            Op.RESTORE,
            lambda before: replace(before, state=State.ACTIVE, count=max(1, before.count)),
            reason,
        )

    def comment(self, set_id: str, insight: str, words: str) -> None:
        """Leave a note in its history."""
        self._change(set_id, insight, Op.COMMENT, lambda before: before, words)

    def revert(self, set_id: str, seq: int) -> None:
        """Undo one event by a new one.

        Raises:
            StoreError: no such accepted event, or a later one changed the same text or state again.
        """
        logged = next((known for known in self.log(set_id) if known.seq == seq), None)
        if logged is None or not logged.event.accepted or logged.event.insight_id is None:
            raise StoreError(f"event {seq} of {set_id} changed nothing: `log` lists those that did")
        undone = logged.event
        earlier = {one.id: one for one in self.insights(set_id, at=seq - 1)}.get(str(undone.insight_id))

        def reverted(now: Insight) -> Insight:
            if (now.text, now.state, now.pinned) != (
                undone.text_after, undone.state_after, undone.pinned_after
            ):  # fmt: skip
                raise StoreError(f"event {seq} was built upon by a later one: revert that first")
            if earlier is None:
                return replace(now, state=State.ARCHIVED)
            # An archived insight keeps no negative count, so the sum can pass zero.
            count = max(1 if earlier.state is State.ACTIVE else 0, now.count - undone.delta)
            return replace(now, text=earlier.text, state=earlier.state, pinned=earlier.pinned, count=count)

        self._change(set_id, str(undone.insight_id), Op.REVERT, reverted, f"event {seq}")

    def rebuild(self, set_id: str) -> list[str]:
        """Make the kept list anew from the log, and tell what was wrong, a line each."""
        log = self.log(set_id)
        kept, replayed = self.insights(set_id), self.insights(set_id, at=log[-1].seq if log else 0)
        told = broken_chain([(logged.seq, logged.event) for logged in log])
        if kept != replayed:
            told.append(f"the kept list of {set_id} was not what its {len(log)} events make: written anew")
        with self._workspace.transaction() as connection:
            keep_list(connection, set_id, replayed)
        return told

    def diff(self, set_id: str, before: int, after: int | None = None) -> list[Difference]:
        """What changed between two events, `after` the last one unless it is given."""
        old = {insight.id: insight for insight in self.insights(set_id, at=before)}
        new = {insight.id: insight for insight in self.insights(set_id, at=after)}
        changes = [Difference(old.get(name), new.get(name)) for name in {**new, **old}]
        return [
            change for change in changes
            if change.before is None or change.after is None or change.before != change.after
        ]  # fmt: skip

    def evidence(self, set_id: str, insight: str) -> tuple[str, ...]:
        """Ids of all experiences that accepted events of it rest on."""
        logged = self.log(set_id, insight=insight)
        return tuple(dict.fromkeys(one for event in logged if event.event.accepted for one in event.evidence))

    def uses(self, set_id: str, insight: str) -> list[str]:
        """Ids of the experiences in whose prompt it was."""
        rows = self._workspace.rows(
            "SELECT traj_id FROM insight_uses WHERE set_id = ? AND insight_id = ? ORDER BY traj_id",
            set_id, insight,
        )  # fmt: skip
        return [row[0] for row in rows]

    def uses_by_outcome(self, set_id: str) -> list[tuple[str, int, int]]:
        """Insight, number of successes and of other attempts in whose prompt it was."""
        rows = self._workspace.rows(
            "SELECT insight_id, sum(outcome = 'success'), sum(outcome <> 'success') FROM insight_uses "
            "JOIN trajectories USING (traj_id) WHERE set_id = ? GROUP BY insight_id ORDER BY insight_id",
            set_id,
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def delete(self, set_id: str, insight: str) -> None:
        """Remove it and every text it ever had from the file; that it was there stays in the log."""
        self._change(
            set_id, insight, Op.DELETE, lambda before: replace(before, state=State.DELETED, text=""), ""
        )
        with self._workspace.transaction() as connection:
            blank = (
                "UPDATE insight_events SET text_before = NULL, text_after = NULL, reason = '' "
                "WHERE set_id = ?1"
            )
            # Rejected operations that said the same first: the texts are looked up in the rows below.
            connection.execute(
                f"{blank} AND NOT accepted AND text_after IN (SELECT text_after FROM insight_events "
                "WHERE set_id = ?1 AND insight_id = ?2 AND text_after <> '')",
                (set_id, insight),
            )
            connection.execute(f"{blank} AND insight_id = ?2", (set_id, insight))
            connection.execute(
                "DELETE FROM insight_uses WHERE set_id = ? AND insight_id = ?", (set_id, insight)
            )
        self._workspace.scrub()

    def _change(
        self, set_id: str, insight: str, op: Op, changed: Callable[[Insight], Insight], reason: str
    ) -> None:
        def events(insights: tuple[Insight, ...], _: str) -> list[Event]:
            before = next((known for known in insights if known.id == insight), None)
            if before is None:
                raise StoreError(f"no insight {insight} in set {set_id!r}")
            return [change(op, before, changed(before), reason=reason)]

        self.commit(set_id, events, actor="human")

    def _record(
        self,
        set_id: str,
        step_no: int | None,
        actor: Actor,
        make: Callable[[tuple[Insight, ...], str], Sequence[Event]],
        *,
        evidence: Sequence[str] = (),
        evidence_by_event: Sequence[Sequence[str]] | None = None,
        call_id: str | None = None,
    ) -> Outcome:
        with self._workspace.transaction() as connection:
            if step_no is None:
                step_no = self._next_step(set_id, actor)
            elif (last := self._last_seq(set_id, actor, step_no)) is not None:
                recorded = [
                    logged.event
                    for logged in self.log(set_id)
                    if (logged.actor, logged.step_no) == (actor, step_no)
                ]
                return Outcome(self.insights(set_id, at=last), tuple(recorded))
            before = self.insights(set_id)
            events = tuple(make(before, f"{set_id}/{actor}/{step_no}"))
            for op_no, event in enumerate(events):
                seen = evidence if evidence_by_event is None else evidence_by_event[op_no]
                connection.execute(
                    "INSERT INTO insight_events (set_id, actor, step_no, op_no, op, insight_id, text_before, "
                    "text_after, delta, count_after, state_after, pinned_after, accepted, code, reason, "
                    f"call_id, evidence_json, created) VALUES ({', '.join('?' * 18)})",
                    (
                        set_id, actor, step_no, op_no, event.op, event.insight_id, event.text_before,
                        event.text_after, event.delta, event.count_after, event.state_after,
                        event.pinned_after, event.accepted, event.code, event.reason, call_id,
                        json.dumps(list(seen)), _now(),
                    ),
                )  # fmt: skip
            after = replay(events, before)
            keep_list(connection, set_id, after)
            # An answer without a usable operation is a step as well: it is not asked for again.
            connection.execute(
                "INSERT INTO insight_steps SELECT ?, ?, ?, ifnull(max(seq), 0) FROM insight_events",
                (set_id, actor, step_no),
            )
        return Outcome(after, events)

    def _next_step(self, set_id: str, actor: Actor) -> int:
        self.describe(set_id)
        return int(
            self._workspace.rows(
                "SELECT ifnull(max(step_no), 0) + 1 FROM insight_steps WHERE set_id = ? AND actor = ?",
                set_id, actor,
            )[0][0]
        )  # fmt: skip

    def _last_seq(self, set_id: str, actor: Actor, step_no: int) -> int | None:
        rows = self._workspace.rows(
            "SELECT last_seq FROM insight_steps WHERE set_id = ? AND actor = ? AND step_no = ?",
            set_id, actor, step_no,
        )  # fmt: skip
        return int(rows[0][0]) if rows else None


def one_line(text: str) -> str:
    """The text as an insight is written: without line breaks, with a full stop.

    Raises:
        StoreError: nothing is left.
    """
    one = " ".join(text.split())
    if not one:
        raise StoreError("an insight needs a text")
    return finished(one)


def _logged(row: sqlite3.Row) -> Logged:
    return Logged(
        seq=row["seq"],
        step_no=row["step_no"],
        actor=row["actor"],
        evidence=tuple(json.loads(row["evidence_json"])),
        call_id=row["call_id"],
        created=row["created"],
        event=Event(
            op=Op(row["op"]),
            insight_id=row["insight_id"],
            text_before=row["text_before"],
            text_after=row["text_after"],
            delta=row["delta"],
            count_after=row["count_after"],
            state_after=State(row["state_after"]),
            pinned_after=bool(row["pinned_after"]),
            accepted=bool(row["accepted"]),
            code=row["code"],
            reason=row["reason"],
        ),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
