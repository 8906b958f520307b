"""A table in memory: plays whole games by the real graphs with a model that a test writes.

No run folder, no checkpoints, no journal: what is under test is what each seat is asked and what
becomes of its answers. Every call and everything that a screen would be told is kept.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from pydantic import BaseModel

from agents.llm.model import CallTag, Model
from agents.llm.scripted import scripted_model
from agents.llm.stream_fields import Delta
from agents.recon.game import FALLBACK_BOT
from agents.recon.player import ModelPlayer, Player
from agents.recon.seat_context import SeatContext
from agents.recon.state import Json, TableState
from agents.recon.table_graph import MAX_STEPS, TableContext, build_table_graph
from agents.recon.variants import Contemplation, find_variant
from games.avalon.bots import make_bot
from games.avalon.draws import Deal
from games.avalon.events import Event
from games.avalon.setup import TABLE_RULES, Setup, preset

FIVE = preset("5-standard", TABLE_RULES)
"""Dealt in listed order: Merlin 1, Percival 2, Servant 3, Morgana 4, Assassin 5."""

QUICK = Contemplation(brief=True, refine_votes=False, first_order_refresh="per_proposal")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One question to the model."""

    tag: CallTag
    messages: tuple[tuple[str, str], ...]
    """Type ("system", "human", "ai") and text of each message."""
    json_schema: Json
    heard: int
    """How many events of the game had happened when the question was put."""

    @property
    def decision(self) -> str:
        return self.tag.decision

    @cached_property
    def seat(self) -> int:
        return int(self.tag.lane.partition("/")[0])

    @property
    def chat(self) -> str:
        """Which of the seat's two chats: table or reader."""
        return self.tag.lane.partition("/")[2]

    @property
    def stage(self) -> str:
        """What the call is for, without the number that tells calls apart that run side by side."""
        return self.tag.stage.partition("#")[0]

    @property
    def kind(self) -> str:
        """The decision's kind as its id has it."""
        return self.decision.split("/")[-2]

    @property
    def quest(self) -> int:
        """As the decision's id has it: 0 for the last shot."""
        place = self.decision.split("/")[0]
        return int(place[1]) if place[0] == "q" else 0

    @cached_property
    def prompt(self) -> str:
        """All messages as one text."""
        return "\n".join(text for _, text in self.messages)

    @property
    def task(self) -> str:
        """The last message."""
        return self.messages[-1][1]


Answerer = Callable[[Call], Mapping[str, Any] | str]


@dataclass
class PlayedTable:
    """A game and all that was asked and shown in it."""

    setup: Setup
    deal: Deal
    calls: list[Call] = field(default_factory=list)
    shown: list[Event | tuple[int, str, Delta]] = field(default_factory=list)
    """What a screen was told, in order: events, and the growth of texts (seat, stage, delta)."""
    events: list[Event] = field(default_factory=list)

    def record(self, number: int, event: Event) -> None:
        assert number == len(self.events)
        self.events.append(event)
        self.shown.append(event)

    def of_seat(self, seat: int) -> list[Call]:
        return [call for call in self.calls if call.seat == seat]

    def stages(self) -> dict[str, tuple[str, ...]]:
        """The stages of each decision that asked the model, in order of asking."""
        by_decision: dict[str, list[str]] = {}
        for call in self.calls:
            by_decision.setdefault(call.decision, []).append(call.stage)
        return {decision: tuple(stages) for decision, stages in by_decision.items()}

    def asked(self, decision: str, stage: str) -> Call:
        """The only call of this stage of this decision."""
        (found,) = (call for call in self.calls if (call.decision, call.stage) == (decision, stage))
        return found

    @property
    def public(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if event.visible_to == "all")


def play(
    answer: Answerer,
    *,
    setup: Setup = FIVE,
    deal: Deal | None = None,
    variant: str | Mapping[int, str] = "recon",
    settings: Contemplation = QUICK,
    players: Mapping[int, Player] | None = None,
    last_quest: int = 5,
    word_by_word: bool = False,
) -> PlayedTable:
    """Play one game.

    Args:
        answer: Answers each call with the fields of a JSON object, or with the text itself.
        deal: Roles in the setup's order and seat 1 as first leader, unless told.
        variant: Of all language models, or by seat.
        players: Players of some seats; language models sit at the others.
        last_quest: Break off where a later quest would begin.
        word_by_word: Stream answers as words rather than in one piece, which takes twice the time.
    """
    game = PlayedTable(setup, deal or Deal(setup.roles, 1))

    def reply(
        messages: list[BaseMessage], metadata: Mapping[str, str], json_schema: Json | None
    ) -> str | AIMessage:
        call = Call(
            tag=CallTag.from_metadata(metadata),
            messages=tuple((message.type, message.text) for message in messages),
            json_schema=json_schema or {},
            heard=len(game.events),
        )
        if call.quest > last_quest:
            raise _BrokenOff
        game.calls.append(call)
        answered = answer(call)
        text = answered if isinstance(answered, str) else json.dumps(answered, ensure_ascii=False)
        return text if word_by_word else AIMessage([{"type": "text", "text": text}])

    model = replace(scripted_model(reply), constrain=_constrain)
    seated: dict[int, Player | None] = {
        seat: _model_player(model, variant if isinstance(variant, str) else variant[seat], settings, game)
        for seat in setup.seats
    }
    context = TableContext(
        setup=setup,
        deal=game.deal,
        players=seated | dict(players or {}),
        record=game.record,
        awaiting=lambda _: None,
        session="the only one",
    )
    with suppress(_BrokenOff):
        asyncio.run(_graph().ainvoke(_EMPTY, {"recursion_limit": MAX_STEPS}, context=context))
    return game


class _BrokenOff(Exception):
    """The test has seen enough."""


_EMPTY = TableState(events=[], answers={})


@cache
def _graph() -> Any:
    return build_table_graph().compile()


def _model_player(model: Model, variant: str, settings: Contemplation, game: PlayedTable) -> Player:
    return ModelPlayer(
        SeatContext(
            game="g1",
            model=model,
            variant=find_variant(variant),
            settings=settings,
            fallback=make_bot(FALLBACK_BOT, 0),
            listen=lambda seat, stage, delta: game.shown.append((seat, stage, delta)),
        )
    )


@cache
def _schema(schema: type[BaseModel]) -> Json:
    return schema.model_json_schema()


def _constrain(schema: type[BaseModel]) -> Json:
    return {"json_schema": _schema(schema)}


# -- answers -----------------------------------------------------------------------------------------

AGREED = {"vote": "approve", "card": "success"}
"""Everybody approves and plays success: three quests, three proposals, one shot."""


def filled(call: Call, text: str = "Well.", **chosen: object) -> Json:
    """A valid answer: the chosen fields where they are asked for, else the first legal value or the text."""
    schema = call.json_schema
    if "vote" in chosen:  # a brief prompt asks for it in other words
        chosen = {"approve": "yes" if chosen["vote"] == "approve" else "no", **chosen}
    definitions = schema.get("$defs", {})
    return {
        name: chosen[name] if name in chosen else _first(field_schema, definitions, text)
        for name, field_schema in schema["properties"].items()
    }


def _first(schema: Json, definitions: Mapping[str, Json], text: str) -> Any:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix("#/$defs/")]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: _first(each, definitions, text) for name, each in schema["properties"].items()}
        case "integer":
            return schema.get("minimum", 0)
        case "array":
            return [text]
        case "string":
            return text
        case _:
            return schema["const"]


def options_of(call: Call, name: str) -> Sequence[str]:
    """The legal choices for a field of the answer, as the schema lists them; none where it is not asked."""
    field_schema = call.json_schema["properties"].get(name, {})
    return field_schema.get("enum") or ([field_schema["const"]] if "const" in field_schema else [])


def team_with(call: Call, *seats: int) -> str:
    """The first team that these seats are all on."""
    wanted = {str(seat) for seat in seats}
    return next(team for team in options_of(call, "team") if wanted <= set(team.split(",")))


def decisions_of(table: PlayedTable, kind: str) -> list[str]:
    """The ids of the decisions of a kind that asked the model, in order."""
    return list(dict.fromkeys(call.decision for call in table.calls if call.kind == kind))
