"""What a seat's graph is handed at run time: clients and settings, never state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from agents.llm.ask import Answer, Unanswered, ask
from agents.llm.model import CallTag, Model
from agents.llm.stream_fields import Delta
from agents.recon.conversation import Desk, Prompt
from agents.recon.schemas import BRIEF, FULL, Lengths, Reply
from agents.recon.state import Json, pack_event
from agents.recon.variants import Contemplation, Variant
from games.avalon.actions import Action, Decision
from games.avalon.events import Event, EventType
from games.avalon.roles import Role
from games.avalon.view import View

R = TypeVar("R", bound=Reply)

Listen = Callable[[int, str, Delta], None]
"""Told how a text grows: seat, stage, growth."""


class FallbackPlayer(Protocol):
    """Who decides when a model gives no usable answer."""

    def act(self, view: View, decision: Decision) -> Action: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SeatContext:
    """One language-model player."""

    game: str
    model: Model
    variant: Variant
    settings: Contemplation
    fallback: FallbackPlayer
    listen: Listen

    @property
    def lengths(self) -> Lengths:
        return BRIEF if self.settings.brief else FULL

    async def ask(
        self,
        desk: Desk,
        stage: str,
        written: Prompt,
        schema: type[R],
        *,
        chat: str,
        index: int = 0,
        shown_as: str = "",
    ) -> Answer[R]:
        """Put one prompt to the model.

        Args:
            stage: What the call is for; it names the call in the journal and on the screen.
            chat: "table" or "reader": calls of one chat of a seat share a growing prompt.
            index: Tells apart calls of one stage that run side by side.
            shown_as: The stage that a screen is told, where it is another.

        Raises:
            Unanswered: The model gave no usable answer.
        """
        seat = desk.view.seat
        name = f"{stage}#{index}" if index else stage
        tag = CallTag(game=self.game, decision=desk.decision.id, stage=name, lane=f"{seat}/{chat}")
        return await ask(
            self.model,
            written.messages,
            schema,
            tag=tag,
            on_delta=lambda delta: self.listen(seat, shown_as or name, delta),
            max_tokens=self._max_tokens(schema),
        )

    def _max_tokens(self, schema: type[Reply]) -> int | None:
        """A ceiling for a model that does not stop: the longest legal answer, 3 characters a token."""
        if not self.settings.brief:
            return None
        return 60 + sum(self._longest(field) for field in schema.model_fields) // 3

    def _longest(self, field: str) -> int:
        lengths = {"think": self.lengths.think, "speak": self.lengths.speak, "summary": self.lengths.summary}
        return lengths.get(field, self.lengths.reading)


def private_event(kind: EventType, desk: Desk, data: dict[str, Any]) -> Json:
    """An event of this decision that only the seat itself may see."""
    table, seat = desk.view.table, desk.view.seat
    event = Event(kind, table.quest, table.attempt, seat, (seat,), data, desk.decision.id)
    return pack_event(event)


def fallback_event(desk: Desk, stage: str, failure: Unanswered) -> Json:
    """That a stage gave no usable answer, and why."""
    data = {
        "decision": desk.decision.id,
        "stage": stage,
        "reason": failure.reason,
        "problem": failure.problem[:300],
        "answer": failure.text[:600],
    }
    return private_event("fallback", desk, data)


def other_roles(view: View) -> Sequence[Role]:
    """The roles in play that other seats may have, each once, in an order that says nothing about seats."""
    left = list(view.setup.roles)
    left.remove(view.role)
    return [role for role in Role if role in left]
