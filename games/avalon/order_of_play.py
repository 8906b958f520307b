"""What comes next, from public facts alone.

The rules and the public table both ask here, so a seat's view of whose turn it is cannot differ from
the game's own.
"""

from games.avalon.setup import Rules, Setup
from games.avalon.state import Phase

LADY_QUESTS = (2, 3, 4)


def seat_after(seat: int, num_players: int) -> int:
    """The next seat clockwise."""
    return seat % num_players + 1


def others_clockwise(seat: int, num_players: int) -> tuple[int, ...]:
    """All other seats, beginning with the one to the left."""
    return tuple((seat + step - 1) % num_players + 1 for step in range(1, num_players))


def first_lady_holder(first_leader: int, num_players: int) -> int:
    """The seat to the right of the first leader: the one that would lead last."""
    return (first_leader - 2) % num_players + 1


def queue_before_proposal(rules: Rules, leader: int, attempt: int, num_players: int) -> tuple[int, ...]:
    """The speakers who come before the team is named."""
    if rules.talk != "leader_first_then_all" or rules.is_silent(attempt):
        return ()
    return (leader, *others_clockwise(leader, num_players)) * rules.talk_rounds


def queue_after_proposal(rules: Rules, leader: int, attempt: int, num_players: int) -> tuple[int, ...]:
    """The speakers who come after the (first) proposal.

    The leader has spoken with the proposal, so the first round goes to the others; in later rounds the
    leader is last.
    """
    if rules.talk not in ("round_robin", "tentative_then_final") or rules.is_silent(attempt):
        return ()
    if rules.talk_rounds == 0:
        return ()
    others = others_clockwise(leader, num_players)
    return others + (*others, leader) * (rules.talk_rounds - 1)


def is_final(rules: Rules, attempt: int, revised: bool) -> bool:
    """Whether a proposal stands; `revised` says that the leader has proposed before in this attempt."""
    return revised or rules.talk != "tentative_then_final" or rules.is_silent(attempt)


def phase_after_proposal(rules: Rules, attempt: int, revised: bool, queue: tuple[int, ...]) -> Phase:
    """What follows a proposal; `queue` is `queue_after_proposal`. VOTE includes a vote that is forced."""
    if revised or rules.is_silent(attempt):
        return "vote"
    if queue:
        return "talk"
    if rules.talk == "tentative_then_final":
        return "propose"
    return "bid" if rules.talk == "bid" and rules.talk_rounds > 0 else "vote"


def phase_after_last_speech(rules: Rules, num_speeches: int) -> Phase:
    """What follows when nobody is left in the queue of speakers."""
    if rules.talk in ("leader_first_then_all", "tentative_then_final"):
        return "propose"
    return "bid" if rules.talk == "bid" and num_speeches < rules.talk_rounds else "vote"


def phase_after_quest(setup: Setup, quest: int, successes: int, fails: int, shot_spent: bool) -> Phase:
    """END, SHOOT, LADY or, for the next quest, PROPOSE. SHOOT includes the talk of Evil before it."""
    if fails == 3:
        return "end"
    if successes == 3:
        return "shoot" if setup.has_merlin and not shot_spent else "end"
    if setup.rules.assassin_window == "after_every_quest" and setup.has_merlin and not shot_spent:
        return "shoot"
    return phase_after_early_shot(setup, quest)


def phase_after_early_shot(setup: Setup, quest: int) -> Phase:
    """What follows a shot that missed, or was not taken, before Good's third success."""
    return "lady" if setup.rules.lady_of_the_lake and quest in LADY_QUESTS else "propose"
