"""Games told as a chat with system lines between: what the two chat corpora have in common.

What was said between two votes is told after the proposal of the second: our talk protocol `bid`, where
whoever spoke next bids highest, keeps the order of speeches. Neither corpus says how many fail cards a
failed quest had, who played them, or at whom a shot that missed was aimed. With one Evil seat aboard the
card is certain; with more, one card of the lowest of them stands for it, and a note says so.
"""

from typing import Literal

from games.avalon.importers.recorded import (
    RecordedGame,
    RecordedProposal,
    RecordedQuest,
    Seating,
    Unplayable,
    Utterance,
    evil_aboard,
)
from games.avalon.roles import Role, Side
from games.avalon.setup import MAX_ATTEMPTS, Rules, Setup

Ending = Literal["merlin_shot", "merlin_survived", "three_fails", "three_successes"]


def parse_votes(text: str, seats: Seating) -> dict[int, bool]:
    """Read "Ann: yes, Bob: no". Raises `Unplayable` for a name or an answer that is neither."""
    votes = {}
    for ballot in text.split(", "):
        name, _, answer = ballot.rpartition(": ")
        if answer not in ("yes", "no"):
            raise Unplayable("A vote in the log is neither yes nor no.")
        votes[seats(name)] = answer == "yes"
    return votes


class ChatLog:
    """Collects system lines and speeches, in the order of the log, into a recorded game."""

    def __init__(self, roles: tuple[Role, ...]) -> None:
        self.ending: Ending | None = None
        self._roles = roles
        self._quests: list[RecordedQuest] = []
        self._proposals: list[RecordedProposal] = []
        self._on_table: tuple[int, tuple[int, ...]] | None = None
        self._talk: list[Utterance] = []
        self._notes: list[str] = []

    def say(self, seat: int, text: str) -> None:
        if text.strip():
            self._talk.append(Utterance(seat, text))

    def propose(self, leader: int, team: tuple[int, ...]) -> None:
        """Put a team on the table; a leader may change it, and the last one before the vote counts."""
        self._on_table = (leader, team)

    def vote(self, approvals: dict[int, bool]) -> None:
        """Close an attempt. Raises `Unplayable` unless a team is on the table and every seat votes."""
        quest = len(self._quests) + 1
        if self._on_table is None:
            raise Unplayable(f"Quest {quest}: a vote without a proposal.")
        missing = [seat for seat in range(1, len(self._roles) + 1) if seat not in approvals]
        if missing:
            raise Unplayable(f"Quest {quest}: the votes of seats {missing} are not in the log.")
        leader, team = self._on_table
        approvers = frozenset(seat for seat, approves in approvals.items() if approves)
        self._proposals.append(
            RecordedProposal(
                leader=leader,
                team=team,
                approvers=approvers,
                approved=2 * len(approvers) > len(approvals),
                talk=tuple(self._talk),
            )
        )
        self._on_table = None
        self._talk.clear()

    def finish_quest(self, *, success: bool) -> None:
        """Close a quest. Raises `Unplayable` if no team went, or if a team without Evil failed."""
        number = len(self._quests) + 1
        if not self._proposals:
            raise Unplayable(f"Quest {number}: a result without a vote.")
        saboteurs = evil_aboard(self._roles, self._proposals[-1].team)
        if not success and not saboteurs:
            raise Unplayable(f"Quest {number} failed in the log, but no Evil seat was aboard.")
        if not success and len(saboteurs) > 1:
            self._notes.append(
                f"quest {number}: the log does not say how many of {len(saboteurs)} Evil seats failed it; "
                f"one card of seat {saboteurs[0]} stands for it"
            )
        self._quests.append(
            RecordedQuest(
                proposals=tuple(self._proposals),
                fail_seats=frozenset() if success else frozenset(saboteurs[:1]),
                success=success,
            )
        )
        self._proposals.clear()

    def close(self, name: str) -> RecordedGame:
        """The whole game. Raises `Unplayable` where the log breaks off, `GameError` for no possible cast."""
        if self._talk:
            self._notes.append(f"what was said after the last vote is left out: {len(self._talk)} speeches")
        if self._proposals:
            self._quests.append(RecordedQuest(proposals=tuple(self._proposals)))
        hammered = len(self._proposals) == MAX_ATTEMPTS
        if self.ending is None and not hammered:
            raise Unplayable("The log breaks off before the end of the game.")
        speeches = max(len(proposal.talk) for quest in self._quests for proposal in quest.proposals)
        rules = Rules(talk="bid", talk_rounds=speeches) if speeches else Rules()
        shot = self._target()
        return RecordedGame(
            setup=Setup(roles=tuple(sorted(self._roles)), rules=rules, name=name),
            roles=self._roles,
            quests=tuple(self._quests),
            winner=Side.GOOD if self.ending in ("merlin_survived", "three_successes") else Side.EVIL,
            reason=self.ending or "five_rejections",
            shot=shot,
            notes=tuple(self._notes),
        )

    def _target(self) -> int | None:
        if self.ending == "merlin_shot":
            return self._roles.index(Role.MERLIN) + 1
        if self.ending != "merlin_survived":
            return None
        missed = next(
            seat for seat, role in enumerate(self._roles, start=1) if role in (Role.SERVANT, Role.PERCIVAL)
        )
        self._notes.append(
            f"the log does not say at whom the missed shot was aimed; seat {missed} stands for it"
        )
        return missed
