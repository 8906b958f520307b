"""Who sits at a seat, behind one method: given what the seat sees and a decision, answer with an action."""

import asyncio
import contextvars
from dataclasses import dataclass
from typing import Protocol

from agents.recon.seat_context import SeatContext
from agents.recon.seat_graph import MAX_STEPS, contemplation_graph, tree_graph
from agents.recon.state import SeatInput, SeatOutput, pack_action, unpack_decision, unpack_event
from games.avalon.bots import Bot
from games.avalon.view import view


class Player(Protocol):
    """Anything that decides for a seat."""

    async def decide(self, work: SeatInput) -> SeatOutput: ...


@dataclass(frozen=True, slots=True)
class ModelPlayer:
    """A language model playing by one of the variants."""

    context: SeatContext

    async def decide(self, work: SeatInput) -> SeatOutput:
        """Contemplate. Raises `NimueError` if the model cannot be reached or a budget is spent."""
        graph = tree_graph() if self.context.variant.breadth else contemplation_graph()
        thinking = graph.ainvoke(work, context=self.context, config={"recursion_limit": MAX_STEPS})
        # A context of its own, so that the graph does not inherit the table's checkpoint settings: a graph
        # without checkpointer fails under durability "sync" (langgraph 1.2.22). The run's journal already
        # keeps what a decision has paid for.
        done = await asyncio.create_task(thinking, context=contextvars.Context())
        return SeatOutput(action=done["action"], private=done["private"])


@dataclass(frozen=True, slots=True)
class BotPlayer:
    """A bot of `games.avalon.bots`."""

    bot: Bot

    async def decide(self, work: SeatInput) -> SeatOutput:
        """Ask the bot."""
        seen = view((unpack_event(event) for event in work["events"]), work["seat"])
        action = self.bot.act(seen, unpack_decision(work["decision"]))
        return SeatOutput(action=pack_action(action), private=[])
