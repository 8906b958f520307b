"""A person at the table: forgiving, never illegal, told only what the seat may know."""

import io
from collections.abc import Callable, Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from agents.cli.human_seat import HumanSeat
from games.avalon.actions import Action, Bid, Card, Decision, HoldFire, Inspect, Propose, Shoot, Speak, Vote
from games.avalon.bots import make_bot
from games.avalon.draws import Deal
from games.avalon.events import Event
from games.avalon.play import play_deal
from games.avalon.roles import Role
from games.avalon.rules import apply, pending, start
from games.avalon.setup import PRESETS, Rules, Setup
from games.avalon.view import View, Viewer

ROLES = (Role.MERLIN, Role.MORGANA, Role.PERCIVAL, Role.ASSASSIN, Role.SERVANT)


class Table:
    """A real game, brought to the decision that a test is about."""

    def __init__(self, **switches: object) -> None:
        rules = Rules(**switches)  # type: ignore[arg-type]
        setup = Setup(roles=PRESETS["5-standard"], rules=rules, name="5-standard")
        self.viewers = {seat: Viewer(seat) for seat in setup.seats}
        self.state, events = start(setup, Deal(ROLES, 1))
        self._show(events)

    def _show(self, events: Iterable[Event]) -> None:
        for event in events:
            for viewer in self.viewers.values():
                viewer.observe(event)

    def play(self, actions: Mapping[int, Action]) -> None:
        self.state, events = apply(self.state, actions)
        self._show(events)

    def propose(self, *team: int) -> None:
        self.play({self.state.leader: Propose(team)})

    def vote(self, approve: bool = True) -> None:
        self.play({seat: Vote(approve) for seat in range(1, 6)})

    def quest(self, *team: int, failing: int | None = None) -> None:
        self.propose(*team)
        self.vote()
        self.play({seat: Card(seat == failing) for seat in team})

    def decision_of(self, seat: int) -> Decision:
        return next(decision for decision in pending(self.state) if decision.seat == seat)

    def view(self, seat: int) -> View:
        return self.viewers[seat].view()


class Person:
    """Types prepared lines, and keeps everything the terminal showed."""

    def __init__(self, *lines: str) -> None:
        self._lines = list(lines)
        self._screen = io.StringIO()
        self.seat = HumanSeat(Console(file=self._screen, width=80), self._type)

    def _type(self, prompt: str) -> str:
        self._screen.write(prompt + "\n")
        if not self._lines:
            raise EOFError
        return self._lines.pop(0)

    def decide(self, table: Table, seat: int) -> Action:
        action = self.seat.decide(table.view(seat), table.decision_of(seat))
        assert not self._lines, f"not asked for {self._lines}"
        return action

    @property
    def screen(self) -> str:
        return self._screen.getvalue()

    @property
    def complaints(self) -> list[str]:
        return [line.strip() for line in self.screen.splitlines() if line.startswith("  !")]


@pytest.mark.parametrize(
    "answer", ["1 4", "4,1", "1, 4.", "seats 4 and 1", "14", "me and 4", "[1, 4]", " 1\t4 ", "1+4", "1-4"]
)
def test_a_team_may_be_typed_in_many_ways(answer: str) -> None:
    assert Person(answer).decide(Table(), 1) == Propose((1, 4))


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("", "! Type seat numbers, such as 1 4."),
        ("you two", "! Type seat numbers, such as 1 4."),
        ("1 9", "! There is no seat 9; seats are 1 to 5."),
        ("0 1", "! There is no seat 0; seats are 1 to 5."),
        ("3 3", "! Seat 3 is named twice; the team takes 2 different seats."),
        ("1 2 3", "! The team takes 2 seats, not 3."),
        ("1", "! The team takes 2 seats, not 1."),
        ("1.5e3 2", "! Type seat numbers, such as 1 4."),
        ("\u0661 \u0664", "! Type seat numbers, such as 1 4."),
        ("9" * 5000, "! Type seat numbers, such as 1 4."),
    ],
)
def test_an_impossible_team_is_asked_for_again_with_one_line(answer: str, complaint: str) -> None:
    person = Person(answer, "1 4")
    assert person.decide(Table(), 1) == Propose((1, 4))
    assert person.complaints == [complaint]


def test_a_leader_is_asked_for_words_only_where_the_table_talks() -> None:
    assert Person("1 4", "Trust me.").decide(Table(talk="round_robin"), 1) == Propose((1, 4), "Trust me.")
    assert Person("1 4").decide(Table(talk="none"), 1) == Propose((1, 4))


@pytest.mark.parametrize(
    ("answer", "approve"),
    [
        ("y", True),
        ("YES", True),
        ("approve", True),
        ("Yes!", True),
        ("n", False),
        ("No.", False),
        ("reject", False),
    ],
)
def test_a_vote_may_be_typed_in_many_ways(answer: str, approve: bool) -> None:
    table = Table()
    table.propose(1, 4)
    assert Person(answer).decide(table, 3) == Vote(approve)


def test_a_vote_that_is_no_vote_is_asked_for_again() -> None:
    table = Table()
    table.propose(1, 4)
    person = Person("", "maybe", "yes no", "n")
    assert person.decide(table, 3) == Vote(False)
    assert person.complaints == ["! Type yes (y) to approve or no (n) to reject."] * 3


def test_good_cannot_play_fail() -> None:
    table = Table()
    table.propose(1, 4)
    table.vote()
    person = Person("fail", "x", "")
    assert person.decide(table, 1) == Card(fail=False)
    assert person.complaints == ["! Good can only play success.", "! Press Enter to play success."]


@pytest.mark.parametrize(("answer", "fail"), [("f", True), ("Fail", True), ("s", False), ("success", False)])
def test_evil_chooses_a_card_and_enter_alone_is_no_choice(answer: str, fail: bool) -> None:
    table = Table()
    table.propose(1, 4)
    table.vote()
    person = Person("", answer)
    assert person.decide(table, 4) == Card(fail)
    assert person.complaints == ["! Type success (s) or fail (f)."]


def test_the_lady_looks_only_at_seats_that_never_held_her() -> None:
    table = Table(lady_of_the_lake=True)
    table.quest(1, 3)
    table.quest(1, 3, 5)
    person = Person("5", "2 3", "2")
    assert person.decide(table, 5) == Inspect(2)
    assert person.complaints == ["! Type one of the seats 1 2 3 4."] * 2


def test_the_assassin_names_no_seat_known_to_be_evil() -> None:
    table = Table()
    table.quest(1, 3)
    table.quest(1, 3, 5)
    table.quest(1, 3)
    person = Person("2", "4", "hold", "seat 1")
    assert person.decide(table, 4) == Shoot(1)
    assert person.complaints == ["! Type one of the seats 1 3 5."] * 2 + ["! Type seat numbers, such as 1 4."]


def test_an_early_shot_may_be_held() -> None:
    table = Table(assassin_window="after_every_quest")
    table.quest(1, 3)
    assert Person("hold").decide(table, 4) == HoldFire()
    assert Person("3").decide(table, 4) == Shoot(3)


def test_bids_are_numbers_from_0_to_4() -> None:
    table = Table(talk="bid", talk_rounds=2)
    table.propose(1, 2)
    person = Person("5", "-1", "much", "\u00b2", "3")
    assert person.decide(table, 2) == Bid(3)
    assert person.complaints == ["! Type a number from 0 to 4."] * 4


def test_words_are_cleaned_and_enter_alone_passes() -> None:
    table = Table(talk="round_robin")
    table.propose(1, 2)
    assert Person("I \x1b[31mam\x1b[0m good.\u202e").decide(table, 2) == Speak("I am good.")
    assert Person("").decide(table, 2) == Speak("")


def test_too_many_words_are_not_cut_silently() -> None:
    table = Table(talk="round_robin")
    table.propose(1, 2)
    person = Person("x" * 901, "x" * 900)
    assert person.decide(table, 2) == Speak("x" * 900)
    assert person.complaints == ["! That is 901 characters long; 900 are heard. Say it shorter."]


def test_the_first_turn_tells_what_the_seat_knows_and_later_ones_do_not() -> None:
    table = Table(talk="round_robin")
    person = Person("1 4", "", "y")
    person.seat.decide(table.view(1), table.decision_of(1))
    assert "seat 1, Merlin, good; you know Evil at 2 4." in person.screen
    assert "proposal 1 of 5, leader 1" in person.screen
    greeting = len(person.screen)
    table.propose(1, 4)
    for seat in (2, 3, 4, 5):
        table.play({seat: Speak("")})
    person.decide(table, 1)
    assert "you know" not in person.screen[greeting:]
    assert "Do you approve the team 1 4?" in person.screen


def test_a_question_mark_shows_help_with_the_votes_and_asks_again() -> None:
    table = Table()
    table.quest(1, 3)
    table.propose(2, 3, 4)
    table.vote(False)
    table.propose(1, 3, 5)
    person = Person("?", "y")
    assert person.decide(table, 3) == Vote(True)
    assert "succeeded, no fail card, team 1 3" in person.screen
    assert "Vote 2.1 team 2 3 4 of seat 2 rejected; nobody approved it" in person.screen
    assert "y or yes or approve" in person.screen
    assert person.complaints == []


def test_help_repeats_what_the_lady_told() -> None:
    table = Table(lady_of_the_lake=True)
    table.quest(1, 3)
    table.quest(1, 3, 5)
    table.play({5: Inspect(2)})
    table.propose(1, 2)
    person = Person("?", "n")
    person.decide(table, 5)
    assert "she told you that seat 2 is evil" in person.screen


def _raise(error: type[BaseException]) -> Callable[[str], str]:
    def read_line(prompt: str) -> str:
        raise error

    return read_line


@pytest.mark.parametrize("error", [EOFError, KeyboardInterrupt])
def test_leaving_the_table_is_a_keyboard_interrupt(error: type[BaseException]) -> None:
    table = Table()
    seat = HumanSeat(Console(file=io.StringIO()), _raise(error))
    with pytest.raises(KeyboardInterrupt):
        seat.decide(table.view(1), table.decision_of(1))


def test_a_person_is_told_nothing_that_the_view_does_not_say() -> None:
    other_deal = (Role.PERCIVAL, Role.ASSASSIN, Role.MERLIN, Role.MORGANA, Role.SERVANT)
    screens = []
    for roles in (ROLES, other_deal):
        setup = Setup(roles=PRESETS["5-standard"], name="5-standard")
        state, events = start(setup, Deal(roles, 5))
        viewer = Viewer(5)
        for event in events:
            viewer.observe(event)
        person = Person("?", "1 2")
        person.seat.decide(viewer.view(), pending(state)[0])
        screens.append(person.screen)
    assert screens[0] == screens[1]


NONSENSE = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["y", "s", "f", "?", "1", "2", "3", "hold", "1 2", "1 2 3", "135", "me 4", "0"]),
)


@given(st.lists(NONSENSE, max_size=60), st.integers(0, 10_000))
def test_whatever_is_typed_only_legal_actions_leave_the_seat(lines: list[str], seed: int) -> None:
    """Seat 4, the Assassin, plays a whole game on nonsense; the other seats are random bots."""
    typed = iter(lines)
    certain = iter(["1 3", "1 3 5", "y", "f", "2", "1", ""] * 400)

    def read_line(prompt: str) -> str:
        return next(typed, None) or next(certain)

    person = HumanSeat(Console(file=io.StringIO()), read_line)

    class Seat:
        def act(self, view: View, decision: Decision) -> Action:
            action = person.decide(view, decision)
            legal = view.legal_actions(decision)
            spoken = isinstance(action, Speak)
            assert spoken or (Propose(action.team) if isinstance(action, Propose) else action) in legal
            return action

    rules = Rules(talk="bid", lady_of_the_lake=True, assassin_window="after_every_quest")
    setup = Setup(roles=PRESETS["5-standard"], rules=rules)
    bots = {seat: make_bot("random", seed + seat) for seat in (1, 2, 3, 5)}
    played = play_deal(setup, {**bots, 4: Seat()}, Deal(ROLES, 1 + seed % 5))
    assert played.state.ending is not None
