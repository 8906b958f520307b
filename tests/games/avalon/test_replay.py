"""What a replay says about events that do not follow from the rules."""

import pytest

from games.avalon.events import Event
from games.avalon.replay import Contradiction
from games.avalon.rules import replay
from games.avalon.setup import preset
from games.errors import GameError
from tests.games.avalon.playthrough import HandGame

SETUP = preset("6-recon")


def played() -> list[Event]:
    game = HandGame(SETUP)
    game.reject()
    game.fail()
    return game.events


def place_of(events: list[Event], event_type: str) -> int:
    return next(place for place, event in enumerate(events) if event.type == event_type)


def test_private_events_of_agents_are_passed_over() -> None:
    events = played()
    noted = [part for event in events for part in (event, Event("note", 1, 1, 2, (2,), {"text": "hm"}))]
    assert replay(SETUP, noted) == replay(SETUP, events)


@pytest.mark.parametrize(
    ("event_type", "data", "reason"),
    [
        ("vote", {"approved": True}, "the rules give"),
        ("propose", {"team": [1, 1]}, "names a seat twice"),
        ("propose", {"team": [1, 2, 3]}, "has 3 members"),
        ("propose", {"team": [2, 1]}, "the rules give"),
        ("card", {"cards": {"5": True, "1": True}}, "Seat 1 is Good"),
        ("card", {"cards": {"5": True}}, "does not follow here: KeyError"),
        ("quest", {"fails": 0}, "the rules give"),
        ("leader", {"leader": 2}, "the rules give"),
        ("knowledge", {"evil": [1, 2]}, "the rules give"),
    ],
)
def test_a_changed_fact_is_named_with_its_place_and_the_reason(
    event_type: str, data: dict[str, object], reason: str
) -> None:
    events = played()
    place = place_of(events, event_type)
    events[place] = events[place]._replace(data={**events[place].data, **data})
    with pytest.raises(Contradiction, match=reason) as found:
        replay(SETUP, events)
    assert found.value.index == place


def test_the_index_of_a_contradiction_counts_the_agents_events_too() -> None:
    events = [*played(), Event("note", 2, 1, 2, (2,), {}), Event("end")]
    with pytest.raises(Contradiction) as found:
        replay(SETUP, events)
    assert found.value.index == len(events) - 1


def test_an_event_out_of_turn_is_named_with_what_the_game_waits_for() -> None:
    with pytest.raises(
        Contradiction, match=r"quest does not follow here: .*the game waits for q2a1/propose/3"
    ):
        replay(SETUP, [*played(), Event("quest", 2, 1)])


def test_an_event_after_the_end_is_a_contradiction() -> None:
    game = HandGame(SETUP)
    for _ in range(5):
        game.reject()
    with pytest.raises(Contradiction, match="the game is over"):
        replay(SETUP, [*game.events, Event("propose", 1, 5, 1)])


def test_a_record_that_stops_in_the_middle_of_a_step_is_a_contradiction() -> None:
    events = played()
    place = place_of(events, "vote")
    with pytest.raises(Contradiction, match="end in the middle of a step, the leader is missing"):
        replay(SETUP, events[: place + 1])


def test_a_vote_may_be_awaited_at_the_end_of_a_record() -> None:
    events = played()
    assert replay(SETUP, events[: place_of(events, "propose") + 1]).team == (1, 2)


def test_a_public_record_cannot_be_replayed_and_says_why() -> None:
    public = [event for event in played() if event.visible_to == "all"]
    with pytest.raises(GameError, match="no deal among these events"):
        replay(SETUP, public)
