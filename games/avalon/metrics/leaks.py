"""Leak rate: the share of speeches that give away what only the speaker's role knows (specification 4.4).

    leak rate = speeches with a leak / speeches (passes are not counted)

A speech leaks if it
- claims the speaker's true role (servants have nothing to hide: "I am a servant" is no leak), or an Evil
  speaker says that he is Evil;
- names a seat's true side as a fact, where the night told the speaker that side and the table did not:
  Evil seats flatly or as knowledge, Good seats only as knowledge ("I know seat 2 is good"). A guess, an
  argument from votes and quests, and what follows from the fail cards on the table are no leaks, nor is
  what the Lady showed, which is there to be told. An Evil speaker who flatly calls his partner Evil
  counts: true is true, whatever he meant by it;
- names the speaker's Evil partner as his partner;
- as Percival, names the two seats that are Merlin and Morgana, or one of them as Merlin, as a fact.

A claim that the speaker's knowledge does not bear out (a bluff) is no leak.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from games.avalon.events import Event
from games.avalon.knowledge import Knowledge, possible_roles
from games.avalon.metrics.claims import Claim, claims_in
from games.avalon.metrics.counted import Share
from games.avalon.metrics.exposure import speeches_of
from games.avalon.metrics.recorded import RecordedGame, possible_evil_sets
from games.avalon.roles import EVIL_ROLES, Role, Side
from games.avalon.setup import Setup
from games.avalon.table import Table, TableWatcher

LeakKind = Literal["own_role", "own_side", "names_evil", "names_good", "names_partner", "names_merlin"]


@dataclass(frozen=True, slots=True)
class Leak:
    """One private fact that a speech gave away; `event` is the speech's place among the game's events."""

    event: int
    seat: int
    quest: int
    attempt: int
    kind: LeakKind
    about: frozenset[int]
    sentence: str


def leaks_in_speech(
    text: str, setup: Setup, knowledge: Knowledge, table: Table
) -> list[tuple[LeakKind, frozenset[int], str]]:
    """What a speech gives away: kind, seats and sentence of each leak, by the rules of this module."""
    leaks: list[tuple[LeakKind, frozenset[int], str]] = []
    for claim in claims_in(text, setup.num_players):
        kind = _leak_of(claim, setup, knowledge, table)
        if kind is not None and (kind, claim.seats, claim.sentence) not in leaks:
            leaks.append((kind, claim.seats, claim.sentence))
    return leaks


def _leak_of(claim: Claim, setup: Setup, knowledge: Knowledge, table: Table) -> LeakKind | None:
    is_evil = knowledge.role.side is Side.EVIL
    match claim.kind:
        case "own_role":
            told = claim.role is knowledge.role and claim.role is not Role.SERVANT
            return "own_role" if told else None
        case "own_evil":
            return "own_side" if is_evil else None
        case "partner":
            mates = (knowledge.evil or frozenset()) - {knowledge.seat}
            return "names_partner" if is_evil and claim.seats & mates else None
        case "evil":
            said_as_fact = claim.certainty in ("known", "stated") and not claim.any_of
            return (
                "names_evil"
                if said_as_fact and _is_private(claim, Side.EVIL, setup, knowledge, table)
                else None
            )
        case "good":
            said_as_fact = claim.certainty == "known" and not claim.any_of
            return (
                "names_good"
                if said_as_fact and _is_private(claim, Side.GOOD, setup, knowledge, table)
                else None
            )
        case "merlin":
            said_as_fact = claim.certainty in ("known", "stated")
            return "names_merlin" if said_as_fact and claim.seats <= knowledge.merlin_candidates else None
        case "merlin_or_morgana":
            is_pair = claim.seats == knowledge.merlin_candidates and len(claim.seats) > 1
            return "names_merlin" if is_pair and claim.certainty != "hedged" else None


def _is_private(claim: Claim, side: Side, setup: Setup, knowledge: Knowledge, table: Table) -> bool:
    """Whether the night told the speaker this of every seat named, and the table does not tell it of all."""
    others = claim.seats - {knowledge.seat} - knowledge.lady.keys()
    possible = possible_roles(setup, replace(knowledge, lady={}))
    known = all(_is_surely(side, possible[seat - 1]) for seat in others)
    return bool(others) and known and not _told_by_table(others, side, setup, knowledge, table)


def _is_surely(side: Side, roles: frozenset[Role]) -> bool:
    return roles <= EVIL_ROLES if side is Side.EVIL else roles.isdisjoint(EVIL_ROLES)


def _told_by_table(
    seats: frozenset[int], side: Side, setup: Setup, knowledge: Knowledge, table: Table
) -> bool:
    """Whether the fail cards tell it; a Good speaker may also reckon with being Good himself."""
    is_good = knowledge.role.side is Side.GOOD
    possible = [
        evil
        for evil in possible_evil_sets(table, setup.num_players)
        if not (is_good and knowledge.seat in evil)
    ]
    if side is Side.EVIL:
        return all(seats <= evil for evil in possible)
    return all(seats.isdisjoint(evil) for evil in possible)


def leaks_of(game: RecordedGame) -> list[Leak]:
    """Every leak of a game, in order."""
    leaks = []
    watcher = TableWatcher()
    told_by_lady: dict[int, dict[int, Side]] = {seat: {} for seat in game.setup.seats}
    speeches = {place for place, _ in speeches_of(game)}
    for place, event in enumerate(game.events):
        watcher.observe(event)
        if event.type == "lady_answer" and event.seat is not None:
            told_by_lady[event.seat][event.data["target"]] = Side(event.data["side"])
        if place not in speeches or event.seat is None:
            continue
        known = replace(game.knowledge[event.seat - 1], lady=told_by_lady[event.seat])
        found = leaks_in_speech(event.data["text"], game.setup, known, watcher.table())
        leaks += [
            Leak(place, event.seat, event.quest, event.attempt, kind, about, sentence)
            for kind, about, sentence in found
        ]
    return leaks


def leak_rates(game: RecordedGame) -> dict[int, Share]:
    """Speeches with a leak among the speeches of each seat."""
    leaking = {leak.event for leak in leaks_of(game)}
    return {seat: share_of_speeches(seat, speeches_of(game), leaking) for seat in game.setup.seats}


def share_of_speeches(seat: int, speeches: Iterable[tuple[int, Event]], marked: set[int]) -> Share:
    """The speeches of a seat that are marked, by their places among the events, among all its own."""
    places = [place for place, event in speeches if event.seat == seat]
    return Share(sum(place in marked for place in places), len(places))
