"""How a seat voted and led (specification 4.3), and how good its votes and proposals were.

A clean team has no Evil seat on it. Forced teams were not voted on: they count as proposals only.

vote alignment      own votes that were the table's decision / own votes
leadership          own proposals that were approved / own proposals voted on
self-inclusion      own proposals with the own seat on them / own proposals
clean approvals     approvals of clean teams / approvals; by chance: clean teams / teams voted on
right votes         approvals of clean and rejections of other teams / own votes
clean proposals     clean proposals / own proposals; by chance: C(g, k) / C(n, k), the share of all teams
                    of the size k that is clean at a table of n seats, g of them Good; mean over proposals

For an Evil seat the same figures say how well it hides: its votes and teams are not meant to be clean.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import comb

from games.avalon.metrics.counted import NO_CASES, NO_VALUES, Mean, Share
from games.avalon.metrics.recorded import RecordedGame


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """One seat's figures; those of several games or seats add up."""

    vote_alignment: Share = NO_CASES
    leadership: Share = NO_CASES
    self_inclusion: Share = NO_CASES
    clean_approvals: Share = NO_CASES
    clean_by_chance: Share = NO_CASES
    right_votes: Share = NO_CASES
    clean_proposals: Share = NO_CASES
    clean_proposals_by_chance: Mean = NO_VALUES

    def __add__(self, other: "Conduct") -> "Conduct":
        return Conduct(
            vote_alignment=self.vote_alignment + other.vote_alignment,
            leadership=self.leadership + other.leadership,
            self_inclusion=self.self_inclusion + other.self_inclusion,
            clean_approvals=self.clean_approvals + other.clean_approvals,
            clean_by_chance=self.clean_by_chance + other.clean_by_chance,
            right_votes=self.right_votes + other.right_votes,
            clean_proposals=self.clean_proposals + other.clean_proposals,
            clean_proposals_by_chance=self.clean_proposals_by_chance + other.clean_proposals_by_chance,
        )


def conduct_of(game: RecordedGame) -> dict[int, Conduct]:
    """Every seat's figures."""
    return {seat: _conduct_of_seat(game, seat) for seat in game.setup.seats}


def _conduct_of_seat(game: RecordedGame, seat: int) -> Conduct:
    proposals = game.table.proposals
    own = [proposal for proposal in proposals if proposal.leader == seat]
    voted = [(proposal, proposal.votes[seat]) for proposal in proposals if seat in proposal.votes]
    clean_votes = [(game.is_clean(proposal.team), approves) for proposal, approves in voted]
    return Conduct(
        vote_alignment=_share(approves == proposal.approved for proposal, approves in voted),
        leadership=_share(proposal.approved for proposal in own if not proposal.forced),
        self_inclusion=_share(seat in proposal.team for proposal in own),
        clean_approvals=_share(clean for clean, approves in clean_votes if approves),
        clean_by_chance=_share(clean for clean, _ in clean_votes),
        right_votes=_share(clean == approves for clean, approves in clean_votes),
        clean_proposals=_share(game.is_clean(proposal.team) for proposal in own),
        clean_proposals_by_chance=Mean(
            sum(chance_of_clean_team(game, len(proposal.team)) for proposal in own), len(own)
        ),
    )


def chance_of_clean_team(game: RecordedGame, size: int) -> float:
    """The share of all teams of this size that are clean."""
    num_players = game.setup.num_players
    return comb(num_players - len(game.evil), size) / comb(num_players, size)


def _share(cases: Iterable[bool]) -> Share:
    listed = list(cases)
    return Share(sum(listed), len(listed))
