"""The players that the paper compares: ReCon, ReCon without one of its parts, and the baselines.

Names and switches follow section 2.3 of our specification, which maps them to the options of the
authors' code. The names are what `avalon play --agents` takes.
"""

from dataclasses import dataclass
from typing import Literal

from agents.errors import NimueError


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """Which parts of recursive contemplation a player uses."""

    name: str
    summary: str
    first_order: bool = True
    """First-order perspective transition: a private note on what the others are (from quest 2 on)."""
    think: bool = True
    """Formulation writes a private thought before the speech."""
    second_order: bool = True
    """Second-order perspective transition: how would every other role read the draft?"""
    refine: bool = True
    """Refinement contemplation: rewrite thought and speech in the light of the readings."""
    step_by_step: bool = True
    """The cue to think step by step, and concisely."""
    bayes: bool = False
    """Exact beliefs are given as evidence, and speeches are checked for what they give away."""
    breadth: int = 0
    """Tree of thoughts: how many plans, then how many speeches, one is picked from; 0 is no tree."""


VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant(name="recon", summary="recursive contemplation, complete"),
        Variant(
            name="recon+bayes",
            summary="recon with exact odds as evidence, and its speech checked for what it gives away",
            bayes=True,
        ),
        Variant(name="recon-no-first", summary="recon without the first-order note", first_order=False),
        Variant(name="recon-no-second", summary="recon without the second-order reading", second_order=False),
        Variant(
            name="recon-no-refine",
            summary="recon without refinement (and so without a reading to refine by)",
            second_order=False,
            refine=False,
        ),
        Variant(
            name="recon-no-form", summary="recon whose first draft is speech without a thought", think=False
        ),
        Variant(name="recon-no-cot", summary="recon without the step-by-step cue", step_by_step=False),
        Variant(
            name="cot",
            summary="one call: a private thought, then the speech or action",
            first_order=False,
            second_order=False,
            refine=False,
        ),
        Variant(
            name="direct",
            summary="one call: all that the model writes is said",
            first_order=False,
            think=False,
            second_order=False,
            refine=False,
            step_by_step=False,
        ),
        Variant(
            name="tot",
            summary="tree of thoughts: three plans, pick one; three speeches, pick one",
            first_order=False,
            second_order=False,
            refine=False,
            breadth=3,
        ),
    )
}

History = Literal["full", "summary", "quest_window"]
NoteRefresh = Literal["per_decision", "per_proposal", "per_quest"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contemplation:
    """How much a player reads, writes and calls; every field is recorded with the game."""

    history: History = "full"
    """`full`: the whole game, in a prompt that only grows. `summary`: older quests as a record with
    their votes. `quest_window`: older quests as a record without votes (the authors' code)."""
    history_tokens: int = 24_000
    """A `full` prompt that would pass this falls back to `summary` for the older quests."""
    first_order_refresh: NoteRefresh = "per_decision"
    """How often a seat writes its first-order note anew. Once a quest is less than the paper's, and than what
    its cost model permits: between two proposals of a quest only talk and votes are new."""
    readings: Literal["together", "per_role", "in_refinement"] = "together"
    """Second-order readings of every other role in one call; in one call for each, all at once; or, shorter
    than the paper, of the other Good and the Evil players at the head of the refinement's own answer, which
    goes on in the chat that holds the thought."""
    refine_votes: bool = True
    """False: a vote is decided by the formulation alone (the vote is public, its reasons are not)."""
    think_votes: bool = True
    """False: a vote is cast by what the seat has thought and heard so far, without one more thought."""
    refine_cards: bool = False
    """False: a quest card, which nobody can trace, is decided by the formulation alone."""
    own_thoughts: bool = True
    """False: earlier notes and thoughts are not read again, except as the paper has it (the last
    first-order note, and at a vote the thought and speech on this very team)."""
    brief: bool = False
    """Short thoughts, speeches and readings, for a model that runs on the reader's own processor; the
    refinement rewrites choice and speech, but not the thought, which nobody reads again."""


HOSTED = Contemplation(readings="per_role")
"""Answers come fast and at once, so nothing is left out and the readings run side by side."""

EMBEDDED = Contemplation(
    first_order_refresh="per_quest",
    readings="in_refinement",
    refine_votes=False,
    think_votes=False,
    brief=True,
    history_tokens=6_000,
)
"""Every token costs seconds: the savings that section 2.7 of the specification permits, and beyond them a
note a quest, readings without a chat of their own, and votes without one more thought."""

PAPER = Contemplation(history="quest_window", refine_cards=True, own_thoughts=False)
"""The flow of the paper: current quest only, a fresh prompt for each call, every part for every task."""


def find_variant(name: str) -> Variant:
    """Raises `NimueError` that lists the names there are."""
    if name not in VARIANTS:
        raise NimueError(f"Unknown agent {name!r}; language-model agents are {', '.join(VARIANTS)}.")
    return VARIANTS[name]
