"""Nothing that is hidden from a seat comes into its prompts, onto its screen or into public events.

Section 5.5 of our specification: canaries in every private text, deals that a seat cannot tell apart,
sealed votes, and quest cards that nobody can trace.
"""

import hashlib
import io
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from agents.cli.avalon_screens import LiveScreen
from agents.cli.table_view import Show, may_see
from agents.recon.state import pack_event
from agents.recon.variants import EMBEDDED, HOSTED, PAPER, VARIANTS, Contemplation
from games.avalon.draws import Deal, deal
from games.avalon.events import AGENT_TYPES, Event
from games.avalon.knowledge import Knowledge, consistent_assignments, knowledge_of
from games.avalon.roles import Role
from games.avalon.setup import Rules, Setup, preset
from games.avalon.transcript import public_only, write
from tests.agents.recon.table import FIVE, QUICK, Call, PlayedTable, filled, options_of, play, team_with

# -- canaries ----------------------------------------------------------------------------------------

NUM_GAMES = 300
NUM_PARTS = 30  # so that parallel test runners can share the games out
CANARY = re.compile(r"canary-(\d+)-[0-9a-f]{8}")

TABLES: tuple[tuple[Contemplation, tuple[str, ...]], ...] = (
    (QUICK, ("recon", "recon", "recon", "recon", "recon")),
    (EMBEDDED, ("cot", "direct", "cot", "recon-no-refine", "cot")),
    (PAPER, ("recon", "cot", "recon-no-second", "cot", "recon-no-first")),
    (replace(HOSTED, refine_votes=False), ("direct", "recon-no-form", "cot", "cot", "recon")),
    (QUICK, ("cot", "cot", "direct", "recon-no-cot", "tot")),
)
"""How players contemplate and which variant sits at seats 1 to 5; games take turns with them."""


class Canaries:
    """Answers whose private texts each hold a word that stands nowhere else; what is said is clean."""

    def __init__(self, seed: int, seating: Sequence[str]) -> None:
        self._random = random.Random(seed)
        self._seating = seating
        self.num_planted = 0

    def answer(self, call: Call) -> dict[str, Any]:
        chosen: dict[str, object] = {
            name: self._random.choice(options_of(call, name))
            for name in ("team", "target", "choice")
            if options_of(call, name)
        }
        chosen["vote"] = "approve" if self._random.random() < 0.95 else "reject"
        chosen["card"] = "success"
        if self._is_heard(call):
            chosen["speak"] = "I would like to hear more."
        return filled(call, self._plant(call), **chosen)

    def _is_heard(self, call: Call) -> bool:
        """Whether the `speak` of this answer is said aloud: not what is drafted or for a vote or a card."""
        is_last = call.stage == "refined" or not VARIANTS[self._seating[call.seat - 1]].refine
        return call.kind in ("propose", "speak") and is_last

    def _plant(self, call: Call) -> str:
        self.num_planted += 1
        return f"canary-{call.seat}-{self._random.getrandbits(32):08x}"


def canaries_in(text: str) -> set[int]:
    """The seats that planted the canaries in a text."""
    return {int(seat) for seat in CANARY.findall(text)}


def canary_game(number: int, *, word_by_word: bool = False) -> tuple[PlayedTable, int]:
    settings, seating = TABLES[number % len(TABLES)]
    canaries = Canaries(number, seating)
    table = play(
        canaries.answer,
        deal=deal(FIVE, number),
        variant=dict(enumerate(seating, start=1)),
        settings=settings,
        word_by_word=word_by_word,
    )
    return table, canaries.num_planted


@pytest.mark.parametrize("part", range(NUM_PARTS))
def test_no_private_word_of_a_seat_reaches_another_seat_or_the_public(part: int) -> None:
    for number in range(part, NUM_GAMES, NUM_PARTS):
        table, num_planted = canary_game(number)
        assert num_planted > 30
        assert not [event for event in table.events if event.type == "fallback"]
        for call in table.calls:
            assert canaries_in(call.prompt) <= {call.seat}, (number, call.decision, call.stage)
        for event in table.events:
            heard = canaries_in(json.dumps(pack_event(event)))
            shown_to = {show for show in (0, 1, 2, 3, 4, 5) if may_see(show or "public", event)}
            assert not heard or shown_to <= heard, (number, event)
        assert_no_secret_role_is_named(table)


def test_the_canaries_are_really_there() -> None:
    """Each seat reads its own private words again and its screen shows them, so a search can find them."""
    table, _ = canary_game(0)
    for seat in table.setup.seats:
        assert {seat} == set().union(*(canaries_in(call.prompt) for call in table.of_seat(seat)))
        assert seat in canaries_in(_screen(table, seat))


@pytest.mark.parametrize("number", range(5))
def test_no_screen_of_a_player_or_of_the_public_shows_a_private_word(number: int, tmp_path: Path) -> None:
    table, _ = canary_game(number, word_by_word=True)
    assert canaries_in(_screen(table, "public")) == set()
    for seat in table.setup.seats:
        assert canaries_in(_screen(table, seat)) <= {seat}
    public = tmp_path / "public.jsonl"
    write(public, "g1", public_only(table.events), public=True)
    assert canaries_in(public.read_text(encoding="utf-8")) == set()


def _screen(table: PlayedTable, show: Show) -> str:
    """All that a watcher's terminal is sent, texts that grow word by word among it."""
    console = Console(file=io.StringIO(), force_terminal=True, width=200, legacy_windows=False)
    screen = LiveScreen(console, show, {})
    for told in table.shown:
        if isinstance(told, Event):
            screen.event(told)
        else:
            seat, stage, delta = told
            screen.delta(seat, stage, delta)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_words_that_are_only_imagined_never_grow_on_the_screen_as_speech() -> None:
    """Regression: the refined words of a sealed vote were streamed to every watcher as if they were said."""

    def answer(call: Call) -> dict[str, Any]:
        return filled(call, vote="approve", card="success", speak=f"{call.stage} words for a {call.kind}")

    table = play(answer, settings=PAPER, word_by_word=True, last_quest=1)
    grown: dict[str, str] = {}
    for told in table.shown:
        if not isinstance(told, Event):
            _, stage, delta = told
            if delta.field == "speak":
                grown[stage] = grown.get(stage, "") + delta.text
    assert "words for a speak" in grown["refined"]
    assert "for a vote" not in grown["refined"]
    assert "for a card" not in grown["refined"]
    assert "refined words for a vote" in grown["thought"]
    assert "words for a vote" not in _screen(table, "public")


# -- what is said of roles ---------------------------------------------------------------------------

_ROLE_WORD = re.compile(r"\b(Merlin|Percival|Servant|Assassin|Morgana|Mordred|Oberon|Minion|Evil|Good)\b")
_SEAT_WORD = re.compile(r"\bseats? \d", re.IGNORECASE)


def allowed_sentences(known: Knowledge) -> set[str]:
    """Every sentence with a seat and a role or side in it that this seat may be told."""

    def seats(numbers: Sequence[int]) -> str:
        words = [str(number) for number in numbers]
        return f"seat {words[0]}" if len(words) == 1 else f"seats {', '.join(words[:-1])} and {words[-1]}"

    allowed = set()
    if known.role is Role.MERLIN and known.evil is not None:
        allowed.add(f"You know that {seats(sorted(known.evil))} are Evil")
    elif known.evil is not None:
        allowed.add(f"Your Evil partner is {seats(sorted(known.evil - {known.seat}))}")
    if known.merlin_candidates:
        allowed.add(f"Of {seats(sorted(known.merlin_candidates))} one is Merlin and one is Morgana")
    return allowed


def assert_no_secret_role_is_named(table: PlayedTable) -> None:
    """A sentence of a prompt that names a seat and a role says no more than the night told this seat."""
    for seat in table.setup.seats:
        known = knowledge_of(table.setup, table.deal.roles, seat)
        allowed = allowed_sentences(known)
        role = f"{known.role.value.capitalize()} ({known.role.side.value.capitalize()})"
        facts = {
            sentence.strip()
            for call in table.of_seat(seat)
            for kind, text in call.messages
            if kind == "human"
            for sentence in re.split(r"[.\n]", text)
            if _SEAT_WORD.search(sentence) and _ROLE_WORD.search(sentence)
        } - {f"You are seat {seat}, {role}"}
        assert facts <= allowed, (seat, facts - allowed)
        assert allowed <= facts  # the pattern does find what is told
        for call in table.of_seat(seat):
            assert f"YOU are seat {seat}. Your role: {role}." in call.prompt
            assert call.prompt.count("Your role: ") == 1


# -- deals that a seat cannot tell apart -------------------------------------------------------------


def steady(call: Call) -> dict[str, Any]:
    """What is done and said follows from the decision alone, every thought from the whole prompt.

    So games of different deals go the same way in public while their thoughts differ.
    """
    digest = hashlib.sha256(call.decision.encode()).digest()
    chosen: dict[str, object] = {
        name: options_of(call, name)[digest[0] % len(options_of(call, name))]
        for name in ("team", "target")
        if options_of(call, name)
    }
    thought = hashlib.sha256(call.prompt.encode()).hexdigest()[:12]
    speech = f"Word {digest[1]}." if call.kind in ("propose", "speak") else thought
    vote = "reject" if digest[2] < 25 else "approve"
    return filled(call, thought, speak=speech, vote=vote, card="success", **chosen)


def told_to(table: PlayedTable, seat: int, call: Call) -> list[Event]:
    """What the engine had told a seat when it was asked."""
    before = table.events[: call.heard]
    return [event for event in before if event.seen_by(seat) and event.type not in AGENT_TYPES]


def pairs_until_views_differ(one: PlayedTable, other: PlayedTable, seat: int) -> Iterator[tuple[Call, Call]]:
    for first, second in zip(one.of_seat(seat), other.of_seat(seat), strict=False):
        if told_to(one, seat, first) != told_to(other, seat, second):
            return
        yield first, second


def twins_of(setup: Setup, roles: tuple[Role, ...], seat: int, count: int) -> list[tuple[Role, ...]]:
    """Some of the other deals in which the night tells this seat the same."""
    known = knowledge_of(setup, roles, seat)
    others = [each for each in consistent_assignments(setup, known) if each != roles]
    return random.Random(seat).sample(others, min(count, len(others)))


LADY = Rules(talk="round_robin", lady_of_the_lake=True)
WHISPER = Rules(talk="none", evil_talk_before_shot=True)


@pytest.mark.parametrize(
    ("setup", "variant", "num_twins", "last_quest"),
    [
        (FIVE, "recon", 1, 5),
        (preset("5-standard", LADY), "cot", 3, 5),
        (preset("7-standard", LADY), "recon", 1, 3),
        (preset("7-mordred", WHISPER), "cot", 1, 5),
        (preset("8-standard", FIVE.rules), "cot", 1, 1),
    ],
    ids=["5 recon", "5 with the lady", "7 with Oberon", "7 with Mordred", "8"],
)
def test_deals_that_a_seat_cannot_tell_apart_give_it_the_same_prompts(
    setup: Setup, variant: str, num_twins: int, last_quest: int
) -> None:
    """Non-interference: the others' roles and thoughts change no word until the game itself differs."""

    def game(roles: tuple[Role, ...]) -> PlayedTable:
        seated = Deal(roles, 2)
        return play(steady, setup=setup, deal=seated, variant=variant, settings=QUICK, last_quest=last_quest)

    played = game(setup.roles)
    for seat in setup.seats:
        for roles in twins_of(setup, setup.roles, seat, num_twins):
            twin = game(roles)
            pairs = list(pairs_until_views_differ(played, twin, seat))
            assert len(pairs) >= 2  # speech and vote of quest 1: nothing differs so early
            for first, second in pairs:
                assert (first.decision, first.tag.stage) == (second.decision, second.tag.stage)
                assert first.messages == second.messages
                assert first.json_schema == second.json_schema


def test_thoughts_of_the_two_deals_do_differ() -> None:
    """What keeps the test above from comparing two equal games."""
    swapped = (Role.MORGANA, *FIVE.roles[1:3], Role.MERLIN, Role.ASSASSIN)
    one, other = (play(steady, deal=Deal(roles, 2), variant="cot") for roles in (FIVE.roles, swapped))
    for seat in (2, 3):
        assert [call.prompt for call in one.of_seat(seat)] == [call.prompt for call in other.of_seat(seat)]
    for seat in (1, 4):
        both = zip(one.of_seat(seat), other.of_seat(seat), strict=False)  # only Evil is asked for a card
        assert all(first.prompt != second.prompt for first, second in both)


# -- sealed votes and cards that nobody can trace ----------------------------------------------------


@pytest.mark.parametrize("variant", ["recon", "cot", "tot"])
def test_no_vote_depends_on_another_vote_of_the_same_attempt(variant: str) -> None:
    def voter(vote_of_2: str) -> Any:
        def answer(call: Call) -> dict[str, Any]:
            vote = vote_of_2 if call.decision == "q1a1/vote/2" else "approve"
            speech = f"I {vote} it." if call.kind == "vote" else "Well."
            return filled(call, f"{vote} it is.", speak=speech, vote=vote, card="success")

        return answer

    one, other = (
        play(voter(vote), variant=variant, settings=Contemplation(), last_quest=2)
        for vote in ("approve", "reject")
    )
    for seat in (1, 3, 4, 5):
        sealed, sealed_too = (
            [call for call in table.of_seat(seat) if call.decision == f"q1a1/vote/{seat}"]
            for table in (one, other)
        )
        assert [call.messages for call in sealed] == [call.messages for call in sealed_too]
        after, after_too = (
            next(call for call in table.of_seat(seat) if call.quest == 2) for table in (one, other)
        )
        assert after.prompt.replace("1,2,3,4,5 approve, nobody", "1,3,4,5 approve, 2") == after_too.prompt


def test_nobody_is_told_a_vote_before_the_last_one_is_cast() -> None:
    """All voters are asked about one and the same state of the game."""
    table = play(steady, settings=QUICK)
    for attempt in {call.decision.partition("/")[0] for call in table.calls if call.kind == "vote"}:
        voters = [call for call in table.calls if call.decision.startswith(f"{attempt}/vote/")]
        assert len({call.heard for call in voters}) == 1


@pytest.mark.parametrize("settings", [QUICK, PAPER], ids=["formulated", "refined"])
def test_nobody_can_tell_which_of_two_evil_seats_played_the_fail(settings: Contemplation) -> None:
    def saboteur(failing: int) -> Any:
        def answer(call: Call) -> dict[str, Any]:
            chosen = {"team": team_with(call, 4, 5)} if options_of(call, "team") else {}
            card = "fail" if call.seat == failing else "success"
            words = f"I play {card}." if call.kind == "card" else "Well."
            return filled(call, words, vote="approve", card=card, **chosen)

        return answer

    one, other = (play(saboteur(seat), settings=settings, last_quest=2) for seat in (4, 5))
    assert one.public == other.public
    assert [event.data for event in one.events if event.type == "card"] != [
        event.data for event in other.events if event.type == "card"
    ]
    shows: tuple[Show, ...] = ("public", 1, 2, 3)
    for show in shows:
        assert _screen(one, show) == _screen(other, show)
    for seat in (1, 2, 3):
        assert [call.messages for call in one.of_seat(seat)] == [
            call.messages for call in other.of_seat(seat)
        ]
    (told, *_) = (call for call in one.of_seat(1) if call.quest == 2 and call.chat == "table")
    assert re.search(r"RECORD Quest 1 with 4,5.* FAIL\w+: 1 fail", told.prompt)
