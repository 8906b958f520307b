"""A person at the Avalon table: asks in the terminal for one decision at a time.

Answers may be sloppy ("1 4", "1,4", "y", "approve"); what cannot be understood or is against the rules
is answered with one line and asked again, so an illegal move never leaves this file. Everything shown
comes from the seat's own view.
"""

import re
from collections.abc import Callable
from typing import assert_never

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from agents.cli.table_text import (
    ALARM_STYLE,
    count,
    flow_text,
    night_in_words,
    plain,
    quest_track,
    role_list,
    seat_list,
    side_style,
    signs_for,
)
from games.avalon.actions import Action, Bid, Card, Decision, HoldFire, Inspect, Propose, Shoot, Speak, Vote
from games.avalon.roles import Role, Side
from games.avalon.setup import MAX_ATTEMPTS
from games.avalon.talk import MAX_BID, MAX_SPEECH
from games.avalon.view import Proposal, View

_AIMS = {
    Role.MERLIN: "Guide Good with what you know, but let nobody guess that you are Merlin.",
    Role.PERCIVAL: "Find out which of the two is Merlin, and protect him.",
    Role.SERVANT: "Find out whom you can trust, and send clean teams on quests.",
    Role.ASSASSIN: "Make quests fail, and work out who Merlin is: you have the last word.",
    Role.MORGANA: "Make quests fail, and let Percival take you for Merlin.",
    Role.MORDRED: "Make quests fail: Merlin does not see you.",
    Role.OBERON: "Make quests fail: nobody of Evil knows you, and you know none of them.",
    Role.MINION: "Make quests fail without being found out.",
}

_YES = frozenset({"y", "yes", "a", "approve", "approved", "ok"})
_NO = frozenset({"n", "no", "r", "reject", "rejected"})
_SUCCESS = frozenset({"s", "success", "succeed"})
_FAIL = frozenset({"f", "fail", "failure"})
_HOLD = frozenset({"h", "hold", "wait", "no", "n"})
_FILLER_WORDS = frozenset({"and", "seat", "seats", "team", "player", "players"})

Parse = Callable[[str], Action]


class _NotUnderstood(ValueError):
    """An answer that is no legal action; the message tells the person what would be."""


class HumanSeat:
    """Takes decisions from a person; `read_line` shows a prompt and returns what was typed."""

    def __init__(self, console: Console, read_line: Callable[[str], str]) -> None:
        self._console = console
        self._read_line = read_line
        self._greeted: set[int] = set()

    def decide(self, view: View, decision: Decision) -> Action:
        """Ask until the answer is a legal action. Raises `KeyboardInterrupt` on Ctrl-C or end of input."""
        if self._console.is_terminal:  # the table's status line may stand here
            self._console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
        self._console.print()
        if view.seat not in self._greeted:
            self._greeted.add(view.seat)
            self._greet(view)
        self._print(Text.assemble("  ", _state_of(view)))
        match decision.kind:
            case "propose":
                return self._propose(view, decision)
            case "speak" | "evil_talk":
                return Speak(self._words(view, decision, _whom_to(decision)))
            case "bid":
                question = f"How much do you want to speak next? 0 (not at all) to {MAX_BID}"
                return self._ask(view, decision, question, _bid)
            case "vote":
                question = f"Do you approve the team {seat_list(view.table.team or ())}? yes or no"
                return self._ask(view, decision, question, _vote)
            case "card":
                return self._card(view, decision)
            case "inspect":
                return self._inspect(view, decision)
            case "shoot":
                return self._shoot(view, decision)
        assert_never(decision.kind)

    # -- the decisions -------------------------------------------------------------------------------

    def _propose(self, view: View, decision: Decision) -> Action:
        size = view.setup.team_size(view.table.quest)
        question = f"You lead: name a team of {size}, seats 1 to {view.setup.num_players}"
        action = self._ask(view, decision, question, lambda answer: Propose(_team(view, size, answer)))
        assert isinstance(action, Propose)
        rules = view.setup.rules
        # With `leader_first_then_all` the leader has spoken already.
        if rules.is_silent(view.table.attempt) or rules.talk == "leader_first_then_all":
            return action
        return Propose(action.team, self._words(view, decision, "Say something with it"))

    def _card(self, view: View, decision: Decision) -> Action:
        if view.role.side is Side.GOOD:
            question = "You are on the quest and Good: press Enter for success"
            return self._ask(view, decision, question, _good_card)
        return self._ask(view, decision, "You are on the quest. Play success or fail?", _evil_card)

    def _inspect(self, view: View, decision: Decision) -> Action:
        targets = _targets(view, decision)
        question = f"Whom does the Lady of the Lake look at? One of {seat_list(targets)}"
        return self._ask(view, decision, question, lambda answer: Inspect(_target(answer, targets)))

    def _shoot(self, view: View, decision: Decision) -> Action:
        targets = _targets(view, decision)
        may_hold = HoldFire() in view.legal_actions(decision)
        or_hold = ", or hold" if may_hold else ""
        question = f"Assassin, who is Merlin? One of {seat_list(targets)}{or_hold}"

        def shot(answer: str) -> Action:
            if may_hold and answer in _HOLD:
                return HoldFire()
            return Shoot(_target(answer, targets))

        return self._ask(view, decision, question, shot)

    # -- asking --------------------------------------------------------------------------------------

    def _ask(self, view: View, decision: Decision, question: str, parse: Parse) -> Action:
        while True:
            answer = self._read(f"  {question} (? for help): ")
            if answer == "?":
                self._help(view, decision)
                continue
            try:
                return parse(answer.lower().rstrip(".!"))
            except _NotUnderstood as problem:
                self._complain(str(problem))

    def _words(self, view: View, decision: Decision, question: str) -> str:
        while True:
            words = self._read(f"  {question} (Enter for nothing, ? for help): ")
            if words == "?":
                self._help(view, decision)
            elif len(words) > MAX_SPEECH:
                self._complain(
                    f"That is {len(words)} characters long; {MAX_SPEECH} are heard. Say it shorter."
                )
            else:
                return words

    def _read(self, prompt: str) -> str:
        try:
            return plain(self._read_line(prompt))
        except EOFError as end:
            raise KeyboardInterrupt from end

    # -- what the person is shown --------------------------------------------------------------------

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)

    def _paragraph(self, heading: str, body: str, style: str = "bold") -> None:
        def clean(text: str) -> str:
            return plain(text, self._console.encoding)

        width = min(self._console.width, 100)
        self._print(flow_text(Text(heading, style=style), body, width=width, indent=" " * 9, clean=clean))

    def _complain(self, problem: str) -> None:
        self._paragraph(f"  {signs_for(self._console.encoding).alarm}", problem, ALARM_STYLE)

    def _greet(self, view: View) -> None:
        self._paragraph(
            "  You   ", f"{night_in_words(view.knowledge)}.", f"bold {side_style(view.role.side)}"
        )
        self._paragraph("  Aim   ", _AIMS[view.role])

    def _help(self, view: View, decision: Decision) -> None:
        self._greet(view)
        for target, side in sorted(view.knowledge.lady.items()):
            self._paragraph("  Lady  ", f"she told you that seat {target} is {side}")
        self._paragraph("  Roles ", role_list(view.setup.roles))
        for result in view.table.quests:
            outcome = "succeeded" if result.success else "failed"
            fails = count(result.fails, "fail card")
            self._paragraph(f"  Quest {result.quest}", f"{outcome}, {fails}, team {seat_list(result.team)}")
        for proposal in view.table.proposals:
            if proposal.quest == view.table.quest:
                self._paragraph(f"  Vote {proposal.quest}.{proposal.attempt}", _vote_in_words(proposal))
        self._paragraph("  Type  ", _WAYS_TO_ANSWER[decision.kind])


def _state_of(view: View) -> Text:
    """Where the table stands, in one line."""
    table = view.table
    results = {result.quest: result.success for result in table.quests}
    line = Text(f"Quest {table.quest}  ", style="bold").append_text(
        quest_track(view.setup, results, table.quest)
    )
    line.append(f"  proposal {table.attempt} of {MAX_ATTEMPTS}, leader {table.leader}", style="not bold")
    if table.team:
        line.append(f", team {seat_list(table.team)}", style="not bold")
    return line


def _vote_in_words(proposal: Proposal) -> str:
    team = f"team {seat_list(proposal.team)} of seat {proposal.leader}"
    if proposal.forced:
        return f"{team} went without a vote"
    approving = [seat for seat, approves in proposal.votes.items() if approves]
    return f"{team} {'approved' if proposal.approved else 'rejected'}; {seat_list(approving)} approved it"


def _whom_to(decision: Decision) -> str:
    if decision.kind == "evil_talk":
        return "Say who Merlin may be, to Evil only"
    return "Say something"


_WAYS_TO_ANSWER = {
    "propose": "seat numbers, such as 1 4 or 1,4 (me is you); then, where the table talks, your words.",
    "speak": "what you want to say, in one line; only Enter to pass.",
    "evil_talk": "what you want to tell Evil, in one line; only Enter to pass.",
    "bid": "a number: the highest bid speaks next.",
    "vote": "y or yes or approve, n or no or reject.",
    "card": "s or success; Evil may also type f or fail.",
    "inspect": "the number of a seat; only you learn its side.",
    "shoot": "the number of a seat; hold to keep the shot, where the rules let you.",
}


# -- reading answers: lower case in, an action or `_NotUnderstood` out ---------------------------------


def _vote(answer: str) -> Action:
    if answer in _YES or answer in _NO:
        return Vote(answer in _YES)
    raise _NotUnderstood("Type yes (y) to approve or no (n) to reject.")


def _good_card(answer: str) -> Action:
    if answer in _FAIL:
        raise _NotUnderstood("Good can only play success.")
    if not answer or answer in _SUCCESS:
        return Card(fail=False)
    raise _NotUnderstood("Press Enter to play success.")


def _evil_card(answer: str) -> Action:
    if answer in _SUCCESS or answer in _FAIL:
        return Card(fail=answer in _FAIL)
    raise _NotUnderstood("Type success (s) or fail (f).")


def _bid(answer: str) -> Action:
    if answer.isascii() and answer.isdecimal() and int(answer) <= MAX_BID:
        return Bid(int(answer))
    raise _NotUnderstood(f"Type a number from 0 to {MAX_BID}.")


def _team(view: View, size: int, answer: str) -> tuple[int, ...]:
    """The seats of a team, sorted."""
    num_players = view.setup.num_players
    numbers = _numbers(re.sub(r"\b(me|myself|i)\b", str(view.seat), answer))
    if len(numbers) == 1 and len(str(numbers[0])) == size > 1 and num_players < 10:
        numbers = [int(digit) for digit in str(numbers[0])]  # "134" for 1 3 4
    for seat in numbers:
        if not 1 <= seat <= num_players:
            raise _NotUnderstood(f"There is no seat {seat}; seats are 1 to {num_players}.")
    for seat in numbers:
        if numbers.count(seat) > 1:
            raise _NotUnderstood(f"Seat {seat} is named twice; the team takes {size} different seats.")
    if len(numbers) != size:
        raise _NotUnderstood(f"The team takes {size} seats, not {len(numbers)}.")
    return tuple(sorted(numbers))


def _target(answer: str, targets: list[int]) -> int:
    numbers = _numbers(answer)
    if len(numbers) != 1 or numbers[0] not in targets:
        raise _NotUnderstood(f"Type one of the seats {seat_list(targets)}.")
    return numbers[0]


def _numbers(answer: str) -> list[int]:
    words = [word for word in re.split(r"[\s,;.+&/()\[\]-]+", answer) if word and word not in _FILLER_WORDS]
    strange = [word for word in words if not (word.isascii() and word.isdecimal() and len(word) <= 5)]
    if strange or not words:
        raise _NotUnderstood("Type seat numbers, such as 1 4.")
    return [int(word) for word in words]


def _targets(view: View, decision: Decision) -> list[int]:
    legal = view.legal_actions(decision)
    return [action.target for action in legal if isinstance(action, Inspect | Shoot)]
