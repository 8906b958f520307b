"""From actions to moves: what the pending seats answer, read into plain values and played on a live table."""

from collections.abc import Mapping
from typing import TypeVar

from games.avalon.actions import (
    Action,
    Bid,
    Card,
    Decision,
    DecisionKind,
    HoldFire,
    Inspect,
    Propose,
    Shoot,
    Speak,
    Vote,
)
from games.avalon.legality import (
    check_approvals,
    check_bid,
    check_cards,
    check_hold_fire,
    check_look,
    check_shot,
    check_team,
    check_text,
    game_over,
    not_pending,
    pending,
    shooter_of,
    team_on_the_table,
    voters,
    wrong_kind,
    wrong_seats,
)
from games.avalon.live_table import LiveTable
from games.avalon.state import Position

Answers = Mapping[int, Action]
_A = TypeVar("_A", Propose, Speak, Bid, Vote, Card, Inspect, Shoot)
_ANSWER_TO: dict[DecisionKind, type[Action]] = {
    "propose": Propose,
    "speak": Speak,
    "evil_talk": Speak,
    "bid": Bid,
    "vote": Vote,
    "card": Card,
    "inspect": Inspect,
    "shoot": Shoot,
}


def answer(table: LiveTable, actions: Answers) -> None:
    """Play one action for every pending seat.

    Raises `IllegalAction`, and leaves the table as it was, if a pending seat is missing, another seat is
    named, or an action breaks the rules.
    """
    match table.phase:
        case "propose":
            (named,) = _read(table, actions, (table.leader,), Propose)
            table.propose(named.team, named.speech)
        case "talk":
            (said,) = _read(table, actions, table.floor.queue[:1], Speak)
            table.speak(said.text)
        case "bid":
            bids = _read(table, actions, table.secrets.seats, Bid)
            table.bid([bid.eagerness for bid in bids])
        case "vote":
            table.vote([vote.approve for vote in _read(table, actions, voters(table), Vote)])
        case "quest":
            cards = _read(table, actions, team_on_the_table(table), Card)
            table.play_cards([card.fail for card in cards])
        case "evil_talk":
            (said,) = _read(table, actions, table.floor.queue[:1], Speak)
            table.whisper(said.text)
        case "shoot":
            _shoot_or_hold(table, actions)
        case "lady":
            (looked,) = _read(table, actions, table.lady_holders[-1:], Inspect)
            table.inspect(looked.target)
        case "end":
            raise game_over(table)


def _read(position: Position, actions: Answers, seats: tuple[int, ...], wanted: type[_A]) -> list[_A]:
    """The answers of these seats, which are all that are pending, in their order."""
    if len(actions) != len(seats):
        raise wrong_seats(position, actions)
    read = []
    for seat in seats:
        if seat not in actions:
            raise wrong_seats(position, actions)
        action = actions[seat]
        if not isinstance(action, wanted):
            raise wrong_kind(seat, wanted, action)
        read.append(action)
    return read


def _shoot_or_hold(table: LiveTable, actions: Answers) -> None:
    shooter = shooter_of(table)
    if isinstance(actions.get(shooter), HoldFire) and len(actions) == 1:
        table.hold_fire()
    else:
        (shot,) = _read(table, actions, (shooter,), Shoot)
        table.shoot(shot.target)


def check(position: Position, decision: Decision, action: Action) -> None:
    """Raise `IllegalAction` unless this decision is pending and the action answers it within the rules."""
    if decision not in pending(position):
        raise not_pending(position, decision.id)
    seat = decision.seat
    match decision.kind, action:
        case "propose", Propose(team, speech):
            if type(speech) is not str:
                raise wrong_kind(seat, Propose, action)
            check_team(len(position.secrets.seats), position.quest, seat, team)
        case "speak" | "evil_talk", Speak(text):
            check_text(seat, text)
        case "bid", Bid(eagerness):
            check_bid(seat, eagerness)
        case "vote", Vote(approve):
            check_approvals((seat,), (approve,))
        case "card", Card(fail):
            check_cards((seat,), (fail,), position.secrets.evil)
        case "inspect", Inspect(target):
            check_look(position, target)
        case "shoot", Shoot(target):
            check_shot(position, target)
        case "shoot", HoldFire():
            check_hold_fire(position)
        case kind, _:
            raise wrong_kind(seat, _ANSWER_TO[kind], action)
