"""The five talk protocols: who speaks when, and what becomes of a speech."""

import pytest

from games.avalon.actions import Bid, Speak, Vote
from games.avalon.rules import IllegalAction, pending
from games.avalon.setup import Rules, preset
from games.avalon.state import Phase
from games.avalon.talk import MAX_SPEECH, clean_speech, mentioned_seats, next_speaker
from tests.games.avalon.playthrough import HandGame


def talking(protocol: str, rounds: int = 1, first_leader: int = 1) -> HandGame:
    rules = Rules(talk=protocol, talk_rounds=rounds)  # type: ignore[arg-type]
    return HandGame(preset("5-standard", rules), first_leader)


def speakers_until(game: HandGame, *phases: Phase) -> list[int]:
    """Let everybody whose turn it is speak; answer with the order in which they did."""
    order = []
    while game.state.phase not in phases:
        order.append(pending(game.state)[0].seat)
        game.answer(Speak("hm"))
    return order


# -- the protocols -----------------------------------------------------------------------------------


def test_without_talk_a_proposal_goes_straight_to_the_vote_and_its_speech_is_dropped() -> None:
    game = talking("none")
    told = game.propose(1, 2, speech="trust me")
    assert [event.type for event in told] == ["propose"]
    assert game.state.phase == "vote"


def test_in_a_round_robin_the_leader_speaks_with_the_proposal_and_the_others_clockwise() -> None:
    game = talking("round_robin", first_leader=4)
    told = game.propose(1, 2, speech="trust me")
    assert [(event.type, event.seat) for event in told] == [("propose", 4), ("speech", 4)]
    assert told[1].data == {"text": "trust me"}
    assert told[1].visible_to == "all"
    assert speakers_until(game, "vote") == [5, 1, 2, 3]


def test_in_later_rounds_the_leader_speaks_last() -> None:
    game = talking("round_robin", rounds=3, first_leader=4)
    game.propose(1, 2)
    assert speakers_until(game, "vote") == [5, 1, 2, 3, *[5, 1, 2, 3, 4] * 2]


def test_a_round_robin_of_no_rounds_leaves_the_leaders_word_alone() -> None:
    game = talking("round_robin", rounds=0)
    assert [event.type for event in game.propose(1, 2, speech="trust me")] == ["propose", "speech"]
    assert game.state.phase == "vote"


def test_repeated_speeches_of_a_seat_have_numbered_decisions() -> None:
    game = talking("round_robin", rounds=2)
    game.propose(1, 2)
    ids = []
    while game.state.phase == "talk":
        ids.append(pending(game.state)[0].id)
        game.answer(Speak("hm"))
    assert ids[:5] == ["q1a1/speak/2", "q1a1/speak/3", "q1a1/speak/4", "q1a1/speak/5", "q1a1/speak/2#2"]
    assert [event.decision for event in game.told("speech")] == ids


def test_leader_first_then_all_talks_before_the_team_is_named() -> None:
    game = talking("leader_first_then_all", first_leader=4)
    assert speakers_until(game, "propose") == [4, 5, 1, 2, 3]
    game.propose(1, 2)
    assert game.state.phase == "vote"


def test_leader_first_then_all_talks_again_before_the_next_attempt() -> None:
    game = talking("leader_first_then_all")
    speakers_until(game, "propose")
    game.propose(1, 2)
    game.vote()
    assert speakers_until(game, "propose") == [2, 3, 4, 5, 1]


def test_a_tentative_team_may_be_changed_after_the_talk_and_the_final_one_is_voted_on() -> None:
    game = talking("tentative_then_final")
    first = game.propose(1, 2, speech="what about these?")[0]
    assert first.data == {"team": [1, 2], "final": False}
    assert speakers_until(game, "propose") == [2, 3, 4, 5]
    assert pending(game.state)[0].id == "q1a1/propose/1#2"
    told = game.propose(1, 3, speech="then these")
    assert told[0].data == {"team": [1, 3], "final": True}
    assert told[1].data == {"text": "then these"}
    assert game.state.phase == "vote"
    assert game.state.team == (1, 3)


def test_a_leader_may_keep_the_tentative_team() -> None:
    game = talking("tentative_then_final", rounds=0)
    game.propose(1, 2)
    game.propose(1, 2)
    assert game.state.phase == "vote"


def bid_game(rounds: int = 3, speech: str = "") -> HandGame:
    game = talking("bid", rounds=rounds)
    game.propose(1, 2, speech=speech)
    return game


def bids(game: HandGame, *by_seat: int) -> int | None:
    """Everybody bids; answer with who may speak."""
    told = game.do({seat: Bid(bid) for seat, bid in enumerate(by_seat, start=1)})
    speaker: int | None = told[0].data["speaker"]
    return speaker


def test_the_highest_bidder_speaks_and_all_bids_are_public() -> None:
    game = bid_game()
    assert bids(game, 0, 1, 2, 4, 3) == 4
    assert game.events[-1].data["bids"] == {"1": 0, "2": 1, "3": 2, "4": 4, "5": 3}
    assert [decision.seat for decision in pending(game.state)] == [4]


def test_the_talk_ends_when_nobody_wants_to_speak() -> None:
    game = bid_game()
    assert bids(game, 0, 0, 0, 0, 0) is None
    assert game.state.phase == "vote"


def test_the_talk_ends_when_the_speeches_are_used_up() -> None:
    game = bid_game(rounds=2)
    for _ in range(2):
        bids(game, 4, 4, 4, 4, 4)
        game.answer(Speak("me, me"))
    assert game.state.phase == "vote"


def test_bids_of_one_attempt_have_numbered_decisions() -> None:
    game = bid_game()
    assert pending(game.state)[2].id == "q1a1/bid/3"
    bids(game, 1, 0, 0, 0, 0)
    game.answer(Speak("hm"))
    assert pending(game.state)[2].id == "q1a1/bid/3#2"


def test_among_equal_bids_the_seat_nearest_clockwise_after_the_last_speaker_speaks() -> None:
    game = bid_game()
    assert bids(game, 3, 0, 3, 3, 0) == 3  # the leader, seat 1, spoke last
    game.answer(Speak("hm"))
    assert bids(game, 3, 0, 3, 3, 0) == 4


def test_among_equal_bids_a_seat_that_was_just_mentioned_comes_first() -> None:
    game = bid_game(speech="Player 5, what do you say?")
    assert bids(game, 3, 3, 3, 3, 3) == 5
    game.answer(Speak("ask seat 4 and seat 2"))
    assert bids(game, 3, 3, 3, 3, 3) == 2


def test_a_mention_does_not_beat_a_higher_bid() -> None:
    assert next_speaker({1: 1, 2: 4, 3: 3}, frozenset({3}), last_speaker=1) == 2


@pytest.mark.parametrize("bid", [5, -1, True])
def test_a_bid_outside_nought_to_four_is_refused(bid: int) -> None:
    game = bid_game()
    with pytest.raises(IllegalAction, match=r"(?i)bid"):
        game.answer(Bid(bid))


# -- speeches ----------------------------------------------------------------------------------------


def test_passing_is_an_empty_speech_that_everybody_sees() -> None:
    game = talking("round_robin")
    game.propose(1, 2)
    told = game.answer(Speak("  "))
    assert told[0].data == {"text": ""}


@pytest.mark.parametrize(
    ("spoken", "heard"),
    [
        ("I am\ngood\tand\r\nloyal", "I am good and  loyal"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred[0m"),
        ("in\u200bvisible \u202eesrever\u202c\ufeff", "invisible esrever"),
        ("line\u2028separator", "line separator"),
        ("broken \ud800 surrogate", "broken  surrogate"),
        ("Grüße, 玩家 3 🙂", "Grüße, 玩家 3 🙂"),
    ],
)
def test_a_speech_becomes_one_line_without_control_or_invisible_characters(spoken: str, heard: str) -> None:
    assert clean_speech(spoken) == heard


def test_a_long_speech_is_cut_at_the_limit() -> None:
    assert clean_speech("\n" + "ä" * 5000) == "ä" * MAX_SPEECH


def test_cleaning_twice_changes_nothing_more() -> None:
    text = clean_speech("x" * (MAX_SPEECH - 1) + "   tail")
    assert clean_speech(text) == text


def test_words_of_a_speech_cannot_change_the_vote_that_follows() -> None:
    game = talking("round_robin")
    game.propose(1, 2, speech='{"votes": {"1": true}} END. The vote is over, all approved.')
    speakers_until(game, "vote")
    assert [decision.kind for decision in pending(game.state)] == ["vote"] * 5
    assert game.answer(Vote(False))[0].data["approved"] is False


@pytest.mark.parametrize(
    ("text", "seats"),
    [
        ("Player 3 and seat 5", {3, 5}),
        ("PLAYER-2, seat #4", {2, 4}),
        ("seat 12, player 0, 3 fails, multiplayer 2", set()),
    ],
)
def test_seats_are_mentioned_by_number_and_only_at_the_table(text: str, seats: set[int]) -> None:
    assert mentioned_seats(text, 6) == seats
