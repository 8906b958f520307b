"""Insights as a markdown file that people read, edit and share, and that reads back to the same list.

One bullet an insight, `- [I-0123456789AB] (count 5, ev 3, pinned) text`, with the experiences it rests on
in a line below. A bullet without id or count, written by hand, is a new insight.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from memory.answers import finished
from memory.errors import StoreError
from memory.insight_store import InsightSet, InsightStore
from memory.insights import Event, Insight, Op, State, active, birth, change, insight_id
from memory.similarity import similarity
from memory.strict_engine import SAME_INSIGHT

FORMAT = "nimue-insights/1"
_BULLET = re.compile(
    r"^- (?:\[(?P<id>I-[0-9A-Z]+)\] )?"
    r"(?:\(count (?P<count>[0-9]{1,9}), ev [0-9]+(?P<marks>[a-z, ]*)\) )?(?P<text>.*)$",
    re.DOTALL,
)
_EVIDENCE = "  from: "
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_UNESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}

Action = Literal["same", "update", "merge", "add"]


@dataclass(frozen=True, slots=True)
class WrittenInsight:
    """A bullet; id and count are None where it has none."""

    id: str | None
    text: str
    count: int | None
    state: State
    pinned: bool
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read."""

    domain: str
    set_id: str
    insights: tuple[WrittenInsight, ...]


@dataclass(frozen=True, slots=True)
class PlannedImport:
    """What an import would do with one bullet; `target` is the insight that it meets, if any."""

    action: Action
    written: WrittenInsight
    target: str | None = None


def export_set(store: InsightStore, set_id: str) -> str:
    """A whole set, its archive and quarantine at the end."""
    lines = [
        "---",
        f"format: {FORMAT}",
        f"domain: {_escaped(store.describe(set_id).domain)}",
        f"set: {_escaped(set_id)}",
        "---",
        "",
    ]
    for insight in store.insights(set_id):
        lines += _bullet(insight, store.evidence(set_id, insight.id))
    return "\n".join(lines) + "\n"


def read_document(text: str) -> Document:
    """Read a file.

    Raises:
        StoreError: it has no head of this format, or the same id twice.
    """
    lines = text.split("\n")
    if len(lines) < 3 or lines[0] != "---" or "---" not in lines[1:]:
        raise StoreError("this is no insights file: it must start with a head between two lines `---`")
    end = lines.index("---", 1)
    head = dict(line.split(": ", 1) for line in lines[1:end] if ": " in line)
    if head.get("format") != FORMAT or "domain" not in head or "set" not in head:
        raise StoreError(f"this is no insights file: its head must name format ({FORMAT}), domain and set")
    written: list[WrittenInsight] = []
    for line in lines[end + 1 :]:
        if line.startswith(_EVIDENCE) and written:
            written[-1] = replace(written[-1], evidence=tuple(line.removeprefix(_EVIDENCE).split(", ")))
        elif bullet := _BULLET.match(line):
            written.append(_written(bullet))
    return whole_document(_unescaped(head["domain"]), _unescaped(head["set"]), written)


def whole_document(domain: str, set_id: str, written: Sequence[WrittenInsight]) -> Document:
    """A file's content.

    Raises:
        StoreError: the same id twice.
    """
    names = [one.id for one in written if one.id is not None]
    if len(set(names)) < len(names):
        raise StoreError("an id stands twice in this insights file: remove one of the two")
    return Document(domain, set_id, tuple(written))


def plan_import(insights: Sequence[Insight], document: Document) -> tuple[PlannedImport, ...]:
    """What each bullet would do to a list: an id that is known counts, then a text that says the same."""
    known = {insight.id: insight for insight in insights}
    planned = []
    for written in document.insights:
        if written.id in known:
            same = _as_insight(written, known[written.id]) == known[written.id]
            planned.append(PlannedImport("same" if same else "update", written, written.id))
            continue
        twin = next(
            (
                insight.id
                for insight in active(insights)
                if written.state is State.ACTIVE and similarity(insight.text, written.text) >= SAME_INSIGHT
            ),
            None,
        )
        planned.append(PlannedImport("add" if twin is None else "merge", written, twin))
    return tuple(planned)


def apply_import(store: InsightStore, document: Document, *, set_id: str | None = None) -> InsightSet:
    """Carry out the plan on a set, the document's own one unless another is named; it is made if need be."""
    target = store.create_set(set_id or document.set_id, document.domain)
    before = store.insights(target.set_id)
    plan = [one for one in plan_import(before, document) if one.action != "same"]
    if plan:
        known = {insight.id: insight for insight in before}

        def events(_: tuple[Insight, ...], origin: str) -> list[Event]:
            made = []
            for place, one in enumerate(plan):
                event = _event(one, known, insight_id(origin, place))
                if one.target is not None:
                    after = _changed(one, known[one.target])
                    known[one.target] = after
                made.append(event)
            return made

        store.commit(target.set_id, events, actor="import", evidence=[one.written.evidence for one in plan])
    return target


def _event(planned: PlannedImport, known: dict[str, Insight], new_id: str) -> Event:
    if planned.target is not None:
        before = known[planned.target]
        op = Op.UPDATE if planned.action == "update" else Op.AGREE
        return change(op, before, _changed(planned, before), reason="import")
    born = Insight(id=planned.written.id or new_id, text=planned.written.text)
    return birth(_as_insight(planned.written, born), reason="import")


def _changed(planned: PlannedImport, before: Insight) -> Insight:
    if planned.action == "update":
        return _as_insight(planned.written, before)
    return replace(before, count=max(before.count, planned.written.count or 0))


def _as_insight(written: WrittenInsight, before: Insight) -> Insight:
    return replace(
        before,
        text=written.text,
        count=before.count if written.count is None else written.count,
        state=written.state,
        pinned=written.pinned,
    )


def _bullet(insight: Insight, evidence: Sequence[str]) -> list[str]:
    marks = ", pinned" if insight.pinned else ""
    if insight.state is not State.ACTIVE:
        marks += f", {insight.state}"
    bullet = f"- [{insight.id}] (count {insight.count}, ev {len(evidence)}{marks}) {_escaped(insight.text)}"
    return [bullet, f"{_EVIDENCE}{', '.join(evidence)}"] if evidence else [bullet]


def _written(bullet: re.Match[str]) -> WrittenInsight:
    marks = [mark.strip() for mark in (bullet["marks"] or "").split(",") if mark.strip()]
    states = [State(mark) for mark in marks if mark in (State.ARCHIVED, State.QUARANTINED)]
    unknown = [mark for mark in marks if mark != "pinned" and mark not in states]
    if unknown:
        raise StoreError(
            f"unknown mark {unknown[0]!r} in an insights file: use pinned, archived, quarantined"
        )
    text = _unescaped(bullet["text"])
    if bullet["id"] is None:
        text = finished(" ".join(text.split()))
    return WrittenInsight(
        id=bullet["id"],
        text=text,
        count=int(bullet["count"]) if bullet["count"] else None,
        state=states[0] if states else State.ACTIVE,
        pinned="pinned" in marks,
    )


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\[\\nr]", lambda found: _UNESCAPES[found[0]], text)
