"""What people do to several insights at once: join two, take one apart, find those that say the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from memory.embedders import Embedder
from memory.errors import StoreError
from memory.insight_store import InsightStore, one_line
from memory.insights import Event, Insight, Op, State, active, birth, change, insight_id
from memory.similarity import similarity

ALIKE = 0.8  # of characters in common; an ADD becomes a vote from .92 on
ALIKE_IN_MEANING = 0.85  # cosine


@dataclass(frozen=True, kw_only=True, slots=True)
class AlikePair:
    """Two active insights that one might want to merge."""

    one: Insight
    other: Insight
    similarity: float
    """Share of characters in common."""
    cosine: float | None
    """Likeness in meaning, where an embedder was asked."""


def merge(
    store: InsightStore, set_id: str, kept: str, gone: str, *, text: str | None = None, reason: str = ""
) -> None:
    """Join two insights: one keeps its id, takes the greater importance and rests on the evidence of both.

    Raises:
        StoreError: they are the same, or one is not in the set.
    """
    if kept == gone:
        raise StoreError(f"{kept} cannot be merged with itself")
    said = None if text is None else one_line(text)

    def events(insights: tuple[Insight, ...], _: str) -> list[Event]:
        first, second = _named(insights, set_id, kept), _named(insights, set_id, gone)
        joined = replace(
            first,
            text=first.text if said is None else said,
            count=max(first.count, second.count),
            pinned=first.pinned or second.pinned,
        )
        told = f": {reason}" if reason else ""
        return [
            change(Op.MERGE, first, joined, reason=f"with {gone}{told}"),
            change(
                Op.MERGE,
                second,
                replace(second, state=State.ARCHIVED, pinned=False),
                reason=f"into {kept}{told}",
            ),
        ]

    store.commit(set_id, events, actor="human", evidence=[store.evidence(set_id, gone), ()])


def split(
    store: InsightStore, set_id: str, insight: str, texts: Sequence[str], *, reason: str = ""
) -> tuple[str, ...]:
    """Take an insight apart and give the ids: the first part keeps its id, each part its importance.

    Raises:
        StoreError: less than two parts, or it is not in the set.
    """
    if len(texts) < 2:
        raise StoreError("a split needs two parts at least")
    parts = [one_line(text) for text in texts]
    told = f": {reason}" if reason else ""

    def events(insights: tuple[Insight, ...], origin: str) -> list[Event]:
        whole = _named(insights, set_id, insight)
        born = [
            replace(whole, id=insight_id(origin, place), text=part, serial=0)
            for place, part in enumerate(parts[1:])
        ]
        return [
            change(Op.SPLIT, whole, replace(whole, text=parts[0]), reason=f"in {len(parts)}{told}"),
            *(birth(one, reason=f"split from {insight}{told}") for one in born),
        ]

    evidence = store.evidence(set_id, insight)
    outcome = store.commit(set_id, events, actor="human", evidence=[(), *([evidence] * (len(parts) - 1))])
    return tuple(str(event.insight_id) for event in outcome.events)


def alike(store: InsightStore, set_id: str, embedder: Embedder | None = None) -> tuple[AlikePair, ...]:
    """Pairs of active insights that say much the same, the likest first; nothing is merged by itself."""
    rules = active(store.insights(set_id))
    cosines = None
    if embedder is not None and rules:
        vectors = embedder.embed([rule.text for rule in rules])
        cosines = vectors @ vectors.T
    pairs = []
    for i, j in combinations(range(len(rules)), 2):
        share = similarity(rules[i].text, rules[j].text)
        cosine = None if cosines is None else float(cosines[i, j])
        if share >= ALIKE or (cosine is not None and cosine >= ALIKE_IN_MEANING):
            pairs.append(AlikePair(one=rules[i], other=rules[j], similarity=share, cosine=cosine))
    return tuple(sorted(pairs, key=lambda pair: -max(pair.similarity, pair.cosine or 0)))


def _named(insights: Sequence[Insight], set_id: str, name: str) -> Insight:
    found = next((insight for insight in insights if insight.id == name), None)
    if found is None:
        raise StoreError(f"no insight {name} in set {set_id!r}")
    return found
