"""A seat's beliefs, asked aside (specification 4.4): how likely each other seat is Evil, or Merlin.

A probe changes nothing: it is no event of the game, and the seat does not remember it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, create_model

from agents.llm.ask import ask
from agents.llm.model import CallTag, Model
from agents.recon.conversation import Desk, Prompt, evidence_before, table_prompt, who
from agents.recon.prompt_files import prompt
from agents.recon.schemas import Reply, keys_text, read_percent
from agents.recon.variants import Contemplation, Variant
from games.avalon.actions import Decision
from games.avalon.belief_scores import SeatBelief
from games.avalon.knowledge import possible_roles
from games.avalon.roles import EVIL_ROLES, Role
from games.avalon.view import View

_LONGEST_NUMBER = 12
"""Tokens that one asked number takes at most, its key included."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The seats of which a viewer does not know the side, and those that may be Merlin to it."""

    evil: tuple[int, ...]
    merlin: tuple[int, ...]


def questions_of(view: View) -> Questions:
    """What this seat has to find out."""
    possible = possible_roles(view.setup, view.knowledge)
    others = [seat for seat in view.setup.seats if seat != view.seat]
    return Questions(
        evil=tuple(seat for seat in others if _side_is_open(possible[seat - 1])),
        merlin=tuple(seat for seat in others if Role.MERLIN in possible[seat - 1])
        if view.role is not Role.MERLIN
        else (),
    )


def _side_is_open(roles: frozenset[Role]) -> bool:
    return not roles <= EVIL_ROLES and not roles.isdisjoint(EVIL_ROLES)


@lru_cache(maxsize=256)
def probe_schema(questions: Questions) -> type[Reply]:
    """A percentage for every question."""
    percent = Annotated[int, BeforeValidator(read_percent), Field(ge=0, le=100, description="0 to 100")]
    names = [f"seat_{seat}_evil" for seat in questions.evil]
    names += [f"seat_{seat}_merlin" for seat in questions.merlin]
    fields: dict[str, Any] = dict.fromkeys(names, (percent, ...))
    return create_model("Probe", __base__=Reply, **fields)


def probe_prompt(view: View, variant: Variant, settings: Contemplation, questions: Questions) -> Prompt:
    """The seat's table chat, ending with the probe."""
    decision = Decision(f"q{view.table.quest}a{view.table.attempt}/probe/{view.seat}", "speak", view.seat)
    desk = Desk(view, decision, variant, settings)
    asked = [
        *(["how likely is each other seat Evil"] if questions.evil else []),
        *(["how likely is each to be Merlin (all together 100)"] if questions.merlin else []),
    ]
    task = prompt("probe", asked=", and ".join(asked), who=who(desk))
    keys = keys_text(probe_schema(questions), brief=settings.brief)
    return table_prompt(desk, f"{evidence_before(desk)}{task}\n{keys}", reminds=False)


async def probe(
    view: View, variant: Variant, settings: Contemplation, model: Model, *, game: str, moment: str
) -> SeatBelief:
    """Ask a seat what it believes.

    Raises:
        Unanswered: The model gave no usable answer.
        NimueError: The call could not be made.
    """
    questions = questions_of(view)
    schema = probe_schema(questions)
    answer = await ask(
        model,
        probe_prompt(view, variant, settings, questions).messages,
        schema,
        tag=CallTag(game=game, decision=moment, stage="probe", lane=f"{view.seat}/probe"),
        max_tokens=60 + _LONGEST_NUMBER * len(schema.model_fields),
    )
    return belief_from(view, questions, answer.value.model_dump())


def no_opinion(view: View) -> SeatBelief:
    """Even odds for everything that the seat does not know."""
    questions = questions_of(view)
    return belief_from(view, questions, dict.fromkeys(probe_schema(questions).model_fields, 50))


def belief_from(view: View, questions: Questions, percents: Mapping[str, int]) -> SeatBelief:
    """Percentages as a belief: what the seat knows stands as known, the odds of Merlin sum to one.

    Odds that name nobody as Merlin are read as no opinion: every seat in question alike.
    """
    possible = possible_roles(view.setup, view.knowledge)
    evil_N = np.array([float(roles <= EVIL_ROLES) for roles in possible])
    for seat in questions.evil:
        evil_N[seat - 1] = percents[f"seat_{seat}_evil"] / 100
    merlin_N = np.zeros(view.setup.num_players)
    if view.role is Role.MERLIN:
        merlin_N[view.seat - 1] = 1.0
    elif questions.merlin:
        merlin_N[_places(questions.merlin)] = _shares(
            [percents[f"seat_{s}_merlin"] for s in questions.merlin]
        )
    return SeatBelief(evil_N, merlin_N)


def _places(seats: Sequence[int]) -> list[int]:
    return [seat - 1 for seat in seats]


def _shares(percents: Sequence[int]) -> list[float]:
    total = sum(percents)
    return [percent / total if total else 1 / len(percents) for percent in percents]
