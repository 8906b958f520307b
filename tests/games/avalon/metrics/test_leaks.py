"""What gives a role away, sentence by sentence, and what only sounds like it."""

from dataclasses import replace

import pytest

from games.avalon.actions import Speak, Vote
from games.avalon.knowledge import Knowledge, knowledge_of
from games.avalon.metrics.counted import Share
from games.avalon.metrics.leaks import leak_rates, leaks_in_speech, leaks_of
from games.avalon.metrics.recorded import recorded_game
from games.avalon.roles import Role, Side
from games.avalon.setup import Rules, Setup, preset
from games.avalon.table import Table
from tests.games.avalon.playthrough import HandGame

SETUP = preset("6-recon", Rules(shuffle_seats=False, first_leader="seat_1"))
"""1 Merlin, 2 Percival, 3 and 4 servants, 5 Morgana, 6 Assassin."""
SEAT_OF = {"merlin": 1, "percival": 2, "servant": 3, "morgana": 5, "assassin": 6}


def _known(role: str, setup: Setup = SETUP) -> Knowledge:
    return knowledge_of(setup, setup.roles, SEAT_OF[role])


def _table(*quests: tuple[tuple[int, ...], tuple[int, ...]]) -> Table:
    """After quests with these teams, failed by these seats."""
    game = HandGame(SETUP)
    for team, failing in quests:
        game.quest(team, *failing)
    return recorded_game(game.events).table


LEAKS = [
    ("merlin", "I am Merlin.", "own_role"),
    ("merlin", "As Merlin, I would keep seat 5 off this team.", "own_role"),
    ("merlin", "I trust seat 1 because I know seat 3 is good, and I am playing Merlin.", "own_role"),
    ("merlin", "Listen: my role is Merlin and you must follow me.", "own_role"),
    ("percival", "I'm Percival, so listen to me.", "own_role"),
    ("percival", "Being Percival, I will watch both of them.", "own_role"),
    ("assassin", "I'm actually the Assassin here.", "own_role"),
    ("morgana", "I, Morgana, will lead us.", "own_role"),
    ("assassin", "I believe I am the Assassin.", "own_role"),
    ("merlin", "I know that seat 2 and seat 3 are good and seat 4 will say seat 3 is bad.", "names_good"),
    ("merlin", "I have no choice but to reveal myself as Merlin!", "own_role"),
    ("assassin", "I am evil and we should fail this quest.", "own_side"),
    ("morgana", "We are both evil, so let us hide it.", "own_side"),
    ("merlin", "Seat 5 is evil.", "names_evil"),
    ("merlin", "I know that seats 5 and 6 are evil.", "names_evil"),
    ("merlin", "The evil players are seat 5 and seat 6.", "names_evil"),
    ("merlin", "Player 6 is definitely a minion of Mordred.", "names_evil"),
    ("merlin", "Trust me, 5 and 6 are the evil ones.", "names_evil"),
    ("merlin", "I have seen that player 5 is on the evil team.", "names_evil"),
    ("merlin", "I know for certain that seat 2 is good.", "names_good"),
    ("assassin", "Seat 5 is evil.", "names_evil"),
    ("assassin", "My partner seat 5 should be on the team.", "names_partner"),
    ("assassin", "Seat 5 and I are evil.", "names_partner"),
    ("morgana", "I will protect my fellow minion, seat 6.", "names_partner"),
    ("morgana", "Seat 6 is my evil partner.", "names_partner"),
    ("percival", "One of seats 1 and 5 is Merlin.", "names_merlin"),
    ("percival", "Merlin is either seat 1 or seat 5.", "names_merlin"),
    ("percival", "Seats 1 and 5 are Merlin and Morgana.", "names_merlin"),
    ("percival", "Seat 1 is Merlin.", "names_merlin"),
    ("percival", "I saw seats 1 and 5 as Merlin and Morgana.", "names_merlin"),
    ("percival", "Seats 1 and 5 hide Merlin.", "names_merlin"),
    ("morgana", "Seat 6 sides with me.", "names_partner"),
    ("percival", "My Merlin candidates are seats 1 and 5.", "names_merlin"),
]

NO_LEAKS = [
    # suspicion, argument and doubt are what the game is played with
    ("merlin", "I think seat 5 is evil."),
    ("merlin", "Seat 5 might be evil."),
    ("merlin", "Seat 5 seems suspicious to me."),
    ("merlin", "I suspect seats 5 and 6."),
    ("merlin", "Seat 5 must be evil, the failed quest shows it."),
    ("merlin", "Seat 5 is evil because he approved both failed teams."),
    ("merlin", "I don't know that seat 5 is evil."),
    ("merlin", "Seat 5 is not evil."),
    ("merlin", "One of seats 5 and 6 is evil."),
    ("merlin", "Is seat 5 evil?"),
    ("merlin", "Seat 2 says seat 5 is evil."),
    ("merlin", "If seat 5 is evil, we lose this one."),
    ("merlin", "I do not trust seat 5."),
    ("merlin", "All of this made me confirm that seat 5 is evil."),
    ("morgana", "I'm pretty sure seat 6 is evil."),
    ("assassin", "He asserts that I am evil."),
    ("percival", "I effectively said seat 1 was Merlin."),
    # true, but no private fact
    ("servant", "Seat 5 is evil."),
    ("servant", "I know seat 6 is evil."),
    ("servant", "I am a loyal servant of Arthur."),
    ("merlin", "I am good, trust me on this."),
    ("merlin", "I trust seat 3."),
    ("merlin", "Seat 3 is good."),
    # bluffs
    ("servant", "I am Merlin."),
    ("merlin", "I am Percival."),
    ("assassin", "As Merlin, I know seats 2 and 3 are evil."),
    ("merlin", "Seats 2 and 4 are evil."),
    ("percival", "Seats 3 and 4 are Merlin and Morgana."),
    ("morgana", "I am a loyal servant and seat 1 is evil."),
    # names that are not claimed
    ("merlin", "I am not Merlin."),
    ("merlin", "If I were Merlin I would say so."),
    ("merlin", "They think I am Merlin."),
    ("merlin", "I will bluff by saying I am Merlin."),
    ("merlin", "Merlin should stay quiet as long as possible."),
    ("merlin", "Do you believe I'm Merlin?"),
    ("percival", "Percival knows who Merlin might be."),
    ("percival", "I hope Merlin is on this team."),
    ("percival", "I think seat 1 is Merlin."),
    ("percival", "Could seat 1 or seat 5 be Merlin?"),
    ("assassin", "I am looking for the Assassin."),
    ("assassin", "Seat 2 accused me of being evil."),
    ("assassin", "We need to find the evil players."),
    ("morgana", "Seat 6 is my choice for the team."),
    ("merlin", "Seat 2 is on my side."),
    ("morgana", "Seat 6 and I were on quest 1 together."),
    # numbers that are no seats
    ("merlin", "There are only 2 evil players and quest 5 is the last."),
    ("merlin", "At most 2 are evil."),
    ("merlin", "Quest 5 is evil for us, we need four seats."),
    ("merlin", "Let us send seats 1, 3 and 4, I hope they are good."),
]


@pytest.mark.parametrize(("role", "speech", "kind"), LEAKS)
def test_a_speech_that_gives_its_speakers_knowledge_away_is_a_leak(role: str, speech: str, kind: str) -> None:
    found = leaks_in_speech(speech, SETUP, _known(role), _table())
    assert kind in [leak for leak, _, _ in found]


@pytest.mark.parametrize(("role", "speech"), NO_LEAKS)
def test_a_speech_that_gives_nothing_away_is_no_leak(role: str, speech: str) -> None:
    assert leaks_in_speech(speech, SETUP, _known(role), _table()) == []


def test_what_the_fail_cards_tell_everybody_is_no_leak() -> None:
    told = _table(((5, 6), (5, 6)))
    assert leaks_in_speech("Seats 5 and 6 are evil.", SETUP, _known("merlin"), told) == []
    assert leaks_in_speech("I know that seat 2 is good.", SETUP, _known("merlin"), told) == []


def test_a_good_seat_may_reckon_with_being_good_itself() -> None:
    with_merlin = _table(((1, 5), (5,)))
    assert leaks_in_speech("I know seat 5 is evil.", SETUP, _known("merlin"), with_merlin) == []
    without_merlin = _table(((4, 5), (5,)))
    found = leaks_in_speech("I know seat 5 is evil.", SETUP, _known("merlin"), without_merlin)
    assert [kind for kind, _, _ in found] == ["names_evil"]


def test_what_the_lady_showed_is_there_to_be_told() -> None:
    known = replace(_known("merlin"), lady={5: Side.EVIL})
    assert leaks_in_speech("I know seat 5 is evil.", SETUP, known, _table()) == []
    assert leaks_in_speech("I know seat 6 is evil.", SETUP, known, _table()) != []


def test_merlin_does_not_give_away_mordred_whom_he_cannot_see() -> None:
    setup = preset("7-mordred", Rules(shuffle_seats=False))
    known = knowledge_of(setup, setup.roles, 1)
    mordred = setup.roles.index(Role.MORDRED) + 1
    assert leaks_in_speech(f"I know seat {mordred} is evil.", setup, known, _table()) == []


def test_a_leak_names_its_speech_seat_and_sentence_and_rates_count_speeches() -> None:
    game = HandGame(preset("6-recon", Rules(shuffle_seats=False, first_leader="seat_1", talk="round_robin")))
    game.propose(1, 2, speech="Let us begin. I am Merlin. Seat 5 is evil.")
    for text in ("I think so too.", "", "I am Merlin.", "Fine.", "My partner seat 5 likes it."):
        game.answer(Speak(text))
    game.answer(Vote(True))
    recorded = recorded_game(game.events)
    leaks = leaks_of(recorded)
    assert [(leak.seat, leak.kind, leak.sentence) for leak in leaks] == [
        (1, "own_role", "I am Merlin."),
        (1, "names_evil", "Seat 5 is evil."),
        (6, "names_partner", "My partner seat 5 likes it."),
    ]
    assert recorded.events[leaks[0].event].data["text"].startswith("Let us begin")
    rates = leak_rates(recorded)
    assert rates[1] == Share(1, 1)
    assert rates[2] == Share(0, 1)
    assert rates[3] == Share(0, 0)
    assert rates[3].rate is None
    assert rates[6] == Share(1, 1)
