"""What people ask about a set of insights: why is this one there, and how clean is the list."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from memory.errors import StoreError
from memory.insight_store import InsightStore, Logged
from memory.insights import Op, active
from memory.similarity import normalised, similarity
from memory.strict_engine import SAME_INSIGHT
from memory.suspicion import holds_secret, looks_injected, too_specific

STALE_AFTER = 20  # steps of the log without a word on an insight


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """Ids of the active insights with each fault; the rate of a fault is its number over `num_insights`."""

    num_insights: int
    exact_duplicates: tuple[str, ...]
    near_duplicates: tuple[str, ...]
    never_used: tuple[str, ...]
    contradicted: tuple[str, ...]
    """Models voted for and against it."""
    too_specific: tuple[str, ...]
    suspicious: tuple[str, ...]
    """Looks like an address, a secret or an order to the reader."""
    stale: tuple[str, ...]

    def rate(self, fault: tuple[str, ...]) -> float | None:
        """None of an empty list."""
        return len(fault) / self.num_insights if self.num_insights else None


def audit(store: InsightStore, set_id: str) -> Audit:
    """Look through the active insights of a set; of duplicates the later ones count as faulty."""
    rules = active(store.insights(set_id))
    log = store.log(set_id)
    exact: dict[str, None] = {}
    near: dict[str, None] = {}
    for kept, later in combinations(rules, 2):
        if normalised(kept.text) == normalised(later.text):
            exact[later.id] = None
        elif similarity(kept.text, later.text) >= SAME_INSIGHT:
            near[later.id] = None
    steps = list(dict.fromkeys((logged.actor, logged.step_no) for logged in log))
    recent = {
        logged.event.insight_id for logged in log if (logged.actor, logged.step_no) in steps[-STALE_AFTER:]
    }

    def voted(insight: str, op: Op) -> bool:
        return any(
            logged.actor == "llm" and logged.event.accepted and logged.event.op is op
            for logged in log
            if logged.event.insight_id == insight
        )

    return Audit(
        num_insights=len(rules),
        exact_duplicates=tuple(exact),
        near_duplicates=tuple(near),
        never_used=tuple(rule.id for rule in rules if not store.uses(set_id, rule.id)),
        contradicted=tuple(
            rule.id for rule in rules if voted(rule.id, Op.AGREE) and voted(rule.id, Op.REMOVE)
        ),
        too_specific=tuple(rule.id for rule in rules if too_specific(rule.text)),
        suspicious=tuple(rule.id for rule in rules if looks_injected(rule.text) or holds_secret(rule.text)),
        stale=tuple(rule.id for rule in rules if rule.id not in recent),
    )


def why(store: InsightStore, set_id: str, insight: str) -> list[str]:
    """The life of one insight in lines: each event with who, from what, and the changed words.

    Raises:
        StoreError: it was never in the set.
    """
    log = store.log(set_id, insight=insight)
    if not log:
        raise StoreError(f"no insight {insight} in set {set_id!r}")
    lines = [line for logged in log for line in _told(logged)]
    used_in = store.uses(set_id, insight)
    return [*lines, f"in the prompt of {len(used_in)} attempts{': ' if used_in else ''}{', '.join(used_in)}"]


@dataclass(frozen=True, slots=True)
class Blame:
    """A sentence of an insight and the event that brought it in."""

    sentence: str
    logged: Logged


def blame(store: InsightStore, set_id: str, insight: str) -> tuple[Blame, ...]:
    """Where each sentence of an insight comes from: the event since which it has stood there unbroken.

    Raises:
        StoreError: it was never in the set, or was deleted.
    """
    told = [
        (logged, sentences(logged.event.text_after))
        for logged in store.log(set_id, insight=insight)
        if logged.event.accepted and logged.event.text_after
    ]
    if not told:
        raise StoreError(f"no insight {insight} with a text in set {set_id!r}")
    blamed = []
    for sentence in told[-1][1]:
        since = told[-1][0]
        for logged, standing in reversed(told):
            if sentence not in standing:
                break
            since = logged
        blamed.append(Blame(sentence, since))
    return tuple(blamed)


def sentences(text: str) -> list[str]:
    """Cut after full stops, question and exclamation marks that a blank follows."""
    return [part for part in re.split(r"(?<=[.!?])\s+", text) if part]


@dataclass(frozen=True, slots=True)
class Usefulness:
    """How the attempts ended that had an insight in their prompt: a hint, apart from its importance."""

    num_successes: int
    num_failures: int


def usefulness(store: InsightStore, set_id: str) -> dict[str, Usefulness]:
    """By id, for every insight of a set that was in a prompt."""
    return {
        insight: Usefulness(successes, failures)
        for insight, successes, failures in store.uses_by_outcome(set_id)
    }


def changed_words(before: str, after: str) -> str:
    """The later text, with words that went as `[-word-]` and words that came as `{+word+}`."""
    old, new = before.split(), after.split()
    pieces: list[str] = []
    for kind, i, j, m, n in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces += old[i:j]
            continue
        pieces += [f"[-{' '.join(old[i:j])}-]"] if j > i else []
        pieces += [f"{{+{' '.join(new[m:n])}+}}"] if n > m else []
    return " ".join(pieces)


def _told(logged: Logged) -> Iterator[str]:
    event = logged.event
    verdict = "" if event.accepted else " rejected"
    code = f" ({event.code})" if event.code else ""
    call = f", call {logged.call_id}" if logged.call_id else ""
    yield (
        f"event {logged.seq}: {event.op}{verdict}{code} by {logged.actor}, step {logged.step_no}{call}, "
        f"{logged.created}: importance {event.delta:+d} = {event.count_after}"
    )
    if event.text_after is not None and event.text_before != event.text_after:
        yield f"  {changed_words(event.text_before or '', event.text_after)}"
    if logged.evidence:
        yield f"  from: {', '.join(logged.evidence)}"
    if event.reason:
        yield f"  reason: {event.reason}"
