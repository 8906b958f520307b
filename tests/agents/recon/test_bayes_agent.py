"""`recon+bayes`: exact odds stand in its prompts, and a speech that gives it away is not heard."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from agents.recon.evidence import evidence_text, given_away
from games.avalon.actions import Card, Propose, Vote
from games.avalon.beliefs import beliefs_of, public_beliefs
from games.avalon.draws import Deal
from games.avalon.events import Event
from games.avalon.roles import Role
from games.avalon.rules import apply, start
from games.avalon.setup import TABLE_RULES, Rules, preset
from games.avalon.view import View, view
from tests.agents.recon.table import Call, PlayedTable, filled, play

# In the setup's order: 1 Merlin, 2 Percival, 3 Servant, 4 Morgana, 5 Assassin.
FIVE = preset("5-standard", TABLE_RULES)
PLAIN = "Let us see how the votes fall."


def after_a_failed_quest(seat: int) -> View:
    """Seat 1 led seats 1 and 4, all approved, and one fail card came back."""
    silent = preset("5-standard", Rules())
    state, events = start(silent, Deal(silent.roles, 1))
    log: list[Event] = list(events)
    for actions in (
        {1: Propose((1, 4))},
        {seat: Vote(True) for seat in silent.seats},
        {1: Card(False), 4: Card(True)},
    ):
        state, events = apply(state, actions)
        log += events
    return view(log, seat)


def percents(line: str) -> dict[int, int]:
    return {int(seat): int(percent) for seat, percent in re.findall(r"seat (\d+) (\d+) %", line)}


def rounded(chances: Any, seats: list[int]) -> dict[int, int]:
    return {seat: round(100 * float(chances[seat - 1])) for seat in seats}


def test_a_servants_evidence_is_its_own_exact_belief() -> None:
    seen = after_a_failed_quest(3)
    odds, taken_for = evidence_text(seen).splitlines()
    assert percents(odds) == rounded(beliefs_of(seen).evil_N, [1, 2, 4, 5])
    assert percents(odds)[4] > percents(odds)[5]
    assert f"Evil with {round(100 * float(public_beliefs(seen).evil_N[2]))} %" in taken_for


def test_who_sees_evil_is_told_what_the_table_can_work_out() -> None:
    seen = after_a_failed_quest(1)
    odds = evidence_text(seen).splitlines()[0]
    assert percents(odds) == rounded(public_beliefs(seen).evil_N, [2, 3, 4, 5])
    assert 100 not in percents(odds).values()


@pytest.mark.parametrize(("seat", "candidates"), [(2, {1, 4}), (4, {1, 2, 3}), (5, {1, 2, 3})])
def test_who_looks_for_merlin_is_told_the_odds(seat: int, candidates: set[int]) -> None:
    seen = after_a_failed_quest(seat)
    told = percents(evidence_text(seen).splitlines()[1])
    assert set(told) == candidates
    assert told == rounded(beliefs_of(seen).merlin_N, sorted(candidates))


@pytest.mark.parametrize(
    ("seat", "speech"),
    [
        (1, "I am Merlin."),
        (1, "Seat 5 is Evil."),
        (2, "Seat 1 or seat 4 is Merlin, I know it."),
        (4, "My partner is seat 5."),
        (5, "I am the Assassin."),
    ],
)
def test_speeches_that_give_the_speaker_away_are_found(seat: int, speech: str) -> None:
    found = given_away(after_a_failed_quest(seat), speech)
    assert found
    assert speech.rstrip(".") in found[0]


@pytest.mark.parametrize(
    ("seat", "speech"),
    [
        (1, PLAIN),
        (1, "Seat 2 is Evil."),  # not true, so it tells nothing
        (1, "Seat 4 is suspicious: the fail came from that team."),  # the record says so too
        (3, "I am a servant."),
        (5, "Seat 4 was on the failed quest."),
    ],
)
def test_speeches_that_tell_nothing_pass(seat: int, speech: str) -> None:
    assert given_away(after_a_failed_quest(seat), speech) == []


def game(speeches: Mapping[str, str], variant: str = "recon+bayes") -> PlayedTable:
    """One quest in which every stage says what it is told to; seat 1, Merlin, leads."""

    def answer(call: Call) -> dict[str, Any]:
        said = speeches.get(call.stage, PLAIN) if call.seat == 1 else PLAIN
        return filled(call, PLAIN, speak=said, vote="approve", card="success")

    return play(answer, setup=FIVE, variant=variant, last_quest=1)


def said_by(table: PlayedTable, seat: int) -> list[str]:
    return [event.data["text"] for event in table.public if event.type == "speech" and event.seat == seat]


def test_a_speech_that_tells_is_mended_with_the_finding_in_view() -> None:
    table = game({"refined": "I am Merlin.", "mended": "Let us begin small."})
    assert said_by(table, 1) == ["Let us begin small."]
    mend = next(call for call in table.calls if call.stage == "mended")
    assert '"I am Merlin." tells what only your role knows.' in mend.task


def test_a_speech_that_cannot_be_mended_is_replaced_and_counted() -> None:
    table = game({"refined": "I am Merlin.", "mended": "As Merlin, I say again: I am Merlin."})
    assert said_by(table, 1) == ["No quest has been played yet, so the table has nothing to go by."]
    (fallback,) = [event for event in table.events if event.type == "fallback"]
    assert fallback.data["reason"] == "gives_away"
    assert fallback.visible_to == (1,)


def test_a_speech_that_tells_nothing_is_not_asked_for_again() -> None:
    table = game({})
    assert {call.stage for call in table.calls} == {"draft", "second_order", "refined"}


def test_plain_recon_is_neither_given_odds_nor_checked() -> None:
    table = game({"refined": "I am Merlin."}, variant="recon")
    assert said_by(table, 1) == ["I am Merlin."]
    assert not any("EVIDENCE" in call.prompt for call in table.calls)


def test_the_odds_stand_in_every_private_prompt() -> None:
    asked = game({}).calls
    assert {call.stage for call in asked if "EVIDENCE" in call.task} == {"draft", "refined"}
    assert all("EVIDENCE" in call.task for call in asked if call.stage in ("draft", "refined"))
    assert not any("EVIDENCE" in call.prompt for call in asked if call.stage == "second_order")


def test_words_that_are_still_to_be_checked_are_not_shown_as_said() -> None:
    from agents.recon.conversation import Desk
    from agents.recon.nodes import shown_as
    from agents.recon.variants import HOSTED, find_variant
    from games.avalon.actions import Decision

    seen = after_a_failed_quest(3)
    talking = View(seen.seat, FIVE, Role.SERVANT, seen.events, seen.knowledge, seen.table)
    decision = Decision("q2a1/speak/3", "speak", 3)
    stages = [
        shown_as(Desk(talking, decision, find_variant(name), HOSTED)) for name in ("recon", "recon+bayes")
    ]
    assert stages == ["refined", "thought"]
