"""The table as a graph: what runs at once, what a failure leaves behind, and how the graphs are wired."""

import asyncio
from pathlib import Path

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from agents.errors import NimueFailure
from agents.recon.player import BotPlayer, Player
from agents.recon.seat_graph import contemplation_graph, tree_graph
from agents.recon.state import SeatInput, SeatOutput, TableState
from agents.recon.table_graph import MAX_STEPS, StoppedAtDecision, TableContext, build_table_graph
from games.avalon.actions import Decision
from games.avalon.bots import make_bot
from games.avalon.draws import Deal
from games.avalon.events import Event
from games.avalon.rules import replay
from tests.agents.recon.table import AGREED, FIVE, filled, play

GOLDEN = Path(__file__).parents[2] / "golden" / "recon" / "edges.txt"


class Watched:
    """A bot that notes how many players think at once, and may fail."""

    def __init__(self, seat: int, in_flight: list[int], failing: set[str] | None = None) -> None:
        self._bot = BotPlayer(make_bot("naive", seat))
        self._in_flight = in_flight
        self._failing = failing or set()
        self.decided: list[str] = []

    async def decide(self, work: SeatInput) -> SeatOutput:
        self._in_flight[0] += 1
        self._in_flight[1] = max(self._in_flight)
        for _ in range(3):  # let the others begin
            await asyncio.sleep(0)
        self._in_flight[0] -= 1
        decision = work["decision"]["id"]
        if decision in self._failing:
            self._failing.discard(decision)
            raise NimueFailure("the server is gone")
        self.decided.append(decision)
        return await self._bot.decide(work)


def context(players: dict[int, Player], events: list[Event], session: str) -> TableContext:
    def record(number: int, event: Event) -> None:
        if number == len(events):
            events.append(event)
        assert events[number] == event

    def awaiting(decisions: tuple[Decision, ...]) -> None:
        assert len({decision.kind for decision in decisions}) == 1

    return TableContext(
        setup=FIVE,
        deal=Deal(FIVE.roles, 1),
        players=dict(players),
        record=record,
        awaiting=awaiting,
        session=session,
    )


def test_all_votes_are_in_flight_together() -> None:
    in_flight = [0, 0]
    players: dict[int, Player] = {seat: Watched(seat, in_flight) for seat in FIVE.seats}
    events: list[Event] = []
    asyncio.run(
        build_table_graph()
        .compile()
        .ainvoke(
            TableState(events=[], answers={}),
            {"recursion_limit": MAX_STEPS},
            context=context(players, events, "one"),
        )
    )
    assert in_flight[1] == FIVE.num_players
    assert events[-1].type == "end"
    assert replay(FIVE, events).ending is not None


def test_a_failing_seat_stops_the_game_only_when_the_others_have_voted_and_a_new_session_asks_it_alone() -> (
    None
):
    failing = {"q1a1/vote/3"}
    players = {seat: Watched(seat, [0, 0], failing) for seat in FIVE.seats}
    events: list[Event] = []
    graph = build_table_graph().compile(checkpointer=InMemorySaver())

    def go_on(session: str, begin: bool) -> None:
        asyncio.run(
            graph.ainvoke(
                TableState(events=[], answers={}) if begin else None,
                {"recursion_limit": MAX_STEPS, "configurable": {"thread_id": "g1"}},
                context=context(dict(players), events, session),
            )
        )

    with pytest.raises(StoppedAtDecision, match="the server is gone"):
        go_on("one", begin=True)
    others = [seat for seat in FIVE.seats if seat != 3]
    assert all("q1a1/vote/" + str(seat) in players[seat].decided for seat in others)
    assert not any(event.type == "vote" for event in events)

    go_on("two", begin=False)
    assert events[-1].type == "end"
    for seat in FIVE.seats:
        assert players[seat].decided.count(f"q1a1/vote/{seat}") == 1


def test_an_unusable_model_still_plays_a_legal_game_and_every_fallback_is_recorded() -> None:
    game = play(lambda call: "I would rather not say.", setup=FIVE)
    assert game.events[-1].type == "end"
    assert replay(FIVE, game.events).ending is not None
    fallen = [event for event in game.events if event.type == "fallback"]
    assert {event.data["reason"] for event in fallen} <= {"no_json", "refusal"}
    assert {event.decision for event in fallen} == {call.decision for call in game.calls}


def test_a_model_that_fails_one_stage_keeps_what_the_others_made() -> None:
    def answer(call: object) -> object:
        return "nothing useful" if call.stage in ("second_order", "refined") else filled(call, **AGREED)  # type: ignore[attr-defined, arg-type]

    game = play(answer, setup=FIVE, last_quest=1)  # type: ignore[arg-type]
    spoken = [event for event in game.events if event.type == "speech"]
    assert spoken and all(event.data["text"] == "Well." for event in spoken)
    stages = {event.data["stage"] for event in game.events if event.type == "fallback"}
    assert stages == {"second_order", "refined"}


def test_the_graphs_are_wired_as_drawn() -> None:
    drawn = []
    for name, graph in (
        ("table", build_table_graph().compile()),
        ("contemplation", contemplation_graph()),
        ("tree", tree_graph()),
    ):
        edges = sorted((edge.source, edge.target) for edge in graph.get_graph().edges)
        drawn += [f"{name}: {source} -> {target}" for source, target in edges]
    assert "\n".join(drawn) + "\n" == GOLDEN.read_text(encoding="utf-8")
