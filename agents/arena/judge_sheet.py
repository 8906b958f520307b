"""What a judge is shown of a speech: the situation and the words, with seats as letters and no names.

Letters are drawn anew for every speech, so that nothing tells which agent spoke. Speeches are data: they
are quoted as JSON strings, which nothing inside can end.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from agents.recon.rendering import cast_text, quoted, role_text
from games.avalon.events import Event
from games.avalon.knowledge import Knowledge
from games.avalon.metrics.recorded import RecordedGame
from games.avalon.metrics.speech_text import SEATS, seats_in
from games.avalon.roles import Role
from games.avalon.table import Proposal, Table, public_table

MAX_HEARD = 4
"""Speeches of the same proposal that are shown as what came before."""

_SEATS = re.compile(SEATS, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One speech as the judge, or a person who labels, reads it."""

    situation: str
    speech: str


def letters(order: Sequence[int]) -> dict[int, str]:
    """A letter for every seat, given the seats in a drawn order."""
    return dict(zip(order, ascii_uppercase, strict=False))


def sheet_of(game: RecordedGame, place: int, label: Mapping[int, str]) -> Sheet:
    """The sheet of the speech at this place among the game's events."""
    speech = game.events[place]
    assert speech.seat is not None
    known = game.knowledge[speech.seat - 1]
    table = public_table(game.events[:place])
    speaker = label[speech.seat]
    lines = [
        f"Players {' '.join(sorted(label.values()))}. Roles in play: {cast_text(game.setup.roles)}.",
        f"The speaker is {speaker}: {role_text(known.role)} ({known.role.side.value.capitalize()}). "
        f"{_secret(known, label)}",
        *_history(table, label),
        *_heard(game.events[:place], speech, label),
    ]
    return Sheet("\n".join(lines), relabelled(speech.data["text"], label))


def relabelled(text: str, label: Mapping[int, str]) -> str:
    """A speech with its seat numbers replaced: "seat 3", "players 2 and 5"; other numbers stay."""

    def replace_seats(found: re.Match[str]) -> str:
        words = found.group(0)
        named = seats_in(words, text[: found.start()], len(label))
        is_lone_number = words.strip().isdigit()
        if named is None or is_lone_number:
            return words
        return (
            re.sub(r"\d{1,2}", lambda number: f" {label[int(number.group(0))]}", words)
            .replace("  ", " ")
            .lstrip()
        )

    return _SEATS.sub(replace_seats, text)


def _secret(known: Knowledge, label: Mapping[int, str]) -> str:
    """What the speaker alone knows, and so has to keep or may use."""
    if known.role is Role.MERLIN:
        evil = _names(known.evil or frozenset(), label)
        return f"It knows that these are Evil: {evil}, and must not be recognised as Merlin."
    if known.merlin_candidates:
        return f"It knows that Merlin is among {_names(known.merlin_candidates, label)}."
    mates = (known.evil or frozenset()) - {known.seat}
    if mates:
        return f"It knows its Evil partners: {_names(mates, label)}."
    return "It knows nothing about the others."


def _history(table: Table, label: Mapping[int, str]) -> list[str]:
    lines = []
    for result in table.quests:
        outcome = "succeeded" if result.success else "failed"
        lines.append(
            f"Quest {result.quest}: {_names(result.team, label)} went; it {outcome}, fails: {result.fails}."
        )
    lines += [_vote(proposal, label) for proposal in table.proposals if proposal.quest == table.quest]
    now = f"Now: quest {table.quest}, proposal {table.attempt}, {label[table.leader]} leads"
    on_table = f", team on the table: {_names(table.team, label)}" if table.team else ""
    return [*lines, f"{now}{on_table}."]


def _vote(proposal: Proposal, label: Mapping[int, str]) -> str:
    against = _names([seat for seat, approves in proposal.votes.items() if not approves], label)
    outcome = "approved" if proposal.approved else "rejected"
    return (
        f"Proposal {proposal.attempt} of {label[proposal.leader]}, {_names(proposal.team, label)}: "
        f"{outcome}; against it: {against}."
    )


def _heard(before: Sequence[Event], speech: Event, label: Mapping[int, str]) -> list[str]:
    earlier = [
        event
        for event in before
        if event.type == "speech"
        and event.visible_to == "all"
        and (event.quest, event.attempt) == (speech.quest, speech.attempt)
        and event.data["text"]
    ]
    return [
        f"Said before by {label[event.seat]}: {quoted(relabelled(event.data['text'], label))}"
        for event in earlier[-MAX_HEARD:]
        if event.seat is not None
    ]


def _names(seats: Sequence[int] | frozenset[int], label: Mapping[int, str]) -> str:
    return " ".join(sorted(label[seat] for seat in seats)) or "nobody"
