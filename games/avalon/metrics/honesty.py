"""Honesty and consistency of what speakers claim about others (specification 4.4).

A claim says that seats are Evil (accusations, distrust) or Good (trust); "one of 2 and 3" is left out.

lie             the speaker's own p_evil of the same moment lies on the other side of 0.5, by over 0.2:
                "Evil" of a seat with p_evil < 0.3, "Good" of one with p_evil > 0.7
honesty         1 - lies / claims about a seat whose p_evil the speaker has
consistency     repeated claims about a seat that say the same as the speaker's last one / repeated claims
"""

from collections.abc import Mapping
from dataclasses import dataclass

from games.avalon.metrics.claims import claims_in
from games.avalon.metrics.counted import Share
from games.avalon.metrics.exposure import BeliefsOf, speeches_of
from games.avalon.metrics.recorded import RecordedGame
from games.avalon.view import Viewer

LIE_MARGIN = 0.2


@dataclass(frozen=True, slots=True)
class Stance:
    """What a speech claims about one other seat; `event` is the speech's place among the game's events."""

    event: int
    speaker: int
    about: int
    says_evil: bool
    p_evil: float | None
    """What the speaker believed when speaking; None if not known."""

    @property
    def is_lie(self) -> bool | None:
        if self.p_evil is None:
            return None
        return self.p_evil < 0.5 - LIE_MARGIN if self.says_evil else self.p_evil > 0.5 + LIE_MARGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Honesty:
    """One speaker's figures."""

    honest: Share
    consistent: Share


def stances_of(game: RecordedGame, beliefs_of: BeliefsOf) -> list[Stance]:
    """Every claim about another seat's side, in order, with the speaker's belief just before speaking."""
    speeches = dict(speeches_of(game))
    viewers = {seat: Viewer(seat) for seat in game.setup.seats}
    stances: list[Stance] = []
    for place, event in enumerate(game.events):
        if place in speeches and event.seat is not None:
            said = _sides_said(event.data["text"], event.seat, game.setup.num_players)
            beliefs = beliefs_of(viewers[event.seat].view()) if said else None
            for about, says_evil in said.items():
                p_evil = None if beliefs is None else float(beliefs.evil_N[about - 1])
                stances.append(Stance(place, event.seat, about, says_evil, p_evil))
        for viewer in viewers.values():
            viewer.observe(event)
    return stances


def _sides_said(text: str, speaker: int, num_players: int) -> dict[int, bool]:
    """Seat to whether the speech calls it Evil; a speech that says both of a seat says nothing of it."""
    said: dict[int, set[bool]] = {}
    for claim in claims_in(text, num_players):
        if claim.kind in ("evil", "good") and not claim.any_of:
            for seat in sorted(claim.seats - {speaker}):
                said.setdefault(seat, set()).add(claim.kind == "evil")
    return {seat: sides.pop() for seat, sides in said.items() if len(sides) == 1}


def honesty_of(game: RecordedGame, beliefs_of: BeliefsOf) -> Mapping[int, Honesty]:
    """Every seat's figures."""
    stances = stances_of(game, beliefs_of)
    return {
        seat: _honesty([stance for stance in stances if stance.speaker == seat]) for seat in game.setup.seats
    }


def _honesty(stances: list[Stance]) -> Honesty:
    honest, consistent = Share(), Share()
    last: dict[int, bool] = {}
    for stance in stances:
        if stance.is_lie is not None:
            honest = honest.counting(not stance.is_lie)
        if stance.about in last:
            consistent = consistent.counting(last[stance.about] is stance.says_evil)
        last[stance.about] = stance.says_evil
    return Honesty(honest=honest, consistent=consistent)
